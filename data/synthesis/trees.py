"""Decision trees as plain arrays, so that all they hold of the rows can be looked through."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from data.synthesis.columns import Floats, Ints

#: Significant digits of a threshold: enough to split on, too few to give an amount away.
DIGITS = 4


@dataclass(frozen=True)
class Tree:
    """A binary tree over the columns of a matrix, all arrays of shape (n_nodes,).

    Attributes
    ----------
    column : ndarray
        Which column a node looks at.
    threshold : ndarray
        Values up to this one go left; unused in a leaf.
    left, right : ndarray
        The next node; a leaf names itself.
    value : ndarray
        What the tree says where it ends; zeros where only the leaves are of use.
    rows : ndarray
        How many rows came by.
    """

    column: Ints
    threshold: Floats
    left: Ints
    right: Ints
    value: Floats
    rows: Ints

    def leaf_of(self, matrix: Floats) -> Ints:
        """Return the leaf that each row of an (n_rows, n_columns) array ends in."""
        leaf = np.zeros(len(matrix), dtype=np.int64)
        moving = np.flatnonzero(self.left[leaf] != leaf)
        while len(moving):
            node = leaf[moving]
            goes_left = matrix[moving, self.column[node]] <= self.threshold[node]
            leaf[moving] = np.where(goes_left, self.left[node], self.right[node])
            moving = moving[self.left[leaf[moving]] != leaf[moving]]
        return leaf

    def predict(self, matrix: Floats) -> Floats:
        """Return the value of the leaf that each row ends in."""
        return self.value[self.leaf_of(matrix)]


def stump(rows: int) -> Tree:
    """Return the tree that asks nothing."""
    nowhere = np.zeros(1, dtype=np.int64)
    return Tree(nowhere, np.zeros(1), nowhere, nowhere, np.zeros(1), np.array([rows]))


def plain(fitted: Any, matrix: Floats, *, with_values: bool) -> Tree:
    """Copy a tree out of scikit-learn, its thresholds rounded and its rows counted again.

    Parameters
    ----------
    fitted : sklearn.tree._tree.Tree
        With one output, if its values are wanted.
    matrix : ndarray of shape (n_rows, n_columns)
        The rows it was fitted to.
    with_values : bool
        Whether to keep the values. A classifier's must not be: they are shares of a leaf, however
        few rows have that share.
    """
    itself = np.arange(fitted.node_count)
    leaf = fitted.children_left < 0
    tree = Tree(
        column=np.where(leaf, 0, fitted.feature),
        threshold=np.where(leaf, 0.0, rounded(fitted.threshold)),
        left=np.where(leaf, itself, fitted.children_left),
        right=np.where(leaf, itself, fitted.children_right),
        value=np.where(leaf & with_values, fitted.value[:, 0, 0], 0.0),
        rows=np.zeros(fitted.node_count, dtype=np.int64),
    )
    return replace(tree, rows=_count(tree, matrix))


def rounded(numbers: Floats, digits: int = DIGITS) -> Floats:
    """Round to significant digits."""
    return np.array([float(f"{number:.{digits}g}") for number in numbers])


def _count(tree: Tree, matrix: Floats) -> Ints:
    rows = np.bincount(tree.leaf_of(matrix), minlength=len(tree.left))
    # A node is numbered before its children.
    for node in range(len(tree.left) - 1, -1, -1):
        if tree.left[node] != node:
            rows[node] = rows[tree.left[node]] + rows[tree.right[node]]
    return rows.astype(np.int64)
