"""Training figures beside test figures, by hand."""

from __future__ import annotations

import pytest

from creditscore.evaluation.confidence_intervals import Figure
from creditscore.evaluation.overfitting import compare_train_test


def figure(value: float, low: float, high: float) -> Figure:
    return {"value": value, "low": low, "high": high}


@pytest.mark.parametrize(
    ("name", "train", "flattered"),
    [
        ("auc", 0.71, True),
        ("auc", 0.69, False),
        ("auc", 0.4, False),
        ("brier", 0.49, True),
        ("brier", 0.51, False),
        ("log_loss", 0.8, False),
    ],
)
def test_figures_that_are_better_than_the_whole_interval_flatter(
    name: str, train: float, flattered: bool
) -> None:
    test = figure(0.6, 0.5, 0.7)

    found = compare_train_test({name: train}, {}, {name: test})[name]

    assert found.flattered is flattered
    assert found.test == test
    assert found.out_of_bag is None
    assert found.out_of_bag_agrees is None


@pytest.mark.parametrize(
    ("interval", "train", "flattered"),
    [
        # 1 is best, and the interval has it: nothing can be better.
        (figure(1.05, 0.9, 1.2), 1.0, False),
        # The nearest that the interval comes to 1 is 0.1 above.
        (figure(1.2, 1.1, 1.3), 1.05, True),
        (figure(1.2, 1.1, 1.3), 0.95, True),
        (figure(1.2, 1.1, 1.3), 1.15, False),
        (figure(1.2, 1.1, 1.3), 0.8, False),
    ],
)
def test_a_slope_is_best_at_one(interval: Figure, train: float, flattered: bool) -> None:
    name = "calibration_slope"

    found = compare_train_test({name: train}, {}, {name: interval})[name]

    assert found.flattered is flattered


def test_the_gap_is_train_less_test_and_has_the_interval_of_the_test() -> None:
    found = compare_train_test({"auc": 0.8}, {"auc": 0.72}, {"auc": figure(0.75, 0.7, 0.78)})["auc"]

    assert found.gap == {"value": 0.05, "low": 0.02, "high": 0.1}
    assert found.out_of_bag == 0.72
    assert found.out_of_bag_agrees is True


def test_what_is_not_measured_is_not_compared() -> None:
    found = compare_train_test(
        {"auc": float("nan"), "ks": 0.3},
        {"auc": 0.9},
        {"auc": figure(0.75, 0.7, 0.78), "ks": None},
    )

    assert (found["auc"].train, found["auc"].gap, found["auc"].flattered) == (None, None, None)
    assert found["auc"].out_of_bag_agrees is False
    assert found["ks"].train == 0.3
    assert (found["ks"].gap, found["ks"].flattered) == (None, None)
