"""What would have to change: lawful, verified, nearest, found fast, or plainly nothing."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest
from drawing import applicant_of, applicants, bundled_rows, number_of, thresholds
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from creditscore.schema import Applicant, Schema
from creditscore.schema.constraints import NumericRange, Value
from creditscore.schema.reader import read_schema
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import Policy
from creditscore.scorecard.recourse import Recourse, explain_recourse, find_recourse
from creditscore.scorecard.scorecard import Scorecard
from creditscore.training.dataset import Dataset
from creditscore.training.fit import fit

NEVER_ADVISED = {"LIMIT_BAL", "SEX", "EDUCATION", "MARRIAGE", "AGE"}

CUTOFF = 0.25


@dataclass(frozen=True)
class Case:
    """An applicant, and the advice where there is any."""

    applicant: Applicant
    recourse: Recourse | None


def find(model: Model, applicant: Applicant) -> Recourse | None:
    card = model.scorecards[applicant.scorecard]
    return find_recourse(applicant, scorecard=card, schema=model.schema, cutoff=CUTOFF)


def risk(schema: Schema, card: Scorecard, applicant: Applicant) -> float:
    matrix = schema.matrix([applicant], card.predictors)
    return float(card.probability_of_default(matrix)[0])


@pytest.fixture(scope="module")
def cases(model: Model) -> list[Case]:
    """Advise 60 refused rows."""
    card = model.scorecards["behavioural"]
    data = bundled_rows()
    predicted = card.probability_of_default(data.matrix(card.predictors)[:2000].astype(np.float32))
    advised = []
    for row in np.flatnonzero(predicted >= CUTOFF)[:60].tolist():
        applicant = applicant_of(data, row, model.schema, "behavioural")
        advised.append(Case(applicant, find(model, applicant)))
    return advised


def check_lawful(model: Model, recourse: Recourse) -> None:
    """Check that advice is what its applicant can do, and that it would do."""
    schema, card = model.schema, model.scorecards[recourse.before.scorecard]
    assert recourse.changes
    assert not NEVER_ADVISED & set(recourse.changes)
    for name, (before, after) in recourse.changes.items():
        change = schema.fields[name].change
        assert change is not None
        assert not isinstance(before, str)
        assert not isinstance(after, str)
        lowest, highest = (float(bound) for bound in card.training_ranges[name])
        assert lowest <= after <= highest
        assert after < before if change.direction == "decrease" else after > before
        if change.limit is not None:
            assert (
                after >= change.limit if change.direction == "decrease" else after <= change.limit
            )
    # Read and scored like any other applicant.
    after_all = schema.parse(dict(recourse.after.values))
    assert after_all == recourse.after
    assert risk(schema, card, after_all) == recourse.probability_of_default < CUTOFF


def test_a_merged_code_is_advised_as_what_it_counts_as_and_kept(
    model: Model, cases: Sequence[Case]
) -> None:
    for name, field in model.schema.fields.items():
        for code, target in field.merged_codes.items():
            values = {**cases[0].applicant.values, name: code}
            merged = find(model, Applicant("behavioural", values))
            counted = find(model, Applicant("behavioural", {**values, name: target}))

            assert merged is not None
            assert counted is not None
            assert merged.changes == counted.changes
            assert merged.probability_of_default == counted.probability_of_default
            assert merged.after.values[name] == code


def test_most_refused_can_do_something(cases: Sequence[Case]) -> None:
    assert sum(case.recourse is not None for case in cases) >= 0.8 * len(cases)


def test_advice_is_lawful_and_would_do(model: Model, cases: Sequence[Case]) -> None:
    for case in cases:
        if case.recourse is not None:
            assert case.recourse.before == case.applicant
            check_lawful(model, case.recourse)


@given(data=st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_advice_to_anybody_is_lawful_and_would_do(model: Model, data: st.DataObject) -> None:
    card = model.scorecards["behavioural"]
    applicant = data.draw(applicants(model.schema, card))
    assume(risk(model.schema, card, applicant) >= CUTOFF)

    recourse = find(model, applicant)

    if recourse is not None:
        check_lawful(model, recourse)


def test_no_change_of_one_field_would_be_nearer(model: Model, cases: Sequence[Case]) -> None:
    card = model.scorecards["behavioural"]
    for case in cases[:20]:
        nearest = single_changes_by_brute_force(model.schema, card, case.applicant)
        if case.recourse is None or len(case.recourse.changes) > 1:
            assert not nearest
        else:
            assert cost(card, case.recourse) <= min(nearest) + 1e-9


def single_changes_by_brute_force(
    schema: Schema, card: Scorecard, applicant: Applicant
) -> list[float]:
    """Score a fine grid of each field; give the costs of what would do."""
    usual = schema.matrix([applicant], card.predictors)[0]
    costs: list[float] = []
    for index, name in enumerate(card.predictors):
        change, value = schema.fields[name].change, applicant.values[name]
        if change is None or not isinstance(value, int | float):
            continue
        bounds = [float(bound) for bound in card.training_ranges[name]]
        far = bounds[change.direction == "increase"]
        if change.limit is not None:
            far = max(far, change.limit) if change.direction == "decrease" else change.limit
        if (far > value) != (change.direction == "increase"):
            continue
        grid = np.unique(np.linspace(value, far, 3000).round())
        matrix = np.repeat(usual[np.newaxis], len(grid), axis=0)
        matrix[:, index] = grid
        eligible = grid[card.probability_of_default(matrix) < CUTOFF]
        costs += (np.abs(eligible - value) / card.reference.spreads[name]).tolist()
    return costs


def cost(card: Scorecard, recourse: Recourse) -> float:
    """Sum up how far the changed fields are moved, in spreads."""
    return sum(
        abs(float(after) - float(before)) / card.reference.spreads[name]
        for name, (before, after) in recourse.changes.items()
    )


@given(data=st.data())
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_on_the_application_scorecard_can_be_changed(
    model: Model, data: st.DataObject
) -> None:
    card = model.scorecards["application"]
    applicant = data.draw(applicants(model.schema, card))
    assume(risk(model.schema, card, applicant) >= CUTOFF)

    recourse = find(model, applicant)

    assert recourse is None
    assert explain_recourse(recourse, model.schema, "en") == {
        "possible": False,
        "text": "No other values of what an applicant can change would have changed this decision.",
        "changes": [],
        "probability_of_default": None,
    }
    assert explain_recourse(recourse, model.schema, "id")["text"].startswith("Tidak ada nilai lain")


def test_who_is_eligible_already_need_not_change_anything(model: Model) -> None:
    card = model.scorecards["behavioural"]
    data = bundled_rows()
    predicted = card.probability_of_default(data.matrix(card.predictors)[:200].astype(np.float32))
    row = int(np.flatnonzero(predicted < CUTOFF)[0])
    applicant = applicant_of(data, row, model.schema, "behavioural")

    recourse = find(model, applicant)

    assert recourse is not None
    assert recourse.after == applicant
    assert recourse.changes == {}
    assert recourse.probability_of_default == predicted[row]
    explained = explain_recourse(recourse, model.schema, "en")
    assert explained["text"] == "Nothing has to change: as it is, the decision would be: eligible."
    assert explained["changes"] == []


def test_advice_is_said_in_both_languages(model: Model, cases: Sequence[Case]) -> None:
    recourse = next(case.recourse for case in cases if case.recourse is not None)
    english, indonesian = (
        explain_recourse(recourse, model.schema, language) for language in ("en", "id")
    )

    assert english["possible"] is True
    assert english["text"].startswith("With these values, and all else as it is")
    assert indonesian["text"].startswith("Seandainya nilainya seperti ini")
    assert english["probability_of_default"] == recourse.probability_of_default
    assert [(step["field"], step["from"], step["to"]) for step in english["changes"]] == [
        (name, before, after) for name, (before, after) in recourse.changes.items()
    ]
    for step, translated in zip(english["changes"], indonesian["changes"], strict=True):
        field = model.schema.fields[step["field"]]
        assert step["text"].startswith(f"{field.title['en']}: from ")
        assert translated["text"].startswith(f"{field.title['id']}: dari ")
        assert "{" not in step["text"] + translated["text"]


def test_a_change_is_written_in_the_words_of_the_form(model: Model) -> None:
    before = model.schema.parse(
        {name: field.example for name, field in model.schema.fields.items()}
    )
    late = {"PAY_1": 2, "PAY_2": 0, "PAY_3": 3, "BILL_AMT1": 28500}
    values = {**before.values, "PAY_1": -1, "PAY_2": -1, "PAY_3": 1, "BILL_AMT1": 1500}
    before = Applicant("behavioural", {**before.values, **late})
    recourse = Recourse(before, Applicant("behavioural", values), 0.2)

    english, indonesian = (
        [step["text"] for step in explain_recourse(recourse, model.schema, language)["changes"]]
        for language in ("en", "id")
    )

    assert english == [
        "Repayment status, last month: from 2 months late to paid in full",
        "Repayment status, two months ago: from revolving credit to paid in full",
        "Repayment status, three months ago: from 3 to 1 month late",
        "Bill, last month: from 28,500 to 1,500 New Taiwan dollars",
    ]
    assert indonesian[3] == "Tagihan, bulan lalu: dari 28.500 menjadi 1.500 dolar Taiwan Baru"


OWN_SCHEMA = """
[dataset]
name = "own"
title = "Own"

