"""How sure figures are: Wilson intervals of rates, bootstrap intervals of everything else.

A figure is plain data, ``{"value": 0.63, "low": 0.61, "high": 0.65}``: the bounds hold the true
value in 95 of 100 such samples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from statistics import NormalDist

import numpy as np

from creditscore.arrays import Floats, Ints
from creditscore.evaluation import metrics

Figure = dict[str, float]

#: The share of samples whose interval holds the true value.
CONFIDENCE = 0.95

#: How often the rows are drawn anew.
RESAMPLES = 500

#: Digits that are kept: far more than any interval has, fewer than machines differ in.
DIGITS = 6

#: Row weights held in memory at once: 32 MB.
BLOCK = 4_000_000

#: Figures that noise can only raise. Each draw adds noise, so their draws lie too high as a whole
#: and only their spread is used.
RAISED_BY_NOISE = frozenset({"ks", "ece"})


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Give the interval of a share.

    Within 0 and 1 and never empty, also for shares of 0 and 1.

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22.
    """
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    share = hits / of
    centre = (share + z**2 / (2 * of)) / (1 + z**2 / of)
    half = z / (1 + z**2 / of) * sqrt(share * (1 - share) / of + z**2 / (4 * of**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def rate(hits: int, of: int) -> Figure | None:
    """Give a share with its Wilson interval; None of nobody."""
    if of == 0:
        return None
    low, high = wilson(hits, of)
    return _figure(hits / of, low, high)


@dataclass(frozen=True)
class BootstrapResamples:
    """The same rows drawn again and again, with replacement (the bootstrap).

    Whatever is measured on one `BootstrapResamples` sees the same draws, so differences are paired.

    Attributes
    ----------
    rows : int
        How many rows there are, and how many are drawn each time.
    seed : int
        Of the draws.
    count : int
        How many times.

    References
    ----------
    Efron & Tibshirani (1993), An Introduction to the Bootstrap.
    """

    rows: int
    seed: int
    count: int = RESAMPLES

    def over(self, statistic: Callable[[Floats], Floats]) -> Floats:
        """Compute a statistic on the rows as they are, and then on each draw.

        Parameters
        ----------
        statistic : callable
            Takes weights of shape (n_draws, n_rows), how often each row was drawn; gives an array
            whose first axis is the draws.

        Returns
        -------
        ndarray of shape (1 + count, ...)
        """
        # A draw may lack a group or an outcome: what divides by nobody is NaN and left out later.
        with np.errstate(divide="ignore", invalid="ignore"):
            results = [statistic(np.ones((1, self.rows)))]
            step = max(1, BLOCK // self.rows)
            for start in range(0, self.count, step):
                results.append(statistic(_weights(self, start, min(step, self.count - start))))
        return np.concatenate(results)


@lru_cache(maxsize=1)
def _weights(resamples: BootstrapResamples, start: int, draws: int) -> Floats:
    """Draw; the last draws are kept, since one figure after the other asks for the same."""
    rows = resamples.rows
    drawn = np.random.default_rng([resamples.seed, start]).integers(rows, size=(draws, rows))
    drawn += np.arange(draws)[:, np.newaxis] * rows
    counts = np.bincount(drawn.ravel(), minlength=draws * rows)
    return counts.reshape(draws, rows).astype(np.float64)


def interval(samples: Floats, *, recentre: bool = False) -> Figure | None:
    """Summarise what `BootstrapResamples.over` gave of one number.

    Parameters
    ----------
    samples : ndarray of shape (1 + count,)
        The number itself, then that of each draw.
    recentre : bool
        Use the draws' spread around their mean only, for figures that noise can only raise.
    """
    value, draws = samples[0], samples[1:]
    draws = draws[np.isfinite(draws)]
    if not np.isfinite(value) or not len(draws):
        return None
    if recentre:
        draws = np.maximum(draws - draws.mean() + value, 0)
    low, high = np.quantile(draws, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return _figure(value, low, high)


def measure(
    bad: Ints, probability_of_default: Floats, resamples: BootstrapResamples
) -> dict[str, Floats]:
    """Compute every figure of `evaluation` on the rows and on each draw.

    Returns
    -------
    dict of str to ndarray of shape (1 + count,)
    """
    parts = (_ranking, _errors, _calibration)
    steps = [part(bad, probability_of_default) for part in parts]
    names = [name for names, _ in steps for name in names]
    table = resamples.over(
        lambda weights: np.column_stack([statistic(weights) for _, statistic in steps])
    )
    return dict(zip(names, table.T, strict=True))


def figures(samples: Mapping[str, Floats]) -> dict[str, Figure | None]:
    """Give each figure with its interval."""
    return {
        name: interval(draws, recentre=name in RAISED_BY_NOISE) for name, draws in samples.items()
    }


def differences(
    samples: Mapping[str, Floats], others: Mapping[str, Floats], *names: str
) -> dict[str, Figure | None]:
    """Give by how much others exceed some figures, draw by draw."""
    return {name: interval(others[name] - samples[name]) for name in names}


def _figure(value: float, low: float, high: float) -> Figure:
    numbers = {"value": value, "low": low, "high": high}
    # Adding 0 turns -0.0 into 0.0.
    return {name: round(float(number), DIGITS) + 0.0 for name, number in numbers.items()}


# The figures, each as a function of weights of shape (n_draws, n_rows)

Statistic = Callable[[Floats], Floats]
Part = tuple[tuple[str, ...], Statistic]


def _ranking(bad: Ints, said: Floats) -> Part:
    """AUC, Gini and KS, of rows sorted once."""
    order = np.argsort(said, kind="stable")
    first = np.flatnonzero(np.diff(said[order], prepend=-1.0))
    is_bad = bad[order] == 1

    def statistic(weights: Floats) -> Floats:
        in_order = weights.take(order, axis=1)
        bads = np.add.reduceat(in_order * is_bad, first, axis=1)
        goods = np.add.reduceat(in_order, first, axis=1) - bads
        up_to = np.cumsum(goods, axis=1)
        all_bads, all_goods = bads.sum(axis=1), up_to[:, -1]
        auc = (bads * (up_to - goods / 2)).sum(axis=1) / (all_bads * all_goods)
        shares = np.cumsum(bads, axis=1) / all_bads[:, np.newaxis]
        shares -= up_to / all_goods[:, np.newaxis]
        return np.column_stack([auc, 2 * auc - 1, np.abs(shares).max(axis=1)])

    return ("auc", "gini", "ks"), statistic


def _errors(bad: Ints, said: Floats) -> Part:
    """Brier score and skill, log-loss, accuracy and ECE: weighted sums over the rows."""
    kept = np.clip(said, metrics.CLIP, 1 - metrics.CLIP)
    bins = metrics.ECE_BINS
    places = np.minimum((said * bins).astype(np.int64), bins - 1)
    columns = np.column_stack(
        [
            bad,
            (said - bad) ** 2,
            -(bad * np.log(kept) + (1 - bad) * np.log(1 - kept)),
            (said >= 0.5) == (bad == 1),
            (said - bad)[:, np.newaxis] * (places[:, np.newaxis] == np.arange(bins)),
        ]
    )

    def statistic(weights: Floats) -> Floats:
        sums = weights @ columns / weights.sum(axis=1, keepdims=True)
        share, brier, loss, accuracy = sums[:, :4].T
        skill = 1 - brier / (share * (1 - share))
        ece = np.abs(sums[:, 4:]).sum(axis=1)
        return np.column_stack([brier, skill, loss, accuracy, ece])

    return ("brier", "brier_skill", "log_loss", "accuracy", "ece"), statistic


def _calibration(bad: Ints, said: Floats) -> Part:
    """Slope and intercept of the calibration line.

    Each draw's line is one Newton step from the line of all rows: as good as exact on samples of
    this size, and a product of matrices.
    """
    slope, intercept = metrics.calibration_line(bad, said)
    odds = metrics.log_odds(said)
    expected = 1 / (1 + np.exp(-(intercept + slope * odds)))
    error, spread = bad - expected, expected * (1 - expected)
    columns = np.column_stack([error, error * odds, spread, spread * odds, spread * odds**2])

    def statistic(weights: Floats) -> Floats:
        up, across, one, two, three = (weights @ columns).T
        determinant = one * three - two**2
        step_up = (three * up - two * across) / determinant
        step_across = (one * across - two * up) / determinant
        return np.column_stack([slope + step_across, intercept + step_up])

    return ("calibration_slope", "calibration_intercept"), statistic
