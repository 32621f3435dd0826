"""The spread that other seeds give, by hand and on rows of one's own."""

from __future__ import annotations

import numpy as np
import pytest

from creditscore.training.retraining import BANDS, MIN_IN_BAND, SPREAD_QUANTILE, measure_spread


def test_few_rows_have_one_spread_that_most_stay_within() -> None:
    probability = np.linspace(0.1, 0.9, MIN_IN_BAND + 1)
    moved = np.tile(-np.linspace(0, 1, len(probability)), (2, 1)) / 100

    spread = measure_spread(probability, moved)

    assert spread.edges == ()
    assert spread.spreads == pytest.approx((SPREAD_QUANTILE / 100,))


def test_each_band_has_the_distance_of_its_own_rows() -> None:
    probability = np.repeat([0.1, 0.3], MIN_IN_BAND)
    moved = np.where(probability == 0.1, 0.01, -0.04)[np.newaxis]

    spread = measure_spread(probability, moved)

    assert spread.near(np.array([0.1, 0.3]), 0.105).tolist() == [True, False]
    assert spread.near(np.array([0.1, 0.3]), 0.335).tolist() == [False, True]


def test_many_rows_have_no_more_than_twenty_bands() -> None:
    probability = np.random.default_rng(1).random(MIN_IN_BAND * BANDS * 2)

    spread = measure_spread(probability, np.full((1, len(probability)), 0.001))

    assert len(spread.edges) == BANDS - 1
    assert spread.spreads == (0.001,) * BANDS


def test_rows_that_are_all_alike_have_one_spread() -> None:
    spread = measure_spread(np.full(1000, 0.25), np.full((1, 1000), 0.003))

    assert set(spread.spreads) == {0.003}
