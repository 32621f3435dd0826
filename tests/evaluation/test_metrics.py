"""Figures by hand on five applicants, and scikit-learn's on many."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from outcome_data import drawn, judged
from sklearn import metrics as oracle
from sklearn.linear_model import LogisticRegression

from creditscore.arrays import Floats, Ints
from creditscore.evaluation import curves, metrics
from creditscore.evaluation.card_sections import CutoffRow
from creditscore.evaluation.confidence_intervals import summarise

#: Two bad, three good; one bad and one good are rated alike.
BAD = np.array([1, 1, 0, 0, 0])
PREDICTED = np.array([0.8, 0.4, 0.4, 0.2, 0.1])


# By hand


@pytest.mark.parametrize(
    ("name", "value"),
    [
        # Of six pairs of a bad and a good one, five are in order and one is a tie.
        ("auc", 5.5 / 6),
        ("gini", 2 * 5.5 / 6 - 1),
        # At 0.2 two of three good ones lie at or below, and no bad one.
        ("ks", 2 / 3),
        # Squares of 0.2, 0.6, 0.4, 0.2 and 0.1 add up to 0.61; the mean of 2 in 5 scores 0.24.
        ("brier", 0.61 / 5),
        ("brier_skill", 1 - 0.122 / 0.24),
        ("log_loss", -np.log(0.8 * 0.4 * 0.6 * 0.8 * 0.9) / 5),
        ("accuracy", 4 / 5),
    ],
)
def test_a_metric_is_the_one_worked_by_hand(name: str, value: float) -> None:
    assert summarise(BAD, PREDICTED)[name] == pytest.approx(value, abs=1e-14)


def test_the_calibration_error_is_the_mean_gap_within_bins() -> None:
    """In halves: below 0.5 were said 1.1 in all and 1 happened; above, 0.8 and 1."""
    error = metrics.expected_calibration_error(BAD, PREDICTED, bins=2)

    assert error == pytest.approx((0.1 + 0.2) / 5, abs=1e-15)


def test_certainty_falls_into_the_last_bin() -> None:
    """Said were 1.95 in all, and 1 happened."""
    error = metrics.expected_calibration_error(np.array([0, 1]), np.array([1.0, 0.95]))

    assert error == pytest.approx(0.95 / 2, abs=1e-15)


def test_the_accuracy_counts_from_a_half_on() -> None:
    assert summarise(np.array([1, 0]), np.array([0.5, 0.5]))["accuracy"] == 1 / 2


def test_who_lies_below_the_cutoff_would_be_approved() -> None:
    assert metrics.at_cutoff(BAD, PREDICTED, 0.4) == {
        "approval_rate": 2 / 5,
        "bad_rate_approved": 0,
        "bad_rate_declined": 2 / 3,
    }


@pytest.mark.parametrize(("cutoff", "nobody"), [(0.01, "approved"), (0.99, "declined")])
def test_of_nobody_there_is_no_bad_rate(cutoff: float, nobody: str) -> None:
    assert {**metrics.at_cutoff(BAD, PREDICTED, cutoff)}[f"bad_rate_{nobody}"] is None


def test_perfect_and_useless_probabilities_have_the_figures_that_the_texts_promise() -> None:
    perfect = summarise(BAD, BAD.astype(np.float64))
    useless = summarise(BAD, np.full(5, BAD.mean()))

    expected = {"auc": 1, "gini": 1, "ks": 1, "brier": 0, "log_loss": 0, "ece": 0, "accuracy": 1}
    assert {name: perfect[name] for name in expected} == pytest.approx(expected, abs=1e-12)
    assert useless["auc"] == 0.5
    assert useless["gini"] == useless["ks"] == 0
    assert useless["ece"] == pytest.approx(0, abs=1e-15)
    assert useless["brier"] == pytest.approx(0.4 * 0.6)


# Beside scikit-learn


@given(judged())
def test_the_figures_are_scikit_learns(pair: tuple[Ints, Floats]) -> None:
    bad, predicted = pair
    figures = summarise(bad, predicted)

    false_alarms, hits, _ = oracle.roc_curve(bad, predicted, drop_intermediate=False)
    expected = {
        "auc": oracle.roc_auc_score(bad, predicted),
        "gini": 2 * oracle.roc_auc_score(bad, predicted) - 1,
        "ks": np.abs(hits - false_alarms).max(),
        "brier": oracle.brier_score_loss(bad, predicted),
        "log_loss": oracle.log_loss(bad, predicted),
        "accuracy": oracle.accuracy_score(bad, predicted >= 0.5),
    }
    assert {name: figures[name] for name in expected} == pytest.approx(expected, abs=1e-12)
    for metric in (metrics.auc, metrics.brier, metrics.log_loss):
        assert metric(bad, predicted) == pytest.approx(figures[metric.__name__], abs=1e-12)
    ece = metrics.expected_calibration_error(bad, predicted)
    assert ece == pytest.approx(figures["ece"], abs=1e-12)


@given(judged())
def test_the_calibration_error_is_the_textbooks(pair: tuple[Ints, Floats]) -> None:
    bad, predicted = pair
    bin_indices = np.floor(predicted * 15)
    textbook = sum(
        (bin_indices == index).mean()
        * abs(predicted[bin_indices == index].mean() - bad[bin_indices == index].mean())
        for index in set(bin_indices.tolist())
    )

    assert metrics.expected_calibration_error(bad, predicted) == pytest.approx(textbook, abs=1e-12)


@given(judged())
def test_turning_the_ratings_round_turns_the_auc_round(pair: tuple[Ints, Floats]) -> None:
    bad, predicted = pair

    assert metrics.auc(bad, predicted) + metrics.auc(bad, 1 - predicted) == pytest.approx(1)


def test_a_weighted_auc_is_scikit_learns() -> None:
    bad, predicted = drawn(500)
    # Ties count half.
    predicted = predicted.round(1)
    weights = np.random.default_rng(3).random(len(bad)) + 0.1

    expected = oracle.roc_auc_score(bad, predicted, sample_weight=weights)

    assert metrics.auc(bad, predicted, weights) == pytest.approx(expected, abs=1e-12)
    assert metrics.auc(bad, predicted) == pytest.approx(
        oracle.roc_auc_score(bad, predicted), abs=1e-12
    )


# The calibration line


def test_the_calibration_line_is_a_logistic_regression() -> None:
    bad, predicted = drawn(2000)
    predicted = predicted**1.5
    oracle = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000)
    oracle.fit(metrics.log_odds(predicted)[:, np.newaxis], bad)

    slope, intercept = metrics.calibration_line(bad, predicted)

    assert slope == pytest.approx(oracle.coef_[0, 0], abs=1e-5)
    assert intercept == pytest.approx(oracle.intercept_[0], abs=1e-5)


def test_the_calibration_line_undoes_what_was_done_to_the_odds() -> None:
    bad, predicted = drawn(2000)
    slope, intercept = metrics.calibration_line(bad, predicted)
    too_extreme = 1 / (1 + np.exp(-(2 * metrics.log_odds(predicted) + 1)))

    line = metrics.calibration_line(bad, too_extreme)

    assert line == pytest.approx((slope / 2, intercept - slope / 2), abs=1e-6)


def test_there_is_no_calibration_line_without_a_difference_or_without_an_overlap() -> None:
    alike = metrics.calibration_line(BAD, np.full(5, 0.4))
    apart = metrics.calibration_line(np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.8, 0.9]))
    touching = metrics.calibration_line(np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.2, 0.9]))

    assert np.isnan(alike).all()
    assert np.isnan(apart).all()
    assert np.isnan(touching).all()


# Tables and curves


def test_the_cutoff_table_counts_what_the_errors_cost() -> None:
    """At 0.3 two good ones are approved; a good one is declined: 1 in 5 applicants' margin."""
    low, high = curves.cutoff_table(BAD, PREDICTED, [0.3, 0.5], loss_to_margin=3)

    assert low == CutoffRow(0.3, 2 / 5, 0, 2 / 3, 1 / 5)
    assert (high.approval_rate, high.cost) == (4 / 5, 3 / 5)


