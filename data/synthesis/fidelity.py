"""How far drawn rows are from real ones: 0 is alike, 1 is as different as can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from sklearn.neighbors import NearestNeighbors

from data.synthesis.columns import CODED, COLUMNS, FEATURES, Floats, Ints

#: Bins of equal numbers of real rows that a quantity is cut into for tables of two columns.
BINS = 10


@dataclass(frozen=True)
class Distances:
    """Distances by name, with the worst of them and their mean."""

    by_name: Mapping[str, float]

    @property
    def worst(self) -> tuple[str, float]:
        """Return the largest distance and its name."""
        name = max(self.by_name, key=lambda candidate: self.by_name[candidate])
        return name, self.by_name[name]

    @property
    def mean(self) -> float:
        """Average over all names."""
        return sum(self.by_name.values()) / len(self.by_name)


def column_distances(real: pd.DataFrame, synthetic: pd.DataFrame) -> Distances:
    """Compare column by column: total variation for codes, Kolmogorov-Smirnov for quantities."""
    return Distances(
        {
            name: total_variation(real[name].to_numpy(), synthetic[name].to_numpy())
            if name in CODED
            else kolmogorov_smirnov(real[name].to_numpy(), synthetic[name].to_numpy())
            for name in COLUMNS
        }
    )


def pair_distances(real: pd.DataFrame, synthetic: pd.DataFrame) -> Distances:
    """Compare every table of two columns, quantities cut into bins: total variation."""
    cut = {name: _bins(real[name], synthetic[name]) for name in COLUMNS}
    return Distances(
        {
            f"{first}, {second}": total_variation(
                *(a * 1000 + b for a, b in zip(cut[first], cut[second], strict=True))
            )
            for first, second in combinations(COLUMNS, 2)
        }
    )


def rank_correlation_errors(real: pd.DataFrame, synthetic: pd.DataFrame) -> Distances:
    """Compare Spearman's rank correlation of every two columns: absolute difference."""
    names = list(COLUMNS)
    off = (real[names].corr("spearman") - synthetic[names].corr("spearman")).abs().to_numpy()
    pairs = combinations(range(len(names)), 2)
    return Distances({f"{names[a]}, {names[b]}": float(off[a, b]) for a, b in pairs})


def total_variation(first: Ints, second: Ints) -> float:
    """Return half the sum of the absolute differences of the shares of all values."""
    values, indices = np.unique(np.concatenate([first, second]), return_inverse=True)
    shares = [
        np.bincount(column, minlength=len(values)) / len(column)
        for column in (indices[: len(first)], indices[len(first) :])
    ]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


def kolmogorov_smirnov(first: Ints, second: Ints) -> float:
    """Return the largest difference of the two distribution functions."""
    steps = np.unique(np.concatenate([first, second]))
    below = [
        np.searchsorted(np.sort(column), steps, "right") / len(column) for column in (first, second)
    ]
    return float(np.abs(below[0] - below[1]).max())


@dataclass(frozen=True)
class Nearness:
    """How near rows are to the rows that a generator was fitted to.

    Attributes
    ----------
    first_percentile, fifth_percentile, median : float
        Of the distance to the nearest of them.
    """

    first_percentile: float
    fifth_percentile: float
    median: float


def nearness(rows: pd.DataFrame, fitted: pd.DataFrame) -> Nearness:
    """Measure the distance of each row to the nearest row of those fitted to.

    Quantities are put on the scale of ranks among the rows fitted to, from 0 to 1; two different
    codes are as far apart as half of that scale.
    """
    near = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(_scale(fitted, fitted))
    distance = near.kneighbors(_scale(rows, fitted))[0][:, 0]
    return Nearness(*(float(np.quantile(distance, share)) for share in (0.01, 0.05, 0.5)))


def _scale(rows: pd.DataFrame, fitted: pd.DataFrame) -> Floats:
    columns = []
    for name in FEATURES:
        values, fitted_values = rows[name].to_numpy(), np.sort(fitted[name].to_numpy())
        if name in CODED:
            # Two codes differ in two of these columns: the square root of 2 x 0.125 is a half.
            columns += [(values == code) * np.sqrt(0.125) for code in np.unique(fitted_values)]
        else:
            columns.append(np.searchsorted(fitted_values, values, "right") / len(fitted_values))
    return np.column_stack(columns)


def _bins(real: pd.Series[int], synthetic: pd.Series[int]) -> list[Ints]:
    columns = [np.asarray(column, dtype=np.int64) for column in (real, synthetic)]
    if real.name in CODED:
        return columns
    edges = np.unique(np.quantile(real, np.linspace(0, 1, BINS + 1)[1:-1]))
    return [np.digitize(column, edges, right=True).astype(np.int64) for column in columns]
