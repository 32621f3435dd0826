"""The page of all decisions: a table, newest first, with filters and a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Response, request, url_for

from creditscore.decision_log.database import TRANSACTION_TIMEOUT_S, within
from creditscore.decision_log.log import PAGE_SIZE
from creditscore.decision_log.outcomes import Outcome
from creditscore.decision_log.overrides import Override
from creditscore.decision_log.search import OUTCOMES
from creditscore.decisions.assessor import timestamp
from creditscore.decisions.record import LoggedDecision
from creditscore.errors import Fault
from creditscore.i18n.catalogue import LANGUAGES, PAGE_TEXTS, in_language
from creditscore.i18n.number_format import PAGE_FORMATS
from creditscore.scorecard.policy import ELIGIBLE, NOT_ELIGIBLE
from creditscore.web import query_parameters
from creditscore.web.content_negotiation import page_language
from creditscore.web.decision_filters import CSV, filter_parameters
from creditscore.web.pages.layout import render_page
from creditscore.web.problems import UNPROCESSABLE, WrongValues
from creditscore.web.query_parameters import Parameter
from creditscore.web.service import service

#: What the form of the page has, in its order: days, of the reader's zone, in place of moments.
FROM, TO, ZONE = "from", "to", "zone"
FORM_FIELDS = ("search", "label", "scorecard", "outcome", FROM, TO)

#: What the addresses of the same search have: those, and what programs have in place of days.
ADDRESS_PARAMETERS = (*FORM_FIELDS, ZONE, "reference", "since", "until")

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class DecisionRow:
    """One row of the table.

    Attributes
    ----------
    id, decided_at, label : str
        As programs get them.
    final_label : str or None
        The one that a person gave in place of the model's.
    reference, risk, score, scorecard, outcome : str
        In the words of the page; reference and outcome may be empty.
    """

    id: str
    decided_at: str
    label: str
    final_label: str | None
    reference: str
    risk: str
    score: str
    scorecard: str
    outcome: str


def show_decisions() -> Response:
    """Show the decisions that the form asks for, or what is wrong with the form."""
    language = page_language()
    entries = {name: text.strip() for name, text in request.args.items() if text.strip()}
    try:
        filters, cursor = _read_filters()
    except WrongValues as wrong:
        answer = _page(entries, language, faults=_in_words(wrong.faults, language))
        answer.status_code = UNPROCESSABLE
        return answer
    log = service().log
    with within(TRANSACTION_TIMEOUT_S):
        log_page = log.page(limit=PAGE_SIZE, cursor=cursor, **filters)
        outcomes, overrides = log.outcomes_and_overrides(log_page.decisions)
    rows = [
        _row(logged, outcomes.get(logged.number), overrides.get(logged.number), language)
        for logged in log_page.decisions
    ]
    return _page(entries, language, rows=rows, cursor=log_page.cursor, csv=_csv_address(filters))


def _parameters() -> Mapping[str, Parameter]:
    return {
        **filter_parameters(service().assessor.model.scorecards),
        FROM: query_parameters.day(),
        TO: query_parameters.day(),
        ZONE: query_parameters.zone(),
        "cursor": query_parameters.cursor(),
        "lang": query_parameters.one_of(LANGUAGES),
    }


def _read_filters() -> tuple[dict[str, Any], int | None]:
    """Return the filters of a search, and where its page begins."""
    values = query_parameters.read_query(request, _parameters(), of_form=True)
    values.pop("lang", None)
    zone, cursor = values.pop(ZONE, UTC), values.pop("cursor", None)
    try:
        if (first := values.pop(FROM, None)) is not None:
            values["since"] = _midnight(first, zone)
        if (last := values.pop(TO, None)) is not None:
            values["until"] = _midnight(last + ONE_DAY, zone)
    except OverflowError:
        allowed = query_parameters.day().allowed
        raise WrongValues([Fault("not_allowed", "", allowed)]) from None
    return values, cursor


def _midnight(day: date, zone: Any) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _in_words(faults: Sequence[Fault], language: str) -> list[str]:
    """Return what is wrong with the form, with its fields called as the page does."""
    words = []
    for fault in faults:
        name, text = fault.pointer.removeprefix("/"), in_language(fault.text, language)
        title = PAGE_TEXTS[language][f"list_{name}"] if name in FORM_FIELDS else name
        words.append(title + text[len(name) :] if name and text.startswith(name) else text)
    return words


def _row(
    logged: LoggedDecision, outcome: Outcome | None, override: Override | None, language: str
) -> DecisionRow:
    decision, texts, write = logged.decision, PAGE_TEXTS[language], PAGE_FORMATS[language]
    scorecard = decision.applicant.scorecard
    spec = service().assessor.model.schema.scorecards.get(scorecard)
    outcome_texts = {None: "", True: texts["list_bad"], False: texts["list_good"]}
    return DecisionRow(
        id=str(decision.decision_id),
        decided_at=timestamp(decision.decided_at),
        label=decision.label,
        final_label=override.label if override else None,
        reference=decision.applicant.reference or "",
        risk=write.share(decision.probability_of_default),
        score=write.number(decision.score),
        scorecard=in_language(spec.title, language) if spec else scorecard,
        outcome=outcome_texts[None if outcome is None else outcome.defaulted],
    )


def _csv_address(filters: Mapping[str, Any]) -> str:
    """Return the address of all decisions that the filters choose, as CSV."""
    texts = {
        name: timestamp(value) if isinstance(value, datetime) else value
        for name, value in filters.items()
    }
    return _address(texts, format=CSV)


def _address(query: Mapping[str, str], **more: object) -> str:
    return f"{url_for('log.page')}?{urlencode({**query, **more})}"


def _page(
    entries: Mapping[str, str],
    language: str,
    *,
    rows: Sequence[DecisionRow] | None = None,
    cursor: int | None = None,
    csv: str = "",
    faults: Sequence[str] = (),
) -> Response:
    schema = service().assessor.model.schema
    texts = PAGE_TEXTS[language]
    query = {name: entries[name] for name in ADDRESS_PARAMETERS if name in entries}
    return render_page(
        "decisions.html",
        language,
        query=query,
        entries=entries,
        filtered=bool(query.keys() - {ZONE}),
        choices={
            "label": {name: texts[name] for name in (ELIGIBLE, NOT_ELIGIBLE)},
            "scorecard": {
                name: in_language(spec.title, language) for name, spec in schema.scorecards.items()
            },
            "outcome": {name: texts[f"list_outcome_{name}"] for name in OUTCOMES},
        },
        days=(FROM, TO),
        rows=rows,
        first=_address(query, lang=language) if "cursor" in entries else None,
        older=_address(query, lang=language, cursor=cursor) if cursor else None,
        csv=csv,
        faults=faults,
    )