@given(judged())
def test_the_roc_curve_runs_from_corner_to_corner_and_holds_the_auc(
    case: tuple[Ints, Floats],
) -> None:
    bad, predicted = case

    curve = curves.roc(bad, predicted, points=10_001)

    across, up = np.array(curve.declined_good), np.array(curve.declined_bad)
    assert (across[0], up[0], across[-1], up[-1]) == (0, 0, 1, 1)
    assert (np.diff(across) >= 0).all()
    assert (np.diff(up) >= 0).all()
    area = float(((up[1:] + up[:-1]) / 2 * np.diff(across)).sum())
    assert area == pytest.approx(metrics.auc(bad, predicted), abs=1e-9)


def test_a_thinned_roc_curve_keeps_the_area_and_the_corners() -> None:
    bad, predicted = drawn(6000)

    curve = curves.roc(bad, predicted)

    across, up = np.array(curve.declined_good), np.array(curve.declined_bad)
    assert len(across) <= 101
    assert (across[0], up[0], across[-1], up[-1]) == (0, 0, 1, 1)
    area = float(((up[1:] + up[:-1]) / 2 * np.diff(across)).sum())
    assert area == pytest.approx(metrics.auc(bad, predicted), abs=2e-3)


@given(judged())
def test_the_calibration_curve_has_every_row_in_one_group(case: tuple[Ints, Floats]) -> None:
    bad, predicted = case

    curve = curves.calibration_curve(bad, predicted)

    assert sum(group.rows for group in curve) == len(bad)
    assert sum(group.bads for group in curve) == bad.sum()
    assert [group.mean_predicted for group in curve] == sorted(
        group.mean_predicted for group in curve
    )
    weighted = sum(group.rows * group.mean_predicted for group in curve)
    assert weighted == pytest.approx(predicted.sum())


def test_groups_of_the_calibration_curve_are_of_one_size() -> None:
    bad, predicted = drawn(1000)

    assert [group.rows for group in curves.calibration_curve(bad, predicted)] == [100] * 10
