"""Figures by hand on five applicants, and scikit-learn's on many."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from creditscore.evaluation import metrics

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Two bad, three good; one bad and one good are rated alike.
BAD = np.array([1, 1, 0, 0, 0])
SAID = np.array([0.8, 0.4, 0.4, 0.2, 0.1])


@st.composite
def judged(draw: st.DrawFn) -> tuple[Ints, Floats]:
    """Draw outcomes of both kinds, and what was said: coarse, so that there are ties."""
    size = draw(st.integers(2, 60))
    bad = np.array(draw(st.lists(st.integers(0, 1), min_size=size, max_size=size)))
    assume(0 < bad.sum() < size)
    levels = draw(st.sampled_from([2, 5, 100, 10**6]))
    said = draw(st.lists(st.integers(1, levels - 1), min_size=size, max_size=size))
    return bad, np.array(said) / levels


# By hand


def test_the_auc_is_the_share_of_pairs_in_the_right_order() -> None:
    """Of six pairs of a bad and a good one, five are in order and one is a tie: 5.5 / 6."""
    assert metrics.auc(BAD, SAID) == pytest.approx(5.5 / 6, abs=1e-15)
    assert metrics.gini(BAD, SAID) == pytest.approx(2 * 5.5 / 6 - 1, abs=1e-15)


def test_the_ks_is_the_largest_gap() -> None:
    """At 0.2 two of three good ones lie at or below, and no bad one."""
    assert metrics.kolmogorov_smirnov(BAD, SAID) == pytest.approx(2 / 3, abs=1e-15)


def test_the_brier_score_is_the_mean_square() -> None:
    """Squares of 0.2, 0.6, 0.4, 0.2 and 0.1 add up to 0.61."""
    assert metrics.brier(BAD, SAID) == pytest.approx(0.61 / 5, abs=1e-15)


def test_the_log_loss_is_the_mean_of_the_logarithms() -> None:
    product = 0.8 * 0.4 * 0.6 * 0.8 * 0.9

    assert metrics.log_loss(BAD, SAID) == pytest.approx(-np.log(product) / 5, abs=1e-15)


def test_the_calibration_error_is_the_mean_gap_within_bins() -> None:
    """In halves: below 0.5 were said 1.1 in all and 1 happened; above, 0.8 and 1."""
    error = metrics.expected_calibration_error(BAD, SAID, bins=2)

    assert error == pytest.approx((0.1 + 0.2) / 5, abs=1e-15)


def test_certainty_falls_into_the_last_bin() -> None:
    """Said were 1.95 in all, and 1 happened."""
    error = metrics.expected_calibration_error(np.array([0, 1]), np.array([1.0, 0.95]))

    assert error == pytest.approx(0.95 / 2, abs=1e-15)


def test_the_accuracy_counts_from_a_half_on() -> None:
    assert metrics.accuracy(BAD, SAID) == 4 / 5
    assert metrics.accuracy(np.array([1, 0]), np.array([0.5, 0.5])) == 1 / 2


def test_who_lies_below_the_cutoff_would_be_approved() -> None:
    assert metrics.at_cutoff(BAD, SAID, 0.4) == {
        "approval_rate": 2 / 5,
        "bad_rate_approved": 0,
        "bad_rate_declined": 2 / 3,
    }


@pytest.mark.parametrize(("cutoff", "nobody"), [(0.01, "approved"), (0.99, "declined")])
def test_of_nobody_there_is_no_bad_rate(cutoff: float, nobody: str) -> None:
    assert metrics.at_cutoff(BAD, SAID, cutoff)[f"bad_rate_{nobody}"] is None


def test_perfect_and_useless_probabilities_have_the_figures_that_the_texts_promise() -> None:
    perfect = metrics.summarise(BAD, BAD.astype(np.float64))
    useless = metrics.summarise(BAD, np.full(5, BAD.mean()))

    assert perfect == pytest.approx(
        {"auc": 1, "gini": 1, "ks": 1, "brier": 0, "log_loss": 0, "ece": 0, "accuracy": 1},
        abs=1e-12,
    )
    assert useless["auc"] == 0.5
    assert useless["gini"] == useless["ks"] == 0
    assert useless["ece"] == pytest.approx(0, abs=1e-15)
    assert useless["brier"] == pytest.approx(0.4 * 0.6)


# Beside scikit-learn


@given(judged())
def test_the_figures_are_scikit_learns(pair: tuple[Ints, Floats]) -> None:
    bad, said = pair
    found = metrics.summarise(bad, said)

    false_alarms, hits, _ = oracle.roc_curve(bad, said, drop_intermediate=False)
    expected = {
        "auc": oracle.roc_auc_score(bad, said),
        "gini": 2 * oracle.roc_auc_score(bad, said) - 1,
        "ks": np.abs(hits - false_alarms).max(),
        "brier": oracle.brier_score_loss(bad, said),
        "log_loss": oracle.log_loss(bad, said),
        "accuracy": oracle.accuracy_score(bad, said >= 0.5),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-12)


@given(judged())
def test_the_calibration_error_is_the_textbooks(pair: tuple[Ints, Floats]) -> None:
    bad, said = pair
    places = np.floor(said * 15)
    textbook = sum(
        (places == place).mean() * abs(said[places == place].mean() - bad[places == place].mean())
        for place in set(places.tolist())
    )

    assert metrics.expected_calibration_error(bad, said) == pytest.approx(textbook, abs=1e-12)


@given(judged())
def test_turning_the_ratings_round_turns_the_auc_round(pair: tuple[Ints, Floats]) -> None:
    bad, said = pair

    assert metrics.auc(bad, said) + metrics.auc(bad, 1 - said) == pytest.approx(1)
