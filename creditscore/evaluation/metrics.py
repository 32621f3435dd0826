"""Metrics of probabilities of default, measured on rows that training never saw.

Every function takes outcomes and predictions, both of shape (n_applicants,):

- ``bad``: 1 for a default, 0 for none;
- ``probability_of_default``: between 0 and 1.

Some take ``weights``, of the same shape: how many people of the population each row stands for; one
each where they are left out.

Nothing here needs scikit-learn, so that the live service can measure itself too.
"""

from __future__ import annotations

from typing import TypedDict

import numpy as np

from creditscore.arrays import Flags, Floats, Ints

#: The log-loss clips probabilities this far from 0 and 1.
LOG_LOSS_CLIP = 1e-15

#: Log-odds clip them further: a forest that predicts 0 does not mean one in a thousand billions.
ODDS_CLIP = 1e-6

#: Bins of the expected calibration error, of equal width.
ECE_BINS = 15

#: Newton's method for the calibration line: most iterations, the step that ends it, and the
#: determinant of the Hessian below which there is no single line.
MAX_NEWTON_ITERATIONS = 50
NEWTON_TOLERANCE = 1e-10
SINGULAR_DETERMINANT = 1e-15


def auc(bad: Ints, probability_of_default: Floats, weights: Floats | None = None) -> float:
    """Compute the area under the ROC curve.

    The chance that a random bad applicant has a higher probability than a random good one:
    0.5 is guessing, 1 is perfect; ties count half (Mann & Whitney 1947).
    """
    _, indices = np.unique(probability_of_default, return_inverse=True)
    row_weights = np.ones(len(bad)) if weights is None else weights
    bads = np.bincount(indices, weights=row_weights * bad)
    goods = np.bincount(indices, weights=row_weights * (1 - bad))
    goods_below = np.cumsum(goods) - goods
    return float(bads @ (goods_below + goods / 2) / (bads.sum() * goods.sum()))


def brier(bad: Ints, probability_of_default: Floats) -> float:
    """Compute the mean squared error of the probabilities (Brier 1950); 0 is perfect."""
    return float(np.mean((probability_of_default - bad) ** 2))


def log_loss(
    bad: Ints,
    probability_of_default: Floats,
    weights: Floats | None = None,
    *,
    clip: float = LOG_LOSS_CLIP,
) -> float:
    """Compute the mean negative log-likelihood, in nats; 0 is perfect."""
    clipped = np.clip(probability_of_default, clip, 1 - clip)
    gains = bad * np.log(clipped) + (1 - bad) * np.log(1 - clipped)
    return float(-np.average(gains, weights=weights))


def expected_calibration_error(
    bad: Ints,
    probability_of_default: Floats,
    weights: Floats | None = None,
    *,
    bins: int = ECE_BINS,
) -> float:
    """Compute the mean gap between predicted and observed rate, over bins of equal width (ECE).

    0 means that of those predicted at 20 %, 20 % defaulted, and so on (Naeini et al. 2015).
    """
    bin_indices = np.minimum((probability_of_default * bins).astype(np.int64), bins - 1)
    row_weights = np.ones(len(bad)) if weights is None else weights
    predicted = np.bincount(
        bin_indices, weights=probability_of_default * row_weights, minlength=bins
    )
    observed = np.bincount(bin_indices, weights=bad * row_weights, minlength=bins)
    return float(np.abs(predicted - observed).sum() / row_weights.sum())


def calibration_line(
    bad: Ints, probability_of_default: Floats, weights: Floats | None = None
) -> tuple[float, float]:
    """Fit a logistic regression of the outcomes on the log-odds of the predictions.

    Returns
    -------
    slope : float
        1 where they spread as they should; below, the probabilities are too extreme.
    intercept : float
        0 where they do not err to one side.

    Both are NaN where a cut-off separates the good from the bad, so that no line is steep enough,
    and where all predictions are equal.

    References
    ----------
    Cox (1958), Biometrika 45; Van Calster et al. (2016), A calibration hierarchy for risk models
    was defined, Journal of Clinical Epidemiology 74.
    """
    odds = log_odds(probability_of_default)
    design = np.column_stack([np.ones_like(odds), odds])
    bads, goods = odds[bad == 1], odds[bad == 0]
    if bads.min() >= goods.max() or goods.min() >= bads.max():
        return np.nan, np.nan
    row_weights = np.ones(len(bad)) if weights is None else weights
    line = np.array([float(log_odds(np.array([np.average(bad, weights=weights)]))[0]), 0.0])
    for _ in range(MAX_NEWTON_ITERATIONS):
        # A step that went too far makes a line so steep that exp() would overflow.
        predicted = 1 / (1 + np.exp(np.minimum(-design @ line, 700.0)))
        gradient = design.T @ (row_weights * (bad - predicted))
        variance = row_weights * predicted * (1 - predicted)
        hessian = (design * variance[:, np.newaxis]).T @ design
        if np.linalg.det(hessian) < SINGULAR_DETERMINANT:
            break
        step = np.linalg.solve(hessian, gradient)
        line += step
        if np.abs(step).max() < NEWTON_TOLERANCE:
            return float(line[1]), float(line[0])
    return np.nan, np.nan


def log_odds(probability: Floats) -> Floats:
    """Compute ln(p / (1 - p)), clipped by `ODDS_CLIP`."""
    clipped = np.clip(probability, ODDS_CLIP, 1 - ODDS_CLIP)
    return np.log(clipped / (1 - clipped))


class CutoffRates(TypedDict):
    """Share of the approved, and of defaults among approved and declined; None if no one is."""

    approval_rate: float
    bad_rate_approved: float | None
    bad_rate_declined: float | None


def at_cutoff(
    bad: Ints, probability_of_default: Floats, cutoff: float, weights: Floats | None = None
) -> CutoffRates:
    """Compute approval rate and bad rates at a cut-off."""
    approved = probability_of_default < cutoff
    return {
        "approval_rate": float(np.average(approved, weights=weights)),
        "bad_rate_approved": _mean(bad, approved, weights),
        "bad_rate_declined": _mean(bad, ~approved, weights),
    }


def effective_rows(weights: Floats) -> float:
    """Compute how many unweighted rows would be as sure as weighted ones: (sum w)^2 / sum w^2.

    References
    ----------
    Kish (1965), Survey Sampling, section 8.2.
    """
    return float(weights.sum() ** 2 / np.sum(weights**2))


def _mean(values: Ints, inside: Flags, weights: Floats | None) -> float | None:
    if not inside.any():
        return None
    return float(np.average(values[inside], weights=None if weights is None else weights[inside]))
