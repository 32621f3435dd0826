"""A missing value goes scikit-learn's way, and reasons stay exact: the same bits in each engine."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from drawing import out_of_bag, random_forest, random_rows
from hypothesis import given, settings
from hypothesis import strategies as st
from invented import invent, write_csv
from sklearn.ensemble import RandomForestClassifier

from creditscore.arrays import Flags, Floats, Ints, Matrix
from creditscore.schema import ForestSettings
from creditscore.schema.reader import load_schema
from creditscore.scorecard.forest import Forest
from creditscore.scorecard.inference import LeafTableEngine, tabulate
from creditscore.scorecard.shapley import compute_shapley_tables
from creditscore.scorecard.shapley_tables import LeafShapleyTables
from creditscore.scorecard.thresholds import ThresholdGrid
from creditscore.training import dataset
from creditscore.training.fit import columns_with_missing, fit_forest, flatten, grow

#: What sums and values may be off: some rounding of double precision, nothing else.
EXACT = 1e-12

SETTINGS = ForestSettings(trees=12, max_depth=5, min_samples_leaf=5, max_features=3)

#: A lender whose applicants leave fields out.
GAPS = Path(__file__).resolve().parents[1] / "data" / "gaps.toml"

seeds = st.integers(0, 2**32 - 1)


def drawn_rows(seed: int) -> tuple[Floats, Ints]:
    """Draw six columns, some with missing values, and outcomes that depend on what is missing."""
    draw, count = np.random.default_rng(seed), 800
    matrix = draw.normal(size=(count, 6)).round(1)
    risk = matrix[:, 0] + matrix[:, 5]
    matrix[draw.random(count) < 0.3, 1] = np.nan
    # Who is a risk leaves this out, and its values say nothing: the one question is whether it is
    # missing, whose threshold is infinite.
    matrix[:, 2] = np.where(risk + draw.normal(size=count) > 0.5, np.nan, matrix[:, 2] > 0)
    matrix[(risk < 0) & (draw.random(count) < 0.5), 3] = np.nan
    bad = (risk + np.isnan(matrix[:, 2]) + draw.normal(size=count) > 1).astype(np.int64)
    return matrix, bad


def with_missing(matrix: Floats, seed: int) -> Matrix:
    """Leave out some values in every column."""
    draw = np.random.default_rng(seed)
    return np.where(draw.random(matrix.shape) < 0.3, np.nan, matrix).astype(np.float32)


def all_columns(matrix: Floats) -> Flags:
    return np.ones(matrix.shape[1], dtype=np.bool_)


def assert_same_bits(forest: Forest, theirs: RandomForestClassifier, rows: Matrix) -> None:
    predicted = forest.probability_of_default(rows)

    assert predicted.tobytes() == np.ascontiguousarray(theirs.predict_proba(rows)[:, 1]).tobytes()


# Beside scikit-learn


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("monotonic", [(), (1, 0, 0, -1, 0, 1)], ids=["free", "monotone"])
def test_probabilities_are_scikit_learns_to_the_last_bit(
    seed: int, monotonic: tuple[int, ...]
) -> None:
    matrix, bad = drawn_rows(seed)
    theirs = fit_forest(matrix, bad, SETTINGS, seed, monotonic=monotonic)
    forest = flatten(theirs, missing=all_columns(matrix))

    forest.validate(6)
    assert_same_bits(forest, theirs, matrix.astype(np.float32))
    assert_same_bits(forest, theirs, with_missing(matrix, seed))
    assert_same_bits(forest, theirs, np.full((1, 6), np.nan, dtype=np.float32))


def test_there_are_questions_whether_a_value_is_missing() -> None:
    """Otherwise the tests here would not cover them."""
    matrix, bad = drawn_rows(0)
    forest = flatten(fit_forest(matrix, bad, SETTINGS, 0), missing=all_columns(matrix))

    assert np.isposinf(forest.threshold).any()
    assert forest.missing_left is not None
    assert 0 < forest.missing_left.sum() < len(forest.missing_left)


def test_a_column_without_any_value_does_no_harm() -> None:
    matrix, bad = drawn_rows(1)
    matrix[:, 4] = np.nan
    theirs = fit_forest(matrix, bad, SETTINGS, seed=1)
    forest = flatten(theirs, missing=all_columns(matrix))
    rows = with_missing(matrix, 1)

    assert_same_bits(forest, theirs, rows)
    tables = compute_shapley_tables(forest, matrix.astype(np.float32))
    assert (tables.shapley_values(rows)[:, 4] == 0).all()


def test_values_may_be_missing_that_training_always_saw() -> None:
    matrix, bad = drawn_rows(2)
    matrix = np.nan_to_num(matrix)
    theirs = fit_forest(matrix, bad, SETTINGS, seed=2)
    forest = flatten(theirs, missing=np.array([True, False, True, True, False, False]))
    rows = matrix.astype(np.float32)
    rows[:, [0, 2, 3]] = with_missing(matrix[:, [0, 2, 3]], 2)

    assert forest.missing_left is not None
    assert not forest.missing_left[np.isin(forest.column, [1, 4, 5])].any()
    assert_same_bits(forest, theirs, rows)


def test_a_field_that_may_be_missing_is_prepared_even_if_no_training_row_misses_it(
    tmp_path: Path,
) -> None:
    schema = load_schema(GAPS)
    table = write_csv(tmp_path / "loans.csv", invent(schema, count=600, seed=1))
    data = dataset.load(table, schema)
    names = schema.scorecards["loan"].fields
    spec = replace(schema.scorecards["loan"], forest=SETTINGS)
    forest = grow(data, names, schema, spec, seed=1).forest
    matrix = data.matrix(names).astype(np.float32)
    tables = compute_shapley_tables(forest, matrix[:50])

    assert not np.isnan(matrix).any()
    assert_engines_agree(forest, tables, with_missing(data.matrix(names)[:60], 1))


def test_out_of_bag_predictions_are_scikit_learns() -> None:
    matrix, bad = drawn_rows(3)
    theirs = RandomForestClassifier(60, min_samples_leaf=5, oob_score=True, random_state=1)
    theirs.fit(matrix, bad)

    ours = out_of_bag(theirs, flatten(theirs, missing=columns_with_missing(matrix)), matrix)

    assert ours == pytest.approx(theirs.oob_decision_function_[:, 1], abs=1e-12)


# Whichever way it is computed


def assert_engines_agree(forest: Forest, tables: LeafShapleyTables, rows: Matrix) -> None:
    """Hold each engine, one by one and all at once, against the trees and the leaves' tables."""
    probability = forest.probability_of_default(rows)
    impacts = tables.shapley_values(rows, leaf_by_leaf_rows=len(rows) + 1)
    by_leaf = tables.shapley_values(rows, leaf_by_leaf_rows=0, block_rows=7)

    assert by_leaf.tobytes() == impacts.tobytes()
    for engine in (tabulate(forest, tables), LeafTableEngine(forest, tables)):
        predicted, shares = engine.predict(rows)
        assert (predicted.tobytes(), shares.tobytes()) == (probability.tobytes(), impacts.tobytes())
        for row, p, row_impacts in zip(rows.tolist(), probability, impacts.tolist(), strict=True):
            assert engine.predict_one(row) == (p, row_impacts)


