"""Interventional Shapley values of a forest, from their definition, leaf by leaf.

For a leaf with value v and the fields N on its way from the root, a coalition S of fields takes the
applicant's values and the others those of a reference row. The leaf's part of the game is v times
the share of reference rows that reach it so, and its Shapley values follow by the formula over all
subsets of N (Lundberg et al. 2020, From local explanations to global understanding).
"""

from __future__ import annotations

from functools import cache
from math import factorial
from typing import Any

import numpy as np

from tools.recompute_metrics import Array
from tools.recompute_rows import Grown


def impacts_of(grown: Grown, rows: Array, reference: Array) -> Array:
    """Compute the Shapley value of each field for some rows, against reference rows."""
    # As scikit-learn compares them with its thresholds.
    rows, reference = rows.astype(np.float32), reference.astype(np.float32)
    impacts = np.zeros(rows.shape)
    for tree in grown.forest.estimators_:
        for leaf, way in _leaves(tree.tree_):
            value = np.clip(grown.intercept + grown.slope * tree.tree_.value[leaf, 0, 1], 0, 1)
            _add_leaf(impacts, float(value), way, rows, reference)
    return np.asarray(impacts / len(grown.forest.estimators_))


def _leaves(tree: Any) -> Any:
    """Yield each leaf with the bounds of the fields on its way."""
    stack: list[tuple[int, dict[int, tuple[float, float]]]] = [(0, {})]
    while stack:
        node, way = stack.pop()
        if tree.children_left[node] < 0:
            yield node, way
            continue
        field, threshold = int(tree.feature[node]), float(tree.threshold[node])
        low, high = way.get(field, (-np.inf, np.inf))
        stack.append((tree.children_left[node], {**way, field: (low, min(high, threshold))}))
        stack.append((tree.children_right[node], {**way, field: (max(low, threshold), high)}))


def _add_leaf(
    impacts: Array,
    value: float,
    way: dict[int, tuple[float, float]],
    rows: Array,
    reference: Array,
) -> None:
    fields = list(way)
    size = len(fields)
    sets = np.arange(2**size)
    conditions_met, reference_met = (_encode_conditions(part, way) for part in (rows, reference))
    # Of each coalition: the share of reference rows that meet the conditions of all others.
    shares = np.bincount(reference_met, minlength=2**size) / len(reference)
    for bit in range(size):
        without = sets[(sets >> bit) & 1 == 0]
        shares[without] += shares[without | (1 << bit)]
    reached = value * shares[2**size - 1 - sets]
    patterns, inverse = np.unique(conditions_met, return_inverse=True)
    game = reached * ((patterns[:, None] & sets) == sets)
    impacts[:, fields] += (game @ _shapley_matrix(size))[inverse]


def _encode_conditions(rows: Array, way: dict[int, tuple[float, float]]) -> Array:
    """Return which of a leaf's conditions each row meets, as the bits of a number."""
    met = np.zeros(len(rows), dtype=np.int64)
    for bit, (field, (low, high)) in enumerate(way.items()):
        met |= ((rows[:, field] > low) & (rows[:, field] <= high)).astype(np.int64) << bit
    return met


@cache
def _shapley_matrix(size: int) -> Array:
    """Return what each coalition's worth counts for each player, of shape (2^size, size)."""
    matrix = np.zeros((2**size, size))
    for members in range(2**size):
        for player in range(size):
            inside = members >> player & 1
            before = members.bit_count() - inside
            weight = factorial(before) * factorial(size - before - 1) / factorial(size)
            matrix[members, player] = weight if inside else -weight
    return matrix
