"""Exact Shapley values of a forest's probability, against a reference group.

The value of a coalition S of fields, for an applicant x, is the mean probability of default over
the reference group's applicants z with their fields in S replaced by those of x (the
*interventional* value function). A forest is a sum of leaves, and each leaf is a simple game: it
is reached or not, and that depends only on which of its conditions x and z fulfil. So everything
that an answer needs is computed once per leaf and bitmask of fulfilled conditions, at training:

    phi_i(x) = sum over leaves l of  M_l[bitmask of x in l, i]

Sums are exact: baseline + the values of all fields = probability of default.

References
----------
Lundberg et al. (2020), From local explanations to global understanding with explainable AI for
trees, Nature Machine Intelligence 2 (interventional TreeSHAP); Nadel & Wettenstein (2025), From
decision trees to Boolean logic: a fast and unified SHAP algorithm (pattern tables).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from math import factorial

import numpy as np

from creditscore.arrays import Floats, Ints, Matrix
from creditscore.scorecard.forest import Forest
from creditscore.scorecard.leaf_conditions import LeafConditions
from creditscore.scorecard.shapley_tables import BLOCK_LEAVES, BLOCK_ROWS, LeafShapleyTables

#: The bounds that a value lies between, above the first and up to the second, and whether a missing
#: value fulfils the condition too.
Bounds = tuple[float, float, bool]

#: A column, and the bounds of its value.
Condition = tuple[int, Bounds]

#: Name of the value function, for the model card.
VALUE_FUNCTION = "interventional"

#: Numbers in all the tables together, at most: 256 MB.
MAX_VALUES = 32_000_000


def compute_shapley_tables(
    forest: Forest, reference: Matrix, *, max_values: int | None = None
) -> LeafShapleyTables:
    """Compute every leaf's table.

    Parameters
    ----------
    forest : Forest
    reference : ndarray of shape (n_reference, n_columns), float32
        The reference group; NaN where a value is missing.
    max_values : int, optional
        Numbers in all the tables together, at most; never more than `MAX_VALUES`.

    Raises
    ------
    ValueError
        If the tables would be too large: the trees are too deep.
    """
    leaves = list(_leaves(forest))
    size, limit = _size(leaves), min(MAX_VALUES, max_values or MAX_VALUES)
    if size > limit:
        raise ValueError(
            f"exact reasons would need {size:,} numbers, {limit:,} are allowed: "
            "lower max_depth or the number of trees"
        )
    sizes = np.array([len(conditions) for conditions, _ in leaves], dtype=np.int64)
    flat = [condition for conditions, _ in leaves for condition in conditions]
    column = np.array([column for column, _ in flat], dtype=np.int64)
    low = np.array([low for _, (low, _, _) in flat], dtype=np.float64)
    high = np.array([high for _, (_, high, _) in flat], dtype=np.float64)
    flags = np.array([missing for _, (_, _, missing) in flat], dtype=np.bool_)
    missing = None if forest.missing_left is None else flags
    conditions = LeafConditions.of(
        sizes, column, (low, high), missing, n_columns=reference.shape[1]
    )
    counts = _bitmask_counts(conditions, reference)
    values = np.empty(size)
    lengths = sizes << sizes
    offset = np.cumsum(lengths) - lengths
    scale = 1 / (len(forest.roots) * len(reference))
    for number in np.unique(sizes).tolist():
        alike = np.flatnonzero(sizes == number).tolist()
        weights = np.array([leaves[leaf][1] * scale for leaf in alike])
        tables = _tables(np.array([counts[leaf] for leaf in alike], dtype=np.float64))
        tables *= weights[:, np.newaxis, np.newaxis]
        for leaf, table in zip(alike, tables, strict=True):
            values[offset[leaf] : offset[leaf] + lengths[leaf]] = table.ravel()
    return LeafShapleyTables(
        column=column,
        low=low,
        high=high,
        missing=missing,
        first=np.cumsum(sizes) - sizes,
        values=values,
        offset=offset,
        n_columns=reference.shape[1],
    )


def table_size(forest: Forest) -> int:
    """Return how many numbers all the tables of a forest hold together."""
    return _size(_leaves(forest))


def _size(leaves: Iterable[tuple[list[Condition], float]]) -> int:
    # In Python's integers, which do not overflow.
    return sum(len(conditions) << len(conditions) for conditions, _ in leaves)


def _leaves(forest: Forest) -> Iterator[tuple[list[Condition], float]]:
    """Walk the trees; yield each leaf's conditions and its probability.

    A leaf without conditions is a tree of one leaf: the same for everyone, so it is left out.
    """
    left, right = forest.left.tolist(), forest.right.tolist()
    column, threshold = forest.column.tolist(), forest.threshold.tolist()
    flags = forest.missing_left
    missing_left = [False] * len(left) if flags is None else flags.tolist()
    everything = (-np.inf, np.inf, True)
    stack: list[tuple[int, dict[int, Bounds]]]
    stack = [(root, {}) for root in reversed(forest.roots.tolist())]
    while stack:
        node, bounds = stack.pop()
        if left[node] == node:
            if bounds:
                yield sorted(bounds.items()), float(forest.probability[node])
            continue
        low, high, missing = bounds.get(column[node], everything)
        cut, goes_left = threshold[node], missing_left[node]
        above = (max(low, cut), high, missing and not goes_left)
        up_to = (low, min(high, cut), missing and goes_left)
        stack.append((right[node], {**bounds, column[node]: above}))
        stack.append((left[node], {**bounds, column[node]: up_to}))


def _bitmask_counts(conditions: LeafConditions, reference: Matrix) -> list[Ints]:
    """Count the reference group by bitmask: which of each leaf's conditions they fulfil.

    Returns
    -------
    list of ndarray of shape (2 ** n_conditions,)
        Of each leaf.
    """
    counts = [np.zeros(1 << size, dtype=np.int64) for size in conditions.sizes.tolist()]
    for start in range(0, len(reference), BLOCK_ROWS):
        bins = conditions.bins(reference[start : start + BLOCK_ROWS])
        for begin in range(0, len(counts), BLOCK_LEAVES):
            leaves = slice(begin, begin + BLOCK_LEAVES)
            masks = conditions.bitmasks(bins, leaves)
            for count, mask in zip(counts[leaves], masks, strict=True):
                count += np.bincount(mask, minlength=len(count))
    return counts


def _tables(counts: Floats) -> Floats:
    """Sum the games of leaves with the same number of conditions over the reference group.

    Parameters
    ----------
    counts : ndarray of shape (n_leaves, 2 ** n_conditions)
        How many of the reference group have each bitmask.

    Returns
    -------
    ndarray of shape (n_leaves, 2 ** n_conditions, n_conditions)
        For each bitmask of the applicant, the sum of each condition's Shapley values in games
        that are worth 1 where the leaf is reached.
    """
    leaves, n_bitmasks = counts.shape
    n_conditions = n_bitmasks.bit_length() - 1
    tables = np.zeros((leaves, n_bitmasks, n_conditions))
    for reference in range(n_bitmasks):
        applicants, weights = _shapley_weights(n_conditions, reference)
        # One product and one sum after the other, so that every machine rounds alike.
        tables[:, applicants] += counts[:, reference, np.newaxis, np.newaxis] * weights
    return tables


@cache
def _shapley_weights(n_conditions: int, reference: int) -> tuple[Ints, Floats]:
    """Solve the games between one bitmask of the reference and every bitmask of an applicant.

    A leaf can only be reached where each condition is fulfilled by one of the two. Then the
    conditions that only the applicant fulfils must all be in the coalition (a of them), those that
    only the reference fulfils must all be out of it (b), and the others do not matter.

    Parameters
    ----------
    n_conditions : int
        Of the leaf.
    reference : int
        The reference's bitmask.

    Returns
    -------
    applicants : ndarray of shape (n_bitmasks,)
        The applicant's bitmasks for which the leaf can be reached.
    weights : ndarray of shape (n_bitmasks, n_conditions)
        Each condition's Shapley value.
    """
    full_mask = (1 << n_conditions) - 1
    applicants = [mask for mask in range(full_mask + 1) if mask | reference == full_mask]
    weights = np.zeros((len(applicants), n_conditions))
    for row, applicant in enumerate(applicants):
        must, must_not = applicant & ~reference, reference & ~applicant
        a, b = must.bit_count(), must_not.bit_count()
        for bit in range(n_conditions):
            if must >> bit & 1:
                weights[row, bit] = factorial(a - 1) * factorial(b) / factorial(a + b)
            elif must_not >> bit & 1:
                weights[row, bit] = -factorial(a) * factorial(b - 1) / factorial(a + b)
    return np.array(applicants), weights
