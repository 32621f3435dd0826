"""Time the exact reasons of many rows, beside the two ways that they were computed before.

.venv/bin/python benchmarks/reasons.py [--model-dir MODEL] [--data CSV] [--rounds 5]

The ways before: row by row, which score.py took up to 1,499 rows, so for its chunks of 1,000; and
leaf by leaf with one comparison after the other, each into an array of its own. All take turns, and
the least time of the rounds is given, of the processor, so that others at work count little. Exits
with 1 if a bit differs; a missed goal is said, and fails nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time

import numpy as np

from creditscore.arrays import Floats, Matrix
from creditscore.scorecard import artifact
from creditscore.scorecard.shapley_tables import LeafShapleyTables
from creditscore.training import dataset

PROJECT = Path(__file__).resolve().parent.parent

#: How many times as fast as row by row.
GOAL = 3

#: Rows at a time.
SIZES = (200, 1000, 4096, 8192)

#: Rows that are timed row by row, where more would take long: their time grows with them.
ROW_BY_ROW = 500


def main() -> int:
    """Compare, time, print, and give the exit status."""
    options = read_options()
    model = artifact.load(options.model_dir)
    data = dataset.load(options.data, model.schema)
    exact = True
    print("| scorecard | rows | before: row by row | leaf by leaf | now | over both |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for card in model.scorecards.values():
        rows = data.matrix(card.predictors).astype(np.float32)
        for size in SIZES:
            exact &= compare(card.name, card.shapley_tables, rows[:size], options.rounds)
    return 0 if exact else 1


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model-dir", type=Path, default=PROJECT / "model")
    parser.add_argument("--data", type=Path, default=PROJECT / "data" / "credit.csv")
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


def compare(name: str, tables: LeafShapleyTables, rows: Matrix, rounds: int) -> bool:
    """Time some rows in each way; say what was found, and whether all bits are the same."""
    few = rows[:ROW_BY_ROW]
    ways: dict[str, Callable[[], Floats]] = {
        "row by row": lambda: tables.shapley_values(few, leaf_by_leaf_rows=len(few) + 1),
        "leaf by leaf": lambda: one_after_the_other(tables, rows),
        "now": lambda: tables.shapley_values(rows),
    }
    counts = {"row by row": len(few)}
    found, values = dict.fromkeys(ways, np.inf), {}
    for _ in range(rounds):
        for way, call in ways.items():
            begin = process_time()
            values[way] = call()
            taken = (process_time() - begin) / counts.get(way, len(rows)) * 1e6
            found[way] = min(found[way], taken)
    over = [found[way] / found["now"] for way in ("row by row", "leaf by leaf")]
    goal = f"{GOAL} x asked: {'met' if over[0] >= GOAL else 'not met'}" if len(rows) > 500 else ""
    micros = " | ".join(f"{taken:.1f} us" for taken in found.values())
    print(f"| {name} | {len(rows):,} | {micros} | {over[0]:.1f} x, {over[1]:.1f} x | {goal}")
    same = values["now"].tobytes() == values["leaf by leaf"].tobytes()
    same &= values["now"][: len(few)].tobytes() == values["row by row"].tobytes()
    if not same:
        print("DIFFERENT BITS: FAILED")
    return same


def one_after_the_other(tables: LeafShapleyTables, matrix: Matrix) -> Floats:
    """Sum leaf by leaf as before: each condition and each table into arrays of their own."""
    conditions = tables.conditions
    bins = list(conditions.bins(matrix))
    summed = np.zeros((tables.n_columns, len(matrix)))
    for leaf, (columns, table) in enumerate(tables.leaves()):
        masks = np.zeros(len(matrix), dtype=conditions.dtype)
        each = zip(columns, conditions.begin[leaf], conditions.count[leaf], strict=False)
        for bit, (column, begin, count) in enumerate(each):
            fulfilled = (bins[column] - begin < count).view(np.uint8)
            masks |= fulfilled.astype(masks.dtype) << bit
        indices = masks.astype(np.intp)
        for column, shares in zip(columns, table, strict=True):
            summed[column] += shares.take(indices)
    return summed.T.copy()


if __name__ == "__main__":
    sys.exit(main())
