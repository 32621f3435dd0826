"""The routes that programs use."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from creditscore import describe
from creditscore.assessment import Decision
from creditscore.errors import Fault, InvalidApplicants
from creditscore.rule import describe as describe_value
from creditscore.schema import Applicant
from creditscore.texts import say
from creditscore.web.access import check_predict
from creditscore.web.body import read_json
from creditscore.web.language import chosen_language, mark_language
from creditscore.web.service import service

bp = Blueprint("api", __name__)


@bp.post("/predict")
def predict() -> ResponseReturnValue:
    """Decide on one applicant, or on each of an array."""
    here = service()
    check_predict(request, here.keys, open_predict=here.settings.open_predict)
    body = read_json(request, most_bytes=here.settings.max_json_bytes)
    applicants = _read_applicants(body, here.settings.max_applicants)
    return _render(here.assessor.assess(applicants), many=isinstance(body, list))


@bp.get("/health")
def health() -> ResponseReturnValue:
    """Tell whether decisions can be given."""
    return jsonify(
        status="ok",
        model={"status": "ok", "versions": dict(service().assessor.model.versions)},
        database={"status": "none", "detail": "decisions are not logged by this release"},
    )


@bp.get("/model")
def model() -> ResponseReturnValue:
    """Tell what the model is, where it comes from and how good it is."""
    here = service()
    language = chosen_language()
    card = describe.model_card(here.assessor.model, here.assessor.policy, language)
    return mark_language(jsonify(card), language)


@bp.get("/openapi.json")
def openapi() -> ResponseReturnValue:
    """Describe these routes."""
    return jsonify(service().openapi)


def _read_applicants(body: object, most: int) -> list[Applicant]:
    """Read the applicants of a body: one, or an array of them."""
    schema = service().assessor.model.schema
    if isinstance(body, dict):
        return [schema.parse(body)]
    if not isinstance(body, list):
        text = say("not_applicants", most=most, got=describe_value(body))
        raise InvalidApplicants([Fault("not_applicants", "", text)])
    if not body:
        raise InvalidApplicants([Fault("empty_array", "", say("empty_array", most=most))])
    if len(body) > most:
        text = say("too_many", most=most, count=len(body))
        raise InvalidApplicants([Fault("too_many", "", text)])
    return schema.parse_all(body)


def _render(decisions: list[Decision], *, many: bool) -> Response:
    language = chosen_language()
    answers = [decision.to_dict(language) for decision in decisions]
    return mark_language(jsonify(answers if many else answers[0]), language)
