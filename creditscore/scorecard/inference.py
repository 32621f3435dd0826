"""How a probability of default and its Shapley values are computed in service.

A forest is constant between its thresholds, and so are its Shapley values. With a handful of
coarse fields the thresholds cut all applicants into some ten thousand cells: then everything is
computed once, and an answer is one look into a table (`LookupTableEngine`). Otherwise the leaves
are evaluated (`LeafTableEngine`). Both return the bits of `Scorecard.probability_of_default` and
`Scorecard.impacts`. Single rows use plain floats, because numpy's call overhead dominates there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Protocol

import numpy as np

from creditscore.arrays import Floats, Indices, Matrix
from creditscore.scorecard.forest import Forest
from creditscore.scorecard.scorecard import Scorecard
from creditscore.scorecard.shapley_tables import LeafShapleyTables
from creditscore.scorecard.thresholds import ThresholdGrid

#: Numbers in a lookup table, at most: 8 MB.
MAX_NUMBERS = 1_000_000


class Engine(Protocol):
    """Computes probabilities of default, and every predictor's Shapley value in them."""

    def predict_one(self, row: Sequence[float]) -> tuple[float, list[float]]:
        """Compute both for one applicant, from its encoded predictors in their order."""

    def predict(self, matrix: Matrix) -> tuple[Floats, Floats]:
        """Compute both for many, of shapes (n_applicants,) and (n_applicants, n_predictors)."""


def select_engine(card: Scorecard, table: Floats | None = None) -> Engine:
    """Choose a scorecard's engine by the number of its grid's cells.

    Parameters
    ----------
    card : Scorecard
    table : ndarray, optional
        Of the cells, from an earlier choice: computing it takes about a second.

    Raises
    ------
    ValueError
        If the table is not of this scorecard.
    """
    if not fits(card.shapley_tables.grid):
        return LeafTableEngine(card.forest, card.shapley_tables)
    if table is None:
        return tabulate(card.forest, card.shapley_tables)
    engine = LookupTableEngine(card.shapley_tables.grid, table)
    engine.validate()
    return engine


@dataclass(frozen=True, eq=False)
class LeafTableEngine:
    """A scorecard whose grid has too many cells: its leaves, all at once for one row."""

    forest: Forest
    shapley_tables: LeafShapleyTables

    def predict_one(self, row: Sequence[float]) -> tuple[float, list[float]]:
        """Find which conditions of each leaf the row fulfils, and sum over the leaves."""
        bitmasks = self.shapley_tables.conditions.bitmasks_of_row(row)
        impacts: list[float] = self.shapley_tables.shapley_values_of_row(bitmasks).tolist()
        leaves, full_masks = self._leaves, self.shapley_tables.conditions.full_masks
        by_tree = leaves.single.copy()
        # Each tree has one leaf that is reached, and the leaves stand in the order of the trees.
        by_tree[leaves.trees] = leaves.probability[bitmasks == full_masks]
        return float(np.cumsum(by_tree)[-1]) / len(by_tree), impacts

    def predict(self, matrix: Matrix) -> tuple[Floats, Floats]:
        """Walk the trees, and sum over the leaves."""
        probabilities = self.forest.probability_of_default(matrix)
        return probabilities, self.shapley_tables.shapley_values(matrix)

    @cached_property
    def _leaves(self) -> _Leaves:
        leaves = np.array(list(self.forest.leaves()))
        trees, probability = leaves[:, 0], self.forest.probability[leaves[:, 1]]
        n_leaves = np.bincount(trees, minlength=len(self.forest.roots))
        # A tree of one leaf has no conditions, so it is not in the tables.
        alone = n_leaves[trees] == 1
        single = np.zeros(len(n_leaves))
        single[trees[alone]] = probability[alone]
        if (~alone).sum() != len(self.shapley_tables.first):
            raise ValueError("the Shapley tables are of another forest")
        return _Leaves(single, np.flatnonzero(n_leaves > 1), probability[~alone])


