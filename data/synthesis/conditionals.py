"""One variable, given those before it: a tree, and a table for each of its leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from data.synthesis.columns import Floats, Ints
from data.synthesis.leaves import MIN_ROWS, Leaf, choose, summarise_codes, summarise_numbers
from data.synthesis.trees import Tree, plain, stump

#: Rows of a leaf, at least, and leaves of a tree, at most.
LEAF_ROWS = 200
LEAVES = 60


@dataclass(frozen=True)
class Rare:
    """Codes that too few rows of a leaf hold, at the rate they have in a pool of such leaves.

    Attributes
    ----------
    value : ndarray of shape (n_codes,)
    rows : ndarray of shape (n_codes,)
        Rows of the code in its pool.
    among : ndarray of shape (n_codes,)
        All rows in its pool.
    """

    value: Floats
    rows: Ints
    among: Ints

    def draw(self, leaf: Leaf, uniform: Floats) -> Floats:
        """Draw codes of a leaf, those it lacks at their pools' rates."""
        rates = self.rows / self.among
        leaf_rates = leaf.rows / max(int(leaf.rows.sum()), 1) * (1 - rates.sum())
        value = np.concatenate([leaf.value, self.value])
        return value[choose(np.concatenate([leaf_rates, rates]), uniform)]


@dataclass(frozen=True)
class Conditional:
    """How to draw one variable when those before it are known.

    Attributes
    ----------
    tree : Tree
        Over the variables before it.
    leaves : mapping of int to Leaf
        Its distribution in each leaf of the tree.
    rare : mapping of int to Rare
        For each leaf of codes, those too rare there to be kept.
    """

    tree: Tree
    leaves: Mapping[int, Leaf]
    rare: Mapping[int, Rare]

    def draw(self, before: Floats, rng: np.random.Generator) -> Floats:
        """Draw a value for every row of an (n_rows, n_variables) array."""
        leaf_of_row = self.tree.leaf_of(before)
        values = np.empty(len(leaf_of_row))
        for index, leaf in self.leaves.items():
            rows = np.flatnonzero(leaf_of_row == index)
            if len(rows):
                even, rare = _evenly(len(rows), rng), self.rare.get(index)
                values[rows] = rare.draw(leaf, even) if rare else leaf.draw(even, rng)
        return values


def fit_codes(before: Floats, codes: Floats) -> Conditional:
    """Fit a variable that holds codes.

    Parameters
    ----------
    before : ndarray of shape (n_rows, n_variables)
        The variables before it.
    codes : ndarray of shape (n_rows,)
    """
    grower = DecisionTreeClassifier(
        criterion="entropy",
        min_samples_leaf=LEAF_ROWS,
        max_leaf_nodes=LEAVES,
        random_state=0,
    )
    tree, groups = _grow(grower, before, codes)
    codes_of_leaf = {index: codes[rows] for index, rows in groups.items()}
    leaves = {index: summarise_codes(leaf_codes) for index, leaf_codes in codes_of_leaf.items()}
    return Conditional(tree, leaves, _pool(codes_of_leaf, leaves))


def fit_numbers(
    before: Floats, numbers: Floats, *, alike: Sequence[Floats], relative: bool
) -> Conditional:
    """Fit a variable that holds quantities, with a tree on ranks.

    Parameters
    ----------
    before : ndarray of shape (n_rows, n_variables)
        The variables before it.
    numbers : ndarray of shape (n_rows,)
    alike : sequence of ndarray of shape (n_rows,)
        Further quantities in whose ranks a leaf's rows should be alike.
    relative : bool
        Whether groups are kept by their logarithms.
    """
    grower = DecisionTreeRegressor(
        min_samples_leaf=LEAF_ROWS, max_leaf_nodes=LEAVES, random_state=0
    )
    ranks = [pd.Series(column).rank(pct=True).to_numpy() for column in (numbers, *alike)]
    tree, groups = _grow(grower, before, np.column_stack(ranks))
    leaves = {
        index: summarise_numbers(numbers[rows], relative=relative) for index, rows in groups.items()
    }
    return Conditional(tree, leaves, {})


def _grow(
    grower: DecisionTreeClassifier | DecisionTreeRegressor, matrix: Floats, target: Floats
) -> tuple[Tree, dict[int, Ints]]:
    """Grow a tree, and tell which rows its leaves hold."""
    tree = stump(len(target))
    if matrix.shape[1] and len(target) >= 2 * LEAF_ROWS:
        tree = plain(grower.fit(matrix, target).tree_, matrix, with_values=False)
    leaf_of_row = tree.leaf_of(matrix)
    return tree, {
        int(index): np.flatnonzero(leaf_of_row == index) for index in np.unique(leaf_of_row)
    }


def _pool(codes_of_leaf: Mapping[int, Floats], leaves: Mapping[int, Leaf]) -> dict[int, Rare]:
    """Find, for each leaf and each code too rare in it, the code's rate in a pool of leaves."""
    entries: dict[int, list[tuple[float, int, int]]] = {index: [] for index in codes_of_leaf}
    for code in np.unique(np.concatenate(list(codes_of_leaf.values()))):
        counts = {
            index: (int((leaf_codes == code).sum()), len(leaf_codes))
            for index, leaf_codes in codes_of_leaf.items()
            if code not in leaves[index].value
        }
        for pool in _pools(counts):
            rows, among = (sum(counts[index][i] for index in pool) for i in (0, 1))
            for index in pool:
                entries[index].append((float(code), rows, among))
    return {index: _rare(pooled) for index, pooled in entries.items() if pooled}


def _pools(counts: Mapping[int, tuple[int, int]]) -> list[list[int]]:
    """Join neighbouring leaves together until each pool has enough rows of the code.

    Leaves are numbered so that those of one branch are neighbours. A code that too few rows hold
    in all these leaves gets no pool, and is never drawn there.
    """
    pools: list[list[int]] = [[]]
    for index in counts:
        if sum(counts[leaf][0] for leaf in pools[-1]) >= MIN_ROWS:
            pools.append([])
        pools[-1].append(index)
    if sum(counts[leaf][0] for leaf in pools[-1]) < MIN_ROWS:
        leftover = pools.pop()
        if pools:
            pools[-1] += leftover
    return pools


def _rare(entries: Sequence[tuple[float, int, int]]) -> Rare:
    value, rows, among = zip(*entries, strict=True)
    return Rare(np.array(value), np.array(rows, dtype=np.int64), np.array(among, dtype=np.int64))


def _evenly(count: int, rng: np.random.Generator) -> Floats:
    """Draw numbers between 0 and 1, one in each of `count` equal parts, in random order."""
    return (rng.permutation(count) + rng.random(count)) / count
