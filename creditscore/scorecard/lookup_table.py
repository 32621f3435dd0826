"""All that a small scorecard can ever answer, computed once: one line for each cell of its grid.

A forest is constant between its thresholds, and so are its Shapley values. With a handful of
coarse fields the thresholds cut all applicants into some ten thousand cells, and an answer is one
look into a table. Every number in it is the forest's and the leaf games' own, to the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from creditscore.arrays import Floats, Matrix
from creditscore.scorecard.forest import Forest
from creditscore.scorecard.shapley_tables import LeafShapleyTables
from creditscore.scorecard.thresholds import ThresholdGrid

#: Numbers in a table, at most: 8 MB.
MOST_NUMBERS = 1_000_000


@dataclass(frozen=True, eq=False)
class LookupTableEngine:
    """A scorecard as a table.

    Attributes
    ----------
    grid : ThresholdGrid
        What parts the cells.
    table : ndarray of shape (n_cells, 1 + n_columns)
        Of each cell, the last column's place changing fastest: the probability of default, and
        each column's Shapley value in it.
    """

    grid: ThresholdGrid
    table: Floats

    def predict_one(self, row: Sequence[float]) -> tuple[float, list[float]]:
        """Look one row up."""
        cell = 0
        for place, places in zip(self.grid.places_of_one(row), self.grid.shape, strict=True):
            cell = cell * places + place
        probability, *impacts = self.table[cell].tolist()
        return probability, impacts

    def predict(self, matrix: Matrix) -> tuple[Floats, Floats]:
        """Look many rows up."""
        found = self.table.take(np.ravel_multi_index(self.grid.places(matrix), self.grid.shape), 0)
        return found[:, 0], found[:, 1:]

    def problem(self) -> str | None:
        """Say what is wrong with the table, if anything is."""
        shape = (prod(self.grid.shape), 1 + len(self.grid.cuts))
        if self.table.dtype != np.float64 or self.table.shape != shape:
            return "the table of cells is of another scorecard"
        low, high = self.table[:, 0].min(), self.table[:, 0].max()
        if not (0 <= low <= high <= 1 and np.isfinite(self.table).all()):
            return "the table of cells holds what is no probability"
        return None


def fits(grid: ThresholdGrid) -> bool:
    """Tell whether a grid is coarse enough for a table."""
    return prod(grid.shape) * (1 + len(grid.cuts)) <= MOST_NUMBERS


def tabulate(forest: Forest, games: LeafShapleyTables) -> LookupTableEngine:
    """Compute every cell."""
    grid = games.grid
    probability = forest.probability_of_default(grid.points())
    impacts = _shapley_values(games).reshape(len(grid.cuts), -1)
    return LookupTableEngine(grid, np.column_stack([probability, *impacts]))


def _shapley_values(games: LeafShapleyTables) -> Floats:
    """Add up the leaves' values in their order, of shape (n_columns, places, ..., places)."""
    shape = games.grid.shape
    everywhere = [np.arange(places) for places in shape]
    summed = np.zeros((games.n_columns, *shape))
    for sides, table in games.leaves():
        # Bit 0 changes fastest; from here on the first side's axis is the first.
        shares = table.reshape(-1, *(2 for _ in sides)).transpose(0, *range(len(sides), 0, -1))
        axes = [1] * (1 + len(shape))
        axes[0] = len(sides)
        # From the last axis to the first: what is copied most often is copied in long pieces.
        for axis, (column, begin, count) in reversed(list(enumerate(sides, start=1))):
            inside = (everywhere[column] >= begin) & (everywhere[column] < begin + count)
            shares = shares.take(inside.astype(np.intp), axis)
            axes[1 + column] = shape[column]
        shares = shares.reshape(axes)
        for (column, _, _), share in zip(sides, shares, strict=True):
            summed[column] += share
    return summed
