"""The routes over the log of decisions, all of them behind an API key."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, g, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from creditscore.decision_log import export
from creditscore.decision_log.database import TRANSACTION_TIMEOUT_S, within
from creditscore.decision_log.log import MAX_PAGE_SIZE, PAGE_SIZE
from creditscore.decision_log.search import Filters, find_all, read_rows
from creditscore.decisions.explanation import explain
from creditscore.decisions.record import LoggedDecision
from creditscore.errors import Fault, UnknownDecision
from creditscore.i18n.catalogue import say
from creditscore.schema.constraints import describe_value
from creditscore.web import query_parameters
from creditscore.web.authentication import check_key
from creditscore.web.content_negotiation import (
    chosen_language,
    mark_language,
    mark_negotiated,
    wants_csv,
    wants_page,
)
from creditscore.web.decision_filters import CSV, FORMATS, filter_parameters
from creditscore.web.file_answer import TABLE
from creditscore.web.override_body import read_override
from creditscore.web.pages.decision_forms import (
    read_outcome_form,
    read_override_form,
    write_outcome_from_page,
    write_override_from_page,
)
from creditscore.web.pages.decision_view import show_decision
from creditscore.web.pages.decisions_page import show_decisions
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
    """Return logged decisions, newest first: some, and the address of the next, or all as CSV."""
    format_name = request.args.get("format")
    if format_name is None and wants_page(request):
        return mark_negotiated(show_decisions())
    table = format_name == CSV if format_name else wants_csv(request)
    filters = query_parameters.read_query(request, _parameters(table=table))
    filters.pop("format", None)
    return mark_negotiated(_as_csv(Filters(**filters)) if table else _as_json(filters))


def _as_json(filters: Mapping[str, Any]) -> Response:
    language = chosen_language()
    with within(TRANSACTION_TIMEOUT_S):
        log_page = service().log.page(**{"limit": PAGE_SIZE, **filters})
        decisions = _to_dicts(log_page.decisions, language)
    if log_page.cursor is None:
        return mark_language(jsonify(decisions=decisions, next=None), language)
    next_page = f"{url_for('.page')}?{urlencode({**request.args, 'cursor': log_page.cursor})}"
    answer = mark_language(jsonify(decisions=decisions, next=next_page), language)
    answer.headers["Link"] = f'<{next_page}>; rel="next"'
    return answer


def _as_csv(filters: Filters) -> Response:
    """Write all decisions that a search is for, as `decisions export` does, piece by piece."""
    database = service().log.database
    numbers = find_all(database, filters)
    columns = export.columns_of(read_rows(database, numbers, columns=export.BY_FIELD))
    pages = export.read(database, read_rows(database, numbers))
    lines = (export.to_csv(page, columns) for page in pages)
    header = export.to_csv_header(columns)
    answer = Response(itertools.chain([header], lines), content_type=TABLE)
    answer.headers["Content-Disposition"] = 'attachment; filename="decisions.csv"'
    return mark_language(answer, chosen_language())


@bp.get("/<decision_id>")
def decision(decision_id: str) -> ResponseReturnValue:
    """Return a logged decision with its inputs and its outcome."""
    language = chosen_language()
    with within(TRANSACTION_TIMEOUT_S):
        logged = service().log.find(_read_id(decision_id))
        if wants_page(request):
            return mark_negotiated(show_decision(logged))
        (answer,) = _to_dicts([logged], language)
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
    valid_id = _read_id(decision_id)
    if wants_page(request):
        form = read_override_form(request, max_bytes=MAX_OVERRIDE_BYTES)
        return mark_negotiated(write_override_from_page(valid_id, form, key_id=g.key_id))
    stated = read_override(read_json(request, max_bytes=MAX_OVERRIDE_BYTES))
    logged = service().log.record_override(valid_id, **stated._asdict(), key_id=g.key_id)
    return jsonify(decision_id=valid_id, **logged.to_dict())


@bp.post("/<decision_id>/outcome")
def outcome(decision_id: str) -> ResponseReturnValue:
    """Log the outcome of a decision."""
    valid_id = _read_id(decision_id)
    if wants_page(request):
        defaulted = read_outcome_form(request, max_bytes=MAX_OUTCOME_BYTES)
        return mark_negotiated(write_outcome_from_page(valid_id, defaulted, key_id=g.key_id))
    defaulted = _read_outcome(read_json(request, max_bytes=MAX_OUTCOME_BYTES))
    logged = service().log.record_outcome(valid_id, defaulted=defaulted, key_id=g.key_id)
    return jsonify(decision_id=valid_id, **logged.to_dict())


def _parameters(*, table: bool) -> Mapping[str, Parameter]:
    """Return the parameters of the list; a table has no pages."""
    pages = {
        "limit": query_parameters.whole(1, MAX_PAGE_SIZE),
        "cursor": query_parameters.cursor(),
    }
    return {
        **({} if table else pages),
        **filter_parameters(service().assessor.model.scorecards),
        "format": query_parameters.one_of(FORMATS),
    }


def _read_id(text: str) -> str:
    # UUID() would take braces, urn: and more; each decision has one address.
    if not re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text, re.ASCII):
        raise UnknownDecision(f"{text!r} is no id")
    return text


def _read_outcome(body: object) -> bool:
    if isinstance(body, dict) and body.keys() == {"defaulted"}:
        defaulted = body["defaulted"]
        if isinstance(defaulted, bool):
            return defaulted
        text = say("not_an_outcome", got=describe_value(defaulted))
        raise WrongValues([Fault("not_an_outcome", "/defaulted", text)])
    body_text = say("another_object") if isinstance(body, dict) else describe_value(body)
    raise WrongValues([Fault("not_an_outcome", "", say("not_an_outcome", got=body_text))])


def _to_dicts(decisions: Sequence[LoggedDecision], language: str) -> list[dict[str, Any]]:
    """Return decisions with their outcomes and overrides."""
    outcomes, overrides = service().log.outcomes_and_overrides(decisions)
    outcome_dicts = {number: outcome.to_dict() for number, outcome in outcomes.items()}
    override_dicts = {number: override.to_dict() for number, override in overrides.items()}
    return [
        {
            **logged.to_dict(language),
            "outcome": outcome_dicts.get(logged.number),
            "override": override_dicts.get(logged.number),
        }
        for logged in decisions
    ]
