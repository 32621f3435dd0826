"""Repair probabilities that are off, by a straight line, and only where that helps.

A line, and no curve, because a line can be written into the leaves of the forest: the reasons
stay exact for the probability that is answered. On the forests met so far it did as well as
isotonic or logistic calibration.
"""

from __future__ import annotations

import numpy as np

from creditscore.arrays import Floats, Ints
from creditscore.evaluation.metrics import expected_calibration_error, log_loss
from creditscore.scorecard.scorecard import Calibration

#: An expected calibration error from which on probabilities count as poor.
POOR = 0.02

#: Parts of the rows that take turns in testing the line.
FOLDS = 5

#: The line keeps this far from 0 and 1, so that no rounding carries a probability beyond them.
MARGIN = 1e-9


def fit_calibration(
    said: Floats, bad: Ints, *, bounds: tuple[float, float], seed: int
) -> Calibration:
    """Find the line that repairs probabilities, or none.

    Parameters
    ----------
    said : ndarray of shape (n_rows,)
        Probabilities of rows that whoever said them had not seen.
    bad : ndarray of shape (n_rows,)
        1 for a default.
    bounds : tuple of float
        No applicant's uncalibrated probability lies outside; the calibrated one stays in [0, 1].
    seed : int
        Of how the rows are parted.
    """
    before = expected_calibration_error(bad, said)
    usual = Calibration(1.0, 0.0, before, before)
    if before <= POOR:
        return usual
    repaired = _cross_fitted(said, bad, bounds, seed)
    after = expected_calibration_error(bad, repaired)
    if after >= before or log_loss(bad, repaired) >= log_loss(bad, said):
        return usual
    slope, intercept = _line(said, bad, bounds)
    if slope == 0:
        # Everybody would be rated alike: no repair, but the end of a scorecard.
        return usual
    return Calibration(slope, intercept, before, after)


def _cross_fitted(said: Floats, bad: Ints, bounds: tuple[float, float], seed: int) -> Floats:
    """Repair each part of the rows by the line of the others."""
    part = np.random.default_rng(seed).permutation(len(said)) % FOLDS
    repaired = np.empty(len(said))
    for fold in range(FOLDS):
        held_out = part == fold
        slope, intercept = _line(said[~held_out], bad[~held_out], bounds)
        repaired[held_out] = intercept + slope * said[held_out]
    return np.clip(repaired, 0, 1)


def _line(said: Floats, bad: Ints, bounds: tuple[float, float]) -> tuple[float, float]:
    """Fit by least squares, which keeps the mean; as steep as the bounds allow, never falling."""
    low, high = bounds
    mean_said, mean_bad = float(said.mean()), float(bad.mean())
    centred = said - mean_said
    spread = float(np.sum(centred**2))
    slope = float(np.sum(centred * bad)) / spread if spread else 0.0
    if mean_said > low:
        slope = min(slope, (mean_bad - MARGIN) / (mean_said - low))
    if mean_said < high:
        slope = min(slope, (1 - mean_bad - MARGIN) / (high - mean_said))
    slope = max(slope, 0.0)
    return slope, mean_bad - slope * mean_said
