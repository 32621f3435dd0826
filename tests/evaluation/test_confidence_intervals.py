"""How sure figures are: intervals by textbook values, by other formulas, and by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outcome_data import drawn
from scipy import stats

from creditscore.arrays import Floats
from creditscore.evaluation import metrics
from creditscore.evaluation.confidence_intervals import (
    BootstrapResamples,
    bootstrap_metrics,
    differences,
    figures,
    interval,
    rate,
    rates_differ,
    summarise,
    wilson,
)

# Shares


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [
        # Brown, Cai & DasGupta (2001) and Newcombe (1998), rounded as printed.
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (15, 148, 0.0624, 0.1605),
        (81, 263, 0.2553, 0.3662),
    ],
)
def test_the_interval_of_a_share_is_wilsons(hits: int, of: int, low: float, high: float) -> None:
    assert wilson(hits, of) == pytest.approx((low, high), abs=5e-5)


@given(of=st.integers(1, 10**6), data=st.data())
def test_the_interval_of_a_share_holds_it_and_stays_a_share(of: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, of))

    low, high = wilson(hits, of)

    assert 0 <= low < high <= 1
    assert low - 1e-12 <= hits / of <= high + 1e-12


@pytest.mark.parametrize(
    ("first", "second", "differ"),
    [
        ((80, 161), (165, 252), True),
        ((165, 252), (80, 161), True),
        ((100, 161), (165, 252), False),
        # Five hits expected, and one fewer.
        ((0, 100), (10, 100), True),
        ((0, 100), (9, 100), False),
        ((100, 100), (90, 100), True),
        ((0, 1), (1000, 1000), False),
        ((5, 5), (7, 7), False),
        ((0, 0), (7, 9), False),
        ((0, 0), (0, 0), False),
    ],
)
def test_rates_differ_as_the_chi_squared_test_finds(
    first: tuple[int, int], second: tuple[int, int], differ: bool
) -> None:
    table = np.array([[hits, of - hits] for hits, of in (first, second)])
    margins = np.outer(table.sum(axis=1), table.sum(axis=0))
    testable = margins.min() >= 5 * table.sum() > 0

    assert rates_differ(*first, than=second) is differ

    # z squared is chi-squared of the table, without Yates' correction.
    assert differ == (testable and stats.chi2_contingency(table, correction=False).pvalue < 0.05)


def test_several_tests_share_one_level() -> None:
    """The p-value of this difference is 0.00145."""
    assert rates_differ(80, 161, than=(165, 252), tests=30)
    assert not rates_differ(80, 161, than=(165, 252), tests=40)


def test_nobodys_share_is_none() -> None:
    assert rate(0, 0) is None


# The draws


def test_each_draw_takes_as_many_rows_as_there_are() -> None:
    draws = BootstrapResamples(50, seed=3, count=7).over(lambda weights: weights)

    assert draws.shape == (8, 50)
    assert (draws[0] == 1).all()
    assert (draws.sum(axis=1) == 50).all()
    assert len(np.unique(draws, axis=0)) == 8


def test_the_same_seed_draws_the_same_rows() -> None:
    def total(weights: Floats) -> Floats:
        return weights @ np.arange(1000.0)

    totals = BootstrapResamples(1000, seed=5, count=9).over(total)
    again = BootstrapResamples(1000, seed=5, count=9).over(total)
    other_totals = BootstrapResamples(1000, seed=6, count=9).over(total)
    parts = BootstrapResamples(1000, seed=5, count=9, block=2000).over(total)

    assert (totals == again).all()
    assert (totals[1:] != other_totals[1:]).any()
    assert parts.shape == totals.shape
    assert parts[0] == totals[0]


# Every figure


def test_figures_on_a_draw_are_those_of_the_drawn_rows() -> None:
    bad, predicted = drawn(400)
    predicted = predicted.round(2)
    resamples = BootstrapResamples(400, seed=2, count=20)

    samples = bootstrap_metrics(bad, predicted, resamples)

    for index, weights in enumerate(resamples.over(lambda weights: weights)):
        rows = np.repeat(np.arange(400), weights.astype(int))
        for name, value in summarise(bad[rows], predicted[rows]).items():
            if not name.startswith("calibration_"):
                assert samples[name][index] == pytest.approx(value, abs=1e-9), name


def test_one_step_to_the_calibration_line_of_a_draw_is_as_good_as_all() -> None:
    bad, predicted = drawn(3000)
    resamples = BootstrapResamples(3000, seed=2, count=50)

    samples = bootstrap_metrics(bad, predicted, resamples)

    exact = []
    for weights in resamples.over(lambda weights: weights):
        rows = np.repeat(np.arange(3000), weights.astype(int))
        exact.append(metrics.calibration_line(bad[rows], predicted[rows]))
    slopes, lifts = np.array(exact).T
    assert np.abs(samples["calibration_slope"] - slopes).max() < 0.2 * slopes.std()
    assert np.abs(samples["calibration_intercept"] - lifts).max() < 0.2 * lifts.std()


def test_the_interval_of_a_mean_is_that_of_the_textbook() -> None:
    bad, predicted = drawn(3000)
    errors = (predicted - bad) ** 2

    figure = figures(bootstrap_metrics(bad, predicted, BootstrapResamples(3000, seed=1)))["brier"]

    assert figure is not None
    half = 1.96 * errors.std() / np.sqrt(3000)
    assert figure["value"] == pytest.approx(errors.mean(), abs=1e-6)
    assert figure["high"] - figure["low"] == pytest.approx(2 * half, rel=0.15)


def test_the_interval_of_the_auc_is_as_wide_as_delongs() -> None:
    bad, predicted = drawn(2000)
    wins = (predicted[bad == 1][:, np.newaxis] > predicted[bad == 0]).astype(float)
    variance = wins.mean(axis=1).var(ddof=1) / bad.sum()
    variance += wins.mean(axis=0).var(ddof=1) / (1 - bad).sum()

    figure = figures(bootstrap_metrics(bad, predicted, BootstrapResamples(2000, seed=1)))["auc"]

    assert figure is not None
    assert figure["high"] - figure["low"] == pytest.approx(2 * 1.96 * variance**0.5, rel=0.15)


def test_nineteen_in_twenty_intervals_hold_the_truth() -> None:
    """Draw 200 samples; the true Brier score of honest probabilities is E[p (1 - p)]."""
    truth = 2 / 8 - (2 * 3) / (8 * 9)
    hits = 0
    for seed in range(200):
        bad, predicted = drawn(300, seed=seed)
        samples = bootstrap_metrics(bad, predicted, BootstrapResamples(300, seed=seed, count=300))
        figure = interval(samples["brier"])
        assert figure is not None
        hits += figure["low"] <= truth <= figure["high"]

    assert 180 <= hits <= 199


def test_what_noise_can_only_raise_keeps_its_interval_around_it() -> None:
    bad, predicted = drawn(500)
    samples = bootstrap_metrics(bad, predicted, BootstrapResamples(500, seed=1))

    figure = figures(samples)["ece"]

    assert figure is not None
    assert 0 <= figure["low"] < figure["value"] < figure["high"]
    assert samples["ece"][1:].mean() > figure["value"]


def test_a_model_beats_itself_by_nothing_and_another_by_a_paired_difference() -> None:
    bad, predicted = drawn(2000)
    resamples = BootstrapResamples(2000, seed=1)
    samples = bootstrap_metrics(bad, predicted, resamples)
    noisy = np.clip(predicted + np.random.default_rng(1).normal(0, 0.02, 2000), 0.001, 0.999)

    same = differences(samples, samples, "auc")["auc"]
    noisy_difference = differences(samples, bootstrap_metrics(bad, noisy, resamples), "auc")["auc"]
    alone = figures(samples)["auc"]

    assert same == {"value": 0.0, "low": 0.0, "high": 0.0}
    assert noisy_difference is not None
    assert alone is not None
    assert noisy_difference["high"] - noisy_difference["low"] < 0.5 * (alone["high"] - alone["low"])


def test_draws_without_a_bad_row_are_left_out() -> None:
    bad, predicted = np.array([1, 0, 0, 0, 0, 0]), np.array([0.9, 0.1, 0.2, 0.3, 0.4, 0.5])

    intervals = figures(bootstrap_metrics(bad, predicted, BootstrapResamples(6, seed=1)))

    assert intervals["auc"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert intervals["brier_skill"] is not None


def test_what_cannot_be_computed_is_none() -> None:
    bad, predicted = np.array([1, 0, 0, 1]), np.full(4, 0.5)

    intervals = figures(bootstrap_metrics(bad, predicted, BootstrapResamples(4, seed=1)))

    assert intervals["calibration_slope"] is None
    assert intervals["calibration_intercept"] is None
    assert intervals["auc"] == {"value": 0.5, "low": 0.5, "high": 0.5}
