"""Numbers that are moved, and what that does to decisions, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from creditscore.evaluation.stress import effect, largest_first, moved_numbers
from creditscore.schema.constraints import NumericRange


def rule(**changes: Any) -> NumericRange:
    parts: dict[str, Any] = {
        "low": None,
        "high": None,
        "low_open": False,
        "high_open": False,
        "integral": False,
        "labels": {},
        "unit": {"en": ""},
    }
    return NumericRange(**parts | changes)


@pytest.mark.parametrize(
    ("changes", "numbers", "change", "moved"),
    [
        ({}, [100.0, -50.0, 0.0], 0.1, [110.0, -55.0, 0.0]),
        ({}, [100.0], -0.1, [90.0]),
        # Whole numbers stay whole, and a small one stays.
        ({"integral": True}, [2.0, 5.0, 8.0, 26.0], 0.1, [2.0, 6.0, 9.0, 29.0]),
        # Nothing leaves the bounds.
        ({"high": 105}, [100.0, 90.0], 0.1, [100.0, 99.0]),
        ({"low": 90}, [100.0, 95.0], -0.1, [90.0, 95.0]),
        ({"low": 90, "low_open": True}, [100.0], -0.1, [100.0]),
        ({"high": 110, "high_open": True}, [100.0], 0.1, [100.0]),
        # 99 and 0 mean something of their own: nobody gets there, and nobody leaves.
        ({"integral": True, "labels": {99: {}, 0: {}}}, [99.0, 90.0, 0.0, 80.0], 0.1,
         [99.0, 90.0, 0.0, 88.0]),
    ],
)  # fmt: skip
def test_numbers_move_as_far_as_their_rule_allows(
    changes: dict[str, Any], numbers: list[float], change: float, moved: list[float]
) -> None:
    result = moved_numbers(np.array(numbers), rule(**changes), change)

    assert result.tolist() == pytest.approx(moved)


def test_a_missing_number_stays_missing() -> None:
    result = moved_numbers(np.array([np.nan, 10.0]), rule(low=0), 0.1)

    assert np.isnan(result[0])
    assert result[1] == pytest.approx(11)


#: Of four rows one is approved then refused, one the other way round twice as often as weighted.
BEFORE = np.array([0.1, 0.3, 0.1, 0.4])
AFTER = np.array([0.3, 0.1, 0.2, 0.4])
MOVED = np.array([True, True, True, False])


def test_the_effect_is_a_count_of_decisions() -> None:
    result = effect(("A",), 0.1, BEFORE, AFTER, moved=MOVED, cutoff=0.25)

    assert result.moved is not None
    assert result.moved["value"] == 0.75
    assert result.approval_change == 0
    assert result.mean_change == pytest.approx((0.2 - 0.2 + 0.1) / 4)
    assert result.labels_changed is not None
    assert result.labels_changed["value"] == 0.5


def test_weights_count_people() -> None:
    weights = np.array([1.0, 3.0, 1.0, 1.0])

    result = effect(("A",), 0.1, BEFORE, AFTER, moved=MOVED, cutoff=0.25, weights=weights)

    assert result.approval_change == pytest.approx((3 - 1) / 6)
    assert result.mean_change == pytest.approx((0.2 - 0.6 + 0.1) / 6)
    assert result.labels_changed is not None
    assert result.labels_changed["value"] == pytest.approx(4 / 6)


def test_what_changes_most_labels_comes_first() -> None:
    none = effect(("A",), 0.1, BEFORE, BEFORE + 0.01, moved=MOVED, cutoff=0.25)
    more = effect(("B",), 0.1, BEFORE, BEFORE + 0.02, moved=MOVED, cutoff=0.25)
    flips = effect(("C",), 0.1, BEFORE, AFTER, moved=MOVED, cutoff=0.25)

    ordered_effects = largest_first([none, more, flips])

    assert [item.fields for item in ordered_effects] == [("C",), ("B",), ("A",)]
