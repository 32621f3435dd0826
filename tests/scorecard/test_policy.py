"""From a probability of default to a decision and to points."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditscore.scorecard.policy import ELIGIBLE, NOT_ELIGIBLE, Policy, Scale, break_even

PROBABILITIES = st.floats(1e-6, 1 - 1e-6)


def points(*probabilities: float, scale: Scale | None = None) -> list[int]:
    scores: list[int] = (scale or Scale()).points(np.array(probabilities)).tolist()
    return scores


def policy(cutoff: float) -> Policy:
    return Policy(cutoff, None, Scale())


@given(st.floats(0, 1))
def test_one_probability_gets_the_points_that_it_gets_among_many(probability: float) -> None:
    among = points(0.1, probability, 0.9)

    assert Scale().points_of_one(probability) == among[1]


# The cut-off


@pytest.mark.parametrize(
    ("ratio", "cutoff"), [(3, 0.25), (1, 0.5), (4, 0.2), (9, 0.1), (0.25, 0.8)]
)
def test_the_cutoff_is_where_lending_breaks_even(ratio: float, cutoff: float) -> None:
    assert break_even(ratio) == cutoff
    assert Policy.from_ratio(ratio).cutoff == cutoff
    assert Policy.from_ratio(ratio).loss_to_margin == ratio


@given(ratio=st.floats(0.01, 100), probability=st.floats(0, 1))
def test_who_is_eligible_earns_more_than_is_lost(ratio: float, probability: float) -> None:
    """With a margin of 1, lending earns (1 - probability) and loses probability x ratio."""
    expected = (1 - probability) - probability * ratio

    label = Policy.from_ratio(ratio).label(probability)

    if abs(expected) > 1e-9:
        assert label == (ELIGIBLE if expected > 0 else NOT_ELIGIBLE)


@pytest.mark.parametrize("ratio", [0, -1, math.inf, -math.inf, math.nan])
def test_a_ratio_that_is_none_is_refused(ratio: float) -> None:
    with pytest.raises(ValueError, match="must be above 0, got"):
        break_even(ratio)


@given(st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_eligible_is_exactly_who_lies_below_the_cutoff(cutoff: float) -> None:
    assert policy(cutoff).label(math.nextafter(cutoff, 0)) == ELIGIBLE
    assert policy(cutoff).label(cutoff) == NOT_ELIGIBLE
    assert policy(cutoff).label(math.nextafter(cutoff, 1)) == NOT_ELIGIBLE


# Points


@pytest.mark.parametrize(
    ("odds", "expected"),
    [(19, 600), (38, 650), (76, 700), (9.5, 550), (1, 388)],
)
def test_doubling_the_odds_adds_the_points_to_double_the_odds(odds: float, expected: int) -> None:
    """600 points at odds of 19 to 1, 50 more for each doubling: 600 - 50 x log2(19) is 387.6."""
    assert points(1 / (1 + odds)) == [expected]


def test_the_scale_is_the_lenders_own() -> None:
    scale = Scale(base_points=500, base_odds=1, points_to_double_odds=20)

    assert points(1 / 2, 1 / 3, 1 / 5, 2 / 3, scale=scale) == [500, 520, 540, 480]


@given(PROBABILITIES, PROBABILITIES)
def test_a_higher_probability_of_default_never_has_more_points(first: float, second: float) -> None:
    low, high = sorted([first, second])

    safer, riskier = points(low, high)

    assert safer >= riskier


def test_points_end_where_odds_do() -> None:
    assert points(0.0) == points(1e-6) == points(1e-300)
    assert points(1.0) == points(1 - 1e-6)
    assert points(0.0)[0] > points(0.001)[0]


# Plain data


def test_a_policy_survives_being_written_as_plain_data() -> None:
    original = Policy(0.125, 7.0, Scale(500.0, 1.0, 20.0))

    assert Policy.from_dict(original.to_dict()) == original
    assert Policy.from_dict(policy(0.3).to_dict()) == policy(0.3)


@pytest.mark.parametrize(
    "changes",
    [
        {"cutoff": 0},
        {"cutoff": -0.1},
        {"cutoff": 1.1},
        {"cutoff": math.nan},
        {"base_odds": 0},
        {"base_odds": math.nan},
        {"points_to_double_odds": -20},
    ],
)
def test_a_policy_that_is_none_is_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="its policy has no valid cut-off, or no scale"):
        Policy.from_dict(policy(0.25).to_dict() | changes)
