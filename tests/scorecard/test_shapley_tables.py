"""Leaf games give the same bits whichever way they are gone through."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from drawing import bundled_rows, random_forest, random_rows
from edges import around_thresholds
from hypothesis import given, settings
from hypothesis import strategies as st

from creditscore.arrays import Floats, Matrix
from creditscore.scorecard import shapley_tables as games_module
from creditscore.scorecard.artifact import Model
from creditscore.scorecard.shapley import leaf_games
from creditscore.scorecard.shapley_tables import LeafShapleyTables

SCORECARDS = ("application", "behavioural")

seeds = st.integers(0, 2**32 - 1)


def by_definition(games: LeafShapleyTables, matrix: Matrix) -> Floats:
    """Compare every value with every side, and add leaf after leaf: plain and slow."""
    summed = np.zeros((len(matrix), games.n_columns))
    bounds = [*games.first.tolist(), len(games.column)]
    for (first, end), offset in zip(pairwise(bounds), games.offset.tolist(), strict=True):
        values = matrix[:, games.column[first:end]].astype(np.float64)
        inside = (values > games.low[first:end]) & (values <= games.high[first:end])
        pattern = inside @ (1 << np.arange(end - first))
        for place, column in enumerate(games.column[first:end].tolist()):
            summed[:, column] += games.values[offset + pattern * (end - first) + place]
    return summed


@dataclass(frozen=True)
class Rows:
    """Rows of a scorecard's predictors to compare on."""

    bundled: Matrix
    edge: Matrix


def rows_of(model: Model, scorecard: str) -> Rows:
    card = model.scorecards[scorecard]
    bundled = bundled_rows().matrix(card.predictors).astype(np.float32)
    return Rows(bundled, around_thresholds(card, bundled[0]))


@pytest.mark.parametrize("scorecard", SCORECARDS)
def test_values_are_those_of_comparing_each_side(model: Model, scorecard: str) -> None:
    games, rows = model.scorecards[scorecard].games, rows_of(model, scorecard)
    some = np.concatenate([rows.bundled[:: len(rows.bundled) // 200], rows.edge[::7]])[:600]

    assert games.shapley_values(some).tobytes() == by_definition(games, some).tobytes()


@pytest.mark.parametrize("scorecard", SCORECARDS)
def test_leaf_by_leaf_gives_the_bits_of_row_by_row(
    model: Model, scorecard: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    games, rows = model.scorecards[scorecard].games, rows_of(model, scorecard)
    some = np.concatenate([rows.bundled[::100], rows.edge[::5]])

    monkeypatch.setattr(games_module, "MANY", len(some) + 1)
    by_row = games.shapley_values(some)
    monkeypatch.setattr(games_module, "MANY", 0)
    monkeypatch.setattr(games_module, "BLOCK", 1000)
    by_leaf = games.shapley_values(some)

    assert by_row.tobytes() == by_leaf.tobytes()


@given(seed=seeds, columns=st.integers(1, 12), depth=st.integers(0, 11))
@settings(max_examples=60)
def test_drawn_games_give_the_bits_of_comparing_each_side(
    seed: int, columns: int, depth: int
) -> None:
    draw = np.random.default_rng(seed)
    forest = random_forest(draw, columns=range(columns), trees=2, depth=min(depth, 9))
    games = leaf_games(forest, random_rows(draw, 5, columns))
    rows = random_rows(draw, games_module.MANY, columns)

    many = games.shapley_values(rows)

    assert many.tobytes() == by_definition(games, rows).tobytes()
    assert games.shapley_values(rows[:3]).tobytes() == many[:3].tobytes()
