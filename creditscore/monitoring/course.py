"""The course of a scorecard's figures over time, and which triggers for revalidation fire.

Each trigger is asked of the whole window and of the last period that has enough decisions: a shift
of last week is small in a quarter's figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from creditscore.evaluation import metrics
from creditscore.monitoring.backtest import outcome_arrays
from creditscore.monitoring.counting import Counts
from creditscore.monitoring.drift import merge_labels, shift
from creditscore.monitoring.verdicts import (
    FAILS,
    NOTICE,
    TOO_FEW,
    JudgedFigure,
    Reference,
    judge_approvals,
    judge_auc,
    judge_calibration,
    judge_psi,
    worst,
)
from creditscore.schema.triggers import Triggers
from creditscore.scorecard.scorecard import Scorecard

SCORE_PSI, FIELD_PSI, APPROVALS = "score_psi", "field_psi", "approval_rate"
AUC, CALIBRATION = "auc", "calibration"

TRIGGERS = (SCORE_PSI, FIELD_PSI, APPROVALS, AUC, CALIBRATION)


@dataclass(frozen=True)
class Figures:
    """The figures of one period, or of the whole window.

    Attributes
    ----------
    decisions, matured : int
        How many there are, and of how many the outcome is known.
    defaults : dict of str to float, or None
        Of those, how many were ``expected`` and ``observed``; None where they are too few.
    score_psi, approval_rate, auc, calibration : Judged
    fields : mapping of str to Judged
        The index of each field.
    """

    decisions: int
    matured: int
    defaults: dict[str, float] | None
    score_psi: JudgedFigure
    approval_rate: JudgedFigure
    auc: JudgedFigure
    calibration: JudgedFigure
    fields: dict[str, JudgedFigure]

    def all_figures(self) -> Iterator[tuple[str, str | None, JudgedFigure]]:
        """Return every figure with its trigger, and its field if it is of one."""
        yield SCORE_PSI, None, self.score_psi
        for name, figure in self.fields.items():
            yield FIELD_PSI, name, figure
        yield APPROVALS, None, self.approval_rate
        yield AUC, None, self.auc
        yield CALIBRATION, None, self.calibration


@dataclass(frozen=True)
class Period:
    """The figures from a day to another, both within it."""

    first: date
    last: date
    figures: Figures

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        period = {"from": self.first.isoformat(), "to": self.last.isoformat()}
        return period | asdict(self.figures)


def measure(counts: Counts, card: Scorecard, reference: Reference, triggers: Triggers) -> Figures:
    """Compute the figures of some decisions of a scorecard."""
    training_bins, min_rows = card.training_bins, triggers.min_decisions
    predicted, observed = outcome_arrays(counts.outcomes)
    matured, bads = len(observed), int(observed.sum())
    has_enough = matured >= triggers.min_outcomes
    auc = metrics.auc(observed, predicted) if has_enough and 0 < bads < matured else None
    fields = {}
    for index, (name, bins) in enumerate(training_bins.fields.items(), 1):
        drift = shift(bins, merge_labels(counts.by_bin[index]), min_rows=min_rows)
        figure = judge_psi(drift, limit=triggers.field_psi, notice=triggers.field_psi_notice)
        # No decision depends on a field that is only monitored: it calls for a look, no more.
        is_softened = figure.verdict == FAILS and name not in card.predictors
        fields[name] = JudgedFigure(figure.value, NOTICE) if is_softened else figure
    score = shift(training_bins.score, merge_labels(counts.by_bin[0]), min_rows=min_rows)
    return Figures(
        decisions=counts.decisions,
        matured=matured,
        defaults={"expected": float(predicted.sum()), "observed": bads} if has_enough else None,
        score_psi=judge_psi(score, limit=triggers.score_psi, notice=triggers.score_psi_notice),
        approval_rate=judge_approvals(counts.labels[True], counts.decisions, reference, triggers),
        auc=judge_auc(auc, bads, matured, reference, triggers),
        calibration=judge_calibration(predicted, bads, triggers),
        fields=fields,
    )


def fired(
    window_figures: Figures, periods: Sequence[Period], reference: Reference, triggers: Triggers
) -> list[dict[str, Any]]:
    """Return each trigger with its verdict, of the window or of its last period.

    Returns
    -------
    list of dict
        ``trigger``, ``field`` (None where it is of none), ``verdict``, ``value`` and the ``period``
        that it is of (None for the whole window), with the ``limit`` and what the model card says
        (``reference``).
    """
    latest_figures: dict[tuple[str, str | None], tuple[Period, JudgedFigure]] = {}
    for period in periods:
        for trigger, name, figure in period.figures.all_figures():
            if figure.verdict != TOO_FEW:
                latest_figures[trigger, name] = period, figure
    findings = []
    for trigger, name, figure in window_figures.all_figures():
        start = None
        latest = latest_figures.get((trigger, name))
        if latest and worst([figure.verdict, latest[1].verdict]) != figure.verdict:
            start, figure = latest[0].first.isoformat(), latest[1]
        findings.append(
            {
                "trigger": trigger,
                "field": name,
                "verdict": figure.verdict,
                "value": figure.value,
                "period": start,
                **_limits(trigger, reference, triggers),
            }
        )
    return findings


def _limits(trigger: str, reference: Reference, triggers: Triggers) -> dict[str, Any]:
    limits: dict[str, Any] = {
        SCORE_PSI: triggers.score_psi,
        FIELD_PSI: triggers.field_psi,
        APPROVALS: triggers.approval_points,
        AUC: triggers.auc_drop,
        CALIBRATION: list(triggers.calibration),
    }
    references = {APPROVALS: reference.approval_rate, AUC: reference.auc}
    return {"limit": limits[trigger], "reference": references.get(trigger)}
