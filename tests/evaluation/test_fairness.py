"""Figures by group: by hand, by `fairlearn`, and where groups are too small to say anything."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fairlearn import metrics as oracle
from hypothesis import given
from hypothesis import strategies as st

from creditscore.arrays import Flags, Ints
from creditscore.evaluation import fairness
from creditscore.evaluation.card_reader import plain
from creditscore.evaluation.confidence_intervals import BootstrapResamples, wilson
from creditscore.evaluation.fairness import PopulationGroup
from creditscore.schema import Field, Schema
from creditscore.schema.constraints import CodeList, NumericRange
from creditscore.schema.descriptions import band_text

ROWS = 3000


def draw_groups(
    shares: list[float], *, seed: int = 1
) -> tuple[list[PopulationGroup], Ints, Flags, Ints]:
    """Draw groups of given shares, each approved less often than the one before."""
    random = np.random.default_rng(seed)
    member = random.choice(len(shares), size=ROWS, p=shares)
    bad = (random.random(ROWS) < 0.2 + 0.05 * member).astype(np.int64)
    approved = random.random(ROWS) < 0.8 - 0.1 * member - 0.2 * bad
    parts = [PopulationGroup(f"group {index}", member == index) for index in range(len(shares))]
    return parts, bad, approved, member


def halves(inside: Flags) -> list[PopulationGroup]:
    return [PopulationGroup("in", inside), PopulationGroup("out", ~inside)]


def compare(parts: list[PopulationGroup], bad: Ints, approved: Flags) -> dict[str, Any]:
    resamples = BootstrapResamples(len(bad), seed=1)
    comparison: dict[str, Any] = plain(fairness.by_group(parts, bad, approved, resamples=resamples))
    return comparison


# Against fairlearn


@pytest.mark.parametrize("shares", [[0.5, 0.5], [0.6, 0.3, 0.1], [0.4, 0.3, 0.2, 0.1]])
def test_rates_and_differences_are_fairlearns(shares: list[float]) -> None:
    parts, bad, approved, member = draw_groups(shares)

    comparison = compare(parts, bad, approved)

    # fairlearn's positive outcome is ours turned round: being good, and being approved.
    arguments = {"y_true": 1 - bad, "y_pred": approved.astype(int), "sensitive_features": member}
    frame = oracle.MetricFrame(
        metrics={
            "approved": oracle.selection_rate,
            "good": oracle.true_positive_rate,
            "rows": oracle.count,
        },
        **arguments,
    ).by_group
    groups = comparison["groups"]
    assert [group["rows"] for group in groups] == frame["rows"].tolist()
    for group, row in zip(groups, frame.itertuples(), strict=True):
        assert group["verdict"] == "conclusive"
        assert group["approval_rate"]["value"] == pytest.approx(row.approved, abs=1e-6)
        assert group["approval_rate_good"]["value"] == pytest.approx(row.good, abs=1e-6)
        ratio = row.approved / frame["approved"].max()
        assert group["approval_ratio"]["value"] == pytest.approx(ratio, abs=1e-6)
    for name, measure in (
        ("demographic_parity_ratio", oracle.demographic_parity_ratio),
        ("demographic_parity_difference", oracle.demographic_parity_difference),
    ):
        assert comparison[name]["value"] == pytest.approx(measure(**arguments), abs=1e-6), name
    equal = oracle.equal_opportunity_difference(**arguments)
    assert comparison["equal_opportunity_difference"]["value"] == pytest.approx(equal, abs=1e-6)


def test_groups_that_are_too_small_are_left_out_of_the_comparison() -> None:
    parts, bad, approved, member = draw_groups([0.55, 0.41, 0.04])
    is_large = member < 2
    # The small group is approved as often as the other two together.
    approved[~is_large] = (
        np.arange((~is_large).sum()) < approved[is_large].mean() * (~is_large).sum()
    )

    comparison = compare(parts, bad, approved)

    groups = comparison["groups"]
    assert [group["verdict"] for group in groups] == ["conclusive", "conclusive", "inconclusive"]
    assert groups[2]["approval_rate"] is not None
    assert groups[2]["approval_ratio"] is None
    ratio = oracle.demographic_parity_ratio(
        1 - bad[is_large], approved[is_large].astype(int), sensitive_features=member[is_large]
    )
    assert comparison["demographic_parity_ratio"]["value"] == pytest.approx(ratio, abs=1e-6)


# By hand


@pytest.mark.parametrize(
    ("goods", "bads", "verdict"),
    [
        (170, 30, "conclusive"),
        (169, 30, "inconclusive"),
        (171, 29, "inconclusive"),
        (30, 170, "conclusive"),
        (29, 171, "inconclusive"),
        (0, 0, "inconclusive"),
    ],
)
def test_a_group_counts_from_200_rows_and_30_of_each_outcome_on(
    goods: int, bads: int, verdict: str
) -> None:
    rows = goods + bads
    bad = np.array([0] * goods + [1] * bads + [0] * 300 + [1] * 300)
    inside = np.arange(len(bad)) < rows

    comparison = compare(halves(inside), bad, np.ones(len(bad), dtype=bool))

    groups = comparison["groups"]
    assert [group["verdict"] for group in groups] == [verdict, "conclusive"]
    assert (comparison["demographic_parity_ratio"] is None) == (verdict == "inconclusive")


def test_a_small_group_counts_where_a_test_shows_that_it_differs() -> None:
    """49.7 % of 161 against 65.5 % of 252, as two sexes had it: z = 3.2."""
    inside = np.arange(161 + 252) < 161
    approved = np.concatenate([np.arange(161) < 80, np.arange(252) < 165])
    bad = np.arange(161 + 252) % 5 == 0

    comparison = compare(halves(inside), bad.astype(np.int64), approved)

    small, rest = comparison["groups"]
    assert [small["verdict"], rest["verdict"]] == ["conclusive", "conclusive"]
    assert [small["differs_from_rest"], rest["differs_from_rest"]] == ["lower", "higher"]
    assert small["approval_ratio"]["value"] == pytest.approx((80 / 161) / (165 / 252), abs=1e-6)


def test_no_difference_is_found_in_a_small_group_by_chance() -> None:
    """Of 400 fields with six small groups alike, a test at 5 % finds something in about 20."""
    random = np.random.default_rng(1)
    rows = [20, 40, 60, 80, 100, 120]

    count = sum(
        any(fairness.differ_from_rest(random.binomial(rows, 0.7).tolist(), rows))
        for _ in range(400)
    )

    assert count <= 30


def test_a_groups_figures_are_shares_with_wilsons_intervals() -> None:
    bad = np.array([0, 0, 0, 1, 1, 0])
    approved = np.array([True, True, False, True, False, False])
    inside = np.array([True] * 5 + [False])

    comparison = compare([PopulationGroup("all but one", inside)], bad, approved)

    groups = comparison["groups"]
    (group,) = groups
    low, high = wilson(3, 5)
    assert (group["group"], group["rows"], group["bads"]) == ("all but one", 5, 2)
    assert group["approval_rate"] == pytest.approx(
        {"value": 0.6, "low": low, "high": high}, abs=1e-6
    )
    assert group["bad_rate_approved"]["value"] == pytest.approx(1 / 3, abs=1e-6)
    assert group["approval_rate_good"]["value"] == pytest.approx(2 / 3, abs=1e-6)
    assert comparison["reference_group"] is None


def test_the_interval_of_a_ratio_is_that_of_its_logarithm() -> None:
    """Katz et al. (1978): the variance of ln(p1 / p2) is (1 - p1) / x1 + (1 - p2) / x2."""
    parts, bad, approved, _ = draw_groups([0.5, 0.5])

    comparison = compare(parts, bad, approved)

    groups = comparison["groups"]
    best, second = groups
    assert comparison["reference_group"] == best["group"]
    hits = [int((part.inside & approved).sum()) for part in parts]
    rates = [hits[index] / int(part.inside.sum()) for index, part in enumerate(parts)]
    error = ((1 - rates[0]) / hits[0] + (1 - rates[1]) / hits[1]) ** 0.5
    expected = rates[1] / rates[0] * np.exp(np.array([-1.96, 1.96]) * error)
    ratio = second["approval_ratio"]
    assert [ratio["low"], ratio["high"]] == pytest.approx(expected.tolist(), abs=0.015)


def test_equal_treatment_is_a_ratio_of_one_within_an_interval() -> None:
    """Two halves with the very same outcomes: what noise adds must not look like a difference."""
    _, bad, approved, _ = draw_groups([1.0])
    twice = np.concatenate([bad, bad]), np.concatenate([approved, approved])
    first = np.arange(2 * ROWS) < ROWS

    comparison = compare(halves(first), *twice)

    ratio, difference = (
        comparison["demographic_parity_ratio"],
        comparison["demographic_parity_difference"],
    )
    assert (ratio["value"], ratio["high"]) == (1, 1)
    assert 0.95 < ratio["low"] < 1
    assert (difference["value"], difference["low"]) == (0, 0)
    assert 0 < difference["high"] < 0.05


def test_whoever_is_never_approved_has_no_ratio_to_himself() -> None:
    parts, bad, _, _ = draw_groups([0.5, 0.5])

    comparison = compare(parts, bad, np.zeros(ROWS, dtype=bool))

    assert comparison["demographic_parity_ratio"] is None
    difference = comparison["demographic_parity_difference"]
    assert difference == {"value": 0.0, "low": 0.0, "high": 0.0}


# The groups of a field


def test_every_row_is_in_one_group_of_every_field(schema: Schema) -> None:
    random = np.random.default_rng(1)
    for field in schema.fields.values():
        if isinstance(field.rule, CodeList):
            column = random.choice([field.rule.encode(code) for code in field.rule.labels], 500)
        else:
            column = random.integers(18, 90, 500).astype(float)

        parts = fairness.groups(field, column, training_column=column)

        assert np.sum([part.inside for part in parts], axis=0).tolist() == [1] * 500
        assert len({part.label for part in parts}) == len(parts)


def test_the_bands_of_the_schema_file_are_named_by_their_ends(schema: Schema) -> None:
    field = next(field for field in schema.fields.values() if field.bands)
    column = np.array([field.bands[0] - 1, *field.bands])

    parts = fairness.groups(field, column, training_column=column)

    assert [part.label for part in parts] == [
        "under 25", "25 to 29", "30 to 39", "40 to 49", "50 to 61", "62 and over",
    ]  # fmt: skip
    inside = [np.flatnonzero(part.inside).tolist() for part in parts]
    assert inside == [[index] for index in range(6)]


def test_without_bands_training_is_cut_into_quarters(schema: Schema) -> None:
    field = next(
        field
        for field in schema.fields.values()
        if not isinstance(field.rule, CodeList) and not field.bands
    )
    training = np.arange(1.0, 401)

    parts = fairness.groups(field, training, training_column=training)

    assert [int(part.inside.sum()) for part in parts] == [100] * 4
    assert parts[0].label == "under 100.75"
    assert parts[1].label == "100.75 to under 200.5"


@pytest.mark.parametrize(
    ("low", "high", "integral", "label"),
    [
        (None, 25.0, True, "under 25"),
        (25.0, 26.0, True, "25"),
        (25.0, 27.0, True, "25 to 26"),
        (25.0, 27.5, True, "25 to under 27.5"),
        (0.5, 1.5, False, "0.5 to under 1.5"),
        (62.0, None, True, "62 and over"),
    ],
)
def test_a_band_is_named_so_that_it_can_be_read(
    low: float | None, high: float | None, integral: bool, label: str
) -> None:
    assert band_text(low, high, integral=integral)["en"] == label


@given(st.lists(st.integers(0, 2), min_size=1, max_size=40))
def test_columns_of_few_values_are_grouped_without_a_row_lost(values: list[int]) -> None:
    rule = NumericRange(0, 2, False, False, True, {}, {})
    field = Field("n", rule, True, False, None, (), 0, {"en": "n"}, {"en": ""}, {})
    column = np.array(values, dtype=float)

    parts = fairness.groups(field, column, training_column=column)

    assert np.sum([part.inside for part in parts], axis=0).tolist() == [1] * len(values)
