"""How a scorecard's numbers are come by: a table where one is small enough, else leaf by leaf.

Both give the same bits: those of `Scorecard.probability_of_default` and `Scorecard.impacts`. Rows
of one applicant are plain numbers, as numpy would take longer to set out than to arrive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from creditscore.arrays import Bitmasks, Floats, Indices, Matrix
from creditscore.scorecard.forest import Forest
from creditscore.scorecard.lookup_table import LookupTableEngine, fits, tabulate
from creditscore.scorecard.scorecard import Scorecard
from creditscore.scorecard.shapley_tables import LeafShapleyTables


class Engine(Protocol):
    """Gives probabilities of default, and every predictor's Shapley value in them."""

    def predict_one(self, row: Sequence[float]) -> tuple[float, list[float]]:
        """Give the numbers of one applicant, from its encoded predictors in their order."""

    def predict(self, matrix: Matrix) -> tuple[Floats, Floats]:
        """Give the numbers of many, of shapes (n_applicants,) and (n_applicants, n_predictors)."""


@dataclass(frozen=True, eq=False)
class LeafTableEngine:
    """A scorecard whose grid has too many cells: its leaves, all at once for one row."""

    forest: Forest
    games: LeafShapleyTables

    def predict_one(self, row: Sequence[float]) -> tuple[float, list[float]]:
        """Find on which of its sides the row lies inside each leaf, and add up."""
        patterns = self.games.patterns(row)
        impacts: list[float] = self.games.shapley_values_of_one(patterns).tolist()
        return self._probability(patterns), impacts

    def predict(self, matrix: Matrix) -> tuple[Floats, Floats]:
        """Walk the trees, and add up the leaves."""
        return self.forest.probability_of_default(matrix), self.games.shapley_values(matrix)

    def probability_of_one(self, row: Sequence[float]) -> float:
        """Give the probability alone."""
        return self._probability(self.games.patterns(row))

    def _probability(self, patterns: Bitmasks) -> float:
        parts = self._parts
        said = parts.alone.copy()
        # Each tree has one leaf that is reached, and the leaves stand in the order of the trees.
        said[parts.trees] = parts.leaves[patterns == parts.reached]
        return float(np.cumsum(said)[-1]) / len(said)

    @cached_property
    def _parts(self) -> _Parts:
        leaves = np.array(list(self.forest.leaves()))
        said = self.forest.probability[leaves[:, 1]]
        sizes = np.bincount(leaves[:, 0], minlength=len(self.forest.roots))
        # A tree of one leaf asks nothing, so it is no game.
        alone = sizes[leaves[:, 0]] == 1
        of_trees = np.zeros(len(sizes))
        of_trees[leaves[alone, 0]] = said[alone]
        if (~alone).sum() != len(self.games.first):
            raise ValueError("the leaf games are of another forest")
        return _Parts(of_trees, np.flatnonzero(sizes > 1), said[~alone], self.games.whole)


@dataclass(frozen=True)
class _Parts:
    """What a forest's leaves say.

    Attributes
    ----------
    alone : ndarray of shape (n_trees,)
        What a tree of one leaf says; 0 for others.
    trees : ndarray
        The places of the others.
    leaves : ndarray of shape (n_leaves,)
        What each of their leaves says.
    reached : ndarray of shape (n_leaves,)
        The pattern of those who reach it.
    """

    alone: Floats
    trees: Indices
    leaves: Floats
    reached: Bitmasks


def select_engine(card: Scorecard, table: Floats | None = None) -> Engine:
    """Choose a scorecard's engine by the number of its cells.

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
    if not fits(card.games.grid):
        return LeafTableEngine(card.forest, card.games)
    if table is None:
        return tabulate(card.forest, card.games)
    cells = LookupTableEngine(card.games.grid, table)
    if problem := cells.problem():
        raise ValueError(problem)
    return cells
