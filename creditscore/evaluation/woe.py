"""Weight of evidence (WoE), information value (IV) and points of a scorecard of bins.

The formulas, and what the model card says of each field. `model_card.woe_scorecard` finds the bins.

References
----------
Siddiqi (2006), Credit Risk Scorecards, chapters 6 and 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np

from creditscore.arrays import Floats, Ints
from creditscore.evaluation.metrics import auc
from creditscore.scorecard.policy import Scale

#: Average rows that are added to each bin: a bin of few rows says little, an empty one nothing.
SMOOTHING_ROWS = 20.0

#: A column whose values are spread less is constant, but for rounding.
CONSTANT_SPREAD = 1e-9


#: AUC of a field alone from which it may give the outcome away.
SUSPICIOUS = 0.85


@dataclass(frozen=True)
class WoeBin:
    """One bin of a field.

    Attributes
    ----------
    label : str
        In English: a band of numbers, a code, or a value with a meaning of its own.
    low, high : float or None
        Of a band: where it begins, and where the next one does; None for no bound.
    rows : int
        Training rows.
    bad_rate : float or None
        Of the training rows, or of the people that they stand for; None of no rows.
    woe : float
        As `weight_of_evidence` computes it.
    points : int
        What the WoE scorecard gives for it.
    """

    label: str
    low: float | None
    high: float | None
    rows: int
    bad_rate: float | None
    woe: float
    points: int


@dataclass(frozen=True)
class Variable:
    """What a validator asks first of a predictor.

    Attributes
    ----------
    field : str
    information_value : float
    missing : float
        The share of training rows without a value.
    correlated_with : str or None
        The predictor that it is correlated with most; None where there is no other.
    correlation : float or None
        Pearson's correlation of the WoE of both.
    coefficient : float
        In the logistic regression on all WoE. Below 0 its points run against its WoE, since other
        predictors say the same.
    bins : tuple of WoeBin
    """

    field: str
    information_value: float
    missing: float
    correlated_with: str | None
    correlation: float | None
    coefficient: float
    bins: tuple[WoeBin, ...]

    @property
    def area(self) -> float:
        """The AUC of the field alone, each row ranked by the bad rate of its bin."""
        bins = [woe_bin for woe_bin in self.bins if woe_bin.bad_rate is not None]
        rates = np.array([woe_bin.bad_rate for woe_bin in bins], dtype=float)
        rows = np.array([woe_bin.rows for woe_bin in bins], dtype=float)
        # A bin counts twice: as its bad rows, and as its good ones.
        bad = np.repeat([1, 0], len(bins))
        return auc(bad, np.tile(rates, 2), np.concatenate([rows * rates, rows * (1 - rates)]))


def weight_of_evidence(goods: Floats, bads: Floats) -> Floats:
    """Compute ln((g_i / G) / (b_i / B)) of each bin, smoothed; above 0 is safer than average.

    Parameters
    ----------
    goods, bads : ndarray of shape (n_bins,)
        Numbers of good and of bad rows, or of the people that they stand for.

    Returns
    -------
    ndarray of shape (n_bins,)
        With `SMOOTHING_ROWS` of the overall bad rate added to each bin, so that it is finite.
    """
    bad_rate = bads.sum() / (goods.sum() + bads.sum())
    smoothed_goods = goods + SMOOTHING_ROWS * (1 - bad_rate)
    smoothed_bads = bads + SMOOTHING_ROWS * bad_rate
    woe: Floats = np.log(smoothed_goods / smoothed_bads) - np.log((1 - bad_rate) / bad_rate)
    return woe


def information_value(goods: Floats, bads: Floats, woe: Floats) -> float:
    """Compute sum (g_i / G - b_i / B) WoE_i; 0 where good and bad are spread alike over bins."""
    return float(((goods / goods.sum() - bads / bads.sum()) * woe).sum())


def bin_points(
    woe: Floats, *, coefficient: float, intercept: float, variables: int, scale: Scale
) -> Ints:
    """Restate the WoE of a field's bins as points, whose sum over all fields is the score.

    The log-odds of a good outcome are a + sum b_j WoE_j. With the scale's factor F = PDO / ln 2 and
    offset O = base points - F ln(base odds), each of n fields has F b_j WoE_j + (F a + O) / n.

    Parameters
    ----------
    woe : ndarray of shape (n_bins,)
    coefficient, intercept : float
        b of the field, and a.
    variables : int
        n, the number of fields.
    scale : Scale
        Points at the base odds, and points that double the odds.

    Returns
    -------
    ndarray of shape (n_bins,)
        Rounded to whole points, so that a sum may be off by half a point a field.
    """
    offset = scale.base_points - scale.factor * log(scale.base_odds)
    exact = scale.factor * coefficient * woe + (scale.factor * intercept + offset) / variables
    points: Ints = np.rint(exact).astype(np.int64)
    return points


def strongest_correlations(
    columns: Floats, weights: Floats | None = None
) -> list[tuple[int, float] | None]:
    """Return for each column which other one it is correlated with most, and how much.

    Parameters
    ----------
    columns : ndarray of shape (n_rows, n_columns)
    weights : ndarray of shape (n_rows,), optional
        How many people each row stands for.

    Returns
    -------
    list of (int, float) or None
        Pearson's correlation, the largest by its absolute value; None for the only column, and for
        one that is constant or has only constant ones beside it.
    """
    covariance = np.atleast_2d(np.cov(columns, rowvar=False, aweights=weights))
    spreads = np.sqrt(np.diag(covariance))
    with np.errstate(divide="ignore", invalid="ignore"):
        sizes = covariance / np.outer(spreads, spreads)
    # A constant column has no correlation but what rounding makes, and none counts with itself.
    is_varying = spreads > CONSTANT_SPREAD
    has_correlation = np.outer(is_varying, is_varying) & ~np.eye(len(sizes), dtype=bool)
    absolute = np.where(has_correlation, np.abs(sizes), -1.0)
    strongest = absolute.argmax(axis=1)
    return [
        (int(partner), float(sizes[column, partner])) if has_correlation[column, partner] else None
        for column, partner in enumerate(strongest)
    ]
