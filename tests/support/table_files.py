"""Files of applicants, and `score.py` run on them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from invented import draw_values

from creditscore.cli import score
from creditscore.schema import Schema

Row = dict[str, Any]


def people(schema: Schema, scorecard: str, count: int, seed: int = 1) -> list[Row]:
    """Invent applicants, each with a customer number."""
    draw = np.random.default_rng(seed)
    names = schema.scorecards[scorecard].fields
    columns = [draw_values(schema.fields[name].rule, count, draw) for name in names]
    return [
        {"customer": f"C{number}", **dict(zip(names, values, strict=True))}
        for number, values in enumerate(zip(*columns, strict=True))
    ]


def as_csv(rows: Iterable[Row]) -> str:
    """Write applicants as a table of all columns that any of them has."""
    rows = list(rows)
    text = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def write(path: Path, rows: Iterable[Row]) -> Path:
    path.write_bytes(as_csv(rows).encode())
    return path


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, strict=True))


def run(*arguments: object) -> int:
    return score.main([str(argument) for argument in arguments])
