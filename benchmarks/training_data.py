"""Read a large table as training does, beside pandas.read_csv, and compare every number.

.venv/bin/python benchmarks/training_data.py [--rows 1000000]

The table is invented: 20 fields, of which eight are amounts with two decimals, four are whole
numbers up to a million, four are ages and four are codes. Four of them, and a code, make some
outcomes likelier. Each reader has a process of its own.
pandas reads numbers and texts as they are; training also checks each cell by its field's rule.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.command_line import make_parser
from creditscore.schema import Schema, read_schema
from creditscore.training.dataset import load

CODES = ["permanent", "contract", "own business", "none"]

#: Rows that are written at once.
CHUNK = 100_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the table, read it twice, print both, and give the exit status."""
    parser = make_parser(__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args(arguments).rows
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        write_table(path, rows)
        print(f"{rows:,} rows of 20 fields, {path.stat().st_size / 1e6:.0f} MB")
        sums = {reader.__name__: measured(reader, path) for reader in (by_pandas, by_training)}
    same = sums["by_pandas"] == sums["by_training"]
    print("all columns have the same sums" if same else f"the columns differ: {sums}")
    return 0 if same else 1


def write_table(path: Path, rows: int) -> None:
    """Write the table in chunks."""
    draw = np.random.default_rng(1)
    for begin in range(0, rows, CHUNK):
        n = min(CHUNK, rows - begin)
        columns: dict[str, Any] = {}
        for number in range(4):
            columns[f"income{number}"] = draw.lognormal(8, 1, n).round(2)
            columns[f"debt{number}"] = draw.lognormal(6, 2, n).round(2)
            columns[f"sum{number}"] = draw.integers(0, 1_000_000, n)
            columns[f"age{number}"] = draw.integers(18, 90, n)
            columns[f"work{number}"] = draw.choice(CODES, n)
        log_odds = (
            0.9 * np.log1p(columns["debt0"] / columns["income0"])
            + 0.4 * np.log1p(columns["debt1"] / columns["income1"])
            - 0.02 * columns["age0"]
            + 0.8 * (columns["work0"] == "none")
        )
        columns["late"] = (draw.random(n) < 1 / (1 + np.exp(1.6 - log_odds))).astype(int)
        frame = pd.DataFrame(columns)
        frame.to_csv(path, mode="a", header=not begin, index=False, float_format="%.2f")


def schema_of_table() -> Schema:
    """Return the data dictionary of the table."""
    kinds = {"income": "number", "debt": "number", "sum": "integer", "age": "integer"}
    fields: dict[str, Any] = {}
    for number in range(4):
        for name, kind in kinds.items():
            fields[f"{name}{number}"] = {"kind": kind, "minimum": 0, "example": 20, "title": name}
        fields[f"work{number}"] = {
            "kind": "coded", "codes": CODES, "example": CODES[0], "title": "work",
        }  # fmt: skip
    document = {
        "dataset": {"name": "invented", "title": "Invented"},
        "label": {"column": "late", "good": 0, "bad": 1, "title": "Late"},
        "scorecards": {"all": {"title": "All", "fields": list(fields)}},
        "fields": fields,
    }
    return read_schema(document, "benchmarks/training_data.py")


def by_pandas(path: Path) -> dict[str, float]:
    """Read the table by pandas, and return the sum of each column."""
    frame = pd.read_csv(path)
    ranks = {code: rank for rank, code in enumerate(CODES, start=1)}
    columns = {
        name: column.map(ranks) if str(name).startswith("work") else column
        for name, column in frame.items()
    }
    return {str(name): float(column.to_numpy(float).sum()) for name, column in columns.items()}


def by_training(path: Path) -> dict[str, float]:
    """Read the table as training does, and return the sum of each column."""
    data = load(path, schema_of_table())
    sums = {name: float(column.sum()) for name, column in data.columns.items()}
    return sums | {"late": float(data.bad.sum())}


def measured(reader: Callable[[Path], dict[str, float]], path: Path) -> dict[str, float]:
    """Run a reader in a process of its own, print what it took, and return what it found."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        answer, wall, processor, peak = pool.apply(timed, (reader, path))
    print(f"{reader.__name__:12} {wall:6.1f} s, {processor:6.1f} s of processor, {peak:6.0f} MB")
    return answer


def timed(
    reader: Callable[[Path], dict[str, float]], path: Path
) -> tuple[dict[str, float], float, float, float]:
    """Run a reader; return what it found, its seconds, those of the processor, and its memory."""
    began, began_processor = perf_counter(), process_time()
    answer = reader(path)
    wall, processor = perf_counter() - began, process_time() - began_processor
    return answer, wall, processor, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


if __name__ == "__main__":
    sys.exit(main())
