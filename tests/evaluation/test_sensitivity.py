"""One field changes, all others stay: by hand on models of one line, and by scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.inspection import partial_dependence

from creditscore.arrays import Floats
from creditscore.evaluation import sensitivity
from creditscore.evaluation.card_reader import plain
from creditscore.schema import Field, Schema
from creditscore.schema.constraints import CodeList, NumericRange
from creditscore.training.fit import flatten

#: Months late; -1 and 0 mean something of their own.
MONTHS = NumericRange(
    -1, 9, False, False, True, {-1: {"en": "in full"}, 0: {"en": "revolving"}}, {}
)
AMOUNT = NumericRange(0, 100, False, False, False, {}, {})


def field(rule: CodeList | NumericRange, risk: str | None = None) -> Field:
    return Field("n", rule, False, False, None, (), 0, {"en": "n"}, {"en": ""}, {}, (), risk)


def by_table(table: dict[float, float]) -> Callable[[npt.NDArray[np.float32]], Floats]:
    """Make a model that looks its first column up."""
    return lambda matrix: np.array([table[float(value)] for value in matrix[:, 0]])


def column(*values: float) -> Floats:
    return np.array(values, dtype=float)[:, np.newaxis]


# Curves


def test_partial_dependence_is_scikit_learns() -> None:
    random = np.random.default_rng(1)
    matrix = random.integers(0, 8, (300, 3)).astype(np.float32)
    bad = (matrix.sum(axis=1) + random.normal(0, 3, 300) > 11).astype(int)
    grown = RandomForestClassifier(n_estimators=10, max_depth=4, random_state=1).fit(matrix, bad)
    values = np.unique(matrix[:, 1]).astype(float)

    means = sensitivity.partial_dependence(
        flatten(grown).probability_of_default, matrix.astype(float), 1, values
    )

    theirs = partial_dependence(grown, matrix, [1], custom_values={1: values}, method="brute")
    assert means == pytest.approx(theirs["average"][0].tolist(), abs=1e-6)


def test_a_curve_names_codes_and_the_steps_that_go_the_wrong_way() -> None:
    predict = by_table({-1: 0.2, 0: 0.1, 1: 0.3, 2: 0.5, 3: 0.4})

    curve = sensitivity.curve(
        predict,
        column(0, 1),
        0,
        field=field(MONTHS, "rises"),
        training_column=np.array([-1.0, 0, 1, 2, 3]),
    )

    assert [point.value for point in curve.points] == [-1, 0, 1, 2, 3]
    assert [point.label for point in curve.points][:3] == ["in full", "revolving", None]
    assert curve.points[3].probability_of_default == 0.5
    assert curve.violating_steps == ((-1, 0), (2, 3))


def test_a_curve_of_which_nothing_is_expected_goes_no_wrong_way() -> None:
    curve = sensitivity.curve(
        by_table({0: 0.9, 1: 0.1}),
        column(0, 1),
        0,
        field=field(MONTHS),
        training_column=np.array([0.0, 1]),
    )

    assert (curve.expected, curve.violating_steps) == (None, ())


def test_many_values_are_shown_at_some_that_training_saw() -> None:
    values = np.random.default_rng(1).uniform(0, 100, 5000)

    points = sensitivity.curve_values(field(AMOUNT), values)

    assert len(points) <= sensitivity.MAX_CURVE_POINTS
    assert set(points) <= set(values)
    assert points.min() < 3
    assert points.max() > 97


def test_every_code_is_decoded_to_itself(schema: Schema) -> None:
    for schema_field in schema.fields.values():
        if isinstance(schema_field.rule, CodeList):
            for code in schema_field.rule.labels:
                assert schema_field.rule.decode(schema_field.rule.encode(code)) == code


# Flips


def test_a_label_flips_where_any_other_value_would_change_it() -> None:
    """At 0.5: value 0 is approved, 1 refused, 2 approved; the second column decides alone at 9."""

    def predict(matrix: npt.NDArray[np.float32]) -> Floats:
        probability = np.where(matrix[:, 0] == 1, 0.6, 0.4)
        return np.where(matrix[:, 1] == 9, 0.9, probability)

    matrix = np.array([[0, 0], [1, 0], [2, 9], [1, 9]], dtype=float)

    both = sensitivity.label_flips(predict, matrix, 0, values=[0, 1, 2], cutoff=0.5)
    alike = sensitivity.label_flips(predict, matrix, 0, values=[0, 2], cutoff=0.5)

    assert both is not None
    assert alike is not None
    assert both["value"] == 0.5
    assert alike["value"] == 0.25


def test_the_highest_band_is_compared_with_its_best_lower_value() -> None:
    predict = by_table({20: 0.4, 30: 0.2, 61: 0.3, 62: 0.2, 70: 0.3, 80: 0.6})
    values = np.array([20.0, 30, 61, 62, 70, 80])

    age_test = sensitivity.age_62_test(
        predict, column(30, 62, 70, 80), 0, edge=62, values=values, cutoff=0.5
    )

    assert age_test is not None
    assert (age_test.from_, age_test.rows) == (62, 3)
    assert age_test.worse_off is not None
    assert age_test.worse_off["value"] == pytest.approx(2 / 3, abs=1e-6)
    assert age_test.refused_due_to_age is not None
    assert age_test.refused_due_to_age["value"] == pytest.approx(1 / 3, abs=1e-6)
    assert age_test.mean_gap == pytest.approx((0 + 0.1 + 0.4) / 3, abs=1e-6)


def test_an_empty_highest_band_is_not_compared() -> None:
    age_test = sensitivity.age_62_test(
        by_table({}), column(30), 0, edge=62, values=np.array([30.0]), cutoff=0.5
    )

    assert age_test is None


# Monotonicity


def violations(
    table: dict[float, float], rows: Floats, rule: NumericRange, risk: str, *training: float
) -> dict[str, Any]:
    document: dict[str, Any] = plain(
        sensitivity.monotonicity_violations(
            by_table(table),
            rows,
            0,
            rule=rule,
            risk=risk,
            training_column=np.array(training or list(table)),
            cutoff=0.5,
        )
    )
    return document


def test_a_step_that_should_be_worse_and_is_better_is_told() -> None:
    """From -1 and from 0 the next later payment is 1; from 3 there is none."""
    table = {-1.0: 0.3, 0.0: 0.1, 1.0: 0.2, 2.0: 0.6, 3.0: 0.4}

    figures = violations(table, column(*table), MONTHS, "rises")

    assert figures["rows"] == 4
    assert figures["lowered"]["value"] == 0.5
    assert figures["made_eligible"]["value"] == 0.25
    assert figures["largest_fall"] == {
        "from": 2, "to": 3, "probability_from": 0.6, "probability_to": 0.4,
    }  # fmt: skip


def test_where_the_risk_falls_the_worse_step_is_down() -> None:
    table = {10.0: 0.5, 20.5: 0.3, 40.0: 0.2}

    figures = violations(table, column(*table), AMOUNT, "falls")

    assert figures["rows"] == 2
    assert figures["lowered"]["value"] == 0
    assert figures["made_eligible"]["value"] == 0
    assert figures["largest_fall"] is None


def test_a_value_that_training_never_saw_steps_to_the_next_that_it_saw() -> None:
    table = {15.0: 0.1, 10.0: 0.05, 20.0: 0.3}

    down = violations(table, column(15), AMOUNT, "falls", 10, 20)
    up = violations(table, column(15), AMOUNT, "rises", 10, 20)

    assert down["largest_fall"]["to"] == 10
    assert up["largest_fall"] is None
    assert up["rows"] == 1


def test_where_no_step_is_left_nothing_is_told() -> None:
    figures = violations({}, column(3, 4), MONTHS, "rises", 1, 3)

    assert figures == {"rows": 0, "lowered": None, "made_eligible": None, "largest_fall": None}
