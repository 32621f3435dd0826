"""Calibration of groups: the mean that was predicted for each beside the rate that was observed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from creditscore.arrays import Flags, Floats, Ints
from creditscore.evaluation.confidence_intervals import Figure, share
from creditscore.evaluation.fairness import INCONCLUSIVE, PopulationGroup, is_large

#: What a comparison says, beside `INCONCLUSIVE`.
AS_PREDICTED, MORE_BAD, FEWER_BAD = "as_predicted", "more_bad", "fewer_bad"


@dataclass(frozen=True)
class CalibrationNeed:
    """Whether the probabilities of the trees had to be recalibrated.

    Attributes
    ----------
    needed, applied : bool
        Whether the error was above the bound, and whether a line was applied: one that does not
        lower the log-loss is not.
    bound : float
        The expected calibration error that is put up with.
    error_before, error_after : float
        That of the trees, and that with the line, on rows that the trees had not seen.
    rows : int
        How many rows that was measured on.
    """

    needed: bool
    applied: bool
    bound: float
    error_before: float
    error_after: float
    rows: int


@dataclass(frozen=True)
class CalibrationGroup:
    """Predicted and observed rates of a group.

    Attributes
    ----------
    group : str
        In English.
    rows, bads : int
    mean_predicted : float or None
        None of no rows.
    observed : Figure or None
        The bad rate, with its Wilson interval.
    verdict : {"as_predicted", "more_bad", "fewer_bad", "inconclusive"}
        Where the mean lies outside the interval, more or fewer turned out bad than predicted; where
        it lies within, a small group is inconclusive.
    """

    group: str
    rows: int
    bads: int
    mean_predicted: float | None
    observed: Figure | None
    verdict: str


def calibration_of(
    parts: Sequence[PopulationGroup], bad: Ints, predicted: Floats, weights: Floats | None = None
) -> tuple[CalibrationGroup, ...]:
    """Compare what was predicted for each group with what was observed.

    Parameters
    ----------
    parts : sequence of PopulationGroup
    bad, predicted : ndarray of shape (n_rows,)
        Outcomes and probabilities of default.
    weights : ndarray of shape (n_rows,), optional
        How many people each row stands for.
    """
    return tuple(_group(part.label, part.inside, bad, predicted, weights) for part in parts)


def compared(mean: float, observed: Figure) -> str:
    """Return whether a mean that was predicted lies in the interval of the observed rate."""
    if observed["low"] > mean:
        return MORE_BAD
    return FEWER_BAD if observed["high"] < mean else AS_PREDICTED


def _group(
    label: str, inside: Flags, bad: Ints, predicted: Floats, weights: Floats | None
) -> CalibrationGroup:
    rows, bads = int(inside.sum()), int(bad[inside].sum())
    group_weights = None if weights is None else weights[inside]
    observed = share(bad[inside], group_weights)
    if observed is None:
        return CalibrationGroup(label, 0, 0, None, None, INCONCLUSIVE)
    mean = float(np.average(predicted[inside], weights=group_weights))
    verdict = compared(mean, observed)
    if verdict == AS_PREDICTED and not is_large(rows, bads):
        verdict = INCONCLUSIVE
    return CalibrationGroup(label, rows, bads, mean, observed, verdict)
