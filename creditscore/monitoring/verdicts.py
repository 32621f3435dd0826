"""Verdicts: live figures held against the triggers for revalidation.

A figure fails where it lies beyond its trigger and chance alone could not explain that; where it
could, and where a figure only comes near, it is a notice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Any

import numpy as np

from creditscore.arrays import Floats
from creditscore.evaluation.card import ScorecardCard
from creditscore.evaluation.confidence_intervals import CONFIDENCE, rates_differ
from creditscore.evaluation.cutoff_tradeoff import HIGHEST_PERCENT, LOWEST_PERCENT
from creditscore.schema.triggers import Triggers

OK, NOTICE, FAILS, TOO_FEW = "ok", "notice", "fails", "too_few"

#: From least to most that has to be done.
VERDICTS = (TOO_FEW, OK, NOTICE, FAILS)

#: The quantile of the normal distribution that 95 % intervals are made of.
Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


@dataclass(frozen=True)
class JudgedFigure:
    """A figure and its verdict; no figure where there are too few decisions for one."""

    value: float | None = None
    verdict: str = TOO_FEW


@dataclass(frozen=True)
class Reference:
    """What the model card says of a scorecard, on its test rows.

    Attributes
    ----------
    rows : int
    approval_rate : float
        At the cut-off in force.
    auc : float
    auc_error : float
        Standard error of the AUC, from its 95 % interval.
    """

    rows: int
    approval_rate: float
    auc: float
    auc_error: float


def read_reference(section: ScorecardCard, cutoff: float) -> Reference:
    """Read from a scorecard's section of the model card what live figures are compared with.

    The card has approval rates at whole percentages; between them they are interpolated.
    """
    auc = section.performance.auc
    percents = np.arange(LOWEST_PERCENT, HIGHEST_PERCENT + 1) / 100
    rates = [row.approval_rate for row in section.curves.cutoffs]
    return Reference(
        rows=section.performance.rows,
        approval_rate=float(np.interp(cutoff, percents, rates)),
        auc=auc["value"],
        auc_error=(auc["high"] - auc["low"]) / (2 * Z),
    )


def worst(verdicts: Iterable[str]) -> str:
    """Return the verdict of several together; too few if there is none."""
    return max(verdicts, key=VERDICTS.index, default=TOO_FEW)


def judge_psi(shift: Mapping[str, Any], *, limit: float, notice: float) -> JudgedFigure:
    """Hold the population stability index of a field, or of the score, against its limits."""
    psi = shift["psi"]
    if psi is None:
        return JudgedFigure()
    is_beyond = psi >= limit and bool(shift["significant"])
    return JudgedFigure(psi, FAILS if is_beyond else NOTICE if psi >= notice else OK)


def judge_approvals(
    approved: int, decisions: int, reference: Reference, triggers: Triggers
) -> JudgedFigure:
    """Hold the approval rate against that of the card, with the z-test of two proportions."""
    if decisions < triggers.min_decisions:
        return JudgedFigure()
    rate = approved / decisions
    # 0.1 + 0.7 is not 0.8 to the last bit.
    points = round(100 * abs(rate - reference.approval_rate), 9)
    if points <= triggers.approval_points:
        return JudgedFigure(rate, OK)
    card_rate = (reference.approval_rate * reference.rows, reference.rows)
    differs = rates_differ(approved, decisions, than=card_rate)
    return JudgedFigure(rate, FAILS if differs else NOTICE)


def judge_auc(
    auc: float | None, bads: int, matured: int, reference: Reference, triggers: Triggers
) -> JudgedFigure:
    """Hold the live AUC against that of the card.

    Chance is told from the standard errors of both (Hanley & McNeil 1982, Radiology 143).
    """
    if auc is None or matured < triggers.min_outcomes:
        return JudgedFigure()
    drop = reference.auc - auc
    if round(drop, 9) <= triggers.auc_drop:
        return JudgedFigure(auc, OK)
    error = sqrt(auc_error(auc, bads, matured - bads) ** 2 + reference.auc_error**2)
    return JudgedFigure(auc, FAILS if drop > Z * error else NOTICE)


def auc_error(auc: float, bads: int, goods: int) -> float:
    """Compute the standard error of an AUC.

    References
    ----------
    Hanley & McNeil (1982), The meaning and use of the area under a ROC curve, Radiology 143.
    """
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (bads - 1) * (q1 - auc**2) + (goods - 1) * (q2 - auc**2)
    return sqrt(max(variance, 0.0) / (bads * goods))


def judge_calibration(predicted: Floats, observed: int, triggers: Triggers) -> JudgedFigure:
    """Hold the ratio of observed to expected defaults against its interval.

    Were the probabilities p right, the observed number would vary by sqrt(sum p (1 - p)).
    """
    expected = float(predicted.sum())
    if len(predicted) < triggers.min_outcomes or expected == 0:
        return JudgedFigure()
    ratio = observed / expected
    low, high = triggers.calibration
    if low <= ratio <= high:
        return JudgedFigure(ratio, OK)
    spread = sqrt(float((predicted * (1 - predicted)).sum()))
    return JudgedFigure(ratio, FAILS if abs(observed - expected) > Z * spread else NOTICE)
