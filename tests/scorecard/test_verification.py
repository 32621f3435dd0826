"""Golden applicants: nobody from the data, and what a model must say of them to be trusted."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from creditscore.errors import ArtifactError
from creditscore.schema.constraints import CodeList
from creditscore.scorecard import artifact
from creditscore.scorecard.model import Model
from creditscore.scorecard.verification import (
    GOLDEN_COUNT,
    golden_applicants,
    score_applicant,
    with_self_digest,
)

Golden = dict[str, Any]


def golden_of(model: Model, scorecard: str) -> list[Golden]:
    return [
        entry
        for entry in model.manifest["golden"]
        if model.schema.parse(entry["applicant"]).scorecard == scorecard
    ]


def test_each_lies_within_what_training_saw(model: Model) -> None:
    for name, card in model.scorecards.items():
        for entry in golden_of(model, name):
            for field, values in card.training_ranges.items():
                value = entry["applicant"][field]
                if isinstance(model.schema.fields[field].rule, CodeList):
                    assert value in values
                else:
                    assert values[0] <= value <= values[1]


def test_they_are_not_all_alike(model: Model) -> None:
    for name, card in model.scorecards.items():
        golden = golden_of(model, name)

        assert len({entry["probability_of_default"] for entry in golden}) > GOLDEN_COUNT / 2
        assert {len(entry["impacts"]) for entry in golden} == {len(card.predictors)}


def test_the_same_seed_invents_the_same(model: Model) -> None:
    card = model.scorecards["application"]

    first, second, by_other_seed = (
        golden_applicants(card, model.schema, seed=seed) for seed in (1, 1, 2)
    )

    assert first == second
    assert first != by_other_seed


def test_what_is_written_down_is_what_is_answered_to_the_last_bit(model: Model) -> None:
    for entry in model.manifest["golden"]:
        applicant = model.schema.parse(entry["applicant"])
        card = model.scorecards[applicant.scorecard]

        answer = score_applicant(card, model.schema, applicant)

        assert answer == {name: entry[name] for name in ("probability_of_default", "impacts")}
        total = card.reference.baseline + math.fsum(answer["impacts"])
        assert abs(total - answer["probability_of_default"]) <= 1e-12


def one_up(numbers: Any, key: str | int) -> None:
    """Change a number by the smallest step there is."""
    numbers[key] = math.nextafter(numbers[key], 1)


@pytest.mark.parametrize("index", [0, -1])
@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda golden: one_up(golden, "probability_of_default"), "probability_of_default"),
        (lambda golden: one_up(golden["impacts"], -1), "impacts"),
        (lambda golden: golden["impacts"].pop(), "impacts"),
        (lambda golden: golden.pop("impacts"), "impacts"),
        (lambda golden: golden.update(applicant={}), "LIMIT_BAL is missing"),
    ],
)
def test_a_model_that_says_anything_else_is_refused(
    model: Model, tmp_path: Path, index: int, change: Callable[[Golden], object], text: str
) -> None:
    manifest = save(model, tmp_path)
    change(manifest["golden"][index])
    (tmp_path / artifact.MANIFEST_FILE).write_bytes(with_self_digest(manifest))

    with pytest.raises(ArtifactError, match=text):
        artifact.load(tmp_path)


def save(model: Model, folder: Path) -> dict[str, Any]:
    """Save a model, and give its manifest to be changed."""
    artifact.save(model, folder)
    manifest: dict[str, Any] = json.loads((folder / artifact.MANIFEST_FILE).read_bytes())
    return manifest
