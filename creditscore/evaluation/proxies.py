"""Proxies: how well other fields tell a protected one, which is why leaving it out hides nothing.

How well is told by the AUC where the protected field has two values, by the mean AUC of each value
against all others (macro-AUC) where it has more, and by R^2 where it is a number. An AUC of 0.5 and
an R^2 of 0 are guessing; 1 is knowing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from creditscore.arrays import Floats, Ints
from creditscore.evaluation.confidence_intervals import BootstrapResamples, Figure, ranking

AUC, MACRO_AUC, R2 = "auc", "macro_auc", "r2"

WEAK, MODERATE, STRONG = "weak", "moderate", "strong"

#: From which value on a protected field can be told moderately well, and strongly: the AUC from
#: which a model is called acceptable (Hosmer & Lemeshow 2000) is strong here; of R^2, the medium
#: and the large effect of Cohen (1988), f^2 = 0.15 and 0.35, or R^2 = f^2 / (1 + f^2).
BOUNDS: Mapping[str, tuple[float, float]] = {
    AUC: (0.6, 0.7),
    MACRO_AUC: (0.6, 0.7),
    R2: (0.13, 0.26),
}


@dataclass(frozen=True)
class ProxyStrength:
    """How well some predictors tell a protected field.

    Attributes
    ----------
    predictors : int
        How many they are.
    together : Figure or None
        All of them, by gradient boosting; None where that could not be measured.
    verdict : {"weak", "moderate", "strong", None}
    strongest : str or None
        The one that tells it best alone.
    alone : Figure or None
        How well that one does.
    """

    predictors: int
    together: Figure | None
    verdict: str | None
    strongest: str | None
    alone: Figure | None


@dataclass(frozen=True)
class Proxy:
    """How well a protected field can be told.

    Attributes
    ----------
    field : str
        The protected field.
    measure : {"auc", "macro_auc", "r2"}
    rows : int
        Held-out rows on which that is measured.
    others : ProxyStrength
        By all other predictors.
    unprotected : ProxyStrength
        By those that are not protected: what is left where all that are protected are left out.
    """

    field: str
    measure: str
    rows: int
    others: ProxyStrength
    unprotected: ProxyStrength


def r_squared(actual: Floats, predicted: Floats, resamples: BootstrapResamples) -> Floats | None:
    """Compute the share of the variance that predictions explain, 1 - SSE / SST.

    Below 0 where they are worse than the mean.

    Returns
    -------
    ndarray of shape (1 + n_draws,) or None
        Of the rows and of each draw; None where all are alike.
    """
    if np.ptp(actual) == 0:
        return None
    # Far from 0, the mean of squares less the square of the mean would lose its digits.
    centred = actual - actual.mean()
    columns = np.column_stack([centred, centred**2, (actual - predicted) ** 2])

    def statistic(weights: Floats) -> Floats:
        mean, squares, errors = (weights @ columns / weights.sum(axis=1, keepdims=True)).T
        shares: Floats = 1 - errors / (squares - mean**2)
        return shares

    return resamples.over(statistic)


def mean_auc(
    actual: Ints, scores: Floats, resamples: BootstrapResamples, *, min_rows: int
) -> Floats | None:
    """Compute the AUC of each value against all others, averaged over the values (macro-AUC).

    Parameters
    ----------
    actual : ndarray of shape (n_rows,)
        The number of each row's value.
    scores : ndarray of shape (n_rows, n_values)
        How likely each value is.
    resamples : BootstrapResamples
    min_rows : int
        A value of fewer rows, or that all but fewer rows have, is left out.

    Returns
    -------
    ndarray of shape (1 + n_draws,) or None
        Of the rows and of each draw; of two values, the AUC. None where no value is left.
    """
    aucs = []
    for value in range(scores.shape[1]):
        has = (actual == value).astype(np.int64)
        if min(has.sum(), len(has) - has.sum()) >= min_rows:
            _, statistic = ranking(has, scores[:, value])
            aucs.append(resamples.over(statistic)[:, 0])
    return np.mean(aucs, axis=0, dtype=np.float64) if aucs else None


def strength(measure: str, value: float | None) -> str | None:
    """Return in one word how well a protected field can be told."""
    if value is None:
        return None
    moderate, strong = BOUNDS[measure]
    if value < moderate:
        return WEAK
    return MODERATE if value < strong else STRONG


def bin_means(
    targets: Floats, indices: Ints, weights: Floats | None = None, *, bins: int
) -> Floats:
    """Return the mean of each target in each bin, of shape (1 + n_bins, n_targets).

    The first row is the mean of all, which an empty bin has too, as has the index -1.

    Parameters
    ----------
    targets : ndarray of shape (n_rows, n_targets)
    indices : ndarray of shape (n_rows,)
        Of each row's bin, -1 for none.
    weights : ndarray of shape (n_rows,), optional
    bins : int
        How many there are.
    """
    row_weights = np.ones(len(targets)) if weights is None else weights
    means = np.tile(np.average(targets, axis=0, weights=row_weights), (1 + bins, 1))
    for index in range(bins):
        inside = indices == index
        if row_weights[inside].sum() > 0:
            means[1 + index] = np.average(targets[inside], axis=0, weights=row_weights[inside])
    return means
