"""Over-fitting: the figures of the training rows beside those of rows that were held out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from creditscore.evaluation.confidence_intervals import Figure, rounded_figure

#: Figures that are better the higher, and those that are better the lower they are. What is in
#: neither is best at a value of its own.
HIGHER_IS_BETTER = frozenset({"auc", "gini", "ks", "brier_skill", "accuracy"})
LOWER_IS_BETTER = frozenset({"brier", "log_loss", "ece"})
BEST_AT: Mapping[str, float] = {"calibration_slope": 1.0, "calibration_intercept": 0.0}


@dataclass(frozen=True)
class TrainTestFigure:
    """One figure on three kinds of rows.

    Attributes
    ----------
    train : float or None
        On the rows that the scorecard was fitted to.
    out_of_bag : float or None
        On the same rows, each predicted by the trees alone that did not draw it.
    test : Figure or None
        On the held-out rows.
    gap : Figure or None
        Train less test; its interval is that of the test rows.
    flattered : bool or None
        Whether it is better on the training rows than anywhere in the interval of the test rows.
    out_of_bag_agrees : bool or None
        Whether the out-of-bag figure lies in that interval.
    """

    train: float | None
    out_of_bag: float | None
    test: Figure | None
    gap: Figure | None
    flattered: bool | None
    out_of_bag_agrees: bool | None


def compare_train_test(
    train: Mapping[str, float],
    out_of_bag: Mapping[str, float],
    test: Mapping[str, Figure | None],
) -> dict[str, TrainTestFigure]:
    """Compare every figure of the test rows with that of the training rows.

    Parameters
    ----------
    train, out_of_bag : mapping of str to float
        Figures by name; what is not there, or not finite, is not compared.
    test : mapping of str to Figure or None
    """
    return {
        name: _compare_figure(
            name, _finite(train.get(name)), _finite(out_of_bag.get(name)), test_figure
        )
        for name, test_figure in test.items()
    }


def _compare_figure(
    name: str, train: float | None, out_of_bag: float | None, test: Figure | None
) -> TrainTestFigure:
    if test is None:
        return TrainTestFigure(train, out_of_bag, None, None, None, None)
    gap = flattered = agrees = None
    if train is not None:
        gap = rounded_figure(train - test["value"], train - test["high"], train - test["low"])
        flattered = _is_better(name, train, test)
    if out_of_bag is not None:
        agrees = test["low"] <= out_of_bag <= test["high"]
    return TrainTestFigure(train, out_of_bag, test, gap, flattered, agrees)


def _is_better(name: str, train: float, test: Figure) -> bool:
    """Check whether a training figure is better than all that the test rows leave possible."""
    if name in HIGHER_IS_BETTER:
        return train > test["high"]
    if name in LOWER_IS_BETTER:
        return train < test["low"]
    best = BEST_AT[name]
    if test["low"] <= best <= test["high"]:
        return False
    return abs(train - best) < min(abs(test["low"] - best), abs(test["high"] - best))


def _finite(number: float | None) -> float | None:
    return None if number is None or not isfinite(number) else number