[label]
column = "bad"
good = 0
bad = 1
title = "Bad"

[scorecards.own]
title = "Own"
fields = []
forest = { trees = 10, max_depth = 4, min_samples_leaf = 20 }
"""


def own_schema(**fields: dict[str, Any]) -> Schema:
    """Make a schema of one's own of these fields."""
    document = tomllib.loads(OWN_SCHEMA)
    document["fields"] = {
        name: {"kind": "number", "title": name, "example": 1, **field}
        for name, field in fields.items()
    }
    document["scorecards"]["own"]["fields"] = list(fields)
    return read_schema(document, "own.toml")


def own_scorecard(schema: Schema, columns: Mapping[str, Any], bad: Any) -> Scorecard:
    """Train one's own scorecard."""
    card, _ = fit(
        Dataset("own.csv", "0" * 64, columns, bad.astype(np.int64), {}),
        schema,
        schema.scorecards["own"],
        policy=Policy.from_ratio(3),
        exclude=[],
        reference_group="approved",
        seed=1,
    )
    return card


def test_amounts_beyond_single_precision_are_moved_behind_the_threshold() -> None:
    # At 600 million, single precision knows every 64th amount only.
    schema = own_schema(income={"minimum": 0, "change": {"direction": "increase"}})
    income = 600_000_000 + 128.0 * np.arange(400)
    card = own_scorecard(schema, {"income": income}, income < np.median(income))
    applicant = schema.parse({"income": 600_000_000})

    recourse = find_recourse(applicant, scorecard=card, schema=schema, cutoff=CUTOFF)

    assert recourse is not None
    grid = np.arange(600_000_000, 600_051_200, 64).astype(np.float32)
    eligible = grid[card.probability_of_default(grid[:, np.newaxis]) < CUTOFF]
    assert np.float32(number_of(recourse.after, "income")) == eligible.min()


