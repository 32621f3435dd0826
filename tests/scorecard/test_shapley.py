"""Reasons are exact: Shapley values by their definition, by `shap`, and by what defines them."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from drawing import (
    applicants,
    around_thresholds,
    bundled_rows,
    by_brute_force,
    random_forest,
    random_rows,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from skips import skip_or_fail

from creditscore.arrays import Matrix
from creditscore.schema import Schema
from creditscore.scorecard.forest import Forest
from creditscore.scorecard.model import Model
from creditscore.scorecard.scorecard import Scorecard
from creditscore.scorecard.shapley import compute_shapley_tables
from creditscore.scorecard.shapley_tables import LeafShapleyTables
from creditscore.training.fit import fit_forest, flatten

#: What sums and values may be off: some rounding of double precision, nothing else.
EXACT = 1e-12

#: What `shap` may be off: it keeps the trees' values in single precision in between, and that
#: rounds each value by 6e-8 of itself.
SHAP_NOISE = 1e-7

seeds = st.integers(0, 2**32 - 1)


def assert_by_definition(forest: Forest, reference: Matrix, rows: Matrix) -> None:
    """Check a forest's values of some rows against those of the definition."""
    values = compute_shapley_tables(forest, reference).shapley_values(rows)

    for row, shares in zip(rows, values, strict=True):
        assert np.abs(shares - by_brute_force(forest, row, reference)).max() <= EXACT


@given(
    seed=seeds,
    columns=st.integers(1, 5),
    trees=st.integers(1, 3),
    missing=st.sampled_from([0.0, 0.3]),
)
@settings(max_examples=60)
def test_values_are_those_of_the_definition(
    seed: int, columns: int, trees: int, missing: float
) -> None:
    draw = np.random.default_rng(seed)
    forest = random_forest(draw, columns=range(columns), trees=trees, depth=5, missing=missing > 0)
    reference = random_rows(draw, 7, columns, missing=missing)
    rows = random_rows(draw, 4, columns, missing=missing)

    assert_by_definition(forest, reference, rows)


def test_values_of_a_trained_scorecard_are_those_of_the_definition(model: Model) -> None:
    card = model.scorecards["application"]
    rows = bundled_rows().matrix(card.predictors).astype(np.float32)
    reference, some = rows[:300], rows[-10:]

    assert_by_definition(card.forest, reference, some)


@pytest.mark.parametrize("slope", [0.4, 1.3])
def test_values_are_those_of_the_calibrated_forest(slope: float) -> None:
    draw = np.random.default_rng(5)
    forest = random_forest(draw, columns=range(4), trees=3, depth=4).recalibrated(slope, -0.05)
    reference, rows = random_rows(draw, 9, 4), random_rows(draw, 5, 4)

    assert_by_definition(forest, reference, rows)


def test_values_agree_with_shap(schema: Schema) -> None:
    spec = schema.scorecards["behavioural"]
    data = bundled_rows()
    rows = data.matrix(spec.fields).astype(np.float32)
    grown = fit_forest(data.matrix(spec.fields)[:4000], data.bad[:4000], spec.forest, seed=1)
    reference, some = rows[:15], rows[-100:]

    values = compute_shapley_tables(flatten(grown), reference).shapley_values(some)

    assert np.abs(values - _by_shap(grown, some, reference)).max() <= SHAP_NOISE


@given(data=st.data())
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_baseline_and_values_sum_to_the_probability(
    model: Model, card: Scorecard, data: st.DataObject
) -> None:
    applicant = data.draw(applicants(model.schema, card))
    row = model.schema.matrix([applicant], card.predictors)

    total = card.reference.baseline + card.impacts(row).sum()

    assert abs(total - card.probability_of_default(row)[0]) <= EXACT


def test_sums_hold_on_each_threshold_and_just_beside_it(card: Scorecard) -> None:
    usual = bundled_rows().matrix(card.predictors)[0].astype(np.float32)
    matrix = around_thresholds(card, usual, step=1 if card.name == "application" else 10)

    total = card.reference.baseline + card.impacts(matrix).sum(axis=1)

    assert np.abs(total - card.probability_of_default(matrix)).max() <= EXACT


def test_many_at_once_get_the_same_bits_as_each_alone(card: Scorecard) -> None:
    rows = bundled_rows().matrix(card.predictors).astype(np.float32)[:200]

    together = card.impacts(rows)

    assert together.tobytes() == np.concatenate([card.impacts(row[None]) for row in rows]).tobytes()
    assert together.tobytes() == card.impacts(rows[::-1])[::-1].tobytes()