@given(
    seed=seeds,
    columns=st.integers(1, 4),
    depth=st.integers(0, 6),
    missing=st.sampled_from([0.0, 0.3]),
)
@settings(max_examples=60)
def test_drawn_forests_give_the_same_bits_as_a_table_and_leaf_by_leaf(
    seed: int, columns: int, depth: int, missing: float
) -> None:
    # Depth 0, or luck, makes trees of a single leaf.
    draw = np.random.default_rng(seed)
    forest = random_forest(draw, columns=range(columns), trees=4, depth=depth, missing=missing > 0)
    tables = compute_shapley_tables(forest, random_rows(draw, 5, columns, missing=missing))
    rows = random_rows(draw, 40, columns, missing=missing)
    rows -= np.float32(0.5) * draw.integers(0, 2)

    tables.validate(columns)
    assert_engines_agree(forest, tables, rows)


@pytest.mark.parametrize("missing", [[1], [1, 2], [0, 1, 2]])
def test_a_learnt_forest_gives_the_same_bits_as_a_table_and_leaf_by_leaf(
    missing: list[int],
) -> None:
    matrix, bad = drawn_rows(4)
    matrix = np.floor(matrix[:, :3])
    complete = [column for column in range(3) if column not in missing]
    matrix[:, complete] = np.nan_to_num(matrix[:, complete])
    flags = np.isin(np.arange(3), missing)
    forest = flatten(fit_forest(matrix, bad, SETTINGS, seed=1), missing=flags)
    tables = compute_shapley_tables(forest, matrix[:100].astype(np.float32))
    rows = matrix[:200].astype(np.float32)
    rows[:, missing] = with_missing(matrix[:200, missing], 4)

    assert_engines_agree(forest, tables, rows)


# Reasons


@pytest.mark.parametrize("seed", range(3))
def test_baseline_and_values_sum_to_the_probability(seed: int) -> None:
    matrix, bad = drawn_rows(seed)
    forest = flatten(fit_forest(matrix, bad, SETTINGS, seed), missing=all_columns(matrix))
    reference, rows = matrix[bad == 0].astype(np.float32), with_missing(matrix, seed)
    tables = compute_shapley_tables(forest, reference)

    total = forest.probability_of_default(reference).mean() + tables.shapley_values(rows).sum(1)

    assert np.abs(total - forest.probability_of_default(rows)).max() <= EXACT


