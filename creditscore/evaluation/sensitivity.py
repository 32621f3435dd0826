"""Sensitivity to one field, all others unchanged: curves, label flips, monotonicity violations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from creditscore.arrays import Floats, Matrix
from creditscore.evaluation.card_effects import (
    AgeTest,
    CurvePoint,
    LargestFall,
    MonotonicityViolations,
    PartialDependence,
)
from creditscore.evaluation.confidence_intervals import Figure, rate
from creditscore.evaluation.rounding import rounded
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE, in_language
from creditscore.schema import Field
from creditscore.schema.constraints import CodeList, NumericRange
from creditscore.scorecard.forest import Forest

Predict = Callable[[Matrix], Floats]

#: Most points of a curve.
MAX_CURVE_POINTS = 21

#: A field of whole numbers with at most so many values has a point for each of them.
MAX_DISTINCT_VALUES = 30

#: Smaller differences of probabilities are rounding.
PROBABILITY_TOLERANCE = 1e-9


# Curves


def curve_values(field: Field, training_column: Floats) -> Floats:
    """Choose the values of a curve: all training values if they are few, else quantiles.

    Missing values have no place on a curve.
    """
    training_column = training_column[~np.isnan(training_column)]
    values = np.unique(training_column)
    is_discrete = isinstance(field.rule, CodeList) or field.rule.integral
    if is_discrete and len(values) <= MAX_DISTINCT_VALUES:
        return values
    shares = np.linspace(0.01, 0.99, MAX_CURVE_POINTS)
    # Only values that occur: the model knows no applicant between two of them.
    return np.unique(np.quantile(training_column, shares, method="nearest"))


def partial_dependence(
    predict: Predict, matrix: Floats, column: int, values: Floats
) -> list[float]:
    """Compute the mean probability of default over all rows at each value of one field.

    References
    ----------
    Friedman (2001), Annals of Statistics 29, section 8.2.
    """
    curves = ceteris_paribus(predict, matrix, column, values)
    return [rounded(mean) for mean in curves.mean(axis=0)]


def ceteris_paribus(predict: Predict, matrix: Floats, column: int, values: Floats) -> Floats:
    """Compute each row's probability at each value of one field, of shape (n_rows, n_values)."""
    changed_matrix = matrix.astype(np.float32)
    predicted = np.empty((len(matrix), len(values)))
    for index, value in enumerate(values):
        changed_matrix[:, column] = value
        predicted[:, index] = predict(changed_matrix)
    return predicted


def curve(
    predict: Predict, matrix: Floats, column: int, *, field: Field, training_column: Floats
) -> PartialDependence:
    """Compute a field's partial dependence, and its steps against the expected direction."""
    values = curve_values(field, training_column)
    means = partial_dependence(predict, matrix, column, values)
    points = []
    for number, mean in zip(values, means, strict=True):
        value = field.rule.decode(float(number))
        label = field.label_of(value)
        text = None if label is None else in_language(label, DEFAULT_LANGUAGE)
        points.append(CurvePoint(value, text, mean))
    sign = {"rises": 1, "falls": -1, None: 0}[field.risk]
    violating = tuple(
        (points[index].value, points[index + 1].value)
        for index, step in enumerate(np.diff(means))
        if sign * step < 0
    )
    return PartialDependence(field.risk, tuple(points), violating)


# Label flips


