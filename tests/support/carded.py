"""A small trained model with its rows, for tests of what the model card says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from invented import invent, write_csv

from creditscore.model_card.build import build_card
from creditscore.schema import Schema
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import Policy
from creditscore.training import dataset, pipeline
from creditscore.training.dataset import Dataset


@dataclass(frozen=True)
class Carded:
    """A model, the rows it was trained and tested on, and the steps that its training told of."""

    model: Model
    train: Dataset
    test: Dataset
    steps: list[str]

    @property
    def card(self) -> Any:
        """Give the model's card."""
        return self.model.card


def carded(
    schema: Schema,
    folder: Path,
    *,
    rows: int = 2500,
    exclude: Sequence[str] = (),
    policy: Policy | None = None,
    seed: int = 1,
    other_seeds: int = 0,
    other_splits: int = 0,
) -> Carded:
    """Invent rows and train on them."""
    path = write_csv(folder / "invented.csv", invent(schema, count=rows, seed=3))
    data = dataset.load(path, schema)
    steps: list[str] = []
    model, parts = pipeline.train(
        data,
        schema,
        policy=policy or Policy.from_ratio(2),
        exclude=exclude,
        reference_group="approved",
        seed=seed,
        now=datetime(2026, 1, 2, tzinfo=UTC),
        progress=steps.append,
        other_seeds=other_seeds,
    )
    card = build_card(model, parts, progress=steps.append, other_splits=other_splits)
    model = replace(model, card=card)
    return Carded(model, parts.train, parts.test, steps)
