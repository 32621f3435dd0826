"""Choose a forest's settings from the data, where the schema file names none.

Leaves that suit 30,000 rows make a forest of 1,000 rows blind: a value that fewer rows hold than a
leaf cannot be split off, and probabilities stay near the average. So a small grid of leaf sizes and
features a split is tried, each on the training rows alone: every tree predicts the rows that it did
not draw (out-of-bag; Breiman 2001, Random Forests, section 3.1), and the log-loss of those
predictions ranks the settings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isqrt
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

from creditscore.arrays import Floats, Ints
from creditscore.evaluation.metrics import log_loss
from creditscore.schema import ForestSettings
from creditscore.training.fit import columns_with_missing, fit_forest, flatten, out_of_bag

#: Sizes of a leaf that are tried; the first of equals is taken, the most cautious one.
LEAVES = (60, 30, 15, 7, 3)

#: Rows that the grid is tried on, at most, which bounds the time.
MOST_ROWS = 20_000


@dataclass(frozen=True)
class ForestTrial:
    """Settings that were tried, and the out-of-bag log-loss of their forest."""

    settings: ForestSettings
    log_loss: float

    def to_dict(self) -> dict[str, Any]:
        """Return the trial as the manifest has it."""
        return {
            "min_samples_leaf": self.settings.min_samples_leaf,
            "max_features": self.settings.max_features,
            "log_loss": round(self.log_loss, 6),
        }


def try_forests(
    matrix: Floats,
    bad: Ints,
    settings: ForestSettings,
    *,
    seed: int,
    monotonic: Sequence[int] = (),
    weights: Floats | None = None,
    most_rows: int = MOST_ROWS,
) -> list[ForestTrial]:
    """Try the grid, and return its settings with the best first.

    Parameters
    ----------
    matrix : ndarray of shape (n_rows, n_predictors)
    bad : ndarray of shape (n_rows,)
        1 for a default.
    settings : ForestSettings
        Number and depth of the trees; `max_features` too where it is not None.
    seed : int
        Of the rows that are tried where there are many, and of the forests.
    monotonic : sequence of int
    weights : ndarray of shape (n_rows,), or None
        As of `fit_forest`.
    most_rows : int
        Rows to try them on, at most, drawn with the same share of defaults.
    """
    if len(bad) > most_rows:
        rows, _ = train_test_split(
            np.arange(len(bad)), train_size=most_rows, stratify=bad, random_state=seed
        )
        rows = np.sort(rows)
        matrix, bad = matrix[rows], bad[rows]
        weights = None if weights is None else weights[rows]
    trials = []
    for candidate in candidates(settings, matrix.shape[1]):
        grown = fit_forest(matrix, bad, candidate, seed, monotonic=monotonic, weights=weights)
        forest = flatten(grown, missing=columns_with_missing(matrix))
        predicted = out_of_bag(grown, forest, matrix)
        known = np.isfinite(predicted)
        each = None if weights is None else weights[known]
        trials.append(ForestTrial(candidate, log_loss(bad[known], predicted[known], each)))
    return sorted(trials, key=lambda trial: trial.log_loss)


def candidates(settings: ForestSettings, n_predictors: int) -> Sequence[ForestSettings]:
    """Return the grid: each size of a leaf with the square root and half of the predictors."""
    some: list[int | None] = [settings.max_features]
    half = n_predictors // 2
    if settings.max_features is None and half > isqrt(n_predictors):
        some.append(half)
    return [
        replace(settings, min_samples_leaf=leaf, max_features=features)
        for leaf in LEAVES
        for features in some
    ]
