"""How far rows are from those of training, and a scorecard by period."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from training_bins import bins

from creditscore.evaluation.stability import (
    Shift,
    band,
    bin_counts,
    bin_indices,
    compare_counts,
    measure_period,
    periods,
    population_stability_index,
)


@pytest.mark.parametrize(
    ("before", "after", "index"),
    [
        ([100, 300], [100, 300], 0),
        ([100, 300], [1000, 3000], 0),
        # Half a row is added to each bin: 100.5 of 201 before, 150.5 and 50.5 of 201 after.
        ([100, 100], [150, 50], 50 / 201 * (log(150.5 / 100.5) - log(50.5 / 100.5))),
        # An empty bin gives a finite index.
        ([100, 0], [0, 100], 100 / 101 * 2 * log(100.5 / 0.5)),
    ],
)
def test_the_index_is_that_of_the_formula_by_hand(
    before: list[int], after: list[int], index: float
) -> None:
    assert population_stability_index(before, after) == pytest.approx(index, abs=1e-5)


@pytest.mark.parametrize(
    ("index", "name"),
    [(0, "little"), (0.0999, "little"), (0.1, "moderate"), (0.2499, "moderate"), (0.25, "large")],
)
def test_the_bands_are_those_of_the_trade(index: float, name: str) -> None:
    assert band(index) == name


def test_a_shift_has_its_index_its_band_and_what_chance_gives() -> None:
    trained = bins(500, 500)

    small_shift, same_shift, large_shift = (
        compare_counts(trained, counts) for counts in ([299, 0], [155, 145], [250, 50])
    )

    assert small_shift == Shift(299, None, "insufficient", None)
    assert same_shift.psi == pytest.approx(population_stability_index([500, 500], [155, 145]))
    assert (same_shift.verdict, same_shift.significant) == ("little", False)
    # 6.63 x (1/300 + 1/1000) is 0.029.
    assert (large_shift.verdict, large_shift.significant) == ("large", True)


def test_rows_fall_into_the_bins_of_training() -> None:
    trained = bins(5, 5, 5, 1, has_missing=True)

    indices = bin_indices(
        trained,
        np.array([0.0, 2.0, np.nan, 1.0, -7.0, 99.0, np.nan]),
        lambda number: None if np.isnan(number) else number,
    )

    assert indices.tolist() == [0, 2, 3, 1, 0, 2, 3]
    # Where training knew of no missing values, they are in no bin.
    unknown = bin_indices(bins(5, 5), np.array([np.nan, 1.0]), lambda n: None if n != n else n)
    assert unknown.tolist() == [-1, 1]
    assert bin_counts(bins(5, 5), unknown) == [0, 1]


def test_codes_have_a_bin_each() -> None:
    trained = bins(5, 5, codes=("a", "b"), edges=(), low=None, high=None)

    indices = bin_indices(trained, np.array([2.0, 1.0]), lambda number: "ab"[int(number) - 1])

    assert indices.tolist() == [1, 0]


def test_weighted_rows_are_as_many_as_they_are_sure() -> None:
    """Weights 3 and 1 a hundred times: 400^2 / 1000 = 160 rows, three quarters in the first."""
    indices = np.array([0, 1] * 100)

    counts = bin_counts(bins(5, 5), indices, np.array([3.0, 1.0] * 100))

    assert counts == [120, 40]


# Periods


def test_periods_are_fifths_and_the_rows_of_a_time_stay_together() -> None:
    times = np.array(["2025-01", "2025-02", "2025-03", "2025-04"], dtype="datetime64[s]")

    of_row, ends = periods(times[[3, 0, 0, 0, 0, 0, 1, 1, 2, 2]])

    # January's middle row is at 0.25 of all, February's at 0.6, March's at 0.8, April's at 0.95:
    # in the second, fourth and twice in the fifth fifth.
    assert of_row.tolist() == [2, 0, 0, 0, 0, 0, 1, 1, 2, 2]
    assert ends == [(times[0], times[0]), (times[1], times[1]), (times[2], times[3])]


def test_many_times_make_equal_fifths() -> None:
    of_row, ends = periods(np.arange(100.0)[::-1])

    assert np.bincount(of_row).tolist() == [20] * 5
    assert ends[0] == (0, 19)
    assert ends[4] == (80, 99)
    assert of_row[0] == 4


def test_a_period_is_measured_on_its_rows() -> None:
    random = np.random.default_rng(1)
    predicted = random.random(400)
    bad = (random.random(400) < predicted).astype(np.int64)
    weights = random.random(400) + 0.5
    score = Shift(400, 0.01, "little", False)

    period = measure_period("a", "b", bad, predicted, score=score, seed=1, weights=weights)

    assert (period.first, period.last, period.rows, period.bads) == ("a", "b", 400, bad.sum())
    assert period.score == score
    assert period.auc is not None
    area = roc_auc_score(bad, predicted, sample_weight=weights)
    assert period.auc["value"] == pytest.approx(area, abs=1e-6)
    assert period.auc["low"] < area < period.auc["high"]
    assert period.bad_rate is not None
    assert period.bad_rate["value"] == pytest.approx(np.average(bad, weights=weights), abs=1e-6)
    assert period.mean_predicted == pytest.approx(np.average(predicted, weights=weights))


def test_of_few_of_an_outcome_there_is_no_auc() -> None:
    bad = (np.arange(200) < 29).astype(np.int64)

    period = measure_period(
        "a", "a", bad, np.linspace(0, 1, 200), score=Shift(200, None, "insufficient", None), seed=1
    )

    assert period.auc is None
    assert period.bads == 29
