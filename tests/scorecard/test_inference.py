"""Whatever computes them, the numbers are those of the trees and of the Shapley tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from drawing import around_thresholds, bundled_rows
from hypothesis import given, settings
from hypothesis import strategies as st

from creditscore.arrays import Matrix
from creditscore.scorecard.inference import (
    MAX_NUMBERS,
    Engine,
    LeafTableEngine,
    LookupTableEngine,
    fits,
    select_engine,
)
from creditscore.scorecard.model import Model
from creditscore.scorecard.scorecard import Scorecard
from creditscore.scorecard.thresholds import ThresholdGrid


def bits(card: Scorecard, matrix: Matrix) -> list[tuple[bytes, bytes]]:
    """Let the trees and the leaf tables say each row's numbers."""
    probability, impacts = card.probability_of_default(matrix), card.impacts(matrix)
    return [(p.tobytes(), row.tobytes()) for p, row in zip(probability, impacts, strict=True)]


def bits_of_many(engine: Engine, matrix: Matrix) -> list[tuple[bytes, bytes]]:
    probability, impacts = engine.predict(matrix)
    return [(p.tobytes(), row.tobytes()) for p, row in zip(probability, impacts, strict=True)]


def bits_of_each(engine: Engine, matrix: Matrix) -> list[tuple[bytes, bytes]]:
    predictions = [engine.predict_one(row) for row in matrix.tolist()]
    return [(np.float64(p).tobytes(), np.array(impacts).tobytes()) for p, impacts in predictions]


def test_a_few_coarse_fields_become_a_table_and_many_do_not(model: Model) -> None:
    assert isinstance(model.engines["application"], LookupTableEngine)
    assert isinstance(model.engines["behavioural"], LeafTableEngine)


def test_an_engine_gives_the_scorecards_bits_on_all_rows(model: Model, card: Scorecard) -> None:
    rows = bundled_rows().matrix(card.predictors).astype(np.float32)

    assert bits_of_many(model.engines[card.name], rows) == bits(card, rows)


def test_an_engine_gives_the_scorecards_bits_on_thresholds_and_just_beside_them(
    model: Model, card: Scorecard
) -> None:
    rows = around_thresholds(card, bundled_rows().matrix(card.predictors)[0].astype(np.float32))

    expected = bits(card, rows)

    assert bits_of_each(model.engines[card.name], rows) == expected
    assert bits_of_many(model.engines[card.name], rows) == expected


@given(data=st.data())
@settings(max_examples=100)
def test_numbers_are_rounded_to_single_precision_before_they_are_compared(
    model: Model, card: Scorecard, data: st.DataObject
) -> None:
    cuts = [
        [
            *(near for cut in cuts for near in (cut, np.nextafter(cut, 0), np.nextafter(cut, 1e9))),
            *(cut + cut * 2e-8 for cut in cuts),
            *(cut - cut * 2e-8 for cut in cuts),
            0.0,
        ]
        for cuts in card.shapley_tables.grid.cuts
    ]
    row = [float(data.draw(st.sampled_from(values))) for values in cuts]

    prediction = model.engines[card.name].predict_one(row)

    matrix = np.array([row]).astype(np.float32)
    assert prediction == (card.probability_of_default(matrix)[0], card.impacts(matrix)[0].tolist())


def test_a_value_can_lie_on_one_side_of_a_threshold_and_be_rounded_to_the_other() -> None:
    grid = ThresholdGrid(([25000.0],))

    assert grid.bin_indices_of_row([25000.0001]) == [0]
    assert grid.bin_indices_of_row([25000.01]) == [1]
    assert grid.bin_indices(np.array([[25000.0001], [25000.01]]).astype(np.float32))[
        0
    ].tolist() == [0, 1]


def test_no_rows_have_no_numbers(model: Model, card: Scorecard) -> None:
    columns = len(card.predictors)

    probability, impacts = model.engines[card.name].predict(np.empty((0, columns), np.float32))

    assert (probability.shape, impacts.shape) == ((0,), (0, columns))


def test_a_grid_of_too_many_cells_is_no_table() -> None:
    cuts = [float(cut) for cut in range(MAX_NUMBERS // 2 - 1)]

    assert fits(ThresholdGrid((cuts,)))
    assert not fits(ThresholdGrid(([*cuts, 1e9],)))


CHANGES: dict[str, Any] = {
    "a cell less": lambda table: table[1:],
    "a column less": lambda table: table[:, 1:],
    "single precision": lambda table: table.astype(np.float32),
    "nan": lambda table: table * np.nan,
    "a probability above 1": lambda table: table + 1,
    "a probability below 0": lambda table: table - 1,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_table_of_something_else_is_refused(model: Model, change: Any) -> None:
    cells = model.engines["application"]
    assert isinstance(cells, LookupTableEngine)
    cells.validate()

    with pytest.raises(ValueError, match="the lookup table"):
        select_engine(model.scorecards["application"], change(cells.table))


def test_shapley_tables_of_another_forest_are_refused(model: Model) -> None:
    card = model.scorecards["behavioural"]
    other_forest = replace(card.forest, roots=card.forest.roots[:-1])

    with pytest.raises(ValueError, match="of another forest"):
        LeafTableEngine(other_forest, card.shapley_tables).predict_one([0.0] * len(card.predictors))


def test_trees_that_share_nodes_are_refused(model: Model) -> None:
    forest = model.scorecards["behavioural"].forest
    # A root among its own descendants: a walk over it would not end.
    left = forest.left.copy()
    left[1] = 0

    with pytest.raises(ValueError, match="share nodes"):
        list(replace(forest, left=left).leaves())
