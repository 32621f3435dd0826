"""The forms that record the outcome and an override of one decision."""

from __future__ import annotations

from urllib.parse import parse_qs, parse_qsl

from flask import Request, Response

from creditscore.errors import Fault, NoOverride, OutcomeConflict, OverrideConflict
from creditscore.i18n.catalogue import PAGE_TEXTS, in_language
from creditscore.i18n.number_format import PAGE_FORMATS
from creditscore.web.content_negotiation import page_language
from creditscore.web.override_body import NEEDED, OPTIONAL, read_override
from creditscore.web.pages.decision_view import (
    MAX_LENGTHS,
    OverrideForm,
    lead_to_decision,
    show_decision,
)
from creditscore.web.problems import CONFLICT, UNPROCESSABLE, WrongValues
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


def write_outcome_from_page(decision_id: str, defaulted: bool | None, *, key_id: str) -> Response:
    """Log an outcome, and lead to the decision's page, or show there why it is not logged.

    Raises
    ------
    UnknownDecision
        If no decision has that id.
    """
    log = service().log
    if defaulted is None:
        problem, status = "outcome_choose", UNPROCESSABLE
        return show_decision(log.find(decision_id), problem=problem, status=status)
    try:
        log.record_outcome(decision_id, defaulted=defaulted, key_id=key_id)
    except OutcomeConflict:
        problem, status = "outcome_conflicts", CONFLICT
        return show_decision(log.find(decision_id), problem=problem, status=status)
    return lead_to_decision(decision_id, anchor="outcome-title")


def read_override_form(request: Request, *, max_bytes: int) -> dict[str, str]:
    """Return what was typed, by name.

    Raises
    ------
    Problem
        As of `read_form_body`.
    """
    raw = read_form_body(request, max_bytes=max_bytes).decode(errors="replace")
    typed = dict(parse_qsl(raw, keep_blank_values=True))
    return {name: typed.get(name, "").strip() for name in (*NEEDED, *OPTIONAL)}


def write_override_from_page(decision_id: str, typed: dict[str, str], *, key_id: str) -> Response:
    """Log an override, and lead to the decision's page, or show there why it is not logged.

    Raises
    ------
    UnknownDecision
        If no decision has that id.
    """
    log, language = service().log, page_language()
    texts = PAGE_TEXTS[language]
    # A text area sends the ends of its lines; the log keeps a reason as one.
    typed = {**typed, "reason": " ".join(typed["reason"].split())}
    try:
        stated = read_override(typed)
        log.record_override(decision_id, **stated._asdict(), key_id=key_id)
    except WrongValues as wrong:
        messages = [_in_words(fault, typed, language) for fault in wrong.faults]
        status = UNPROCESSABLE
    except OverrideConflict:
        messages, status = [texts["override_conflicts"]], CONFLICT
    except NoOverride:
        messages, status = [texts["override_none"]], CONFLICT
    else:
        return lead_to_decision(decision_id, anchor="override-title")
    form = OverrideForm(typed["reason"], typed["decided_by"], messages)
    return show_decision(log.find(decision_id), override_form=form, status=status)


def _in_words(fault: Fault, typed: dict[str, str], language: str) -> str:
    """Return a fault in the words of the form: an empty reason, or a text that is too long."""
    texts, name = PAGE_TEXTS[language], fault.pointer.removeprefix("/")
    if (name, fault.code) == ("reason", "missing"):
        return texts["override_no_reason"]
    if fault.code == "too_long":
        write = PAGE_FORMATS[language].number
        return texts["override_too_long"].format(
            field=texts[f"override_{name}"],
            most=write(MAX_LENGTHS[name]),
            count=write(len(typed[name])),
        )
    return in_language(fault.text, language)
