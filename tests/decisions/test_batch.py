"""Decisions that are made together are the Assessor's own, as the log and the answer write them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from decided import NOON
from invented import draw_values

from creditscore.decisions.assessor import Assessor
from creditscore.decisions.batch import decide_alike, decide_together
from creditscore.decisions.record import to_values
from creditscore.decisions.sayings import FieldSayings
from creditscore.i18n.catalogue import LANGUAGES
from creditscore.json_codec import dumps_bytes
from creditscore.schema import Applicant
from creditscore.schema.constraints import NumericRange, Rejected, Rule, Value
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import NOT_ELIGIBLE

ORIGIN: dict[str, Any] = {"request_id": "r-1", "key_id": None, "idempotency_key": "é"}

Build = Callable[..., Assessor]


@pytest.fixture
def build(model: Model) -> Build:
    """Build an assessor whose clock stands still, and whose ids are counted from 1."""

    def build(cutoff: float = model.policy.cutoff) -> Assessor:
        numbers = count(1)
        return Assessor(
            model=model,
            policy=replace(model.policy, cutoff=cutoff),
            now=lambda: NOON,
            new_id=lambda _: str(UUID(int=next(numbers))),
        )

    return build


def people(model: Model, scorecard: str) -> list[Applicant]:
    """Invent applicants of a scorecard, from all that its fields accept."""
    draw = np.random.default_rng(7)
    fields = model.schema.scorecards[scorecard].fields
    columns = [draw_values(model.schema.fields[name].rule, 400, draw) for name in fields]
    rows = [dict(zip(fields, row, strict=True)) for row in zip(*columns, strict=True)]
    return model.schema.parse_all(rows)


def as_float(value: Value) -> Value:
    return float(value) if isinstance(value, int) else value


def unbounded(rule: Rule) -> Rule:
    assert isinstance(rule, NumericRange)
    return replace(rule, low=None, high=None)


def each_scorecard(model: Model) -> Iterator[tuple[str, list[Applicant]]]:
    for name in model.schema.scorecards:
        yield name, people(model, name)


@pytest.mark.parametrize("cutoff", [0.25, 1e-9, 1.0])
def test_the_log_gets_the_same_rows(model: Model, build: Build, cutoff: float) -> None:
    for _, applicants in each_scorecard(model):
        together = decide_together(build(cutoff), applicants)
        assert together is not None

        alone = [to_values(one, **ORIGIN) for one in build(cutoff).assess(applicants)]
        assert [repr(row) for row in together.rows(**ORIGIN)] == list(map(repr, alone))


@pytest.mark.parametrize("cutoff", [0.25, 1e-9, 1.0])
def test_the_answer_is_the_same(model: Model, build: Build, cutoff: float) -> None:
    for _, applicants in each_scorecard(model):
        together = decide_together(build(cutoff), applicants)
        assert together is not None

        made = build(cutoff).assess(applicants)
        for language in LANGUAGES:
            alone = dumps_bytes([one.to_dict(language) for one in made])
            assert together.to_json(language) == alone


def test_these_applicants_have_all_that_makes_a_difference(model: Model, build: Build) -> None:
    made = [one for _, some in each_scorecard(model) for one in build(1e-9).assess(some)]

    assert any(one.warnings for one in made)
    assert {len(one.reasons) for one in made} >= {1, 2, 3, 4}
    # Refused, though nothing raised the probability.
    assert any(one.reasons[0].impact <= 0 for one in made)
    assert {one.label for one in made} == {NOT_ELIGIBLE}


def test_applicants_of_several_scorecards_are_left_to_the_assessor(
    model: Model, build: Build
) -> None:
    mixed = [some[0] for _, some in each_scorecard(model)]

    assert len(mixed) > 1
    assert decide_together(build(), mixed) is None


def test_a_whole_number_beyond_64_bits_is_left_to_the_assessor(
    model: Model, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, applicants = next(each_scorecard(model))
    sayings = model.sayings[name]
    field = next(
        each for each in sayings if isinstance(model.schema.fields[each].rule, NumericRange)
    )
    endless = replace(model.schema.fields[field], rule=unbounded(model.schema.fields[field].rule))
    card = model.scorecards[name]
    said = FieldSayings(endless, model.readings[name][field], card.reference)
    monkeypatch.setitem(sayings, field, said)
    huge = {**applicants[0].values, field: 2**70}

    assert decide_together(build(), applicants) is not None
    assert decide_together(build(), [*applicants, Applicant(name, huge)]) is None
    assert decide_alike(build(), [dict(applicants[0].values), huge]) is None


def test_what_came_alike_is_decided_as_what_was_read(model: Model, build: Build) -> None:
    for _, applicants in each_scorecard(model):
        raws = [dict(reversed(list(each.values.items()))) for each in applicants]
        floats = [{n: as_float(value) for n, value in each.items()} for each in raws]
        read = decide_together(build(), applicants)
        assert read is not None

        for came in (raws, floats, raws):
            alike = decide_alike(build(), came)
            assert alike is not None
            assert list(map(repr, alike.rows(**ORIGIN))) == list(map(repr, read.rows(**ORIGIN)))
            assert alike.to_json("id") == read.to_json("id")


@pytest.mark.parametrize(
    "wrong", [True, None, "1", [1], {"a": 1}, -1e30, 1.5e30, float("inf"), 0.25, 2**70]
)
def test_what_no_field_accepts_needs_a_closer_look(
    model: Model, build: Build, wrong: object
) -> None:
    for _, applicants in each_scorecard(model):
        # 1 is at hand, and true equals it.
        good = [dict(each.values) for each in applicants]
        assert decide_alike(build(), good) is not None

        for name in good[0]:
            with contextlib.suppress(Rejected):
                model.schema.fields[name].rule.accept(wrong)
                continue
            assert decide_alike(build(), [*good, {**good[0], name: wrong}]) is None


def test_who_has_other_fields_needs_a_closer_look(model: Model, build: Build) -> None:
    (_, fewer), (_, more) = each_scorecard(model)
    good = dict(fewer[0].values)
    first = next(iter(good))
    without = {name: value for name, value in good.items() if name != first}

    for raws in (
        [good, without],
        [without],
        [good, {**without, first.lower(): good[first]}],
        [good, {**good, "unknown": 1}],
        [good, dict(more[0].values)],
        [good, [1, 2]],
        [good, None],
        [1],
    ):
        assert decide_alike(build(), raws) is None


def test_values_that_are_not_at_hand_any_more_are_written_again(
    model: Model, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("creditscore.decisions.sayings.MOST_SAID", 3)
    for _, applicants in each_scorecard(model):
        together = decide_together(build(), applicants)
        assert together is not None

        alone = [to_values(one, **ORIGIN) for one in build().assess(applicants)]
        assert together.rows(**ORIGIN) == alone