@given(seed=seeds)
@settings(max_examples=30)
def test_columns_that_play_the_same_part_share_equally(seed: int) -> None:
    draw = np.random.default_rng(seed)
    half = random_forest(draw, columns=[0, 2], trees=2, depth=4)
    forest = _both(half, replace(half, column=_swapped(half.column)))
    # Two columns that are equal everywhere, and asked the same.
    reference, rows = random_rows(draw, 6, 3), random_rows(draw, 6, 3)
    reference[:, 1], rows[:, 1] = reference[:, 0], rows[:, 0]

    values = compute_shapley_tables(forest, reference).shapley_values(rows)

    assert np.abs(values[:, 0] - values[:, 1]).max() <= EXACT


@given(seed=seeds)
@settings(max_examples=30)
def test_swapping_two_columns_swaps_their_values(seed: int) -> None:
    draw = np.random.default_rng(seed)
    forest = random_forest(draw, columns=range(3), trees=2, depth=4)
    reference, rows = random_rows(draw, 6, 3), random_rows(draw, 6, 3)
    swap = [1, 0, 2]

    values = compute_shapley_tables(forest, reference).shapley_values(rows)
    swapped = compute_shapley_tables(
        replace(forest, column=_swapped(forest.column)), reference[:, swap]
    ).shapley_values(rows[:, swap])

    assert np.abs(values[:, swap] - swapped).max() <= EXACT


@given(seed=seeds)
@settings(max_examples=30)
def test_a_column_without_influence_gets_exactly_nothing(seed: int) -> None:
    draw = np.random.default_rng(seed)
    forest = random_forest(draw, columns=[0, 2], trees=3, depth=4)
    reference, rows = random_rows(draw, 6, 3), random_rows(draw, 6, 3)

    values = compute_shapley_tables(forest, reference).shapley_values(rows)

    assert (values[:, 1] == 0).all()


def test_a_column_where_all_are_alike_gets_exactly_nothing() -> None:
    draw = np.random.default_rng(3)
    forest = random_forest(draw, columns=range(3), trees=3, depth=4)
    reference, rows = random_rows(draw, 6, 3), random_rows(draw, 6, 3)
    reference[:, 1] = rows[:, 1] = 2

    values = compute_shapley_tables(forest, reference).shapley_values(rows)

    assert (forest.column == 1).any()
    assert (values[:, 1] == 0).all()


def test_thresholds_are_not_rounded_to_single_precision() -> None:
    # Halfway between 0.5 and 0.7 in single precision lies just below what 0.6 is there.
    cut = 0.5 * (np.float64(np.float32(0.5)) + np.float64(np.float32(0.7)))
    forest = Forest(
        roots=np.array([0], dtype=np.int32),
        column=np.zeros(3, dtype=np.int32),
        threshold=np.array([cut, 0, 0]),
        left=np.array([1, 1, 2], dtype=np.int32),
        right=np.array([2, 1, 2], dtype=np.int32),
        probability=np.array([0, 0.25, 0.75]),
        depth=1,
    )
    reference = np.array([[0.6]], dtype=np.float32)

    values = compute_shapley_tables(forest, reference).shapley_values(reference)

    assert forest.probability_of_default(reference).tolist() == [0.75]
    assert values.tolist() == [[0]]


def test_a_game_worked_by_hand() -> None:
    # Bad (1.0) only where both columns are above 0; the reference group is one applicant (0, 0).
    forest = Forest(
        roots=np.array([0], dtype=np.int32),
        column=np.array([0, 0, 1, 0, 0], dtype=np.int32),
        threshold=np.zeros(5),
        left=np.array([1, 1, 3, 3, 4], dtype=np.int32),
        right=np.array([2, 1, 4, 3, 4], dtype=np.int32),
        probability=np.array([0, 0.25, 0, 0.25, 1.0]),
        depth=2,
    )
    tables = compute_shapley_tables(forest, np.zeros((1, 2), dtype=np.float32))

    values = tables.shapley_values(np.array([[1, 1], [1, 0], [0, 0]], dtype=np.float32))

    assert values.tolist() == [[0.375, 0.375], [0, 0], [0, 0]]


def test_trees_of_a_single_leaf_are_no_reason() -> None:
    draw = np.random.default_rng(1)
    forest = random_forest(draw, columns=[0], trees=3, depth=0)

    tables = compute_shapley_tables(forest, random_rows(draw, 5, 2))

    tables.validate(2)
    assert tables.shapley_values(random_rows(draw, 4, 2)).tolist() == [[0, 0]] * 4


def test_a_tree_of_a_single_leaf_among_others_changes_nothing_but_the_mean() -> None:
    draw = np.random.default_rng(2)
    forest = _both(
        random_forest(draw, columns=[0], trees=1, depth=0),
        random_forest(draw, columns=[0, 1], trees=1, depth=3),
    )
    reference, rows = random_rows(draw, 5, 2), random_rows(draw, 4, 2)

    assert_by_definition(forest, reference, rows)


