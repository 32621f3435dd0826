"""A small trained model with its rows, for tests of what the model card says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from invented import invent, write_csv

from creditscore import dataset, model_card, training
from creditscore.artefact import Model
from creditscore.dataset import Dataset
from creditscore.forest import Forest
from creditscore.policy import Policy
from creditscore.schema import Schema


@dataclass(frozen=True)
class Carded:
    """A model, the rows it was trained and tested on, and its card."""

    model: Model
    train: Dataset
    test: Dataset
    card: dict[str, Any]
    steps: list[str]


def carded(
    schema: Schema,
    folder: Path,
    *,
    rows: int = 2500,
    exclude: Sequence[str] = (),
    policy: Policy | None = None,
    seed: int = 1,
) -> Carded:
    """Invent rows, train on them and build the card."""
    path = write_csv(folder / "invented.csv", invent(schema, count=rows, seed=3))
    data = dataset.load(path, schema)
    policy = policy or Policy.from_ratio(2)
    model = training.train(
        data,
        schema,
        policy=policy,
        exclude=exclude,
        reference_group="approved",
        seed=seed,
        now=datetime(2026, 1, 2, tzinfo=UTC),
        progress=lambda step: None,
    )
    parts = training.split(data, seed)

    def refit(name: str, predictors: tuple[str, ...]) -> Forest:
        settings = schema.scorecards[name].forest
        grown = training.fit_forest(parts.train.matrix(predictors), parts.train.bad, settings, seed)
        return training.calibrate(grown, parts.train.bad, seed)[1]

    steps: list[str] = []
    card = model_card.build(
        model, train=parts.train, test=parts.test, refit=refit, progress=steps.append
    )
    return Carded(model, parts.train, parts.test, card, steps)
