"""The figures of a model card, from their definitions in docs/validation.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, ks_2samp
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss, roc_auc_score

Array = NDArray[Any]
Section = dict[str, Any]

#: Bins of the expected calibration error.
ECE_BINS = 15

#: Bootstrap draws, and the row weights of one block of them: each block has a generator of its own.
DRAWS, BLOCK = 500, 4_000_000

#: What noise can only make larger: the draws are centred on the figure itself.
CENTRED = frozenset({"ks", "ece"})

#: Log-odds and log-losses take no probability for sure.
CLIP_ODDS, CLIP_LOSS = 1e-6, 1e-15


def log_odds(probability: Array) -> Array:
    """Compute ln(p / (1 - p))."""
    clipped = np.clip(probability, CLIP_ODDS, 1 - CLIP_ODDS)
    return np.asarray(np.log(clipped / (1 - clipped)))


def point_figures(bad: Array, predicted: Array) -> dict[str, float | None]:
    """Compute every metric with scikit-learn and scipy."""
    auc = float(roc_auc_score(bad, predicted))
    brier = float(brier_score_loss(bad, predicted))
    share = float(bad.mean())
    slope, intercept = calibration_line(bad, predicted)
    return {
        "auc": auc,
        "gini": 2 * auc - 1,
        "ks": float(ks_2samp(predicted[bad == 1], predicted[bad == 0]).statistic),
        "brier": brier,
        "brier_skill": 1 - brier / (share * (1 - share)),
        "log_loss": float(log_loss(bad, np.clip(predicted, CLIP_LOSS, 1 - CLIP_LOSS))),
        "accuracy": float(accuracy_score(bad, predicted >= 0.5)),
        "ece": calibration_error(bad, predicted),
        "calibration_slope": slope,
        "calibration_intercept": intercept,
    }


def calibration_error(bad: Array, predicted: Array) -> float:
    """Compute the sum over bins of |sum of (p - y) in the bin| / n."""
    bins = np.minimum((predicted * ECE_BINS).astype(int), ECE_BINS - 1)
    gaps = [abs(float((predicted - bad)[bins == number].sum())) for number in range(ECE_BINS)]
    return sum(gaps) / len(bad)


def calibration_line(bad: Array, predicted: Array) -> tuple[float | None, float | None]:
    """Fit outcomes to the log-odds of the predictions; None where they are all equal."""
    if np.ptp(predicted) == 0:
        return None, None
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12, max_iter=200)
    model.fit(log_odds(predicted)[:, None], bad)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


# Intervals


def rate(hits: Array | Sequence[Any]) -> dict[str, float] | None:
    """Compute a share with its Wilson interval; None of no rows."""
    return share_of(int(np.sum(hits)), len(hits))


def share_of(hits: int, rows: int) -> dict[str, float] | None:
    """Compute hits / rows with its Wilson interval; None of no rows."""
    if rows == 0:
        return None
    bounds = binomtest(hits, rows).proportion_ci(0.95, method="wilson")
    return {"value": hits / rows, "low": float(bounds.low), "high": float(bounds.high)}


class Bootstrap:
    """The draws of the card's intervals: how often each row is in each of them."""

    def __init__(self, rows: int, seed: int) -> None:
        """Draw."""
        step = max(1, BLOCK // rows)
        blocks: list[Array] = []
        for start in range(0, DRAWS, step):
            count = min(step, DRAWS - start)
            draws = np.random.default_rng([seed, start]).integers(rows, size=(count, rows))
            blocks.extend(np.bincount(draw, minlength=rows) for draw in draws)
        #: First the rows as they are.
        self.weights = np.array([np.ones(rows), *blocks], dtype=np.float64)

    def sums(self, *columns: Array) -> Array:
        """Sum columns over the rows of each draw, of shape (1 + draws, n_columns)."""
        return np.asarray(self.weights @ np.column_stack(columns).astype(np.float64))

    def metrics(self, bad: Array, predicted: Array) -> dict[str, Array]:
        """Compute each metric on each draw."""
        ranked = self.ranking(bad, predicted)
        return {**ranked, **self._means(bad, predicted), **self._line(bad, predicted)}

    def ranking(self, bad: Array, predicted: Array) -> dict[str, Array]:
        """Compute AUC, Gini and KS on each draw."""
        levels, level_index = np.unique(predicted, return_inverse=True)
        aucs, gaps = [], []
        for weight in self.weights:
            bads = np.bincount(level_index, weights=weight * bad, minlength=len(levels))
            goods = np.bincount(level_index, weights=weight * (1 - bad), minlength=len(levels))
            below = np.cumsum(goods) - goods / 2
            aucs.append(bads @ below / (bads.sum() * goods.sum()))
            apart = np.cumsum(bads) / bads.sum() - np.cumsum(goods) / goods.sum()
            gaps.append(np.abs(apart).max())
        auc = np.array(aucs)
        return {"auc": auc, "gini": 2 * auc - 1, "ks": np.array(gaps)}

    def _means(self, bad: Array, predicted: Array) -> dict[str, Array]:
        clipped = np.clip(predicted, CLIP_LOSS, 1 - CLIP_LOSS)
        losses = -np.where(bad == 1, np.log(clipped), np.log(1 - clipped))
        bins = np.minimum((predicted * ECE_BINS).astype(int), ECE_BINS - 1)
        in_bin = [(predicted - bad) * (bins == number) for number in range(ECE_BINS)]
        right = (predicted >= 0.5) == (bad == 1)
        sums = self.sums(bad, (predicted - bad) ** 2, losses, right, *in_bin) / len(bad)
        share, brier, loss, accuracy = sums[:, :4].T
        return {
            "brier": brier,
            "brier_skill": 1 - brier / (share * (1 - share)),
            "log_loss": loss,
            "accuracy": accuracy,
            "ece": np.abs(sums[:, 4:]).sum(axis=1),
        }

    def _line(self, bad: Array, predicted: Array) -> dict[str, Array]:
        """Take one Newton step from the line of all rows to that of each draw."""
        slope, intercept = calibration_line(bad, predicted)
        if slope is None or intercept is None:
            return {}
        x = log_odds(predicted)
        q = 1 / (1 + np.exp(-(intercept + slope * x)))
        v = q * (1 - q)
        ga, gb, haa, hab, hbb = self.sums(bad - q, (bad - q) * x, v, v * x, v * x * x).T
        determinant = haa * hbb - hab * hab
        return {
            "calibration_slope": slope + (haa * gb - hab * ga) / determinant,
            "calibration_intercept": intercept + (hbb * ga - hab * gb) / determinant,
        }


def interval(draws: Array, *, centred: bool = False) -> dict[str, float]:
    """Return a figure with the 2.5th and the 97.5th percentile of its draws."""
    value, spread = float(draws[0]), draws[1:][np.isfinite(draws[1:])]
    if centred:
        spread = np.maximum(spread - spread.mean() + value, 0)
    low, high = np.quantile(spread, [0.025, 0.975])
    return {"value": value, "low": float(low), "high": float(high)}


def with_intervals(bad: Array, predicted: Array, draws: dict[str, Array]) -> dict[str, Any]:
    """Return each metric: the value by scikit-learn and scipy, the bounds by the draws."""
    figures: dict[str, Any] = {}
    for name, value in point_figures(bad, predicted).items():
        if value is None:
            figures[name] = None
        else:
            figures[name] = {**interval(draws[name], centred=name in CENTRED), "value": value}
    return figures


def differences(draws: dict[str, Array], baseline: dict[str, Array]) -> dict[str, Any]:
    """Return by how much AUC and Brier score exceed another model's, draw by draw."""
    return {name: interval(draws[name] - baseline[name]) for name in ("auc", "brier")}


# Tables


def at_cutoff(bad: Array, predicted: Array, cutoff: float) -> dict[str, float | None]:
    """Compute the approval rate and the bad rates of a cut-off."""
    approved = predicted < cutoff
    return {
        "approval_rate": float(approved.mean()),
        "bad_rate_approved": _mean(bad[approved]),
        "bad_rate_declined": _mean(bad[~approved]),
    }


def cutoff_rows(
    bad: Array, predicted: Array, cutoffs: Sequence[float], ratio: float
) -> list[dict[str, Any]]:
    """Compute the table of cut-offs, with the cost of errors in margins of a good account."""
    rows = []
    for cutoff in cutoffs:
        approved = predicted < cutoff
        costs = np.where(approved, ratio * bad, 1 - bad)
        rows.append(
            {"cutoff": cutoff, **at_cutoff(bad, predicted, cutoff), "cost": float(costs.mean())}
        )
    return rows


def _mean(values: Array) -> float | None:
    return float(values.mean()) if len(values) else None


def points(predicted: Array, policy: dict[str, float]) -> Array:
    """Restate probabilities as whole points: base + PDO / ln 2 * ln(odds / base odds)."""
    factor = policy["points_to_double_odds"] / np.log(2)
    odds = -log_odds(predicted) - np.log(policy["base_odds"])
    return np.asarray(np.rint(policy["base_points"] + factor * odds), dtype=np.int64)


def edges_of(column: Array, parts: int) -> Array:
    """Return the quantiles of a column that are values of it, without its smallest value."""
    edges = np.unique(np.quantile(column, np.arange(1, parts) / parts, method="nearest"))
    return np.asarray(edges[edges > column.min()])


def stability_index(before: Array, now: Array) -> float:
    """Compute the PSI of two counts by bin, half a row added to each bin."""
    old, new = ((count + 0.5) / (count + 0.5).sum() for count in (before, now))
    return float(((new - old) * np.log(new / old)).sum())


def distribution(values: Sequence[float], shipped: float) -> dict[str, float | int]:
    """Summarise a figure over several trainings."""
    figures = np.array(values)
    return {
        "count": len(figures),
        "mean": float(figures.mean()),
        "sd": float(figures.std(ddof=1)),
        "lowest": float(figures.min()),
        "highest": float(figures.max()),
        "shipped": shipped,
        "lower": int((figures < shipped).sum()),
    }
