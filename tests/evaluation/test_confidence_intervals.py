"""How sure figures are: intervals by textbook values, by other formulas, and by brute force."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from creditscore.evaluation import confidence_intervals, metrics
from creditscore.evaluation.confidence_intervals import BootstrapResamples

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Two bad, three good; one bad and one good are rated alike.
BAD = np.array([1, 1, 0, 0, 0])
SAID = np.array([0.8, 0.4, 0.4, 0.2, 0.1])


def drawn(rows: int, seed: int = 1) -> tuple[Ints, Floats]:
    """Draw probabilities and outcomes that come true as often as was said."""
    random = np.random.default_rng(seed)
    said = random.beta(2, 6, rows)
    return (random.random(rows) < said).astype(np.int64), said


@st.composite
def judged(draw: st.DrawFn) -> tuple[Ints, Floats]:
    size = draw(st.integers(2, 60))
    bad = np.array(draw(st.lists(st.integers(0, 1), min_size=size, max_size=size)))
    assume(0 < bad.sum() < size)
    levels = draw(st.sampled_from([2, 5, 100, 10**6]))
    said = draw(st.lists(st.integers(0, levels), min_size=size, max_size=size))
    return bad, np.array(said) / levels


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
    assert confidence_intervals.wilson(hits, of) == pytest.approx((low, high), abs=5e-5)


@given(of=st.integers(1, 10**6), data=st.data())
def test_the_interval_of_a_share_holds_it_and_stays_a_share(of: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, of))

    low, high = confidence_intervals.wilson(hits, of)

    assert 0 <= low < high <= 1
    assert low - 1e-12 <= hits / of <= high + 1e-12


def test_nobodys_share_is_none() -> None:
    assert confidence_intervals.rate(0, 0) is None


# The draws


def test_each_draw_takes_as_many_rows_as_there_are() -> None:
    found = BootstrapResamples(50, seed=3, count=7).over(lambda weights: weights)

    assert found.shape == (8, 50)
    assert (found[0] == 1).all()
    assert (found.sum(axis=1) == 50).all()
    assert len(np.unique(found, axis=0)) == 8


def test_the_same_seed_draws_the_same_rows() -> None:
    def total(weights: Floats) -> Floats:
        return weights @ np.arange(1000.0)

    whole = BootstrapResamples(1000, seed=5, count=9).over(total)
    again = BootstrapResamples(1000, seed=5, count=9).over(total)
    other = BootstrapResamples(1000, seed=6, count=9).over(total)
    parts = BootstrapResamples(1000, seed=5, count=9, block=2000).over(total)

    assert (whole == again).all()
    assert (whole[1:] != other[1:]).any()
    assert parts.shape == whole.shape
    assert parts[0] == whole[0]


# Every figure


@given(judged())
def test_figures_on_the_rows_as_they_are_are_those_of_evaluation(case: tuple[Ints, Floats]) -> None:
    bad, said = case

    found = confidence_intervals.bootstrap_metrics(
        bad, said, BootstrapResamples(len(bad), seed=1, count=2)
    )

    for name, value in metrics.summarise(bad, said).items():
        assert found[name][0] == pytest.approx(value, rel=1e-9, abs=1e-12), name
    assert found["brier_skill"][0] == pytest.approx(metrics.brier_skill(bad, said), abs=1e-9)
    slope, intercept = metrics.calibration_line(bad, said)
    assert found["calibration_slope"][0] == pytest.approx(slope, rel=1e-4, nan_ok=True)
    assert found["calibration_intercept"][0] == pytest.approx(
        intercept, rel=1e-4, abs=1e-5, nan_ok=True
    )


def test_figures_on_a_draw_are_those_of_the_drawn_rows() -> None:
    bad, said = drawn(400)
    said = said.round(2)
    resamples = BootstrapResamples(400, seed=2, count=20)

    found = confidence_intervals.bootstrap_metrics(bad, said, resamples)

    for place, weights in enumerate(resamples.over(lambda weights: weights)):
        rows = np.repeat(np.arange(400), weights.astype(int))
        for name, value in metrics.summarise(bad[rows], said[rows]).items():
            assert found[name][place] == pytest.approx(value, abs=1e-9), name


def test_one_step_to_the_calibration_line_of_a_draw_is_as_good_as_all() -> None:
    bad, said = drawn(3000)
    resamples = BootstrapResamples(3000, seed=2, count=50)

    found = confidence_intervals.bootstrap_metrics(bad, said, resamples)

    exact = []
    for weights in resamples.over(lambda weights: weights):
        rows = np.repeat(np.arange(3000), weights.astype(int))
        exact.append(metrics.calibration_line(bad[rows], said[rows]))
    slopes, lifts = np.array(exact).T
    assert np.abs(found["calibration_slope"] - slopes).max() < 0.2 * slopes.std()
    assert np.abs(found["calibration_intercept"] - lifts).max() < 0.2 * lifts.std()


def test_the_interval_of_a_mean_is_that_of_the_textbook() -> None:
    bad, said = drawn(3000)
    errors = (said - bad) ** 2

    found = confidence_intervals.figures(
        confidence_intervals.bootstrap_metrics(bad, said, BootstrapResamples(3000, seed=1))
    )["brier"]

    assert found is not None
    half = 1.96 * errors.std() / np.sqrt(3000)
    assert found["value"] == pytest.approx(errors.mean(), abs=1e-6)
    assert found["high"] - found["low"] == pytest.approx(2 * half, rel=0.15)


def test_the_interval_of_the_auc_is_as_wide_as_delongs() -> None:
    bad, said = drawn(2000)
    wins = (said[bad == 1][:, np.newaxis] > said[bad == 0]).astype(float)
    variance = wins.mean(axis=1).var(ddof=1) / bad.sum()
    variance += wins.mean(axis=0).var(ddof=1) / (1 - bad).sum()

    found = confidence_intervals.figures(
        confidence_intervals.bootstrap_metrics(bad, said, BootstrapResamples(2000, seed=1))
    )["auc"]

    assert found is not None
    assert found["high"] - found["low"] == pytest.approx(2 * 1.96 * variance**0.5, rel=0.15)


def test_nineteen_in_twenty_intervals_hold_the_truth() -> None:
    """Draw 200 samples; the true Brier score of honest probabilities is E[p (1 - p)]."""
    truth = 2 / 8 - (2 * 3) / (8 * 9)
    held = 0
    for seed in range(200):
        bad, said = drawn(300, seed=seed)
        found = confidence_intervals.bootstrap_metrics(
            bad, said, BootstrapResamples(300, seed=seed, count=300)
        )
        figure = confidence_intervals.interval(found["brier"])
        assert figure is not None
        held += figure["low"] <= truth <= figure["high"]

    assert 180 <= held <= 199


def test_what_noise_can_only_raise_keeps_its_interval_around_it() -> None:
    bad, said = drawn(500)
    samples = confidence_intervals.bootstrap_metrics(bad, said, BootstrapResamples(500, seed=1))

    found = confidence_intervals.figures(samples)["ece"]

    assert found is not None
    assert 0 <= found["low"] < found["value"] < found["high"]
    assert samples["ece"][1:].mean() > found["value"]


def test_a_model_beats_itself_by_nothing_and_another_by_a_paired_difference() -> None:
    bad, said = drawn(2000)
    resamples = BootstrapResamples(2000, seed=1)
    own = confidence_intervals.bootstrap_metrics(bad, said, resamples)
    noisy = np.clip(said + np.random.default_rng(1).normal(0, 0.02, 2000), 0.001, 0.999)

    same = confidence_intervals.differences(own, own, "auc")["auc"]
    other = confidence_intervals.differences(
        own, confidence_intervals.bootstrap_metrics(bad, noisy, resamples), "auc"
    )["auc"]
    alone = confidence_intervals.figures(own)["auc"]

    assert same == {"value": 0.0, "low": 0.0, "high": 0.0}
    assert other is not None
    assert alone is not None
    assert other["high"] - other["low"] < 0.5 * (alone["high"] - alone["low"])


def test_draws_without_a_bad_row_are_left_out() -> None:
    bad, said = np.array([1, 0, 0, 0, 0, 0]), np.array([0.9, 0.1, 0.2, 0.3, 0.4, 0.5])

    found = confidence_intervals.figures(
        confidence_intervals.bootstrap_metrics(bad, said, BootstrapResamples(6, seed=1))
    )

    assert found["auc"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert found["brier_skill"] is not None


def test_what_cannot_be_computed_is_none() -> None:
    bad, said = np.array([1, 0, 0, 1]), np.full(4, 0.5)

    found = confidence_intervals.figures(
        confidence_intervals.bootstrap_metrics(bad, said, BootstrapResamples(4, seed=1))
    )

    assert found["calibration_slope"] is None
    assert found["calibration_intercept"] is None
    assert found["auc"] == {"value": 0.5, "low": 0.5, "high": 0.5}


# The calibration line


def test_the_calibration_line_is_a_logistic_regression() -> None:
    bad, said = drawn(2000)
    said = said**1.5
    oracle = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000)
    oracle.fit(metrics.log_odds(said)[:, np.newaxis], bad)

    slope, intercept = metrics.calibration_line(bad, said)

    assert slope == pytest.approx(oracle.coef_[0, 0], abs=1e-5)
    assert intercept == pytest.approx(oracle.intercept_[0], abs=1e-5)


def test_the_calibration_line_undoes_what_was_done_to_the_odds() -> None:
    bad, said = drawn(2000)
    slope, intercept = metrics.calibration_line(bad, said)
    too_extreme = 1 / (1 + np.exp(-(2 * metrics.log_odds(said) + 1)))

    found = metrics.calibration_line(bad, too_extreme)

    assert found == pytest.approx((slope / 2, intercept - slope / 2), abs=1e-6)


def test_there_is_no_calibration_line_without_a_difference_or_without_an_overlap() -> None:
    alike = metrics.calibration_line(BAD, np.full(5, 0.4))
    apart = metrics.calibration_line(np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.8, 0.9]))
    touching = metrics.calibration_line(np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.2, 0.9]))

    assert np.isnan(alike).all()
    assert np.isnan(apart).all()
    assert np.isnan(touching).all()


# Tables and curves


def test_the_brier_skill_is_what_is_saved_over_the_average() -> None:
    """The average of 2 in 5 has a Brier score of 0.24; ours is 0.61 / 5."""
    assert metrics.brier_skill(BAD, SAID) == pytest.approx(1 - 0.122 / 0.24, abs=1e-12)


def test_the_cutoff_table_counts_what_the_errors_cost() -> None:
    """At 0.3 two good ones are approved; a good one is declined: 1 in 5 applicants' margin."""
    low, high = metrics.cutoff_table(BAD, SAID, [0.3, 0.5], loss_to_margin=3)

    assert low == {
        "cutoff": 0.3,
        "approval_rate": 2 / 5,
        "bad_rate_approved": 0,
        "bad_rate_declined": 2 / 3,
        "cost": 1 / 5,
    }
    assert (high["approval_rate"], high["cost"]) == (4 / 5, 3 / 5)


