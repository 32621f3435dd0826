"""Weight of evidence, information value and points, worked by hand."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from creditscore.evaluation.woe import (
    SMOOTHING_ROWS,
    Variable,
    WoeBin,
    bin_points,
    information_value,
    strongest_correlations,
    weight_of_evidence,
)
from creditscore.scorecard.policy import Scale


def test_woe_is_the_log_of_the_share_of_goods_over_the_share_of_bads() -> None:
    """Of 900 good and 300 bad rows; 20 more of the bad rate 1/4 are added to each bin."""
    goods, bads = np.array([600.0, 300.0]), np.array([100.0, 200.0])

    woe = weight_of_evidence(goods, bads)

    assert SMOOTHING_ROWS == 20
    assert woe[0] == pytest.approx(log((600 + 15) / (100 + 5)) - log(900 / 300))
    assert woe[1] == pytest.approx(log((300 + 15) / (200 + 5)) - log(900 / 300))


def test_an_empty_bin_says_nothing_and_one_of_only_goods_says_something_finite() -> None:
    woe = weight_of_evidence(np.array([0.0, 30.0, 60.0]), np.array([0.0, 0.0, 30.0]))

    assert woe[0] == pytest.approx(0)
    assert woe[1] == pytest.approx(log((30 + 15) / 5) - log(3))


def test_information_value_is_the_sum_over_bins_of_shares_apart_times_woe() -> None:
    goods, bads = np.array([600.0, 300.0]), np.array([100.0, 200.0])
    woe = np.array([log(2), -log(2)])

    # 2/3 - 1/3 of the first bin, 1/3 - 2/3 of the second.
    assert information_value(goods, bads, woe) == pytest.approx(2 / 3 * log(2))
    assert information_value(goods, goods / 9, woe) == pytest.approx(0)


def test_the_area_of_a_field_alone_is_that_of_the_bad_rates_of_its_bins() -> None:
    """Of 80 good and 20 bad rows: (20 of 20 over 60 + half of 20) / 80 of the goods."""
    bins = [
        WoeBin("", None, None, rows, bad_rate, 0.0, 0)
        for rows, bad_rate in ((60, 0.0), (40, 0.5), (0, None))
    ]

    variable = Variable("x", 0.0, 0.0, None, None, 1.0, tuple(bins))

    assert variable.area == pytest.approx((60 + 20 / 2) / 80)


def test_points_of_all_fields_add_up_to_the_score_of_the_log_odds() -> None:
    """At 600 points for odds of 19 and 50 for twice: odds of 19 x 2 x 2 are 700 points."""
    scale, intercept = Scale(), log(19)
    first, second = (
        bin_points(
            np.array([log(2), 0.0]),
            coefficient=coefficient,
            intercept=intercept,
            variables=2,
            scale=scale,
        )
        for coefficient in (1.0, 1.0)
    )

    assert first.tolist() == second.tolist() == [350, 300]
    negative = bin_points(
        np.array([log(2), 0.0]), coefficient=-1.0, intercept=intercept, variables=2, scale=scale
    )
    assert negative.tolist() == [250, 300]


def test_the_strongest_correlation_is_numpys_and_never_with_itself() -> None:
    draw = np.random.default_rng(1)
    first = draw.normal(size=500)
    columns = np.column_stack([first, draw.normal(size=500), -first + draw.normal(size=500)])

    correlations = strongest_correlations(columns)

    (_, expected), _ = np.corrcoef(columns[:, 0], columns[:, 2]).tolist()
    assert correlations[0] is not None
    assert correlations[2] is not None
    assert (correlations[0][0], correlations[2][0]) == (2, 0)
    assert correlations[0][1] == pytest.approx(expected)
    assert correlations[0][1] < -0.5


def test_a_row_of_weight_two_counts_as_two_rows() -> None:
    columns = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 5.0], [3.0, 2.0]])
    weights = np.array([1.0, 2.0, 1.0, 1.0])

    weighted = strongest_correlations(columns, weights)
    doubled = strongest_correlations(columns[[0, 1, 1, 2, 3]])

    assert weighted[0] is not None
    assert doubled[0] is not None
    assert weighted[0][1] == pytest.approx(doubled[0][1])


def test_the_only_column_and_a_constant_one_are_correlated_with_none() -> None:
    line = np.arange(5.0)

    assert strongest_correlations(line[:, np.newaxis]) == [None]
    # The mean of 0.1 is off in its last bit: the constant has a tiny spread.
    for constant in (np.ones(5), np.full(5, 0.1) + 1e-17 * line, np.full(5, 0.1)):
        assert strongest_correlations(np.column_stack([line, constant])) == [None, None]
