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

    result = compare_train_test({name: train}, {}, {name: test})[name]

    assert result.flattered is flattered
    assert result.test == test
    assert result.out_of_bag is None
    assert result.out_of_bag_agrees is None


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

    result = compare_train_test({name: train}, {}, {name: interval})[name]

    assert result.flattered is flattered


def test_the_gap_is_train_less_test_and_has_the_interval_of_the_test() -> None:
    auc = compare_train_test({"auc": 0.8}, {"auc": 0.72}, {"auc": figure(0.75, 0.7, 0.78)})["auc"]

    assert auc.gap == {"value": 0.05, "low": 0.02, "high": 0.1}
    assert auc.out_of_bag == 0.72
    assert auc.out_of_bag_agrees is True


def test_what_is_not_measured_is_not_compared() -> None:
    result = compare_train_test(
        {"auc": float("nan"), "ks": 0.3},
        {"auc": 0.9},
        {"auc": figure(0.75, 0.7, 0.78), "ks": None},
    )

    auc, ks = result["auc"], result["ks"]
    assert (auc.train, auc.gap, auc.flattered) == (None, None, None)
    assert auc.out_of_bag_agrees is False
    assert ks.train == 0.3
    assert (ks.gap, ks.flattered) == (None, None)
