"""Confidence intervals: Wilson's formula for rates, the bootstrap for everything else.

The bootstrap draws n of the n rows with replacement: it weights each by how often it was drawn. So
metrics are functions of weights, and hundreds of draws are a product of matrices.

References
----------
Wilson (1927), Journal of the American Statistical Association 22.
Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapters 6 and 13.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import sqrt
from statistics import NormalDist
from typing import TypedDict

import numpy as np

from creditscore.arrays import Flags, Floats, Ints
from creditscore.evaluation import metrics
from creditscore.evaluation.rounding import rounded


class Figure(TypedDict):
    """A number and bounds that hold the true one in 95 of 100 samples: plain data, as in JSON."""

    value: float
    low: float
    high: float


#: The share of samples whose interval holds the true value (confidence level).
CONFIDENCE = 0.95

#: Smallest expected count for which the test of two rates holds.
MIN_EXPECTED = 5

#: Bootstrap draws.
RESAMPLES = 500

#: Metrics that are biased upwards by noise. A draw adds noise of its own, so the draws as a whole
#: lie too high: the interval has their spread, but is centred on the value.
BIASED_UPWARDS = frozenset({"ks", "ece"})


def wilson(hits: float, of: float) -> tuple[float, float]:
    """Compute the Wilson interval of a rate p = hits / n, with the normal quantile z.

    (p + z^2/2n +- z sqrt(p (1 - p)/n + z^2/4n^2)) / (1 + z^2/n): within 0 and 1 and never empty,
    also for rates of 0 and 1.
    """
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    share = hits / of
    centre = (share + z**2 / (2 * of)) / (1 + z**2 / of)
    half = z / (1 + z**2 / of) * sqrt(share * (1 - share) / of + z**2 / (4 * of**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def rate(hits: float, of: float) -> Figure | None:
    """Compute a rate with its Wilson interval; None for a rate of no rows."""
    if of == 0:
        return None
    return rounded_figure(hits / of, *wilson(hits, of))


def share(flags: Flags | Ints, weights: Floats | None = None) -> Figure | None:
    """Compute the share of rows that are flagged, as `rate` does; None of no rows.

    Where rows have weights, it is the share of the people that they stand for, and as sure as that
    of `effective_rows`.
    """
    return rate(*hits_of(flags, weights))


def hits_of(flags: Flags | Ints, weights: Floats | None = None) -> tuple[float, float]:
    """Return how many rows are flagged, of how many; `effective_rows` where they have weights."""
    if weights is None or not len(flags):
        return int(flags.sum()), len(flags)
    of = metrics.effective_rows(weights)
    return float(np.average(flags, weights=weights)) * of, of


def rates_differ(hits: float, of: float, *, than: tuple[float, float], tests: int = 1) -> bool:
    """Test whether two rates p = x / n differ: the two-sided z-test of two proportions.

    z = (p1 - p2) / sqrt(p (1 - p) (1/n1 + 1/n2)), with p the rate of both together.

    Parameters
    ----------
    hits, of : float
        x and n of the one rate.
    than : tuple of float
        x and n of the other.
    tests : int
        How many such tests are made together, for Bonferroni's correction.

    Returns
    -------
    bool
        Also False where the normal approximation does not hold: some expected count, of hits or
        of others, is under 5 (Cochran's rule).

    References
    ----------
    Cochran (1954), Some methods for strengthening the common chi-squared tests, Biometrics 10.
    """
    other_hits, other_of = than
    rows, together = of + other_of, hits + other_hits
    rarest, smaller = min(together, rows - together), min(of, other_of)
    if rarest * smaller < MIN_EXPECTED * rows or rows == 0:
        return False
    share = together / rows
    error = sqrt(share * (1 - share) * (1 / of + 1 / other_of))
    level = (1 - CONFIDENCE) / tests
    return abs(hits / of - other_hits / other_of) > NormalDist().inv_cdf(1 - level / 2) * error


@dataclass(frozen=True)
class BootstrapResamples:
    """Bootstrap draws of the same rows.

    All that is measured on one `BootstrapResamples` has the same draws: differences are paired.

    Attributes
    ----------
    rows : int
        How many rows there are, and how many are drawn each time.
    seed : int
        Of the draws.
    count : int
        Number of draws.
    block : int
        Row weights held in memory at once; the draws depend on it.
    case_weights : ndarray of shape (n_rows,), or None
        How many people of the population each row stands for; one each if None.
    """

    rows: int
    seed: int
    count: int = RESAMPLES
    block: int = 4_000_000
    case_weights: Floats | None = field(default=None, compare=False)

    def over(self, statistic: Callable[[Floats], Floats]) -> Floats:
        """Compute a statistic on the rows as they are, and then on each draw.

        Parameters
        ----------
        statistic : callable
            Takes weights of shape (n_draws, n_rows), how often each row was drawn, times its case
            weight; returns an array whose first axis is the draws.

        Returns
        -------
        ndarray of shape (1 + count, ...)
        """
        # A draw may lack a group or an outcome: 0 / 0 is NaN and left out later.
        with np.errstate(divide="ignore", invalid="ignore"):
            results = [statistic(self._standing_for(np.ones((1, self.rows))))]
            step = max(1, self.block // self.rows)
            for start in range(0, self.count, step):
                counts = _weights(self, start, min(step, self.count - start))
                results.append(statistic(self._standing_for(counts)))
        return np.concatenate(results)

    def _standing_for(self, counts: Floats) -> Floats:
        """Turn how often each row was drawn into how many people its draws stand for."""
        return counts if self.case_weights is None else counts * self.case_weights


@lru_cache(maxsize=1)
def _weights(resamples: BootstrapResamples, start: int, draws: int) -> Floats:
    """Draw; the last draws are cached, since one metric after the other needs the same."""
    rows = resamples.rows
    indices = np.random.default_rng([resamples.seed, start]).integers(rows, size=(draws, rows))
    indices += np.arange(draws)[:, np.newaxis] * rows
    counts = np.bincount(indices.ravel(), minlength=draws * rows)
    return counts.reshape(draws, rows).astype(np.float64)


def interval(samples: Floats, *, recentre: bool = False) -> Figure | None:
    """Compute the percentile interval of a number.

    Parameters
    ----------
    samples : ndarray of shape (1 + count,)
        As `BootstrapResamples.over` returns it: the number itself, then that of each draw.
    recentre : bool
        Shift the draws to have the number as their mean, for metrics that are biased upwards.
    """
    value, draws = samples[0], samples[1:]
    draws = draws[np.isfinite(draws)]
    if not np.isfinite(value) or not len(draws):
        return None
    if recentre:
        draws = np.maximum(draws - draws.mean() + value, 0)
    low, high = np.quantile(draws, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return rounded_figure(value, low, high)


def bootstrap_metrics(
    bad: Ints, probability_of_default: Floats, resamples: BootstrapResamples
) -> dict[str, Floats]:
    """Compute every metric on the rows and on each draw.

    Returns
    -------
    dict of str to ndarray of shape (1 + count,)
    """
    families = [
        ranking(bad, probability_of_default),
        _errors(bad, probability_of_default),
        _calibration(bad, probability_of_default, resamples.case_weights),
    ]
    names = [name for family_names, _ in families for name in family_names]
    table = resamples.over(
        lambda weights: np.column_stack([statistic(weights) for _, statistic in families])
    )
    return dict(zip(names, table.T, strict=True))


def summarise(
    bad: Ints, probability_of_default: Floats, weights: Floats | None = None
) -> dict[str, float]:
    """Compute every metric on the rows, without intervals."""
    rows = BootstrapResamples(len(bad), seed=0, count=0, case_weights=weights)
    samples = bootstrap_metrics(bad, probability_of_default, rows)
    return {name: float(values[0]) for name, values in samples.items()}


def figures(samples: Mapping[str, Floats]) -> dict[str, Figure | None]:
    """Compute each metric with its interval."""
    return {
        name: interval(draws, recentre=name in BIASED_UPWARDS) for name, draws in samples.items()
    }


def differences(
    samples: Mapping[str, Floats], other_samples: Mapping[str, Floats], *names: str
) -> dict[str, Figure | None]:
    """Compute by how much ``other_samples`` exceed ``samples``, paired draw by draw."""
    return {name: interval(other_samples[name] - samples[name]) for name in names}


def rounded_figure(value: float, low: float, high: float) -> Figure:
    """Return a figure as the card has it."""
    return {"value": rounded(value), "low": rounded(low), "high": rounded(high)}


# The metrics as functions of the weights w of shape (n_draws, n_rows). All sums are over the rows.

Statistic = Callable[[Floats], Floats]
Family = tuple[tuple[str, ...], Statistic]


def ranking(bad: Ints, predicted: Floats) -> Family:
    """Return AUC, Gini and KS, from rows sorted once by predicted probability.

    Gini = 2 AUC - 1: 0 is guessing, 1 is perfect. KS, the largest gap between the cumulative
    shares of bad and good: 0 if the two are rated alike, 1 if a cut-off separates them.
    With B_k and G_k the weights of the bad and of the good rows at the k-th distinct probability:
    AUC = sum_k B_k (sum_{j<k} G_j + G_k / 2) / (B G), and
    KS = max_k |sum_{j<=k} B_j / B - sum_{j<=k} G_j / G|.
    """
    order = np.argsort(predicted, kind="stable")
    first = np.flatnonzero(np.diff(predicted[order], prepend=-1.0))
    is_bad = bad[order] == 1

    def statistic(weights: Floats) -> Floats:
        in_order = weights.take(order, axis=1)
        bads = np.add.reduceat(in_order * is_bad, first, axis=1)
        goods = np.add.reduceat(in_order, first, axis=1) - bads
        goods_up_to = np.cumsum(goods, axis=1)
        all_bads, all_goods = bads.sum(axis=1), goods_up_to[:, -1]
        auc = (bads * (goods_up_to - goods / 2)).sum(axis=1) / (all_bads * all_goods)
        gaps = np.cumsum(bads, axis=1) / all_bads[:, np.newaxis]
        gaps -= goods_up_to / all_goods[:, np.newaxis]
        return np.column_stack([auc, 2 * auc - 1, np.abs(gaps).max(axis=1)])

    return ("auc", "gini", "ks"), statistic


def _errors(bad: Ints, predicted: Floats) -> Family:
    """Return Brier score and skill, log-loss, accuracy and ECE: weighted means over the rows.

    Mean of x: sum w x / sum w. Brier skill: 1 - Brier / (b (1 - b)) with the mean b of ``bad``; 1
    is perfect, 0 as good as predicting b for everybody. Accuracy: of predicting a default from a
    probability of 0.5 on; only meaningful beside the share of the more frequent outcome.
    ECE: sum over the bins of |sum w (p - y) within the bin| / sum w.
    """
    clipped = np.clip(predicted, metrics.LOG_LOSS_CLIP, 1 - metrics.LOG_LOSS_CLIP)
    bins = metrics.ECE_BINS
    bin_indices = np.minimum((predicted * bins).astype(np.int64), bins - 1)
    in_bin = bin_indices[:, np.newaxis] == np.arange(bins)
    columns = np.column_stack(
        [
            bad,
            (predicted - bad) ** 2,
            -(bad * np.log(clipped) + (1 - bad) * np.log(1 - clipped)),
            (predicted >= 0.5) == (bad == 1),
            (predicted - bad)[:, np.newaxis] * in_bin,
        ]
    )

    def statistic(weights: Floats) -> Floats:
        means = weights @ columns / weights.sum(axis=1, keepdims=True)
        bad_rate, brier, log_loss, accuracy = means[:, :4].T
        skill = 1 - brier / (bad_rate * (1 - bad_rate))
        ece = np.abs(means[:, 4:]).sum(axis=1)
        return np.column_stack([brier, skill, log_loss, accuracy, ece])

    return ("brier", "brier_skill", "log_loss", "accuracy", "ece"), statistic


def _calibration(bad: Ints, predicted: Floats, case_weights: Floats | None) -> Family:
    """Return slope and intercept of the calibration line, by the one-step bootstrap.

    The line of all rows, log-odds(y) = a + b x over the log-odds x of the predictions, is fitted
    exactly; that of each draw is one Newton step from there: with q_i = 1 / (1 + exp(-a - b x_i)),
    residuals r_i = y_i - q_i and v_i = q_i (1 - q_i),

        (a, b) + H^-1 (sum w r, sum w r x),   H = [[sum w v,   sum w v x],
                                                   [sum w v x, sum w v x^2]].

    It differs from the exact line of the draw by terms of order 1/n, far less than the draws vary.

    References
    ----------
    Schucany & Wang (1991), One-step bootstrapping for smooth iterative procedures, Journal of the
    Royal Statistical Society B 53; Andrews (2002), Higher-order improvements of a computationally
    attractive k-step bootstrap for extremum estimators, Econometrica 70.
    """
    slope, intercept = metrics.calibration_line(bad, predicted, case_weights)
    x = metrics.log_odds(predicted)
    q = 1 / (1 + np.exp(np.minimum(-(intercept + slope * x), 700.0)))
    residual, variance = bad - q, q * (1 - q)
    columns = np.column_stack([residual, residual * x, variance, variance * x, variance * x**2])

    def statistic(weights: Floats) -> Floats:
        gradient_a, gradient_b, h_aa, h_ab, h_bb = (weights @ columns).T
        determinant = h_aa * h_bb - h_ab**2
        step_a = (h_bb * gradient_a - h_ab * gradient_b) / determinant
        step_b = (h_aa * gradient_b - h_ab * gradient_a) / determinant
        return np.column_stack([slope + step_b, intercept + step_a])

    return ("calibration_slope", "calibration_intercept"), statistic
