"""The form that records the outcome of one decision."""

from __future__ import annotations

from urllib.parse import parse_qs

from flask import Request, Response

from creditscore.decisions.record import LoggedDecision
from creditscore.errors import OutcomeConflict
from creditscore.web.pages.decision_view import lead_to_decision, show_decision
from creditscore.web.problems import CONFLICT, UNPROCESSABLE
from creditscore.web.request_body import read_form_body
from creditscore.web.service import service

#: What the form sends for each outcome.
ANSWERS = {"true": True, "false": False}


def read_outcome_form(request: Request, *, max_bytes: int) -> bool | None:
    """Return whether the outcome was the bad one; None if nothing was chosen.

    Raises
    ------
    Problem
        As of `read_form_body`.
    """
    raw = read_form_body(request, max_bytes=max_bytes)
    (answer, *_) = parse_qs(raw.decode(errors="replace")).get("defaulted", [""])
    return ANSWERS.get(answer)


def write_from_page(decision_id: str, defaulted: bool | None, *, key_id: str) -> Response:
    """Log an outcome, and lead to the decision's page, or show there why it is not logged.

    Raises
    ------
    UnknownDecision
        If no decision has that id.
    """
    log = service().log
    if defaulted is None:
        return _show_refused(log.find(decision_id), "outcome_choose", UNPROCESSABLE)
    try:
        log.record_outcome(decision_id, defaulted=defaulted, key_id=key_id)
    except OutcomeConflict:
        return _show_refused(log.find(decision_id), "outcome_conflicts", CONFLICT)
    return lead_to_decision(decision_id, anchor="outcome-title")


def _show_refused(logged: LoggedDecision, problem: str, status: int) -> Response:
    answer = show_decision(logged, problem=problem, endpoint="log.decision")
    answer.status_code = status
    return answer