def label_flips(
    predict: Predict, matrix: Floats, column: int, *, values: Sequence[float], cutoff: float
) -> Figure | None:
    """Compute the share of rows whose label another value of one field would change.

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
    approvals = ceteris_paribus(predict, matrix, column, np.array(values)) < cutoff
    flipped = (approvals != approved[:, np.newaxis]).any(axis=1)
    return rate(int(flipped.sum()), len(matrix))


def age_62_test(
    predict: Predict, matrix: Floats, column: int, *, edge: float, values: Floats, cutoff: float
) -> AgeTest | None:
    """Compare the rows of a number's highest band with their best value below it.

    Regulation B allows age in an empirically derived scoring system only if no one of 62 or over
    is assigned less than the most favoured younger age (12 CFR 1002.6(b)(2)(ii)).

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

    Returns
    -------
    AgeTest or None
        None without rows or lower values.
    """
    rows = matrix[matrix[:, column] >= edge]
    values = values[values < edge]
    if not len(rows) or not len(values):
        return None
    predicted = predict(rows.astype(np.float32))
    best = ceteris_paribus(predict, rows, column, values).min(axis=1)
    refused = (predicted >= cutoff) & (best < cutoff)
    return AgeTest(
        from_=edge,
        rows=len(rows),
        worse_off=rate(int((predicted > best + PROBABILITY_TOLERANCE).sum()), len(rows)),
        refused_due_to_age=rate(int(refused.sum()), len(rows)),
        mean_gap=rounded(np.maximum(predicted - best, 0).mean()),
    )


# Monotonicity


def monotonicity_violations(
    predict: Predict,
    matrix: Floats,
    column: int,
    *,
    rule: NumericRange,
    risk: str,
    training_column: Floats,
    cutoff: float,
) -> MonotonicityViolations:
    """Find rows where one step that should raise the risk lowers the probability of default.

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
    """
    before = matrix[:, column]
    after = _next_worse(before, rule, risk, training_column)
    movable = np.isfinite(after)
    rows, after = matrix[movable].astype(np.float32), after[movable]
    if not len(rows):
        return MonotonicityViolations(0, None, None, None)
    predicted_before = predict(rows)
    moved_rows = rows.copy()
    moved_rows[:, column] = after
    predicted_after = predict(moved_rows)
    fall = predicted_before - predicted_after
    lowered = fall > PROBABILITY_TOLERANCE
    worst = int(np.argmax(fall))
    largest = LargestFall(
        from_=rule.decode(float(before[movable][worst])),
        to=rule.decode(float(after[worst])),
        probability_from=rounded(predicted_before[worst]),
        probability_to=rounded(predicted_after[worst]),
    )
    return MonotonicityViolations(
        rows=len(rows),
        lowered=rate(int(lowered.sum()), len(rows)),
        made_eligible=rate(
            int(((predicted_before >= cutoff) & (predicted_after < cutoff)).sum()), len(rows)
        ),
        largest_fall=largest if lowered.any() else None,
    )


def _next_worse(before: Floats, rule: NumericRange, risk: str, training_column: Floats) -> Floats:
    """Return the next value in the direction of higher risk; NaN where there is none."""
    training_values = np.unique(training_column[~np.isnan(training_column)])
    steps = np.setdiff1d(training_values, np.array(list(rule.labels), dtype=np.float64))
    rising = risk == "rises"
    indices = np.searchsorted(steps, before, side="right" if rising else "left") - (not rising)
    # NaN would be sorted behind all numbers.
    inside = (indices >= 0) & (indices < len(steps)) & ~np.isnan(before)
    after = np.full(len(before), np.nan)
    after[inside] = steps[indices[inside]]
    return after


def is_proven_monotone(forest: Forest, column: int, risk: str) -> bool:
    """Check for every applicant there can be that the probability only goes one way.

    Two applicants who differ in one field part, in each tree, at a question to that field. If no
    leaf on the side of the lower risk has a higher probability than one on the other side, at any
    such question of any tree, each tree only goes one way, and so does their mean. Missing values
    are neither higher nor lower than others.

    Parameters
    ----------
    forest : Forest
    column : int
        The field's.
    risk : {"rises", "falls"}
        How the probability may go as the number grows.
    """
    low, high = forest.probability.copy(), forest.probability.copy()
    left, right = forest.left.tolist(), forest.right.tolist()
    asks = (forest.column == column) & np.isfinite(forest.threshold)
    # Within a tree, children come after their parent.
    for node in reversed(range(len(left))):
        if left[node] == node:
            continue
        left_child, right_child = left[node], right[node]
        low[node] = min(low[left_child], low[right_child])
        high[node] = max(high[left_child], high[right_child])
        safer, riskier = (left_child, right_child) if risk == "rises" else (right_child, left_child)
        if asks[node] and high[safer] > low[riskier]:
            return False
    return True