def test_a_missing_value_can_be_a_reason() -> None:
    # Bad (1.0) only where the field is missing; the reference group's is known.
    forest = Forest(
        roots=np.array([0], dtype=np.int32),
        column=np.zeros(3, dtype=np.int32),
        threshold=np.array([np.inf, 0, 0]),
        left=np.array([1, 1, 2], dtype=np.int32),
        right=np.array([2, 1, 2], dtype=np.int32),
        probability=np.array([0, 0.25, 1.0]),
        depth=1,
        missing_left=np.zeros(3, dtype=np.bool_),
    )
    tables = compute_shapley_tables(forest, np.zeros((1, 1), dtype=np.float32))

    impacts = tables.shapley_values(np.array([[np.nan], [9]], dtype=np.float32))

    assert impacts.tolist() == [[0.75], [0]]


# The bins of missing values


def test_a_missing_value_has_a_bin_behind_all_others() -> None:
    grid = ThresholdGrid(([1.0, np.inf], [2.0], []), missing=True)
    rows = [[1.0, 2.0, 3.0], [5.0, 5.0, 5.0], [np.nan, np.nan, np.nan]]

    assert grid.shape == (3, 2, 1)
    assert [grid.bin_indices_of_row(row) for row in rows] == [[0, 0, 0], [1, 1, 0], [2, 1, 0]]
    many = grid.bin_indices(np.array(rows, dtype=np.float32))
    assert [bins.tolist() for bins in many] == [[0, 1, 2], [0, 1, 1], [0, 0, 0]]


def test_missing_values_that_go_the_way_of_the_largest_need_no_bin() -> None:
    draw = np.random.default_rng(1)
    forest = random_forest(draw, columns=range(2), trees=3, depth=3, missing=True)
    asks = forest.left != np.arange(len(forest.left))
    forest = replace(
        forest,
        threshold=np.where(asks & np.isinf(forest.threshold), 1.0, forest.threshold),
        missing_left=np.zeros(len(asks), dtype=np.bool_),
    )
    tables = compute_shapley_tables(forest, random_rows(draw, 5, 2, missing=0.5))

    assert np.isfinite(np.concatenate(tables.grid.cuts)).all()
    assert_engines_agree(forest, tables, random_rows(draw, 30, 2, missing=0.5))


# On disk


def test_forest_and_tables_survive_being_written_as_plain_data() -> None:
    draw = np.random.default_rng(2)
    forest = random_forest(draw, columns=range(3), trees=3, depth=4, missing=True)
    tables = compute_shapley_tables(forest, random_rows(draw, 5, 3, missing=0.3))
    rows = random_rows(draw, 50, 3, missing=0.3)

    again = Forest(**pickle.loads(pickle.dumps(forest.to_dict())))
    tables_again = LeafShapleyTables(**pickle.loads(pickle.dumps(tables.to_dict())))

    again.validate(3)
    tables_again.validate(3)
    assert again.to_dict().keys() == forest.to_dict().keys()
    numbers = again.probability_of_default(rows), tables_again.shapley_values(rows)
    assert numbers[0].tobytes() == forest.probability_of_default(rows).tobytes()
    assert numbers[1].tobytes() == tables.shapley_values(rows).tobytes()


def test_where_nothing_may_be_missing_nothing_about_it_is_written() -> None:
    """The versions of older models depend on it."""
    draw = np.random.default_rng(2)
    forest = random_forest(draw, columns=range(3), trees=3, depth=4)
    tables = compute_shapley_tables(forest, random_rows(draw, 5, 3))

    assert "missing_left" not in forest.to_dict()
    assert "missing" not in tables.to_dict()
    assert flatten(fit_forest(*_complete(), SETTINGS, seed=1)).missing_left is None


def _complete() -> tuple[Floats, Ints]:
    matrix, bad = drawn_rows(0)
    return np.nan_to_num(matrix), bad


MALFORMED: dict[str, Callable[[Flags], npt.NDArray[Any]]] = {
    "too short": lambda flags: flags[1:],
    "of another type": lambda flags: flags.astype(np.uint8),
    "in two rows": lambda flags: flags[np.newaxis],
}


@pytest.mark.parametrize("change", MALFORMED.values(), ids=MALFORMED)
def test_malformed_flags_are_refused(change: Callable[[Flags], npt.NDArray[Any]]) -> None:
    draw = np.random.default_rng(2)
    forest = random_forest(draw, columns=range(3), trees=3, depth=4, missing=True)
    tables = compute_shapley_tables(forest, random_rows(draw, 5, 3))
    assert forest.missing_left is not None
    assert tables.missing is not None

    with pytest.raises(ValueError, match="ways of missing values"):
        replace(forest, missing_left=change(forest.missing_left)).validate(3)
    with pytest.raises(ValueError, match="one flag for each condition"):
        replace(tables, missing=change(tables.missing)).validate(3)
