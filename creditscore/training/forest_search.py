"""Choose a forest's settings from the data, where the schema file names none.

Leaves that suit 30,000 rows make a forest of 1,000 rows blind: a value that fewer rows hold than a
leaf cannot be split off, and probabilities stay near the average. So a small grid of leaf sizes and
features a split is tried, each on the training rows alone: every tree predicts the rows that it did
not draw (out-of-bag; Breiman 2001, Random Forests, section 3.1), and the log-loss of those
predictions, recalibrated as they will be, ranks the settings. The best ones are tried with deeper
trees too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from math import isqrt
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

from creditscore.arrays import Floats, Ints
from creditscore.schema import ForestSettings
from creditscore.scorecard.shapley import table_size
from creditscore.training.calibration import fit_line
from creditscore.training.fit import (
    FEW_ROWS,
    columns_with_missing,
    fit_forest,
    flatten,
    judged,
    out_of_bag_rows,
)

#: Sizes of a leaf that are tried; the first of equals is taken, the most cautious one.
LEAVES = (60, 30, 15, 7, 3)

#: Another one where there are few rows, and how many trees there are then.
MIN_LEAF_ROWS, TREES_OF_FEW_ROWS = 1, 100

#: The depth that the best settings are tried with as well.
EXTRA_DEPTH = 12

#: Rows that the grid is tried on, at most, which bounds the time.
MAX_ROWS = 20_000


@dataclass(frozen=True)
class ForestTrial:
    """Settings that were tried.

    Attributes
    ----------
    settings : ForestSettings
    log_loss : float
        Of the forest's recalibrated out-of-bag predictions.
    reasons_fit : bool
        Whether its exact reasons are small enough, as far as the rows that were tried can say.
    """

    settings: ForestSettings
    log_loss: float
    reasons_fit: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the trial as the manifest has it."""
        return {
            **asdict(self.settings),
            "log_loss": round(self.log_loss, 6),
            "reasons_fit": self.reasons_fit,
        }


def try_forests(
    matrix: Floats,
    bad: Ints,
    settings: ForestSettings,
    *,
    seed: int,
    max_values: int,
    monotonic: Sequence[int] = (),
    weights: Floats | None = None,
    max_rows: int = MAX_ROWS,
) -> list[ForestTrial]:
    """Try the grid, and return its settings with the best first, and those too large last.

    Parameters
    ----------
    matrix : ndarray of shape (n_rows, n_predictors)
    bad : ndarray of shape (n_rows,)
        1 for a default.
    settings : ForestSettings
        Whatever is not None stays.
    seed : int
        Of the rows that are tried where there are many, and of the forests.
    max_values : int
        Numbers that the exact reasons may need.
    monotonic : sequence of int
    weights : ndarray of shape (n_rows,), or None
        As of `fit_forest`.
    max_rows : int
        Rows to try them on, at most, drawn with the same share of defaults.
    """
    few_rows = len(bad) <= FEW_ROWS
    if len(bad) > max_rows:
        rows, _ = train_test_split(
            np.arange(len(bad)), train_size=max_rows, stratify=bad, random_state=seed
        )
        rows = np.sort(rows)
        matrix, bad = matrix[rows], bad[rows]
        weights = None if weights is None else weights[rows]

    def try_one(candidate: ForestSettings) -> ForestTrial:
        settings = judged(candidate, len(bad))
        grown = fit_forest(matrix, bad, settings, seed, monotonic=monotonic, weights=weights)
        forest = flatten(grown, missing=columns_with_missing(matrix))
        rows = out_of_bag_rows(grown, forest, matrix, bad, weights, seed=seed)
        loss = rows.log_loss(rows.recalibrated(*fit_line(rows)))
        size = table_size(flatten(grown, trees=candidate.trees))
        return ForestTrial(candidate, loss, reasons_fit=size <= max_values)

    grid = candidates(settings, matrix.shape[1], few_rows=few_rows)
    trials = [try_one(candidate) for candidate in grid]
    if settings.max_depth is None:
        best = min(trials, key=_rank)
        trials.append(try_one(replace(best.settings, max_depth=EXTRA_DEPTH)))
    return sorted(trials, key=_rank)


def _rank(trial: ForestTrial) -> tuple[bool, float]:
    return not trial.reasons_fit, trial.log_loss


def candidates(
    settings: ForestSettings, n_predictors: int, *, few_rows: bool
) -> Sequence[ForestSettings]:
    """Return the grid: each size of a leaf with the square root and half of the predictors.

    Parameters
    ----------
    settings : ForestSettings
        Whatever is not None stays.
    n_predictors : int
    few_rows : bool
        Whether there are few rows: more trees and a smaller leaf then.
    """
    some: list[int | None] = [settings.max_features]
    half = n_predictors // 2
    if settings.max_features is None and half > isqrt(n_predictors):
        some.append(half)
    complete = settings.completed(trees=TREES_OF_FEW_ROWS) if few_rows else settings.completed()
    return [
        replace(complete, min_samples_leaf=leaf, max_features=features)
        for leaf in (*LEAVES, *([MIN_LEAF_ROWS] if few_rows else []))
        for features in some
    ]
