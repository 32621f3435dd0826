"""Applicants in, decisions out, the same for one as for many."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import count
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from invented import bounds, draw_values

from creditscore.decisions.assessor import Assessor, Decision, timestamp
from creditscore.i18n.catalogue import LANGUAGES
from creditscore.schema import Applicant, Schema
from creditscore.schema.constraints import CodeList, NumericRange, Value
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import ELIGIBLE, NOT_ELIGIBLE
from creditscore.scorecard.retraining_spread import RetrainingSpread

NOON = datetime(2026, 11, 22, 12, 30, 5, 123456, tzinfo=UTC)


@pytest.fixture
def assessor(model: Model) -> Assessor:
    """An assessor whose clock stands still, and whose ids are counted."""
    numbers = count(1)
    return Assessor(
        model=model,
        policy=model.policy,
        now=lambda: NOON,
        new_ids=lambda _, count: [str(UUID(int=next(numbers))) for _ in range(count)],
    )


@pytest.fixture(scope="module")
def people(schema: Schema) -> list[Applicant]:
    """Invented applicants of every scorecard, mixed."""
    draw = np.random.default_rng(1)
    groups: list[Iterator[Applicant]] = []
    for spec in schema.scorecards.values():
        rules = [schema.fields[name].rule for name in spec.fields]
        columns = [draw_values(rule, 150, draw) for rule in rules]
        rows = [dict(zip(spec.fields, row, strict=True)) for row in zip(*columns, strict=True)]
        groups.append(iter(schema.parser.parse_all(rows)))
    applicants = [applicant for group in groups for applicant in group]
    return [applicants[index] for index in draw.permutation(len(applicants))]


def example(schema: Schema, scorecard: str, **changes: Value) -> Applicant:
    fields = schema.scorecards[scorecard].fields
    return schema.parse({name: schema.fields[name].example for name in fields} | changes)


def numbers(decision: Decision) -> dict[str, Any]:
    """Give all of a decision that does not depend on when it was made."""
    answer = decision.to_dict("en")
    del answer["decision_id"], answer["decided_at"]
    return answer


def test_an_applicant_gets_the_same_bits_alone_as_among_others_in_any_order(
    assessor: Assessor, people: list[Applicant]
) -> None:
    batch = assessor.assess_batch(people)
    reversed_batch = assessor.assess_batch(people[::-1])
    single_decisions = [assessor.assess(applicant) for applicant in people]

    expected = [numbers(decision) for decision in single_decisions]
    assert [numbers(decision) for decision in batch] == expected
    assert [numbers(decision) for decision in reversed_batch] == expected[::-1]
    assert [decision.applicant for decision in batch] == people
    scorecards = {decision.applicant.scorecard for decision in batch}
    assert scorecards == set(assessor.model.scorecards)
    assert len({decision.decision_id for decision in batch}) == len(people)


def test_no_applicants_get_no_decisions(assessor: Assessor) -> None:
    assert assessor.assess_batch([]) == []


def test_an_applicant_at_the_cutoff_is_not_eligible(
    assessor: Assessor, people: list[Applicant]
) -> None:
    applicant = people[0]
    decision_before = assessor.assess(applicant)
    at, above = (
        decision_before.probability_of_default,
        np.nextafter(decision_before.probability_of_default, 1),
    )

    for cutoff, label in ((at, NOT_ELIGIBLE), (float(above), ELIGIBLE)):
        stricter = replace(assessor, policy=replace(assessor.policy, cutoff=cutoff))
        decision = stricter.assess(applicant)
        assert (decision.label, decision.cutoff) == (label, cutoff)
        assert decision.probability_of_default == decision_before.probability_of_default


def test_a_decision_says_what_it_rests_on(assessor: Assessor, schema: Schema) -> None:
    model = assessor.model
    for name, card in model.scorecards.items():
        applicant = example(schema, name)

        decision = assessor.assess(applicant)

        matrix = schema.matrix([applicant], card.predictors)
        predicted = float(card.probability_of_default(matrix)[0])
        answer = decision.to_dict("en")
        assert answer["probability_of_default"] == predicted
        assert answer["probability"] == 1 - predicted
        assert answer["cutoff"] == model.policy.cutoff
        assert answer["score"] == model.policy.scale.points(np.array([predicted]))[0]
        assert answer["scorecard"] == name
        assert answer["model_version"] == model.versions[name]
        assert answer["baseline"] == card.reference.baseline
        assert answer["decided_at"] == "2026-11-22T12:30:05.123Z"


def test_a_decision_is_an_object_of_the_contract(assessor: Assessor, schema: Schema) -> None:
    decision = assessor.assess(example(schema, "application"))

    answer = decision.to_dict("en")

    assert list(answer) == [
        "decision_id",
        "decided_at",
        "label",
        "probability",
        "probability_of_default",
        "cutoff",
        "score",
        "scorecard",
        "model_version",
        "baseline",
        "reasons",
        "strengths",
        "warnings",
    ]
    assert type(answer["score"]) is int
    assert type(answer["probability_of_default"]) is float


# Warnings


@pytest.fixture
def values_alone(assessor: Assessor) -> Assessor:
    """An assessor that knows of no other seeds, so that its warnings are of values."""
    return with_spread(assessor, None)


def with_spread(assessor: Assessor, spread: RetrainingSpread | None) -> Assessor:
    cards = assessor.model.scorecards.items()
    scorecards = {name: replace(card, retraining_spread=spread) for name, card in cards}
    return replace(assessor, model=replace(assessor.model, scorecards=scorecards))


def test_the_examples_are_no_news_to_the_model(values_alone: Assessor, schema: Schema) -> None:
    people = [example(schema, name) for name in schema.scorecards]

    assert [decision.warnings for decision in values_alone.assess_batch(people)] == [(), ()]


def test_a_number_outside_of_what_training_saw_is_answered_with_a_warning(
    values_alone: Assessor, schema: Schema
) -> None:
    for name, field in schema.fields.items():
        if not isinstance(field.rule, NumericRange):
            continue
        low, high = values_alone.model.scorecards["behavioural"].training_ranges[name]
        for value in (low, high):
            decision = values_alone.assess(example(schema, "behavioural", **{name: value}))
            assert decision.warnings == ()
        for bound in bounds(field.rule):
            outside_value = (
                bound if field.rule.contains(bound) else math.nextafter(bound, float(high))
            )
            if outside_value in (low, high):
                continue
            decision = values_alone.assess(example(schema, "behavioural", **{name: outside_value}))
            (warning,) = decision.to_dict("en")["warnings"]
            assert warning["code"] == "outside_training_range"
            assert (warning["field"], warning["value"]) == (name, outside_value)


def having_seen(values_alone: Assessor, **training_ranges: list[Any]) -> Assessor:
    """Let the application scorecard have been trained on other values of some fields."""
    card = values_alone.model.scorecards["application"]
    scorecard = replace(card, training_ranges={**card.training_ranges, **training_ranges})
    return replace(
        values_alone, model=replace(values_alone.model, scorecards={"application": scorecard})
    )


def test_a_warning_names_value_range_and_unit(values_alone: Assessor, schema: Schema) -> None:
    narrower_assessor = having_seen(values_alone, AGE=[21, 79])

    decision = narrower_assessor.assess(example(schema, "application", AGE=80))

    (warning,) = decision.warnings
    assert warning.text == {
        "en": "Age 80 is outside the range seen in training (21 to 79 years); "
        "the result is less reliable",
        "id": "Usia 80 di luar rentang data pelatihan (21 sampai 79 tahun); "
        "hasilnya kurang dapat diandalkan",
    }


def test_a_code_that_training_never_saw_is_answered_with_a_warning(
    values_alone: Assessor, schema: Schema
) -> None:
    for name, field in schema.fields.items():
        if not isinstance(field.rule, CodeList):
            continue
        *known_codes, unknown_code = field.rule.labels
        applicant = example(schema, "application", **{name: unknown_code})

        decision = having_seen(values_alone, **{name: known_codes}).assess(applicant)

        (warning,) = decision.warnings
        assert (warning.code, warning.field) == ("outside_training_codes", name)
        assert warning.value == unknown_code
        assert set(warning.text) == set(LANGUAGES)
        assert warning.text["en"] == (
            f"{field.title['en']} {unknown_code} does not occur in the training data; "
            "the result is less reliable"
        )


def merged(schema: Schema) -> list[tuple[str, Value, Value]]:
    """List the merged codes of the application scorecard: field, code, what it counts as."""
    return [
        (name, code, target)
        for name in schema.scorecards["application"].fields
        for code, target in schema.fields[name].merged_codes.items()
    ]


def test_a_merged_code_is_decided_on_as_what_it_counts_as(
    values_alone: Assessor, schema: Schema
) -> None:
    cases = merged(schema)
    assert {name for name, _, _ in cases} == {"EDUCATION", "MARRIAGE"}

    for name, code, target in cases:
        decision = values_alone.assess(example(schema, "application", **{name: code}))
        target_decision = values_alone.assess(example(schema, "application", **{name: target}))

        (warning,) = decision.warnings
        assert (warning.code, warning.field, warning.value) == ("folded", name, code)
        assert set(warning.text) == set(LANGUAGES)
        title, label = schema.fields[name].title, schema.fields[name].rule.labels[target]["en"]
        assert warning.text["en"] == f"{title['en']} {code} counts as {target} ({label})"
        assert decision.applicant.values[name] == code
        assert target_decision.warnings == ()
        assert (decision.probability_of_default, decision.impacts, decision.bins) == (
            target_decision.probability_of_default,
            target_decision.impacts,
            target_decision.bins,
        )
        assert [(r.code, r.text) for r in decision.reasons] == [
            (r.code, r.text) for r in target_decision.reasons
        ]


def test_a_merged_code_of_what_training_never_saw_has_both_warnings(
    values_alone: Assessor, schema: Schema
) -> None:
    for name, code, target in merged(schema):
        known_codes = [label for label in schema.fields[name].rule.labels if label != target]

        decision = having_seen(values_alone, **{name: known_codes}).assess(
            example(schema, "application", **{name: code})
        )

        assert [warning.code for warning in decision.warnings] == [
            "folded",
            "outside_training_codes",
        ]


def near(decision: Decision) -> bool:
    return "near_cutoff" in [warning.code for warning in decision.warnings]


def test_an_applicant_whom_another_seed_could_decide_otherwise_on_is_warned_of(
    assessor: Assessor, people: list[Applicant]
) -> None:
    applicant = people[0]
    probability = assessor.assess(applicant).probability_of_default
    spread = RetrainingSpread((), (0.01,))

    for distance, warned in ((-0.011, False), (-0.009, True), (0.009, True), (0.011, False)):
        policy = replace(assessor.policy, cutoff=probability + distance)
        decision = with_spread(replace(assessor, policy=policy), spread).assess(applicant)
        assert near(decision) == warned

    (*_, warning) = (
        with_spread(replace(assessor, policy=replace(assessor.policy, cutoff=probability)), spread)
        .assess(applicant)
        .warnings
    )
    assert warning[:3] == ("near_cutoff", None, None)
    assert set(warning.text) == set(LANGUAGES)


def test_the_spread_is_that_of_the_probabilitys_band(
    assessor: Assessor, people: list[Applicant]
) -> None:
    applicant = people[0]
    probability = assessor.assess(applicant).probability_of_default
    stricter = replace(assessor, policy=replace(assessor.policy, cutoff=probability + 0.01))

    for spreads, warned in (((0.0, 0.02), True), ((0.02, 0.0), False)):
        spread = RetrainingSpread((probability,), spreads)
        assert near(with_spread(stricter, spread).assess(applicant)) == warned


def test_one_and_many_are_warned_of_as_the_card_counts_them(
    assessor: Assessor, people: list[Applicant]
) -> None:
    decisions = assessor.assess_batch(people)

    assert 0 < sum(map(near, decisions)) < len(people)
    for applicant, decision in zip(people, decisions, strict=True):
        spread = assessor.model.scorecards[applicant.scorecard].retraining_spread
        assert spread is not None
        predicted = np.array([decision.probability_of_default])
        assert near(decision) == near(assessor.assess(applicant))
        assert near(decision) == spread.near(predicted, assessor.policy.cutoff)[0]


def test_a_model_without_other_seeds_warns_of_no_one_near(
    values_alone: Assessor, people: list[Applicant]
) -> None:
    applicant = people[0]
    probability = values_alone.assess(applicant).probability_of_default

    assessor_at_cutoff = replace(
        values_alone, policy=replace(values_alone.policy, cutoff=probability)
    )

    assert not near(assessor_at_cutoff.assess(applicant))


# Time


def test_a_time_is_written_in_utc_to_the_millisecond() -> None:
    assert timestamp(NOON) == "2026-11-22T12:30:05.123Z"
    assert timestamp(NOON.replace(microsecond=0)) == "2026-11-22T12:30:05.000Z"
    jakarta = NOON.astimezone(timezone(timedelta(hours=7)))
    assert timestamp(jakarta) == timestamp(NOON)