def test_tables_too_large_are_refused_with_what_to_do() -> None:
    # One leaf behind 20 questions to 20 columns: 2 ** 20 bitmasks of 20 numbers each.
    inner_nodes = np.arange(20, dtype=np.int32)
    leaves = np.arange(20, 41, dtype=np.int32)
    forest = Forest(
        roots=np.array([0], dtype=np.int32),
        column=np.concatenate([inner_nodes, leaves * 0]),
        threshold=np.zeros(41),
        left=np.concatenate([inner_nodes + 20, leaves]),
        right=np.concatenate([inner_nodes[1:], leaves[-1:], leaves]),
        probability=np.full(41, 0.5),
        depth=20,
    )

    with pytest.raises(
        ValueError,
        match=r"would need [0-9]{2},[0-9]{3},[0-9]{3} numbers, 32,000,000 are allowed: lower",
    ):
        compute_shapley_tables(forest, np.zeros((1, 20), dtype=np.float32))


NONE = np.array([], dtype=np.int64)
MALFORMED: dict[str, dict[str, Any]] = {
    "another scorecard": {"n_columns": 3},
    "columns of another type": {"column": lambda was: was.astype(np.int32)},
    "values of another type": {"values": lambda was: was.astype(np.float32)},
    "bounds of another type": {"low": lambda was: was.astype(np.float32)},
    "a column too many": {"column": lambda was: np.append(was, 0)},
    "a bound too few": {"high": lambda was: was[1:]},
    "an offset too few": {"offset": lambda was: was[1:]},
    "conditions in two rows": {"column": lambda was: was[np.newaxis]},
    "a column beyond the matrix": {"column": lambda was: was + 1},
    "a column before the matrix": {"column": lambda was: was - 1},
    "conditions that belong to no leaf": {"first": NONE, "offset": NONE},
    "leaves without conditions": {"column": NONE, "low": NONE * 1.0, "high": NONE * 1.0},
    "a first leaf that begins late": {"first": lambda was: was + 1},
    "leaves that do not follow each other": {"first": lambda was: was[::-1].copy()},
    "a leaf of too many conditions": {"first": lambda was: was * (np.arange(len(was)) < 1)},
    "a table before the values": {"offset": lambda was: was - 1},
    "a table behind the values": {"values": lambda was: was[:-1]},
    "a table far behind the values": {"offset": lambda was: was + 2**62},
}


@pytest.mark.parametrize("changes", MALFORMED.values(), ids=MALFORMED)
def test_malformed_tables_are_refused(changes: dict[str, Any]) -> None:
    draw = np.random.default_rng(4)
    tables = compute_shapley_tables(
        random_forest(draw, columns=[0, 1], trees=2, depth=3), random_rows(draw, 5, 2)
    )
    changed = {
        name: change(getattr(tables, name)) if callable(change) else change
        for name, change in changes.items()
    }

    tables.validate(2)
    with pytest.raises(ValueError, match="Shapley table"):
        replace(tables, **changed).validate(2)


def test_a_leaf_wider_than_its_table_is_refused() -> None:
    # 64 conditions: 2 ** 64 bitmasks, which no whole number of 64 bits counts.
    tables = LeafShapleyTables(
        column=np.zeros(64, dtype=np.int64),
        low=np.zeros(64),
        high=np.zeros(64),
        first=np.zeros(1, dtype=np.int64),
        values=np.zeros(4),
        offset=np.zeros(1, dtype=np.int64),
        n_columns=1,
    )

    with pytest.raises(ValueError, match="points outside"):
        tables.validate(1)


def _both(first: Forest, second: Forest) -> Forest:
    """Put the trees of two forests side by side."""
    nodes = len(first.column)
    return Forest(
        roots=np.concatenate([first.roots, second.roots + nodes]).astype(np.int32),
        column=np.concatenate([first.column, second.column]),
        threshold=np.concatenate([first.threshold, second.threshold]),
        left=np.concatenate([first.left, second.left + nodes]).astype(np.int32),
        right=np.concatenate([first.right, second.right + nodes]).astype(np.int32),
        probability=np.concatenate([first.probability, second.probability]),
        depth=max(first.depth, second.depth),
    )


def _swapped(column: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    return np.array([1, 0, 2], dtype=np.int32)[column]


def _by_shap(grown: object, rows: Matrix, reference: Matrix) -> npt.NDArray[np.float64]:
    """Ask `shap` for the same values; its dependencies warn on import."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import shap
        except ImportError:
            skip_or_fail("shap", "shap is not installed: pip install -r requirements-dev.txt")
        explainer = shap.TreeExplainer(
            grown,
            data=reference.astype(np.float64),
            feature_perturbation="interventional",
            model_output="probability",
        )
        values: npt.NDArray[np.float64] = explainer.shap_values(
            rows.astype(np.float64), check_additivity=False
        )[:, :, 1]
    return values
