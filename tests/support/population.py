"""An invented population whose every probability is known, and ways to draw a table from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from invented import Row, write_csv

from creditscore.arrays import Floats, Ints
from creditscore.schema import Schema
from creditscore.schema.reader import load_schema

#: A schema file for it; what is added says how the rows were drawn.
SCHEMA = """
[dataset]
name = "people"
title = "Invented people"
ignored_columns = [{ignored}]

[label]
column = "late"
good = 0
bad = 1
title = "Paid late"

{sample}

[scorecards.all]
title = "All"
fields = ["income", "debt", "months"]
forest = {{ trees = 50, min_samples_leaf = 20 }}

[fields.income]
kind = "number"
minimum = -10
maximum = 10
example = 0
title = "Income"

[fields.debt]
kind = "number"
minimum = -10
maximum = 10
example = 0
missing = true
title = "Debt"

[fields.months]
kind = "number"
minimum = -10
maximum = 10
example = 0
title = "Months"
"""

#: Columns that a table may have beside its fields and outcome.
EXTRA = ("date", "person", "stands_for")


@dataclass(frozen=True)
class Population:
    """People, the probability that each turns out bad, and how each did turn out."""

    matrix: Floats
    probability: Floats
    bad: Ints

    def rows(self, indices: Ints) -> list[Row]:
        """Give some of them as rows of a table."""
        names = ("income", "debt", "months")
        return [
            {
                **dict(zip(names, self.matrix[index].tolist(), strict=True)),
                "late": int(self.bad[index]),
            }
            for index in indices
        ]


def draw_population(count: int, *, seed: int, intercept: float = -4.0) -> Population:
    """Draw people of whom few turn out bad: about 3 % by default."""
    draw = np.random.default_rng(seed)
    matrix = draw.normal(size=(count, 3)).round(3)
    odds = intercept - matrix[:, 0] + 0.6 * matrix[:, 1] * (matrix[:, 2] > 0)
    probability = 1 / (1 + np.exp(-odds))
    bad = (draw.random(count) < probability).astype(np.int64)
    return Population(matrix, probability, bad)


def write_table(folder: Path, rows: list[Row], sample: str = "") -> tuple[Path, Schema]:
    """Write a table and its schema file, and read the latter."""
    used_columns = {column for column in EXTRA if f'"{column}"' in sample}
    ignored = [column for column in EXTRA if column in rows[0] and column not in used_columns]
    path = folder / "people.toml"
    names = ", ".join(f'"{column}"' for column in ignored)
    path.write_text(SCHEMA.format(ignored=names, sample=sample), encoding="utf-8")
    return write_csv(folder / "people.csv", rows), load_schema(path)
