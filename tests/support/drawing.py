"""Applicants and forests drawn to catch the reasons out: on thresholds, at bounds, unreachable."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from sklearn.ensemble import RandomForestClassifier

from creditscore.arrays import Floats, Matrix
from creditscore.cli import train
from creditscore.decisions.assessor import Assessor, Decision
from creditscore.decisions.record import new_decision_ids
from creditscore.schema import Applicant, Schema
from creditscore.schema.constraints import CodeList, Value
from creditscore.schema.reader import load_schema
from creditscore.scorecard.forest import Forest
from creditscore.scorecard.model import Model
from creditscore.scorecard.scorecard import Scorecard
from creditscore.training.calibration import mean_of_trees
from creditscore.training.dataset import Dataset
from creditscore.training.fit import predict_by_tree


def number_of(applicant: Applicant, name: str) -> float:
    """Return an applicant's value of a field of numbers."""
    value = applicant.values[name]
    assert isinstance(value, int | float)
    return float(value)


def out_of_bag(grown: RandomForestClassifier, forest: Forest, matrix: Floats) -> Floats:
    """Return each training row's mean over the trees that did not draw it; NaN without any."""
    return mean_of_trees(predict_by_tree(grown, forest, matrix, np.arange(len(matrix))))


@cache
def bundled_rows() -> Dataset:
    """Read the rows that `train.py` trains on when nothing else is said."""
    options = train.read_options([])
    return train.read_data(options.data, load_schema(options.schema))


def applicant_of(data: Dataset, row: int, schema: Schema, scorecard: str) -> Applicant:
    """Make an applicant of a row of integer codes and numbers."""
    names = schema.scorecards[scorecard].fields
    return schema.parse({name: data.columns[name][row].item() for name in names})


def decide_on_rows(model: Model, scorecard: str, *, count: int, moment: datetime) -> list[Decision]:
    """Decide on the first bundled rows, at a moment."""
    names = model.scorecards[scorecard].predictors
    rules = [model.schema.fields[name].rule for name in names]
    applicants = [
        model.schema.parse(
            {name: rule.decode(code) for name, rule, code in zip(names, rules, row, strict=True)}
        )
        for row in bundled_rows().matrix(names)[:count].tolist()
    ]
    return Assessor(model, model.policy, lambda: moment, new_decision_ids).assess_batch(applicants)


def write_rows(path: Path, data: Dataset, schema: Schema) -> Path:
    """Write rows of integer codes and numbers as a CSV file, and give its path."""
    table = pd.DataFrame({**data.columns, schema.label.column: data.bad})
    table.to_csv(path, index=False)
    return path


def applicants(schema: Schema, card: Scorecard) -> SearchStrategy[Applicant]:
    """Draw applicants over all that is accepted, often on a threshold of the forest or beside it.

    Every field must have both bounds.
    """
    fields = {name: _values(name, schema, card) for name in schema.scorecards[card.name].fields}
    return st.fixed_dictionaries(fields).map(schema.parse)


def _values(name: str, schema: Schema, card: Scorecard) -> SearchStrategy[Value]:
    rule = schema.fields[name].rule
    if isinstance(rule, CodeList):
        return st.sampled_from([*rule.labels, *rule.merged_codes])
    low, high = rule.low, rule.high
    assert low is not None
    assert high is not None
    near = [
        rule.accept(number)
        for cut in thresholds(card, name)
        for number in (math.floor(cut), math.ceil(cut), *(() if rule.integral else (cut,)))
        if rule.contains(number)
    ]
    anywhere = st.integers(math.floor(low) + rule.low_open, math.ceil(high) - rule.high_open)
    return st.one_of(anywhere, st.sampled_from(near)) if near else anywhere


def thresholds(card: Scorecard, name: str) -> list[float]:
    """List the finite thresholds of a field, smallest first."""
    if name not in card.predictors:
        return []
    forest = card.forest
    inner = forest.left != np.arange(len(forest.left))
    asks = inner & (forest.column == card.predictors.index(name))
    asks &= np.isfinite(forest.threshold)
    values: list[float] = np.unique(forest.threshold[asks]).tolist()
    return values


def random_forest(
    draw: np.random.Generator,
    *,
    columns: Sequence[int],
    trees: int,
    depth: int,
    missing: bool = False,
) -> Forest:
    """Grow trees that nothing was learnt from: any question anywhere, so some leaves are empty.

    With missing values, some questions are whether a value is missing.
    """
    nodes: list[list[Any]] = []
    roots = [_grow(nodes, draw, columns, depth) for _ in range(trees)]
    column, threshold, left, right, probability = map(np.array, zip(*nodes, strict=True))
    missing_left = None
    if missing:
        inner = left != np.arange(len(left))
        missing_left = inner & (draw.random(len(left)) < 0.5)
        threshold = np.where(inner & (draw.random(len(left)) < 0.2), np.inf, threshold)
    return Forest(
        roots=np.array(roots, dtype=np.int32),
        column=column.astype(np.int32),
        threshold=threshold.astype(np.float64),
        left=left.astype(np.int32),
        right=right.astype(np.int32),
        probability=probability.astype(np.float64),
        depth=depth,
        missing_left=missing_left,
    )


def _grow(
    nodes: list[list[Any]], draw: np.random.Generator, columns: Sequence[int], depth: int
) -> int:
    """Add a tree to the nodes; give its root."""
    index = len(nodes)
    nodes.append([0, 0.0, index, index, draw.random()])
    if depth and draw.random() < 0.9:
        nodes[index][0] = draw.choice(columns)
        # Halves among whole values, so that values lie on thresholds and beside them.
        nodes[index][1] = draw.integers(0, 9) / 2
        nodes[index][2] = _grow(nodes, draw, columns, depth - 1)
        nodes[index][3] = _grow(nodes, draw, columns, depth - 1)
    return index


def random_rows(
    draw: np.random.Generator, count: int, columns: int, *, missing: float = 0.0
) -> Matrix:
    """Draw rows on the scale of `random_forest`, with a share of missing values."""
    rows = draw.integers(0, 6, size=(count, columns)).astype(np.float32)
    if missing:
        rows[draw.random(rows.shape) < missing] = np.nan
    return rows


def by_brute_force(forest: Forest, row: npt.NDArray[np.float32], reference: Matrix) -> Floats:
    """Compute Shapley values from their definition: every coalition, scored on the reference."""
    columns = len(row)
    worth: dict[tuple[int, ...], float] = {}
    for size in range(columns + 1):
        for coalition in itertools.combinations(range(columns), size):
            mixed = reference.copy()
            mixed[:, coalition] = row[list(coalition)]
            worth[coalition] = math.fsum(forest.probability_of_default(mixed)) / len(reference)
    shares = np.zeros(columns)
    for coalition in worth:
        for column in set(range(columns)) - set(coalition):
            joined = tuple(sorted({*coalition, column}))
            orders = columns * comb(columns - 1, len(coalition))
            shares[column] += (worth[joined] - worth[coalition]) / orders
    return shares


def around_thresholds(card: Scorecard, usual: npt.NDArray[np.float32], *, step: int = 1) -> Matrix:
    """Put every threshold, or each of so many, and its two neighbours into a usual row."""
    rows = []
    for column, name in enumerate(card.predictors):
        for cut in thresholds(card, name)[::step]:
            at = np.float32(cut)
            for value in (np.nextafter(at, -np.float32(np.inf)), at, np.nextafter(at, np.inf)):
                rows.append(usual.copy())
                rows[-1][column] = value
    return np.array(rows)
