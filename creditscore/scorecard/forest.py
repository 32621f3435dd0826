"""A forest as plain arrays: its mean probability, exactly.

"Exactly" means equal to `RandomForestClassifier.predict_proba` to the last bit, without
scikit-learn: the same comparisons in single precision, the same sum in the same order, and a
missing value (NaN) sent the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from creditscore.arrays import Flags, Floats, Indices, Matrix, SmallInts

#: Node visits held in memory at once: 100 trees by 2,000 rows.
BLOCK = 200_000


@dataclass(frozen=True, eq=False)
class Forest:
    """Decision trees, one after the other in flat arrays; a leaf is its own child.

    Attributes
    ----------
    roots : ndarray of shape (n_trees,)
        The node that each tree starts at.
    column : ndarray of shape (n_nodes,)
        The matrix column that a node compares.
    threshold : ndarray of shape (n_nodes,)
        Values up to and including it go left. Infinity asks whether a value is missing: all known
        ones go left.
    left, right : ndarray of shape (n_nodes,)
        The next node.
    probability : ndarray of shape (n_nodes,)
        Share of defaults among a node's training rows.
    depth : int
        Comparisons from the root to the deepest leaf.
    missing_left : ndarray of shape (n_nodes,), optional
        Whether a missing value goes left. Without it no value may be missing.
    """

    roots: SmallInts
    column: SmallInts
    threshold: Floats
    left: SmallInts
    right: SmallInts
    probability: Floats
    depth: int
    missing_left: Flags | None = None

    def probability_of_default(self, matrix: Matrix) -> Floats:
        """Return the mean over the trees.

        Parameters
        ----------
        matrix : ndarray of shape (n_applicants, n_predictors), float32
            NaN where a value is missing.

        Returns
        -------
        ndarray of shape (n_applicants,)
        """
        # A running sum adds the trees in their order; numpy's sum() pairs them, which rounds
        # differently, and differently again for one row than for many.
        blocks = [np.cumsum(trees, axis=0)[-1] for trees in self._blocks(matrix)]
        return np.concatenate(blocks) / len(self.roots) if blocks else np.empty(0)

    def of_each_tree(self, matrix: Matrix) -> Floats:
        """Return the probability of each tree, of shape (n_trees, n_applicants)."""
        blocks = list(self._blocks(matrix))
        return np.hstack(blocks) if blocks else np.empty((len(self.roots), 0))

    def _blocks(self, matrix: Matrix) -> Iterator[Floats]:
        rows = max(1, BLOCK // len(self.roots))
        return (self._block(matrix[start : start + rows]) for start in range(0, len(matrix), rows))

    def _block(self, matrix: Matrix) -> Floats:
        columns, children = self._walk
        # Index into the flat matrix: numpy takes from one axis far faster than from two.
        cells, start = matrix.ravel(), np.arange(len(matrix)) * matrix.shape[1]
        node = np.repeat(self.roots.astype(np.intp)[:, np.newaxis], len(matrix), axis=1)
        missing_left = self.missing_left if np.isnan(cells).any() else None
        for _ in range(self.depth):
            values = cells.take(columns.take(node) + start)
            goes_left = values <= self.threshold.take(node)
            if missing_left is not None:
                # No comparison with NaN holds, so it would go right.
                goes_left |= np.isnan(values) & missing_left.take(node)
            node = children.take(2 * node + goes_left)
        return self.probability.take(node)

    @cached_property
    def _walk(self) -> tuple[Indices, Indices]:
        """Lay the nodes out for walking: their columns, and the right before the left child."""
        children = np.column_stack([self.right, self.left]).ravel()
        return self.column.astype(np.intp), children.astype(np.intp)

    def leaves(self) -> Iterator[tuple[int, int]]:
        """Yield each leaf's tree and node, from left to right.

        Raises
        ------
        ValueError
            If trees share nodes.
        """
        left, right = self.left.tolist(), self.right.tolist()
        visits = len(left)
        for tree, root in enumerate(self.roots.tolist()):
            waiting = [root]
            while waiting:
                node = waiting.pop()
                visits -= 1
                if visits < 0:
                    raise ValueError("the trees share nodes")
                if left[node] == node:
                    yield tree, node
                else:
                    waiting += [right[node], left[node]]

    def to_dict(self) -> dict[str, Any]:
        """Return its attributes by name, without those that are None."""
        parts = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: part for name, part in parts if part is not None}

    def validate(self, n_columns: int) -> None:
        """Check the arrays against each other.

        Raises
        ------
        ValueError
            If they are not those of a forest over so many columns.
        """
        nodes = len(self.column)
        integers = [self.column, self.left, self.right, self.roots]
        real = [self.threshold, self.probability]
        if any(array.dtype != np.int32 or array.ndim != 1 for array in integers):
            raise ValueError("a node array is not of 32-bit integers")
        if any(array.dtype != np.float64 or array.ndim != 1 for array in real):
            raise ValueError("a node array is not of 64-bit numbers")
        sizes = {array.size for array in (self.left, self.right, self.threshold, self.probability)}
        if sizes != {nodes}:
            raise ValueError("the node arrays differ in length")
        missing = self.missing_left
        if missing is not None and (missing.dtype != np.bool_ or missing.shape != (nodes,)):
            raise ValueError("the ways of missing values are not one flag for each node")
        if not len(self.roots) or not nodes:
            raise ValueError("the forest is empty")
        inside = all(((array >= 0) & (array < nodes)).all() for array in integers[1:])
        if not inside or not ((self.column >= 0) & (self.column < n_columns)).all():
            raise ValueError("a node points outside the forest")
        if type(self.depth) is not int or not 0 <= self.depth <= nodes:
            raise ValueError("the depth is not that of any of its trees")
        low, high = self.bounds()
        if not 0 <= low <= high <= 1:
            raise ValueError("a probability is not between 0 and 1")

    def bounds(self) -> tuple[float, float]:
        """Return bounds that no applicant's mean probability can leave."""
        leaf = np.where(self.left == np.arange(len(self.left)), self.probability, np.nan)
        lows, highs = np.fmin.reduceat(leaf, self.roots), np.fmax.reduceat(leaf, self.roots)
        return float(lows.mean()), float(highs.mean())

    def recalibrated(self, slope: float, intercept: float) -> Forest:
        """Return a forest whose leaves a line has mapped, none of them beyond 0 or 1.

        The result is still a mean over trees, so its Shapley values stay exact.
        """
        return replace(self, probability=np.clip(intercept + slope * self.probability, 0, 1))