@pytest.mark.parametrize("direction", ["increase", "decrease"])
def test_shares_are_moved_in_fractions(direction: str) -> None:
    schema = own_schema(
        share={"minimum": 0, "maximum": 1, "example": 0.5, "change": {"direction": direction}}
    )
    share = np.linspace(0.001, 0.999, 500)
    safe = share > 0.6 if direction == "increase" else share < 0.4
    card = own_scorecard(schema, {"share": share}, ~safe)
    applicant = schema.parse({"share": 0.5})

    recourse = find_recourse(applicant, scorecard=card, schema=schema, cutoff=CUTOFF)

    assert recourse is not None
    grid = np.linspace(0, 1, 100_001)
    predicted = card.probability_of_default(grid[:, np.newaxis].astype(np.float32))
    eligible = grid[predicted < CUTOFF]
    nearest = np.abs(eligible - 0.5).min()
    after = recourse.after.values["share"]
    assert isinstance(after, float)
    assert after == round(after, 2)
    assert abs(after - 0.5) == pytest.approx(nearest, abs=0.01)


@pytest.mark.parametrize(("direction", "limit"), [("increase", 40), ("decrease", 60)])
def test_a_limit_of_the_schema_is_not_passed(direction: str, limit: int) -> None:
    # Safe is who is beyond 50, which the limit leaves out of reach.
    rules = {"minimum": 0, "maximum": 100, "change": {"direction": direction, "limit": limit}}
    schema = own_schema(saving=rules)
    saving = np.arange(0, 100, 0.25)
    safe = saving > 50 if direction == "increase" else saving < 50
    card = own_scorecard(schema, {"saving": saving}, ~safe)
    applicant = schema.parse({"saving": 10 if direction == "increase" else 90})

    assert find_recourse(applicant, scorecard=card, schema=schema, cutoff=CUTOFF) is None


