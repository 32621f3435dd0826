"""Linear recalibration: map the leaves of a forest by a straight line, only where that helps.

The mean of many trees is too cautious where each of them sees a part of the fields only, and too
sure where leaves hold few rows (Niculescu-Mizil & Caruana 2005, Predicting good probabilities with
supervised learning). A line is fitted that moves every leaf's share of defaults away from the
average, or towards it, and no leaf beyond 0 or 1. A leaf stays a number, so that the result is a
forest whose probability lies between 0 and 1 for every applicant, and whose reasons are exact. On
the tables of `benchmarks/tables.py` it did as well as logistic calibration of the mean, for which
no reasons are exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from creditscore.arrays import Floats, Ints
from creditscore.evaluation.metrics import expected_calibration_error, log_loss
from creditscore.scorecard.scorecard import Calibration

#: Recalibrated above this expected calibration error, as a share of the rate of the rarer outcome.
POOR_CALIBRATION_ERROR = 0.05

#: Rows that a line is fitted to, at most: it has two parameters.
MAX_ROWS = 20_000

#: Folds of the cross-validation that decides whether the line helps.
FOLDS = 5

#: The log-loss that is minimised keeps probabilities this far from 0 and 1: a few rows that all of
#: their trees are sure of, and wrong, would decide about the line of all others.
CLIP = 1e-3

#: The steepest line, and the decimals of a line: fewer than any table can settle, and more than
#: the last bits that processors differ in.
MAX_SLOPE, DECIMALS = 10.0, 4


@dataclass(frozen=True)
class OutOfBag:
    """What each tree predicts for the rows that it did not draw.

    Attributes
    ----------
    by_tree : ndarray of shape (n_trees, n_rows)
        NaN for the rows that a tree drew; each row has a number by one tree at least.
    bad : ndarray of shape (n_rows,)
        1 for a default.
    weights : ndarray of shape (n_rows,) or None
        How many people of the population each row stands for; None where all count alike.
    """

    by_tree: Floats
    bad: Ints
    weights: Floats | None = None

    @property
    def bad_rate(self) -> float:
        """Share of defaults."""
        return float(np.average(self.bad, weights=self.weights))

    def mean(self) -> Floats:
        """Return each row's mean over its trees."""
        return mean_of_trees(self.by_tree)

    def recalibrated(self, slope: float, intercept: float) -> Floats:
        """Return each row's mean over its trees, once a line has mapped their leaves."""
        return mean_of_trees(np.clip(intercept + slope * self.by_tree, 0, 1))

    def log_loss(self, predicted: Floats) -> float:
        """Return the log-loss of predictions, none of which is taken for sure."""
        return log_loss(self.bad, predicted, self.weights, clip=CLIP)

    def error(self, predicted: Floats) -> float:
        """Return the expected calibration error of predictions."""
        return expected_calibration_error(self.bad, predicted, self.weights)

    def averaged(self, line: Calibration) -> OutOfBag:
        """Return the same rows, each with its recalibrated mean alone, of shape (1, n_rows)."""
        predicted = self.recalibrated(line.slope, line.intercept)
        return OutOfBag(predicted[np.newaxis], self.bad, self.weights)

    def rows(self, indices: Ints) -> OutOfBag:
        """Return some of the rows."""
        weights = None if self.weights is None else self.weights[indices]
        return OutOfBag(self.by_tree[:, indices], self.bad[indices], weights)


def mean_of_trees(by_tree: Floats) -> Floats:
    """Return each row's mean over the trees that have a number for it; NaN where none has."""
    trees = np.isfinite(by_tree).sum(axis=0)
    mean = np.full(by_tree.shape[1], np.nan)
    np.divide(np.nansum(by_tree, axis=0), trees, out=mean, where=trees > 0)
    return mean


def fit_calibration(rows: OutOfBag, *, seed: int) -> Calibration:
    """Fit a linear recalibration; slope 1 and intercept 0 where it does not help.

    Parameters
    ----------
    rows : OutOfBag
    seed : int
        Of the folds, and of the rows that are taken where there are many.
    """
    predicted = rows.mean()
    before = rows.error(predicted)
    unchanged = Calibration(1.0, 0.0, before, before)
    if before <= POOR_CALIBRATION_ERROR * min(rows.bad_rate, 1 - rows.bad_rate):
        return unchanged
    if len(rows.bad) > MAX_ROWS:
        sample = np.random.default_rng(seed).permutation(len(rows.bad))[:MAX_ROWS]
        rows = rows.rows(np.sort(sample))
        predicted = rows.mean()
    recalibrated = _cross_fitted(rows, seed)
    if rows.log_loss(recalibrated) >= rows.log_loss(predicted):
        return unchanged
    slope, intercept = fit_line(rows)
    if slope == 0:
        # All applicants would have the same probability.
        return unchanged
    return Calibration(slope, intercept, before, rows.error(recalibrated))


def _cross_fitted(rows: OutOfBag, seed: int) -> Floats:
    """Recalibrate each fold by the line of the others."""
    folds = np.random.default_rng(seed).permutation(len(rows.bad)) % FOLDS
    recalibrated = np.empty(len(rows.bad))
    for fold in range(FOLDS):
        slope, intercept = fit_line(rows.rows(np.flatnonzero(folds != fold)))
        held_out = np.flatnonzero(folds == fold)
        recalibrated[held_out] = rows.rows(held_out).recalibrated(slope, intercept)
    return recalibrated


def fit_line(rows: OutOfBag) -> tuple[float, float]:
    """Fit slope and intercept by maximum likelihood, the leaves held between 0 and 1.

    The probability of row i is p_i = mean over its trees of min(1, max(0, a + b v)), v being the
    leaf's share of defaults. In b and in the shift s = a - r (1 - b) of the rate of defaults r,
    with (a, b) = (0, 1) to begin with, the derivatives of p_i are the means of (v - r) and of 1
    over the trees whose leaf is not held.
    """
    out_of_bag = np.isfinite(rows.by_tree)
    weight = out_of_bag / out_of_bag.sum(axis=0)
    rate = rows.bad_rate
    leaves = np.where(out_of_bag, rows.by_tree, rate) - rate
    bad = rows.bad
    row_weights = np.ones(len(bad)) if rows.weights is None else rows.weights
    row_weights = row_weights / row_weights.sum()

    def loss(line: Floats) -> tuple[float, Floats]:
        slope, shift = line
        mapped = rate + shift + slope * leaves
        free = weight * ((mapped > 0) & (mapped < 1))
        predicted = np.sum(weight * np.clip(mapped, 0, 1), axis=0)
        clipped = np.clip(predicted, CLIP, 1 - CLIP)
        inside = clipped == predicted
        pull = row_weights * inside * (clipped - bad) / (clipped * (1 - clipped))
        gradient = np.array([np.sum(free * leaves, axis=0) @ pull, free.sum(axis=0) @ pull])
        return rows.log_loss(predicted), gradient

    optimum = minimize(
        loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(0, MAX_SLOPE), (-1, 1)]
    )
    slope, shift = optimum.x
    return round(float(slope), DECIMALS), round(float(rate + shift - slope * rate), DECIMALS)
