"""Invented rows for tests that need a data set but not a good one: a model in two seconds."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from answers import PROJECT

from creditscore.schema import Schema
from creditscore.schema.constraints import CodeList, NumericRange, Rule, Value

Row = dict[str, Value]


def invent(schema: Schema, *, count: int, seed: int) -> list[Row]:
    """Draw applicants over a schema's whole range, each with an outcome that they explain.

    A third are bad, mostly those with the smallest value of the first field.
    """
    draw = np.random.default_rng(seed)
    columns = {name: draw_values(field.rule, count, draw) for name, field in schema.fields.items()}
    first = next(iter(schema.fields.values()))
    safety = np.array([first.rule.encode(value) for value in columns[first.name]])
    noisy = np.argsort(np.argsort(safety)) / count + draw.normal(0, 0.3, count)
    bad = noisy < np.quantile(noisy, 1 / 3)
    label = schema.label
    columns[label.column] = [label.bad[0] if is_bad else label.good[0] for is_bad in bad]
    names = list(columns)
    return [dict(zip(names, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def draw_values(rule: Rule, count: int, draw: np.random.Generator) -> list[Value]:
    """Draw values that a rule accepts."""
    if isinstance(rule, CodeList):
        codes = list(rule.labels)
        return [codes[index] for index in draw.integers(len(codes), size=count)]
    low, high = bounds(rule)
    if rule.integral:
        return [int(value) for value in draw.integers(int(low), int(high) + 1, size=count)]
    values = draw.uniform(low, high, size=count).round(2).tolist()
    # Rounding can reach a bound that is left out.
    return [value if rule.contains(value) else (low + high) / 2 for value in values]


def bounds(rule: NumericRange) -> tuple[float, float]:
    """Give the bounds of a rule that has both."""
    assert rule.low is not None
    assert rule.high is not None
    return rule.low, rule.high


def write_quick_schema(path: Path, *, trees: int = 10) -> Path:
    """Write the project's schema file with forests of few trees, and give its path."""
    text = (PROJECT / "data" / "schema.toml").read_text(encoding="utf-8")
    quick, count = re.subn(r"^trees = \d+$", f"trees = {trees}", text, flags=re.MULTILINE)
    assert count == 2
    path.write_text(quick, encoding="utf-8")
    return path


def write_csv(path: Path, rows: Sequence[Row]) -> Path:
    """Write rows as a CSV file, and give its path."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path