def test_what_training_has_not_seen_is_not_advised() -> None:
    # Only beyond the rows that training saw would the field be low enough.
    schema = own_schema(
        debt={"minimum": 0, "maximum": 100, "change": {"direction": "decrease"}},
        noise={"minimum": 0, "maximum": 1, "example": 0},
    )
    draw = np.random.default_rng(1)
    columns = {"debt": draw.uniform(50, 100, 500), "noise": draw.random(500)}
    card = own_scorecard(schema, columns, draw.random(500) < 0.5)
    applicant = schema.parse({"debt": 90, "noise": 0.5})

    recourse = find_recourse(applicant, scorecard=card, schema=schema, cutoff=0.3)

    assert recourse is None or number_of(recourse.after, "debt") >= 50


@cache
def small_world() -> tuple[Schema, Scorecard, list[Applicant]]:
    """Train on four fields that all can change, and give refused applicants."""
    down, up = {"direction": "decrease"}, {"direction": "increase"}
    directions = {"a": down, "b": down, "c": up, "d": up}
    schema = own_schema(
        **{
            name: {"minimum": 0, "maximum": 100, "change": change}
            for name, change in directions.items()
        }
    )
    draw = np.random.default_rng(7)
    columns = {name: draw.integers(0, 101, 1500).astype(np.float64) for name in directions}
    risk = columns["a"] + columns["b"] - columns["c"] - columns["d"] + draw.normal(0, 30, 1500)
    card = own_scorecard(schema, columns, risk > 20)
    rows = draw.integers(0, 101, (400, 4)).tolist()
    everybody = [schema.parse(dict(zip(directions, row, strict=True))) for row in rows]
    predicted = card.probability_of_default(schema.matrix(everybody, card.predictors))
    refused = [
        applicant for applicant, after in zip(everybody, predicted, strict=True) if after >= CUTOFF
    ]
    return schema, card, refused


def test_changes_of_two_fields_are_nearly_always_the_nearest() -> None:
    schema, card, refused = small_world()
    ratios = []
    for applicant in refused:
        recourse = find_recourse(applicant, scorecard=card, schema=schema, cutoff=CUTOFF)
        if recourse is not None and len(recourse.changes) == 2:
            nearest = pair_by_brute_force(schema, card, applicant)
            ratios.append(cost(card, recourse) / nearest)

    assert len(ratios) >= 30
    assert min(ratios) >= 1 - 1e-9
    # All of them, when this was written; without the search of nearer pairs two thirds.
    assert np.mean(np.array(ratios) <= 1 + 1e-9) >= 0.95
    assert max(ratios) <= 1.2


def test_nothing_is_given_up_that_two_fields_could_do() -> None:
    schema, card, refused = small_world()
    for applicant in refused:
        recourse = find_recourse(applicant, scorecard=card, schema=schema, cutoff=CUTOFF)
        if recourse is None or len(recourse.changes) > 2:
            assert pair_by_brute_force(schema, card, applicant) == np.inf


def pair_by_brute_force(schema: Schema, card: Scorecard, applicant: Applicant) -> float:
    """Score every pair of cells of every two fields; give the smallest cost of what would do."""
    usual = schema.matrix([applicant], card.predictors)[0]
    moves = [_moves(schema, card, applicant, name) for name in card.predictors]
    best = float("inf")
    for first, second in itertools.combinations(range(len(moves)), 2):
        pairs = np.array(list(itertools.product(moves[first], moves[second])))
        if not len(pairs):
            continue
        matrix = np.repeat(usual[np.newaxis], len(pairs), axis=0)
        matrix[:, [first, second]] = pairs
        does = card.probability_of_default(matrix) < CUTOFF
        spreads = [card.reference.spreads[card.predictors[index]] for index in (first, second)]
        far = (np.abs(pairs - usual[[first, second]]) / spreads).sum(axis=1)
        best = min(best, float(far[does].min(initial=np.inf)))
    return best


def _moves(schema: Schema, card: Scorecard, applicant: Applicant, name: str) -> list[Value]:
    """Give the nearest whole value of each cell that a field may be moved to."""
    change, rule, value = (
        schema.fields[name].change,
        schema.fields[name].rule,
        applicant.values[name],
    )
    assert change is not None
    assert isinstance(rule, NumericRange)
    assert isinstance(value, int | float)
    up = change.direction == "increase"
    cells = [int(np.floor(cut)) + up for cut in thresholds(card, name)]
    return [
        cell for cell in cells if (cell > value if up else cell < value) and rule.contains(cell)
    ]
