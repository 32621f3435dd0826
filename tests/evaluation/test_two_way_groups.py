"""Groups of two fields together, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from creditscore.evaluation.confidence_intervals import BootstrapResamples
from creditscore.evaluation.fairness import PopulationGroup
from creditscore.evaluation.two_way_groups import MAX_GROUPS, two_way_groups

#: Rows, bads and approved of each cell: sex by age.
CELLS = {
    ("women", "young"): (300, 60, 150),
    ("women", "old"): (400, 100, 320),
    ("men", "young"): (200, 30, 120),
    # One row, and then one bad one, too few.
    ("men", "old"): (199, 30, 199),
    ("others", "old"): (300, 29, 300),
}


def parts() -> tuple[dict[str, list[PopulationGroup]], np.ndarray, np.ndarray]:
    """Lay the cells out, the first rows of each bad and the last ones approved."""
    sex, age, bad, approved = [], [], [], []
    for (sex_group, age_group), (rows, bads, yes) in CELLS.items():
        sex += [sex_group] * rows
        age += [age_group] * rows
        bad += [1] * bads + [0] * (rows - bads)
        approved += [False] * (rows - yes) + [True] * yes
    groups = {
        name: [
            PopulationGroup(label, np.array([value == label for value in column]))
            for label in dict.fromkeys(column)
        ]
        for name, column in (("SEX", sex), ("AGE", age))
    }
    return groups, np.array(bad), np.array(approved)


def test_large_groups_are_compared_with_the_one_that_is_approved_most() -> None:
    groups, bad, approved = parts()

    (pair,) = two_way_groups(groups, bad, approved, resamples=BootstrapResamples(len(bad), 1))

    assert pair.fields == ("SEX", "AGE")
    assert pair.reference == ("women", "old")
    assert (pair.small, pair.small_rows) == (2, 499)
    rates = {
        group.groups: group.approval_rate["value"] for group in pair.large if group.approval_rate
    }
    assert rates == {
        ("women", "young"): 0.5,
        ("women", "old"): 0.8,
        ("men", "young"): 0.6,
    }
    young = pair.large[0]
    assert young.approval_ratio is not None
    assert young.approval_ratio["value"] == pytest.approx(0.5 / 0.8)
    assert young.approval_ratio["low"] < 0.625 < young.approval_ratio["high"]
    # 150 of the 300 are approved, the last ones: none of the 60 bad ones.
    assert young.bad_rate_approved is not None
    assert young.bad_rate_approved["value"] == 0
    assert (young.rows, young.bads) == (300, 60)


def test_weights_move_the_rates() -> None:
    groups, bad, approved = parts()
    weights = np.where(approved, 3.0, 1.0)

    (pair,) = two_way_groups(
        groups, bad, approved, resamples=BootstrapResamples(len(bad), 1, case_weights=weights)
    )

    rate = pair.large[0].approval_rate
    assert rate is not None
    assert rate["value"] == pytest.approx(3 * 150 / (3 * 150 + 150))


def test_without_a_large_group_only_their_number_is_told() -> None:
    halves = [
        PopulationGroup(label, np.arange(40) % 2 == index)
        for index, label in enumerate(("even", "odd"))
    ]
    bad = np.arange(40) % 4 == 0

    (pair,) = two_way_groups(
        {"A": halves, "B": halves},
        bad.astype(np.int64),
        ~bad,
        resamples=BootstrapResamples(40, 1),
    )

    assert pair.reference is None
    assert pair.large == ()
    assert (pair.small, pair.small_rows) == (2, 40)


def test_of_many_large_groups_the_largest_are_compared() -> None:
    sizes = [200 + 10 * index for index in range(MAX_GROUPS + 5)]
    member = np.repeat(np.arange(len(sizes)), sizes)
    bad = (np.arange(len(member)) % 4 == 0).astype(np.int64)
    first = [PopulationGroup(str(index), member == index) for index in range(len(sizes))]
    second = [PopulationGroup("all", np.ones(len(member), dtype=bool))]

    (pair,) = two_way_groups(
        {"A": first, "B": second}, bad, bad == 0, resamples=BootstrapResamples(len(bad), 1, 20)
    )

    assert [group.groups[0] for group in pair.large] == [
        str(index) for index in range(5, len(sizes))
    ]
