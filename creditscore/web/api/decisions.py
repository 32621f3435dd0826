"""The routes over the log of decisions, all of them behind an API key."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, g, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from creditscore.decision_log.database import TRANSACTION_TIMEOUT_S, within
from creditscore.decision_log.log import MAX_PAGE_SIZE, PAGE_SIZE
from creditscore.decision_log.overrides import Override, read_overrides, record_override
from creditscore.decisions.explanation import explain
from creditscore.decisions.record import LoggedDecision
from creditscore.errors import Fault, UnknownDecision
from creditscore.i18n.catalogue import say
from creditscore.schema.constraints import describe_value
from creditscore.scorecard.policy import ELIGIBLE, NOT_ELIGIBLE
from creditscore.web import query_parameters
from creditscore.web.api.override_body import read_override
from creditscore.web.authentication import check_key
from creditscore.web.content_negotiation import (
    chosen_language,
    mark_language,
    mark_negotiated,
    wants_page,
)
from creditscore.web.pages.decision_view import show_decision
from creditscore.web.problems import WrongValues
from creditscore.web.query_parameters import Parameter
from creditscore.web.request_body import read_json
from creditscore.web.service import service

bp = Blueprint("log", __name__, url_prefix="/decisions")

#: An outcome is a few bytes, whatever limit the host has set for applicants.
MAX_OUTCOME_BYTES = 1024

#: The texts of an override are bounded in characters, each of up to twelve bytes where escaped.
MAX_OVERRIDE_BYTES = 16 * 1024


@bp.before_request
def need_key() -> None:
    """Ask every route of the log for a key."""
    g.key_id = check_key(request, service().keys)


@bp.get("")
def page() -> ResponseReturnValue:
    """Return logged decisions, newest first, and the address of the next page."""
    filters = {"limit": PAGE_SIZE, **query_parameters.read_query(request, _parameters())}
    language = chosen_language()
    with within(TRANSACTION_TIMEOUT_S):
        found = service().log.page(**filters)
        decisions = _to_dicts(found.decisions, language)
    if found.cursor is None:
        return mark_language(jsonify(decisions=decisions, next=None), language)
    next_page = f"{url_for('.page')}?{urlencode({**request.args, 'cursor': found.cursor})}"
    answer = mark_language(jsonify(decisions=decisions, next=next_page), language)
    answer.headers["Link"] = f'<{next_page}>; rel="next"'
    return answer


@bp.get("/<decision_id>")
def decision(decision_id: str) -> ResponseReturnValue:
    """Return a logged decision with its inputs and its outcome."""
    language = chosen_language()
    with within(TRANSACTION_TIMEOUT_S):
        logged = service().log.find(_read_id(decision_id))
        (answer,) = _to_dicts([logged], language)
    if wants_page(request):
        outcome = answer["outcome"]
        return mark_negotiated(show_decision(logged, defaulted=outcome and outcome["defaulted"]))
    return mark_negotiated(mark_language(jsonify(answer), language))


@bp.get("/<decision_id>/explanation")
def explanation(decision_id: str) -> ResponseReturnValue:
    """Return what each field contributed to a decision, and what would have changed it."""
    svc = service()
    logged = svc.log.find(_read_id(decision_id)).decision
    language = chosen_language()
    answer = explain(
        logged,
        schema=svc.assessor.model.schema,
        scorecard=svc.scorecard_of(logged),
        language=language,
    )
    return mark_language(jsonify(answer), language)


@bp.post("/<decision_id>/override")
def override(decision_id: str) -> ResponseReturnValue:
    """Log what a person decided in place of the model."""
    read_id = _read_id(decision_id)
    stated = read_override(read_json(request, most_bytes=MAX_OVERRIDE_BYTES))
    log = service().log
    made = Override(*stated, recorded_at=log.now(), key_id=g.key_id)
    logged = record_override(log.database, read_id, made)
    return jsonify(decision_id=read_id, **logged.to_dict())


@bp.post("/<decision_id>/outcome")
def outcome(decision_id: str) -> ResponseReturnValue:
    """Log the outcome of a decision."""
    read_id = _read_id(decision_id)
    defaulted = _read_outcome(read_json(request, most_bytes=MAX_OUTCOME_BYTES))
    logged = service().log.record_outcome(read_id, defaulted=defaulted, key_id=g.key_id)
    return jsonify(decision_id=read_id, **logged.to_dict())


def _parameters() -> Mapping[str, Parameter]:
    return {
        "limit": query_parameters.whole(1, MAX_PAGE_SIZE),
        "cursor": query_parameters.cursor(),
        "label": query_parameters.one_of([ELIGIBLE, NOT_ELIGIBLE]),
        "scorecard": query_parameters.one_of(list(service().assessor.model.scorecards)),
        "reference": query_parameters.reference(),
        "since": query_parameters.moment(),
        "until": query_parameters.moment(),
    }


def _read_id(text: str) -> str:
    # UUID() itself takes braces, urn: and more; each decision has one address.
    if not re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text, re.ASCII):
        raise UnknownDecision(f"{text!r} is no id")
    return str(UUID(text))


def _read_outcome(body: object) -> bool:
    if isinstance(body, dict) and body.keys() == {"defaulted"}:
        defaulted = body["defaulted"]
        if isinstance(defaulted, bool):
            return defaulted
        text = say("not_an_outcome", got=describe_value(defaulted))
        raise WrongValues([Fault("not_an_outcome", "/defaulted", text)])
    got = say("another_object") if isinstance(body, dict) else describe_value(body)
    raise WrongValues([Fault("not_an_outcome", "", say("not_an_outcome", got=got))])


def _to_dicts(logged: Sequence[LoggedDecision], language: str) -> list[dict[str, Any]]:
    """Return decisions with their outcomes and overrides."""
    log = service().log
    outcomes = log.outcomes_of(logged)
    with log.database.reading() as connection:
        overrides = read_overrides(connection, [each.number for each in logged])
    known = {number: one.to_dict() for number, one in outcomes.items()}
    made = {number: one.to_dict() for number, one in overrides.items()}
    return [
        {
            **each.to_dict(language),
            "outcome": known.get(each.number),
            "override": made.get(each.number),
        }
        for each in logged
    ]