@dataclass(frozen=True)
class _Leaves:
    """The probabilities of a forest's leaves.

    Attributes
    ----------
    single : ndarray of shape (n_trees,)
        The probability of a tree of one leaf; 0 for others.
    trees : ndarray
        The indices of the others.
    probability : ndarray of shape (n_leaves,)
        The probability of each of their leaves.
    """

    single: Floats
    trees: Indices
    probability: Floats


@dataclass(frozen=True, eq=False)
class LookupTableEngine:
    """A scorecard as a table.

    Attributes
    ----------
    grid : ThresholdGrid
        What separates the cells.
    table : ndarray of shape (n_cells, 1 + n_columns)
        Of each cell, the last column's bin changing fastest: the probability of default, and
        each column's Shapley value in it.
    """

    grid: ThresholdGrid
    table: Floats

    def predict_one(self, row: Sequence[float]) -> tuple[float, list[float]]:
        """Look one row up."""
        cell = 0
        for bin_index, bins in zip(self.grid.bin_indices_of_row(row), self.grid.shape, strict=True):
            cell = cell * bins + bin_index
        probability, *impacts = self.table[cell].tolist()
        return probability, impacts

    def predict(self, matrix: Matrix) -> tuple[Floats, Floats]:
        """Look many rows up."""
        cells = np.ravel_multi_index(self.grid.bin_indices(matrix), self.grid.shape)
        rows = self.table.take(cells, 0)
        return rows[:, 0], rows[:, 1:]

    def validate(self) -> None:
        """Check the table against the grid.

        Raises
        ------
        ValueError
            If it has another shape, or holds what is no probability.
        """
        shape = (prod(self.grid.shape), 1 + len(self.grid.cuts))
        if self.table.dtype != np.float64 or self.table.shape != shape:
            raise ValueError("the lookup table is of another scorecard")
        low, high = self.table[:, 0].min(), self.table[:, 0].max()
        if not (0 <= low <= high <= 1 and np.isfinite(self.table).all()):
            raise ValueError("the lookup table holds a value that is not a probability")


def fits(grid: ThresholdGrid) -> bool:
    """Check whether a grid is coarse enough for a table."""
    return prod(grid.shape) * (1 + len(grid.cuts)) <= MAX_NUMBERS


def tabulate(forest: Forest, shapley_tables: LeafShapleyTables) -> LookupTableEngine:
    """Compute every cell."""
    grid = shapley_tables.grid
    probability = forest.probability_of_default(grid.cell_points())
    impacts = _cell_shapley_values(shapley_tables).reshape(len(grid.cuts), -1)
    return LookupTableEngine(grid, np.column_stack([probability, *impacts]))


def _cell_shapley_values(shapley_tables: LeafShapleyTables) -> Floats:
    """Sum over the leaves in their order, for all cells at once.

    Returns
    -------
    ndarray of shape (n_columns, n_bins_0, ..., n_bins_k)
    """
    shape, conditions = shapley_tables.grid.shape, shapley_tables.conditions
    summed = np.zeros((shapley_tables.n_columns, *shape))
    for leaf, (columns, table) in enumerate(shapley_tables.leaves()):
        # One axis of length 2 per condition, not fulfilled and fulfilled. Bit 0 changes fastest,
        # so the axes are reversed to have the first condition's first.
        size = len(columns)
        shares = table.reshape(-1, *([2] * size)).transpose(0, *range(size, 0, -1))
        broadcast = [size] + [1] * len(shape)
        # From the last axis to the first: what is copied most often is copied in long pieces.
        for position, column in reversed(list(enumerate(columns))):
            fulfilled = conditions.fulfilled_bins(leaf, position)
            shares = shares.take(fulfilled.astype(np.intp), 1 + position)
            broadcast[1 + column] = shape[column]
        shares = shares.reshape(broadcast)
        for column, share in zip(columns, shares, strict=True):
            summed[column] += share
    return summed
