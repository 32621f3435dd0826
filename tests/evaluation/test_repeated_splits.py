"""Figures over repeated splits, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from creditscore.evaluation.repeated_splits import cross_validation, distribution, headline

#: Two bad, three good, as in test_metrics: of six pairs five are in order and one is a tie.
BAD = np.array([1, 1, 0, 0, 0])
PREDICTED = np.array([0.8, 0.4, 0.4, 0.2, 0.1])


def test_a_figure_is_summed_up_with_where_the_shipped_one_stands() -> None:
    figure = distribution([0.5, 0.7, 0.9], 0.8)

    assert figure is not None
    assert (figure.mean, figure.lowest, figure.highest) == (0.7, 0.5, 0.9)
    # Squares of -0.2, 0 and 0.2 add up to 0.08, over 2 for a sample.
    assert figure.sd == 0.2
    assert (figure.shipped, figure.lower, figure.count) == (0.8, 2, 3)


def test_a_split_with_the_very_figure_of_the_shipped_one_is_not_lower() -> None:
    figure = distribution([0.5, 0.8, 0.9], 0.8)

    assert figure is not None
    assert figure.lower == 1


@pytest.mark.parametrize(
    ("values", "shipped"), [([0.5, 0.7], 0.6), ([0.5, 0.7, np.nan], 0.6), ([0.5] * 3, np.nan)]
)
def test_fewer_than_three_numbers_or_none_to_compare_are_no_distribution(
    values: list[float], shipped: float
) -> None:
    assert distribution(values, shipped) is None


def test_the_headline_is_worked_by_hand() -> None:
    figures = headline(BAD, PREDICTED, 0.4)

    # Below 0.4 are two good ones: two in five are approved and none of them is bad.
    assert figures["auc"] == pytest.approx(5.5 / 6)
    assert figures["gini"] == pytest.approx(2 * 5.5 / 6 - 1)
    assert figures["ks"] == pytest.approx(2 / 3)
    assert figures["brier"] == pytest.approx(0.61 / 5)
    assert figures["log_loss"] == pytest.approx(-np.log(0.8 * 0.4 * 0.6 * 0.8 * 0.9) / 5)
    assert (figures["approval_rate"], figures["bad_rate_approved"]) == (0.4, 0.0)


def test_weights_make_a_headline_of_the_population() -> None:
    twice = np.repeat(np.arange(5), [1, 2, 1, 3, 1])
    weights = np.array([1.0, 2.0, 1.0, 3.0, 1.0])

    weighted = headline(BAD, PREDICTED, 0.5, weights)

    assert weighted == pytest.approx(headline(BAD[twice], PREDICTED[twice], 0.5), nan_ok=True)


def test_nobody_approved_has_no_bad_rate() -> None:
    figures = headline(BAD, PREDICTED, 0.05)

    assert figures["approval_rate"] == 0
    assert np.isnan(figures["bad_rate_approved"])


def test_each_figure_of_the_splits_is_summed_up() -> None:
    splits = [{"auc": auc, "ece": np.nan} for auc in (0.6, 0.62, 0.64, 0.66)]

    summary = cross_validation({"auc": 0.65, "ece": 0.1}, splits, left_out=1)

    assert (summary.splits, summary.left_out) == (4, 1)
    assert summary.figures["auc"] is not None
    assert (summary.figures["auc"].mean, summary.figures["auc"].lower) == (0.63, 3)
    assert summary.figures["ece"] is None


def test_two_splits_are_too_few() -> None:
    summary = cross_validation({"auc": 0.65}, [{"auc": 0.6}, {"auc": 0.7}], left_out=6)

    assert (summary.splits, summary.left_out, summary.figures) == (2, 6, {})
