"""Stability: how far bins of rows are from those of training, and a scorecard period by period.

The usual bands of the population stability index (under 0.10 little, up to 0.25 moderate, above
that large) give false alarms on few rows: with no shift at all and 100 rows, 31 % of samples exceed
0.10. So there is no verdict on fewer than 300 rows, and beside the band stands whether chance alone
could explain the index.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np

from creditscore.arrays import Floats, Ints
from creditscore.evaluation.confidence_intervals import (
    BootstrapResamples,
    Figure,
    bootstrap_metrics,
    interval,
    share,
)
from creditscore.evaluation.fairness import MIN_GROUP_OUTCOMES
from creditscore.evaluation.metrics import effective_rows
from creditscore.schema.constraints import Value
from creditscore.schema.triggers import Triggers
from creditscore.scorecard.bins import Bins

#: Below so many rows there is no verdict, unless the schema file says otherwise.
MIN_ROWS = Triggers().min_decisions

INSUFFICIENT = "insufficient"
LITTLE, MODERATE, LARGE = "little", "moderate", "large"

#: The bands of the index: from which value on a shift is moderate, and from which it is large.
MODERATE_FROM, LARGE_FROM = 0.10, 0.25

#: Added to every bin, so that an empty one does not make the index infinite.
SMOOTHING = 0.5

#: Periods that rows are shared out to.
PERIODS = 5


@dataclass(frozen=True)
class Shift:
    """How far rows are from the training rows.

    Attributes
    ----------
    rows : int
        Those that are compared.
    psi : float or None
        The population stability index; None where there are too few rows.
    verdict : {"little", "moderate", "large", "insufficient"}
        The band of the index.
    significant : bool or None
        Whether chance alone gives a larger index in less than one of a hundred cases.
    """

    rows: int
    psi: float | None
    verdict: str
    significant: bool | None


@dataclass(frozen=True)
class Period:
    """A scorecard on the rows of a period.

    Attributes
    ----------
    first, last : str
        The times of its first and of its last rows.
    rows, bads : int
    bad_rate : Figure or None
    mean_predicted : float
    auc : Figure or None
        None where fewer than `MIN_GROUP_OUTCOMES` rows have one of the outcomes.
    score : Shift
        Of the score, against all training rows.
    """

    first: str
    last: str
    rows: int
    bads: int
    bad_rate: Figure | None
    mean_predicted: float
    auc: Figure | None
    score: Shift


def population_stability_index(expected: Sequence[int], actual: Sequence[int]) -> float:
    """Return how far two distributions are apart: 0 for the same shares.

    Parameters
    ----------
    expected, actual : sequence of int
        Rows in each bin, in training and in what is compared with it.

    References
    ----------
    Yurdakul & Naranjo (2020), Statistical properties of the population stability index, Journal of
    Risk Model Validation 14(4).
    """
    return sum(contributions(expected, actual))


def contributions(expected: Sequence[int], actual: Sequence[int]) -> list[float]:
    """Return what each bin adds to the index."""
    expected_shares, actual_shares = _shares(expected), _shares(actual)
    return [
        (new - old) * log(new / old)
        for old, new in zip(expected_shares, actual_shares, strict=True)
    ]


def band(index: float) -> str:
    """Return the band of an index."""
    if index < MODERATE_FROM:
        return LITTLE
    return MODERATE if index < LARGE_FROM else LARGE


def compare_counts(bins: Bins, counts: Sequence[int], *, min_rows: int = MIN_ROWS) -> Shift:
    """Compare rows, counted by bin, with the training rows.

    References
    ----------
    Without a shift the index is (1/n + 1/m) times a chi-square of bins - 1 degrees (Yurdakul &
    Naranjo), n and m being these and the training rows.
    """
    rows, training_rows = sum(counts), sum(bins.counts)
    if rows < min_rows:
        return Shift(rows, None, INSUFFICIENT, None)
    psi = population_stability_index(bins.counts, counts)
    significant = psi > (1 / rows + 1 / training_rows) * bins.critical
    return Shift(rows, psi, band(psi), significant)


def bin_indices(bins: Bins, column: Floats, decode: Callable[[float], Value | None]) -> Ints:
    """Return the index of each row's bin; -1 for a value that was not given.

    Parameters
    ----------
    bins : Bins
    column : ndarray of shape (n_rows,)
    decode : callable
        Turns a number of the column into the value that it stands for.
    """
    numbers, inverse = np.unique(column, return_inverse=True)
    bin_by_number = (bins.bin_index(bins.bin_code(decode(float(number)))) for number in numbers)
    indices = np.array([-1 if index is None else index for index in bin_by_number], dtype=np.int64)
    return indices[inverse]


def bin_counts(bins: Bins, indices: Ints, weights: Floats | None = None) -> list[int]:
    """Count the rows in each bin.

    Where rows have weights, the counts are those of the population that they stand for, together
    as many as `effective_rows`.
    """
    row_weights = None
    if weights is not None:
        row_weights = weights * effective_rows(weights) / weights.sum()
        row_weights = row_weights[indices >= 0]
    counts = np.bincount(indices[indices >= 0], weights=row_weights, minlength=len(bins.counts))
    return [round(float(count)) for count in counts]


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts) + SMOOTHING * len(counts)
    return [(count + SMOOTHING) / total for count in counts]


# By period


def periods(times: Any) -> tuple[Ints, list[tuple[Any, Any]]]:
    """Share rows out to periods of about the same number of rows, those of a time together.

    Parameters
    ----------
    times : ndarray of shape (n_rows,), float64 or datetime64

    Returns
    -------
    indices : ndarray of shape (n_rows,)
        Of each row's period.
    ends : list of tuple
        The first and the last time of each.
    """
    distinct_times, inverse, rows = np.unique(times, return_inverse=True, return_counts=True)
    # Each time is where the middle one of its rows is.
    middle = (np.cumsum(rows) - rows / 2) / len(times)
    of_time = np.unique((middle * PERIODS).astype(np.int64), return_inverse=True)[1]
    ends = [
        (distinct_times[of_time == index][0], distinct_times[of_time == index][-1])
        for index in range(int(of_time.max()) + 1)
    ]
    return of_time[inverse], ends


def measure_period(
    first: str,
    last: str,
    bad: Ints,
    predicted: Floats,
    *,
    score: Shift,
    seed: int,
    weights: Floats | None = None,
) -> Period:
    """Measure a scorecard on the rows of a period.

    Parameters
    ----------
    first, last : str
        Its ends.
    bad, predicted : ndarray of shape (n_rows,)
        Outcomes and probabilities of its rows.
    score : Shift
        Of the score.
    seed : int
        Of the draws for the interval of the AUC.
    weights : ndarray of shape (n_rows,), optional
    """
    bads = int(bad.sum())
    auc = None
    if min(bads, len(bad) - bads) >= MIN_GROUP_OUTCOMES:
        resamples = BootstrapResamples(len(bad), seed, case_weights=weights)
        auc = interval(bootstrap_metrics(bad, predicted, resamples)["auc"])
    return Period(
        first=first,
        last=last,
        rows=len(bad),
        bads=bads,
        bad_rate=share(bad, weights),
        mean_predicted=float(np.average(predicted, weights=weights)),
        auc=auc,
        score=score,
    )
