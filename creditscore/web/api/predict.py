"""The routes that programs use."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from creditscore.decision_log.log import Recorded
from creditscore.decisions.assessor import Decision
from creditscore.errors import DatabaseUnavailable, Fault, InvalidApplicants
from creditscore.i18n.catalogue import say
from creditscore.json_codec import dumps_bytes
from creditscore.schema.constraints import describe_value
from creditscore.tables.csv_request import CsvRequest
from creditscore.web.authentication import check_predict
from creditscore.web.content_negotiation import (
    chosen_language,
    mark_language,
    mark_negotiated,
    wants_page,
)
from creditscore.web.file_answer import TABLE, file_answer
from creditscore.web.localised_card import localised_card
from creditscore.web.pages.decision_view import key_needed
from creditscore.web.pages.model_page import show_model
from creditscore.web.request_body import (
    is_csv,
    parse_json,
    read_body,
    read_csv,
    read_json,
    read_origin,
)
from creditscore.web.service import Service, current_request, service
from creditscore.web.startup_checks import warning_of

bp = Blueprint("api", __name__)


@bp.post("/predict")
def predict() -> ResponseReturnValue:
    """Decide on one applicant, or on each of an array or a table, and log every decision."""
    svc, request = service(), current_request()
    key_id = check_predict(request, svc.keys, svc.settings)
    if is_csv(request):
        return _predict_table(svc, key_id)
    raw = read_body(request, max_bytes=svc.settings.max_json_bytes)
    origin = read_origin(request, raw, key_id=key_id)
    body = parse_json(request, raw)
    try:
        decisions = _assess(svc, body)
    except InvalidApplicants:
        # The model that answered first may have taken what this one refuses.
        recorded = svc.log.replay(origin)
        if recorded is None:
            raise
    else:
        recorded = svc.log.record(decisions, origin)
    return _render(recorded, as_array=isinstance(body, list))


def _predict_table(svc: Service, key_id: str | None) -> Response:
    raw, charset = read_csv(request, max_bytes=svc.settings.max_csv_bytes)
    language = chosen_language()
    table = CsvRequest(raw, read_origin(request, raw, key_id=key_id), language, charset)
    file, replayed = table.decide(svc.assessor, svc.log)
    answer = file_answer(file, TABLE)
    if replayed:
        answer.headers["Idempotent-Replayed"] = "true"
    return mark_language(answer, language)


@bp.post("/what-if")
def what_if() -> ResponseReturnValue:
    """Answer as `predict` would, but log nothing: for exploration only."""
    svc, request = service(), current_request()
    check_predict(request, svc.keys, svc.settings)
    svc.limits.admit_what_if(request)
    body = read_json(request, max_bytes=svc.settings.max_json_bytes)
    decisions = _assess(svc, body)
    language = chosen_language()
    answers = [decision.to_what_if(language) for decision in decisions]
    return mark_language(jsonify(answers if isinstance(body, list) else answers[0]), language)


@bp.get("/health")
def health() -> ResponseReturnValue:
    """Tell whether decisions can be given, and whether a new model could not be taken over."""
    svc = service()
    svc.log.check_writable()
    versions = dict(svc.assessor.model.versions)
    refused = {"refused": svc.refused} if svc.refused else {}
    warning = warning_of(svc)
    return jsonify(
        status="ok",
        model={"status": "ok", "versions": versions, **refused},
        database={"status": "ok", "kind": svc.log.database.kind},
        **({"warning": warning} if warning else {}),
    )


@bp.get("/model")
def model() -> ResponseReturnValue:
    """Tell what the model is, where it comes from and how good it is."""
    if wants_page(request):
        return mark_negotiated(show_model())
    svc = service()
    language = chosen_language()
    card = localised_card(svc.assessor.model, svc.assessor.policy, language)
    return mark_negotiated(mark_language(jsonify(card), language))


@bp.get("/openapi.json")
def openapi() -> ResponseReturnValue:
    """Describe these routes."""
    try:
        document = service().openapi[key_needed()]
    except DatabaseUnavailable:
        # What the routes are can be said without the log.
        document = service().openapi[True]
    return jsonify(document)


def _applicants_in(body: object, max_applicants: int) -> list[Any]:
    """Find what should be applicants in a body: itself, or what an array holds."""
    if isinstance(body, dict):
        return [body]
    if not isinstance(body, list):
        text = say("not_applicants", most=max_applicants, got=describe_value(body))
        raise InvalidApplicants([Fault("not_applicants", "", text)])
    if not body:
        raise InvalidApplicants([Fault("empty_array", "", say("empty_array", most=max_applicants))])
    if len(body) > max_applicants:
        text = say("too_many", most=max_applicants, count=len(body))
        raise InvalidApplicants([Fault("too_many", "", text)])
    return body


def _assess(svc: Service, body: object) -> list[Decision]:
    """Decide on the applicants of a body: one, or an array of them."""
    assessor, parser = svc.assessor, svc.assessor.model.schema.parser
    applicants = _applicants_in(body, svc.settings.max_applicants)
    if isinstance(body, list):
        return assessor.assess_batch(parser.parse_all(applicants))
    return [assessor.assess(parser.parse(body))]


def _render(recorded: Recorded, *, as_array: bool) -> Response:
    language = chosen_language()
    answer = mark_language(Response(mimetype="application/json"), language)
    if recorded.replayed:
        answer.headers["Idempotent-Replayed"] = "true"
    answers = [decision.to_dict(language) for decision in recorded.decisions]
    answer.data = dumps_bytes(answers if as_array else answers[0])
    return answer
