"""A decision on a page: the score on its scale, bars from baseline to result, and the words."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any

from flask import Response, url_for

from creditscore.decision_log.overrides import MAX_NAME_LENGTH, MAX_REASON_LENGTH
from creditscore.decisions.assessor import Decision
from creditscore.decisions.explanation import explain
from creditscore.decisions.record import LoggedDecision
from creditscore.i18n.catalogue import PAGE_TEXTS, in_language
from creditscore.i18n.number_format import PAGE_FORMATS, decimals_that_differ
from creditscore.schema import Schema
from creditscore.scorecard.policy import ELIGIBLE, NOT_ELIGIBLE, Scale
from creditscore.scorecard.reason_codes import value_in_words
from creditscore.scorecard.scorecard import Scorecard
from creditscore.web.content_negotiation import page_language
from creditscore.web.pages.code_samples import as_curl, as_postman
from creditscore.web.pages.layout import notice, render_page
from creditscore.web.problems import SEE_OTHER
from creditscore.web.service import service

#: The ends of the drawn scale, as probabilities of default; who is beyond stands at the end.
RISKIEST, SAFEST = 0.9, 0.01

#: Bars that are too short to be seen are drawn this long, in hundredths of the chart.
MIN_BAR_WIDTH = 0.6

#: Characters of what is typed into the form of an override, at most.
MAX_LENGTHS = {"reason": MAX_REASON_LENGTH, "decided_by": MAX_NAME_LENGTH}


@dataclass(frozen=True)
class Bar:
    """One row of the chart; positions are from 0 to 100.

    Attributes
    ----------
    title, value, points : str
        The field, its value and its impact in percentage points, in words.
    start, width : float
        Where the bar lies.
    riskier : bool
        Whether it leads to the right.
    """

    title: str
    value: str
    points: str
    start: float
    width: float
    riskier: bool


@dataclass(frozen=True)
class DecisionView:
    """What the page shows of a decision, in its language.

    Attributes
    ----------
    answer : dict
        As programs get it.
    recourse : dict
        What would have to change.
    risk, pays, cutoff, needed : str
        Percentages.
    low, high, score_needed : int
        The ends of the score's scale, and the cut-off on it.
    position, cutoff_position : float
        Where score and cut-off stand on the scale, from 0 to 100.
    bars : list of Bar
        From the baseline to the result, the largest rise first.
    baseline, baseline_position, result_position, chart_cutoff : str or float
        The baseline in words, and where it, the result and the cut-off stand in the chart.
    """

    answer: dict[str, Any]
    recourse: dict[str, Any]
    risk: str
    pays: str
    cutoff: str
    needed: str
    low: int
    high: int
    score_needed: int
    position: float
    cutoff_position: float
    bars: list[Bar]
    baseline: str
    baseline_position: float
    result_position: float
    chart_cutoff: float


@dataclass(frozen=True)
class OverrideForm:
    """The form of an override as it was sent, and why it is not recorded.

    Attributes
    ----------
    reason, decided_by : str
        What was typed.
    problems : sequence of str
        In the words of the page.
    """

    reason: str = ""
    decided_by: str = ""
    problems: Sequence[str] = ()


def view_decision(
    decision: Decision, *, schema: Schema, scorecard: Scorecard | None, scale: Scale, language: str
) -> DecisionView:
    """Return a decision as positions on the charts, and in words."""
    explained = explain(decision, schema=schema, scorecard=scorecard, language=language)
    low, high, needed = map(scale.points_of_one, (RISKIEST, SAFEST, decision.cutoff))
    risk, cutoff, baseline = decision.probability_of_default, decision.cutoff, decision.baseline
    left, right = _ends(decision)
    # More than the usual where the two would look the same, as one is refused and the other not.
    decimals = decimals_that_differ(risk, cutoff)
    percent = partial(PAGE_FORMATS[language].share, decimals=decimals)

    def position(share: float) -> float:
        return round(100 * (share - left) / (right - left), 2)

    return DecisionView(
        answer=decision.to_dict(language),
        recourse=explained["recourse"],
        risk=percent(risk),
        pays=percent(1 - risk),
        cutoff=percent(cutoff),
        needed=percent(1 - cutoff),
        low=low,
        high=high,
        score_needed=needed,
        position=_along(decision.score, low, high),
        cutoff_position=_along(needed, low, high),
        bars=_bars(decision, schema, language, ends=(left, right)),
        baseline=PAGE_FORMATS[language].share(baseline),
        baseline_position=position(baseline),
        result_position=position(risk),
        chart_cutoff=position(cutoff),
    )


def _ends(decision: Decision) -> tuple[float, float]:
    """Return the ends of the chart, which holds all bars and the cut-off."""
    ranked = _ranked(decision).values()
    passed = [decision.cutoff, *itertools.accumulate(ranked, initial=decision.baseline)]
    low, high = min(passed), max(passed)
    margin = (high - low) * 0.04 or 0.01
    return low - margin, high + margin


def _ranked(decision: Decision) -> dict[str, float]:
    return dict(sorted(decision.impacts.items(), key=lambda item: -item[1]))


def _bars(
    decision: Decision, schema: Schema, language: str, *, ends: tuple[float, float]
) -> list[Bar]:
    bars, level = [], decision.baseline
    for name, impact in _ranked(decision).items():
        field, value = schema.fields.get(name), decision.applicant.values[name]
        start = 100 * (min(level, level + impact) - ends[0]) / (ends[1] - ends[0])
        width = 100 * abs(impact) / (ends[1] - ends[0])
        bars.append(
            Bar(
                title=in_language(field.title, language) if field else name,
                value=in_language(value_in_words(field, value), language) if field else str(value),
                points=PAGE_FORMATS[language].signed_points(impact),
                start=round(start, 2),
                width=round(max(width, MIN_BAR_WIDTH), 2),
                riskier=impact > 0,
            )
        )
        level += impact
    return bars


def _along(points: int, low: int, high: int) -> float:
    return round(100 * min(max((points - low) / (high - low), 0), 1), 2)


def result_parts(decision: Decision, language: str) -> dict[str, Any]:
    """Return what `result.html` shows of a decision."""
    svc = service()
    texts, schema = PAGE_TEXTS[language], svc.assessor.model.schema
    url = url_for("api.predict", _external=True)
    key = texts["your_key"] if key_needed() else ""
    values, name = decision.applicant.values, decision.applicant.scorecard
    spec = schema.scorecards.get(name)
    return {
        "view": view_decision(
            decision,
            schema=schema,
            scorecard=svc.scorecard_of(decision),
            scale=svc.assessor.policy.scale,
            language=language,
        ),
        "scorecard": in_language(spec.title, language) if spec else name,
        "curl": as_curl(url, values, key=key),
        "postman": as_postman(url, values, key=key, title=texts["title"]),
    }


def show_decision(
    logged: LoggedDecision,
    *,
    problem: str = "",
    override_form: OverrideForm = OverrideForm(),
    status: int = HTTPStatus.OK,
) -> Response:
    """Return the page of a logged decision, with its outcome and its override.

    Parameters
    ----------
    logged : LoggedDecision
    problem : str
        Why the outcome that was sent is not recorded, as a key of the page's texts.
    override_form : OverrideForm
        What was typed, where it is not recorded.
    status : int
        Of HTTP.

    Raises
    ------
    DatabaseUnavailable
        If the log cannot be read.
    """
    language, keys, log = page_language(), service().keys, service().log
    outcomes, overrides = log.outcomes_and_overrides([logged])
    outcome, override = outcomes.get(logged.number), overrides.get(logged.number)
    answer = render_page(
        "decision.html",
        language,
        endpoint="log.decision",
        explore=False,
        outcome=outcome and outcome.to_dict(),
        override=override and override.to_dict(),
        other_label=NOT_ELIGIBLE if logged.decision.label == ELIGIBLE else ELIGIBLE,
        override_form=override_form,
        max_lengths=MAX_LENGTHS,
        problem=problem,
        notice=notice(language),
        key_name=keys.name_of(logged.key_id),
        outcome_key=keys.name_of(outcome.key_id) if outcome else "",
        override_key=keys.name_of(override.key_id) if override else "",
        **result_parts(logged.decision, language),
    )
    answer.status_code = status
    return answer


def lead_to_decision(decision_id: str, *, anchor: str) -> Response:
    """Lead a browser from a form to a part of the decision's page, where it sees what is logged."""
    address = url_for("log.decision", decision_id=decision_id, lang=page_language(), _anchor=anchor)
    return Response(status=SEE_OTHER, headers={"Location": address})


def key_needed() -> bool:
    """Return whether a decision needs a key."""
    svc = service()
    return not svc.settings.open_predict and svc.keys.exist()
