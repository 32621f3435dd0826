"""What other seeds change, on five applicants by hand."""

from __future__ import annotations

import numpy as np
import pytest

from creditscore.evaluation.retraining import compare_seeds

BAD = np.array([1, 0, 1, 0, 0])
SHIPPED = np.array([0.40, 0.255, 0.245, 0.10, 0.05])
#: With one seed the second falls below the cut-off of 0.25, with the other the third rises above.
OTHER_SEEDS = np.array([[0.40, 0.24, 0.245, 0.10, 0.05], [0.40, 0.255, 0.275, 0.10, 0.05]])
NEAR = np.array([False, True, False, True, False])


def test_labels_that_differ_between_seeds_are_counted() -> None:
    comparison = compare_seeds(BAD, SHIPPED, OTHER_SEEDS, cutoff=0.25, near=NEAR)

    assert (comparison.seeds, comparison.rows, comparison.changed_rows) == (3, 5, 2)
    assert comparison.changed is not None
    assert comparison.changed["value"] == 0.4
    assert comparison.within_a_point is not None
    assert comparison.within_a_point["value"] == 0.4


def test_the_warning_is_held_against_the_labels_that_changed() -> None:
    comparison = compare_seeds(BAD, SHIPPED, OTHER_SEEDS, cutoff=0.25, near=NEAR)

    assert comparison.warned is not None
    assert comparison.changed_warned is not None
    assert (comparison.warned["value"], comparison.changed_warned["value"]) == (0.4, 0.5)


def test_the_spread_of_one_persons_probability_is_a_sample_standard_deviation() -> None:
    comparison = compare_seeds(BAD, SHIPPED, OTHER_SEEDS, cutoff=0.25, near=NEAR)

    # Of 0.245, 0.245, 0.275: squares of 0.01, 0.01 and 0.02 add up to 0.0006, over 2.
    assert comparison.probability_sd.largest == pytest.approx(np.sqrt(0.0003), abs=1e-6)
    assert comparison.probability_sd.median == 0


def test_the_auc_of_the_shipped_seed_stands_among_the_others() -> None:
    three = np.vstack([OTHER_SEEDS, SHIPPED])

    comparison = compare_seeds(BAD, SHIPPED, three, cutoff=0.25, near=NEAR)

    # Shipped, the bad at 0.245 lies below the good at 0.255: 5 of 6 pairs; otherwise all 6.
    assert comparison.auc is not None
    assert (comparison.auc.lowest, comparison.auc.highest) == (0.833333, 1.0)
    assert (comparison.auc.shipped, comparison.auc.lower) == (0.833333, 0)


def test_seeds_that_agree_leave_nobody_to_be_warned_of() -> None:
    comparison = compare_seeds(BAD, SHIPPED, SHIPPED[np.newaxis], cutoff=0.25, near=NEAR)

    assert comparison.changed_rows == 0
    assert comparison.changed_warned is None


def test_weights_count_the_people_that_rows_stand_for() -> None:
    weights = np.array([1.0, 3.0, 1.0, 1.0, 2.0])

    comparison = compare_seeds(BAD, SHIPPED, OTHER_SEEDS, cutoff=0.25, near=NEAR, weights=weights)

    assert comparison.changed is not None
    assert comparison.changed_warned is not None
    assert comparison.changed["value"] == 0.5
    assert comparison.changed_warned["value"] == 0.75
