"""What a scorecard says when one field changes and all others stay: curves, flips, wrong ways."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from creditscore.arrays import Floats, Matrix
from creditscore.evaluation.confidence_intervals import DIGITS, rate
from creditscore.i18n.catalogue import FALLBACK_LANGUAGE, in_language
from creditscore.schema import Field
from creditscore.schema.constraints import NumericRange, Rule, Value

Predict = Callable[[Matrix], Floats]

#: Points of a curve, at most.
MOST_POINTS = 21

#: Whole numbers with no more values than this are shown value by value.
MOST_VALUES = 30

#: A smaller fall of the probability is rounding.
LEAST_FALL = 1e-9


def label_of(rule: Rule, value: Value) -> str | None:
    """Give the English label of a code, or of a number that means something of its own."""
    label = rule.labels.get(value)
    return in_language(label, FALLBACK_LANGUAGE) if label else None


# Curves


def grid(field: Field, training_column: Floats) -> Floats:
    """Choose the values to show a field at: all that are few, else quantiles of training."""
    values = np.unique(training_column)
    if field.rule.python_type is not float and len(values) <= MOST_VALUES:
        return values
    shares = np.linspace(0.01, 0.99, MOST_POINTS)
    # Values that exist: between two of them the model has seen nobody.
    return np.unique(np.quantile(training_column, shares, method="nearest"))


def partial_dependence(
    predict: Predict, matrix: Floats, column: int, values: Floats
) -> list[float]:
    """Give the mean probability of default over all rows, were they all to have a value.

    References
    ----------
    Friedman (2001), Annals of Statistics 29, section 8.2.
    """
    curves = ceteris_paribus(predict, matrix, column, values)
    return [round(float(mean), DIGITS) for mean in curves.mean(axis=0)]


def ceteris_paribus(predict: Predict, matrix: Floats, column: int, values: Floats) -> Floats:
    """Give each row's probability at each value of one field, of shape (n_rows, n_values)."""
    changed = matrix.astype(np.float32)
    said = np.empty((len(matrix), len(values)))
    for place, value in enumerate(values):
        changed[:, column] = value
        said[:, place] = predict(changed)
    return said


def curve(
    predict: Predict, matrix: Floats, column: int, *, field: Field, training_column: Floats
) -> dict[str, Any]:
    """Give a field's partial dependence, and the steps of it that go the wrong way."""
    values = grid(field, training_column)
    means = partial_dependence(predict, matrix, column, values)
    points = [
        {
            "value": (value := field.rule.decode(float(number))),
            "label": label_of(field.rule, value),
            "probability_of_default": mean,
        }
        for number, mean in zip(values, means, strict=True)
    ]
    sign = {"rises": 1, "falls": -1, None: 0}[field.risk]
    wrong = [
        [points[place]["value"], points[place + 1]["value"]]
        for place, step in enumerate(np.diff(means))
        if sign * step < 0
    ]
    return {"expected": field.risk, "points": points, "wrong_steps": wrong}


# Flips


def label_flips(
    predict: Predict, matrix: Floats, column: int, *, values: Sequence[float], cutoff: float
) -> dict[str, float] | None:
    """Give the share of rows whose label another value of one field would change.

    Parameters
    ----------
    predict : callable
    matrix : ndarray of shape (n_rows, n_predictors)
    column : int
        The field's.
    values : sequence of float
        The values to try.
    cutoff : float
        Of the probability of default.
    """
    approved = predict(matrix.astype(np.float32)) < cutoff
    others = ceteris_paribus(predict, matrix, column, np.array(values)) < cutoff
    flipped = (others != approved[:, np.newaxis]).any(axis=1)
    return rate(int(flipped.sum()), len(matrix))


def highest_band(
    predict: Predict, matrix: Floats, column: int, *, edge: float, values: Floats, cutoff: float
) -> dict[str, Any] | None:
    """Tell how many of the highest band would be better off with a value below it.

    US law asks of age: an applicant of 62 or over may not be worse off than at the most favoured
    younger age (12 CFR 1002.6(b)(2)(ii)).

    Parameters
    ----------
    predict : callable
    matrix : ndarray of shape (n_rows, n_predictors)
    column : int
        The field's.
    edge : float
        Where the band begins.
    values : ndarray of shape (n_values,)
        Values below it that training saw.
    cutoff : float
        Of the probability of default.
    """
    rows = matrix[matrix[:, column] >= edge]
    values = values[values < edge]
    if not len(rows) or not len(values):
        return None
    own = predict(rows.astype(np.float32))
    best = ceteris_paribus(predict, rows, column, values).min(axis=1)
    refused_for_it = (own >= cutoff) & (best < cutoff)
    return {
        "from": edge,
        "rows": len(rows),
        "worse_off": rate(int((own > best + LEAST_FALL).sum()), len(rows)),
        "refused_for_it": rate(int(refused_for_it.sum()), len(rows)),
        "mean_gap": round(float(np.maximum(own - best, 0).mean()), DIGITS),
    }


# Wrong ways


def wrong_ways(
    predict: Predict,
    matrix: Floats,
    column: int,
    *,
    rule: NumericRange,
    risk: str,
    training_column: Floats,
    cutoff: float,
) -> dict[str, Any]:
    """Tell where one step that should raise the risk lowers the probability of default.

    A step leads to the next value that training saw, past those with a meaning of their own: from
    "paid in full" the next later payment is 1 month late, not "revolving credit".

    Parameters
    ----------
    predict : callable
    matrix : ndarray of shape (n_rows, n_predictors)
    column : int
        The field's.
    rule : NumericRange
    risk : {"rises", "falls"}
        How it is expected to go as the number grows.
    training_column : ndarray of shape (n_training_rows,)
    cutoff : float
        Of the probability of default.

    Returns
    -------
    dict
        ``rows`` with such a step; the share of them whose probability it ``lowered``; the share
        that was refused and which it ``made_eligible``; and the largest fall as an example.
    """
    before = matrix[:, column]
    after = _next_worse(before, rule, risk, training_column)
    movable = np.isfinite(after)
    rows, after = matrix[movable].astype(np.float32), after[movable]
    if not len(rows):
        return {"rows": 0, "lowered": None, "made_eligible": None, "largest_fall": None}
    own = predict(rows)
    moved = rows.copy()
    moved[:, column] = after
    said = predict(moved)
    fall = own - said
    lowered = fall > LEAST_FALL
    worst = int(np.argmax(fall))
    return {
        "rows": len(rows),
        "lowered": rate(int(lowered.sum()), len(rows)),
        "made_eligible": rate(int(((own >= cutoff) & (said < cutoff)).sum()), len(rows)),
        "largest_fall": {
            "from": rule.decode(float(before[movable][worst])),
            "to": rule.decode(float(after[worst])),
            "probability_from": round(float(own[worst]), DIGITS),
            "probability_to": round(float(said[worst]), DIGITS),
        }
        if lowered.any()
        else None,
    }


def _next_worse(before: Floats, rule: NumericRange, risk: str, training_column: Floats) -> Floats:
    """Give the next value on the way that should be worse; NaN where there is none."""
    steps = np.setdiff1d(np.unique(training_column), np.array(list(rule.labels), dtype=np.float64))
    rising = risk == "rises"
    places = np.searchsorted(steps, before, side="right" if rising else "left") - (not rising)
    inside = (places >= 0) & (places < len(steps))
    after = np.full(len(before), np.nan)
    after[inside] = steps[places[inside]]
    return after
