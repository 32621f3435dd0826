"""Linear recalibration: map poor probabilities by a straight line, only where that helps.

A line and no curve, because a line can be written into the leaves of the forest, so that reasons
stay exact for the recalibrated probability. On the forests so far it did as well as isotonic or
logistic calibration.
"""

from __future__ import annotations

import numpy as np

from creditscore.arrays import Floats, Ints
from creditscore.evaluation.metrics import expected_calibration_error, log_loss
from creditscore.scorecard.scorecard import Calibration

#: Probabilities are recalibrated above this expected calibration error, or above this share of the
#: bad rate where that is less: an error of 0.02 is large where 0.03 are bad.
POOR_CALIBRATION_ERROR = 0.02
POOR_SHARE_OF_BAD_RATE = 0.1

#: Folds of the cross-validation that decides whether the line helps.
FOLDS = 5

#: The line ends this far from 0 and 1, so that rounding takes no probability beyond them.
MARGIN = 1e-9


def fit_calibration(
    predicted: Floats,
    bad: Ints,
    weights: Floats | None = None,
    *,
    bounds: tuple[float, float],
    seed: int,
) -> Calibration:
    """Fit a linear recalibration; slope 1 and intercept 0 where it does not help.

    Parameters
    ----------
    predicted : ndarray of shape (n_rows,)
        Probabilities of rows that the model was not fitted to.
    bad : ndarray of shape (n_rows,)
        1 for a default.
    weights : ndarray of shape (n_rows,), optional
        How many people of the population each row stands for.
    bounds : tuple of float
        No applicant's uncalibrated probability lies outside; the calibrated one stays in [0, 1].
    seed : int
        Of the folds.
    """
    each = np.ones(len(bad)) if weights is None else weights
    before = expected_calibration_error(bad, predicted, each)
    unchanged = Calibration(1.0, 0.0, before, before)
    bad_rate = float(np.average(bad, weights=each))
    if before <= min(POOR_CALIBRATION_ERROR, POOR_SHARE_OF_BAD_RATE * bad_rate):
        return unchanged
    recalibrated = _cross_fitted(predicted, bad, each, bounds, seed)
    after = expected_calibration_error(bad, recalibrated, each)
    if after >= before or log_loss(bad, recalibrated, each) >= log_loss(bad, predicted, each):
        return unchanged
    slope, intercept = _line(predicted, bad, each, bounds)
    if slope == 0:
        # All applicants would have the same probability.
        return unchanged
    return Calibration(slope, intercept, before, after)


def _cross_fitted(
    predicted: Floats, bad: Ints, each: Floats, bounds: tuple[float, float], seed: int
) -> Floats:
    """Recalibrate each fold by the line of the others."""
    folds = np.random.default_rng(seed).permutation(len(predicted)) % FOLDS
    recalibrated = np.empty(len(predicted))
    for fold in range(FOLDS):
        held_out = folds == fold
        kept = ~held_out
        slope, intercept = _line(predicted[kept], bad[kept], each[kept], bounds)
        recalibrated[held_out] = intercept + slope * predicted[held_out]
    return np.clip(recalibrated, 0, 1)


def _line(
    predicted: Floats, bad: Ints, each: Floats, bounds: tuple[float, float]
) -> tuple[float, float]:
    """Fit by least squares, which keeps the mean; at most as steep as the bounds allow."""
    low, high = bounds
    mean_predicted = float(np.average(predicted, weights=each))
    mean_bad = float(np.average(bad, weights=each))
    centred = predicted - mean_predicted
    spread = float(np.sum(each * centred**2))
    slope = float(np.sum(each * centred * bad)) / spread if spread else 0.0
    if mean_predicted > low:
        slope = min(slope, (mean_bad - MARGIN) / (mean_predicted - low))
    if mean_predicted < high:
        slope = min(slope, (1 - mean_bad - MARGIN) / (high - mean_predicted))
    slope = max(slope, 0.0)
    return slope, mean_bad - slope * mean_predicted
