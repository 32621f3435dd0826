"""What was predicted for groups beside what came true, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from creditscore.evaluation.confidence_intervals import Figure, wilson
from creditscore.evaluation.fairness import PopulationGroup
from creditscore.evaluation.group_calibration import calibration_of, compared


def test_a_group_has_its_mean_its_rate_and_its_interval() -> None:
    """Of 300 in the group 60 are bad, 0.2, and the Wilson interval is 0.159 to 0.249."""
    bad = np.array([1] * 60 + [0] * 240 + [1] * 50 + [0] * 50)
    predicted = np.array([0.1] * 150 + [0.3] * 150 + [0.9] * 100)
    parts = [
        PopulationGroup("first", np.arange(400) < 300),
        PopulationGroup("nobody", np.zeros(400, dtype=bool)),
    ]

    first, nobody = calibration_of(parts, bad, predicted)

    assert (first.group, first.rows, first.bads) == ("first", 300, 60)
    assert first.mean_predicted == pytest.approx(0.2)
    low, high = wilson(60, 300)
    assert (low, high) == pytest.approx((0.1586, 0.2490), abs=1e-4)
    assert first.observed == {"value": 0.2, "low": round(low, 6), "high": round(high, 6)}
    assert first.verdict == "as_predicted"
    assert (nobody.rows, nobody.mean_predicted, nobody.observed) == (0, None, None)
    assert nobody.verdict == "inconclusive"


@pytest.mark.parametrize(
    ("probability", "rows", "verdict"),
    [
        (0.15, 300, "more_bad"),
        (0.26, 300, "fewer_bad"),
        (0.24, 300, "as_predicted"),
        # Of 50 rows, 10 bad, the interval is 0.112 to 0.330.
        (0.24, 50, "inconclusive"),
        (0.05, 50, "more_bad"),
        (0.40, 50, "fewer_bad"),
    ],
)
def test_outside_the_interval_is_a_finding_and_within_it_a_small_group_is_inconclusive(
    probability: float, rows: int, verdict: str
) -> None:
    bad = (np.arange(rows) < rows // 5).astype(np.int64)
    part = PopulationGroup("all", np.ones(rows, dtype=bool))

    (group,) = calibration_of([part], bad, np.full(rows, probability))

    assert group.verdict == verdict


def test_weighted_rows_count_as_the_people_that_they_stand_for() -> None:
    """The bad row counts three times: 3 of 4, predicted (3 x 0.5 + 0.1) / 4, of 1.6 rows."""
    part = PopulationGroup("all", np.ones(2, dtype=bool))

    (group,) = calibration_of([part], np.array([1, 0]), np.array([0.5, 0.1]), np.array([3.0, 1.0]))

    assert group.mean_predicted == pytest.approx(0.4)
    assert group.observed is not None
    assert group.observed["value"] == 0.75
    low, high = wilson(0.75 * 1.6, 1.6)
    assert (group.observed["low"], group.observed["high"]) == pytest.approx((low, high), abs=1e-6)
    assert group.rows == 2


def test_a_mean_at_the_bound_is_as_predicted() -> None:
    rate: Figure = {"value": 0.2, "low": 0.1, "high": 0.3}

    assert [compared(mean, rate) for mean in (0.09, 0.1, 0.3, 0.31)] == [
        "more_bad", "as_predicted", "as_predicted", "fewer_bad",
    ]  # fmt: skip