@given(judged())
def test_the_roc_curve_runs_from_corner_to_corner_and_holds_the_auc(
    case: tuple[Ints, Floats],
) -> None:
    bad, said = case

    curve = metrics.roc(bad, said, points=10_001)

    across, up = np.array(curve["declined_good"]), np.array(curve["declined_bad"])
    assert (across[0], up[0], across[-1], up[-1]) == (0, 0, 1, 1)
    assert (np.diff(across) >= 0).all()
    assert (np.diff(up) >= 0).all()
    area = float(((up[1:] + up[:-1]) / 2 * np.diff(across)).sum())
    assert area == pytest.approx(metrics.auc(bad, said), abs=1e-9)


def test_a_thinned_roc_curve_keeps_the_area_and_the_corners() -> None:
    bad, said = drawn(6000)

    curve = metrics.roc(bad, said)

    across, up = np.array(curve["declined_good"]), np.array(curve["declined_bad"])
    assert len(across) <= 101
    assert (across[0], up[0], across[-1], up[-1]) == (0, 0, 1, 1)
    area = float(((up[1:] + up[:-1]) / 2 * np.diff(across)).sum())
    assert area == pytest.approx(metrics.auc(bad, said), abs=2e-3)


@given(judged())
def test_the_calibration_curve_has_every_row_in_one_group(case: tuple[Ints, Floats]) -> None:
    bad, said = case

    curve = metrics.calibration_curve(bad, said)

    assert sum(group["rows"] for group in curve) == len(bad)
    assert sum(group["bads"] for group in curve) == bad.sum()
    assert [group["mean_predicted"] for group in curve] == sorted(
        group["mean_predicted"] for group in curve
    )
    weighted = sum(group["rows"] * group["mean_predicted"] for group in curve)
    assert weighted == pytest.approx(said.sum())


def test_groups_of_the_calibration_curve_are_of_one_size() -> None:
    bad, said = drawn(1000)

    assert [group["rows"] for group in metrics.calibration_curve(bad, said)] == [100] * 10
