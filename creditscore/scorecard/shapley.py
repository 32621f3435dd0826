"""Exact Shapley values of a forest's probability, against a reference group.

The value of a coalition S of fields, for an applicant x, is the mean probability of default over
the reference group's applicants z with their fields in S replaced by those of x (the
*interventional* value function). A forest is a sum of leaves, and each leaf is a simple game: it
is reached or not, and that depends on no more than which of its fields' intervals x and z lie in.
So everything that an answer needs is computed once per leaf and pattern, at training:

    phi_i(x) = sum over leaves l of  M_l[pattern of x in l, i]

Sums are exact: baseline + the values of all fields = probability of default.

References
----------
Lundberg et al. (2020), From local explanations to global understanding with explainable AI for
trees, Nature Machine Intelligence 2 (interventional TreeSHAP); Nadel & Wettenstein (2025), From
decision trees to Boolean logic: a fast and unified SHAP algorithm (pattern tables).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from math import factorial

import numpy as np
import numpy.typing as npt

from creditscore.arrays import Floats, Ints, Matrix
from creditscore.scorecard.forest import Forest
from creditscore.scorecard.shapley_tables import LeafShapleyTables

#: Name of the value function, for the model card.
VALUE_FUNCTION = "interventional"

#: Numbers in all the tables together, at most: 256 MB.
MOST_VALUES = 32_000_000


def leaf_games(forest: Forest, reference: Matrix) -> LeafShapleyTables:
    """Compute every leaf's table.

    Parameters
    ----------
    forest : Forest
    reference : ndarray of shape (n_reference, n_columns), float32
        The reference group.

    Raises
    ------
    ValueError
        If the tables would be too large: the trees are too deep.
    """
    leaves = list(_leaves(forest))
    size = sum(len(sides) << len(sides) for sides, _ in leaves)
    if size > MOST_VALUES:
        raise ValueError(
            f"exact reasons would need {size:,} numbers, {MOST_VALUES:,} are allowed: "
            "lower max_depth or the number of trees"
        )
    width = np.array([len(sides) for sides, _ in leaves], dtype=np.int64)
    sizes = width << width
    values = np.empty(size)
    offset = np.cumsum(sizes) - sizes
    columns = [np.ascontiguousarray(column) for column in reference.T]
    scale = 1 / (len(forest.roots) * len(reference))
    for sides in np.unique(width).tolist():
        places = np.flatnonzero(width == sides)
        counts = np.array([_pattern_counts(leaves[place][0], columns) for place in places])
        weights = np.array([leaves[place][1] * scale for place in places])
        tables = _tables(counts) * weights[:, np.newaxis, np.newaxis]
        for place, table in zip(places.tolist(), tables, strict=True):
            values[offset[place] : offset[place] + sizes[place]] = table.ravel()
    flat = [side for sides, _ in leaves for side in sides]
    return LeafShapleyTables(
        column=np.array([column for column, _, _ in flat], dtype=np.int64),
        low=np.array([low for _, low, _ in flat], dtype=np.float64),
        high=np.array([high for _, _, high in flat], dtype=np.float64),
        first=np.cumsum(width) - width,
        values=values,
        offset=offset,
        n_columns=reference.shape[1],
    )


Side = tuple[int, float, float]


def _leaves(forest: Forest) -> Iterator[tuple[list[Side], float]]:
    """Walk the trees; give each leaf's sides (column, low, high) and its probability.

    A leaf without sides is a tree of one leaf: the same for everyone, so nobody's reason.
    """
    left, right = forest.left.tolist(), forest.right.tolist()
    column, threshold = forest.column.tolist(), forest.threshold.tolist()
    everything = (-np.inf, np.inf)
    stack: list[tuple[int, dict[int, tuple[float, float]]]]
    stack = [(root, {}) for root in reversed(forest.roots.tolist())]
    while stack:
        node, sides = stack.pop()
        if left[node] == node:
            if sides:
                sorted_sides = [(at, low, high) for at, (low, high) in sorted(sides.items())]
                yield sorted_sides, float(forest.probability[node])
            continue
        low, high = sides.get(column[node], everything)
        cut = threshold[node]
        stack.append((right[node], {**sides, column[node]: (max(low, cut), high)}))
        stack.append((left[node], {**sides, column[node]: (low, min(high, cut))}))


def _pattern_counts(sides: list[Side], columns: list[npt.NDArray[np.float32]]) -> Floats:
    """Count the reference group's applicants by which sides of a leaf they lie inside."""
    pattern = np.zeros(len(columns[0]), dtype=np.int64)
    for place, (column, low, high) in enumerate(sides):
        values = columns[column]
        pattern |= ((values > low) & (values <= high)).astype(np.int64) << place
    return np.bincount(pattern, minlength=1 << len(sides)).astype(np.float64)


def _tables(counts: Floats) -> Floats:
    """Average the games of leaves with the same number of sides over the reference group.

    Parameters
    ----------
    counts : ndarray of shape (n_leaves, 2 ** n_sides)
        How many of the reference group have each pattern.

    Returns
    -------
    ndarray of shape (n_leaves, 2 ** n_sides, n_sides)
        For each pattern of the applicant, the sum of each side's Shapley values in games that are
        worth 1 where the leaf is reached.
    """
    leaves, patterns = counts.shape
    sides = patterns.bit_length() - 1
    tables = np.zeros((leaves, patterns, sides))
    for reference in range(patterns):
        own, weights = _shapley_weights(sides, reference)
        # One product and one sum after the other, so that every machine rounds alike.
        tables[:, own] += counts[:, reference, np.newaxis, np.newaxis] * weights
    return tables


@cache
def _shapley_weights(sides: int, reference: int) -> tuple[Ints, Floats]:
    """Solve the games between one pattern of the reference and every pattern of an applicant.

    A leaf can only be reached where each side is open to one of the two. Then the sides that are
    open to the applicant alone must all be in the coalition (a of them), those open to the
    reference alone must all be out of it (b), and the others do not matter.

    Returns
    -------
    own : ndarray of shape (n_patterns,)
        The applicant's patterns for which the leaf can be reached.
    weights : ndarray of shape (n_patterns, n_sides)
        Each side's Shapley value.
    """
    full = (1 << sides) - 1
    own = [pattern for pattern in range(full + 1) if pattern | reference == full]
    weights = np.zeros((len(own), sides))
    for row, pattern in enumerate(own):
        must, must_not = pattern & ~reference, reference & ~pattern
        a, b = must.bit_count(), must_not.bit_count()
        for side in range(sides):
            if must >> side & 1:
                weights[row, side] = factorial(a - 1) * factorial(b) / factorial(a + b)
            elif must_not >> side & 1:
                weights[row, side] = -factorial(a) * factorial(b - 1) / factorial(a + b)
    return np.array(own), weights
