"""Leaf tables give the same bits whichever way they are gone through."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from drawing import around_thresholds, bundled_rows, random_forest, random_rows
from hypothesis import given, settings
from hypothesis import strategies as st

from creditscore.arrays import Floats, Matrix
from creditscore.scorecard.forest import Forest
from creditscore.scorecard.scorecard import Scorecard
from creditscore.scorecard.shapley import compute_shapley_tables
from creditscore.scorecard.shapley_tables import LEAF_BY_LEAF_ROWS, LeafShapleyTables

seeds = st.integers(0, 2**32 - 1)


def by_definition(tables: LeafShapleyTables, matrix: Matrix) -> Floats:
    """Compare every value with every condition, and add leaf after leaf: plain and slow."""
    summed = np.zeros((len(matrix), tables.n_columns))
    bounds = [*tables.first.tolist(), len(tables.column)]
    for (first, end), offset in zip(pairwise(bounds), tables.offset.tolist(), strict=True):
        values = matrix[:, tables.column[first:end]].astype(np.float64)
        fulfilled = (values > tables.low[first:end]) & (values <= tables.high[first:end])
        bitmask = fulfilled @ (1 << np.arange(end - first))
        for position, column in enumerate(tables.column[first:end].tolist()):
            summed[:, column] += tables.values[offset + bitmask * (end - first) + position]
    return summed


@dataclass(frozen=True)
class Rows:
    """Rows of a scorecard's predictors to compare on."""

    bundled: Matrix
    edge: Matrix


def rows_of(card: Scorecard) -> Rows:
    bundled = bundled_rows().matrix(card.predictors).astype(np.float32)
    return Rows(bundled, around_thresholds(card, bundled[0]))


def test_values_are_those_of_comparing_each_condition(card: Scorecard) -> None:
    tables, rows = card.shapley_tables, rows_of(card)
    some = np.concatenate([rows.bundled[:: len(rows.bundled) // 200], rows.edge[::7]])[:600]

    assert tables.shapley_values(some).tobytes() == by_definition(tables, some).tobytes()


def test_leaf_by_leaf_gives_the_bits_of_row_by_row(card: Scorecard) -> None:
    tables, rows = card.shapley_tables, rows_of(card)
    some = np.concatenate([rows.bundled[::100], rows.edge[::5]])

    by_row = tables.shapley_values(some, leaf_by_leaf_rows=len(some) + 1)
    by_leaf = tables.shapley_values(some, leaf_by_leaf_rows=0, block_rows=1000)

    assert by_row.tobytes() == by_leaf.tobytes()


@given(seed=seeds, columns=st.integers(1, 12), depth=st.integers(0, 11))
@settings(max_examples=60)
def test_drawn_tables_give_the_bits_of_comparing_each_condition(
    seed: int, columns: int, depth: int
) -> None:
    draw = np.random.default_rng(seed)
    forest = random_forest(draw, columns=range(columns), trees=2, depth=min(depth, 9))
    tables = compute_shapley_tables(forest, random_rows(draw, 5, columns))
    rows = random_rows(draw, LEAF_BY_LEAF_ROWS, columns)

    many = tables.shapley_values(rows)

    assert many.tobytes() == by_definition(tables, rows).tobytes()
    assert tables.shapley_values(rows[:3]).tobytes() == many[:3].tobytes()


def test_the_example_in_the_docstring() -> None:
    """Two fields, AGE and LIMIT; three leaves; one person to compare with."""
    forest = Forest(
        roots=np.array([0], dtype=np.int32),
        column=np.array([0, 1, 0, 0, 0], dtype=np.int32),
        threshold=np.array([30.0, 100.0, 0.0, 0.0, 0.0]),
        left=np.array([1, 2, 2, 3, 4], dtype=np.int32),
        right=np.array([4, 3, 2, 3, 4], dtype=np.int32),
        probability=np.array([0.0, 0.0, 0.6, 0.3, 0.1]),
        depth=2,
    )
    reference, applicant = np.array([[[40, 50]], [[25, 200]]], dtype=np.float32)

    tables = compute_shapley_tables(forest, reference)

    assert tables.column.tolist() == [0, 1, 0, 1, 0]
    assert tables.low.tolist() == [-np.inf, -np.inf, -np.inf, 100, 30]
    assert tables.high.tolist() == [30, 100, 30, np.inf, np.inf]
    assert (tables.first.tolist(), tables.offset.tolist()) == ([0, 2, 4], [0, 8, 16])
    assert tables.conditions.bitmasks_of_row([25, 200]).tolist() == [0b01, 0b11, 0b0]
    looked_up = [tables.values[2:4], tables.values[14:16], tables.values[16:17]]
    assert [values.tolist() for values in looked_up] == [
        pytest.approx([0.30, -0.30]),
        pytest.approx([0.15, 0.15]),
        pytest.approx([-0.10]),
    ]
    assert tables.shapley_values(applicant).tolist() == [pytest.approx([0.35, -0.15])]
