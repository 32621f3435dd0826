"""How far other seeds move a probability, by band."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from logged import assembled

from creditscore.scorecard import artifact
from creditscore.scorecard.model import Model
from creditscore.scorecard.retraining_spread import RetrainingSpread

SPREAD = RetrainingSpread((0.2, 0.4), (0.01, 0.05, 0.02))


@pytest.mark.parametrize(
    ("probability", "near"),
    [
        (0.1, False),
        # An edge belongs to the band above it: 0.05 away is within 0.05, not within 0.01.
        (0.2, True),
        (0.199, False),
        (0.25, True),
        (0.31, False),
        (0.9, False),
    ],
)
def test_near_is_whoever_lies_within_the_spread_of_his_band(probability: float, near: bool) -> None:
    assert SPREAD.near(np.array([probability]), 0.25).tolist() == [near]


def test_a_spread_without_bands_is_one_for_all() -> None:
    spread = RetrainingSpread((), (0.1,))

    assert spread.near(np.array([0.5, 0.6, 0.7]), 0.5).tolist() == [True, True, False]


def test_plain_data_brings_it_back() -> None:
    assert RetrainingSpread.from_dict(SPREAD.to_dict()) == SPREAD


@pytest.mark.parametrize(
    "content",
    [
        {"edges": [0.2], "spreads": [0.1]},
        {"edges": [0.4, 0.2], "spreads": [0.1, 0.1, 0.1]},
        {"edges": [0.2, 0.2], "spreads": [0.1, 0.1, 0.1]},
        {"edges": [], "spreads": [-0.1]},
        {"edges": [], "spreads": [float("nan")]},
        {"edges": [], "spreads": [0.1], "more": 1},
    ],
)
def test_anything_else_is_no_spread(content: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="spread"):
        RetrainingSpread.from_dict(content)


# In a model


def without_spread(model: Model) -> Model:
    """Give a model as earlier releases, and `train.py --quick`, write it."""
    cards = model.scorecards.items()
    without = {name: replace(card, retraining_spread=None) for name, card in cards}
    return assembled(model, scorecards=without)


def test_a_model_comes_back_with_its_spreads(model: Model, tmp_path: Path) -> None:
    artifact.save(model, tmp_path)

    loaded_model = artifact.load(tmp_path)

    assert loaded_model.versions == model.versions
    for name, card in model.scorecards.items():
        assert card.retraining_spread is not None
        assert loaded_model.scorecards[name].retraining_spread == card.retraining_spread


def test_a_model_without_spreads_is_written_and_loaded_as_before(
    model: Model, tmp_path: Path
) -> None:
    before = without_spread(model)
    artifact.save(before, tmp_path)

    loaded_model = artifact.load(tmp_path)

    assert loaded_model.versions == before.versions
    for card in loaded_model.scorecards.values():
        assert card.retraining_spread is None
        # The keys are part of the version: no key more than earlier releases wrote.
        assert "retraining_spread" not in card.to_dict()


def test_a_spread_is_part_of_the_version_as_it_decides_on_warnings(model: Model) -> None:
    before = without_spread(model)

    assert not set(before.versions.values()) & set(model.versions.values())
