"""Models trained in a few lines: on rows of a test, or on invented ones with their card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from invented import invent, write_csv, write_quick_schema

from creditscore.cli import train
from creditscore.model_card.build import build_card
from creditscore.schema import Schema
from creditscore.schema.reader import load_schema
from creditscore.scorecard import artifact
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import Policy
from creditscore.training import dataset, pipeline
from creditscore.training.dataset import Dataset
from creditscore.training.split import Split


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


def trained(
    data: Dataset,
    schema: Schema,
    *,
    policy: Policy | None = None,
    group: str = "all",
    other_seeds: int = 0,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[Model, Split]:
    """Train on rows as train.py does; a defaulter costs three margins unless a policy is given."""
    return pipeline.train(
        data,
        schema,
        policy=policy or Policy.from_ratio(3),
        exclude=(),
        reference_group=group,
        seed=1,
        now=datetime(2026, 1, 2, tzinfo=UTC),
        progress=progress,
        other_seeds=other_seeds,
    )


def by_command(data: Path, schema: Path, folder: Path, *options: str) -> Model:
    """Train as a user does, but without plots and other seeds; give the model of the folder."""
    arguments = [f"--data={data}", f"--schema={schema}", f"--model-dir={folder}", *options]
    assert train.main([*arguments, "--no-plots", "--quick"]) == 0
    return artifact.load(folder)


def carded(
    folder: Path,
    *,
    rows: int,
    trees: int = 10,
    other_seeds: int = 0,
    other_splits: int = 0,
) -> Carded:
    """Invent rows of the project's schema and train small forests on them."""
    schema = load_schema(write_quick_schema(folder / "schema.toml", trees=trees))
    path = write_csv(folder / "invented.csv", invent(schema, count=rows, seed=3))
    data = dataset.load(path, schema)
    steps: list[str] = []
    model, parts = trained(
        data,
        schema,
        policy=Policy.from_ratio(2),
        group="approved",
        other_seeds=other_seeds,
        progress=steps.append,
    )
    card = build_card(model, parts, progress=steps.append, other_splits=other_splits)
    model = replace(model, card=card)
    return Carded(model, parts.train, parts.test, steps)
