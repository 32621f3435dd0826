"""Decisions that are made together are the Assessor's own, as the log and the answer write them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from decided import NOON
from invented import draw_values

from creditscore.artefact import Model
from creditscore.assessment import Assessor
from creditscore.json_text import to_bytes
from creditscore.logged_decision import to_values
from creditscore.policy import NOT_ELIGIBLE
from creditscore.schema import Applicant
from creditscore.texts import LANGUAGES
from creditscore.together import decide_together

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
            alone = to_bytes([one.to_dict(language) for one in made])
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


def test_a_whole_number_beyond_64_bits_is_left_to_the_assessor(model: Model, build: Build) -> None:
    name, applicants = next(each_scorecard(model))
    huge = dict.fromkeys(applicants[0].values, 2**70)

    assert decide_together(build(), [*applicants, Applicant(name, huge)]) is None


def test_values_that_are_not_at_hand_any_more_are_written_again(
    model: Model, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("creditscore.sayings.MOST_SAID", 3)
    for _, applicants in each_scorecard(model):
        together = decide_together(build(), applicants)
        assert together is not None

        alone = [to_values(one, **ORIGIN) for one in build().assess(applicants)]
        assert together.rows(**ORIGIN) == alone
