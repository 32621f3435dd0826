"""Time each input at doubled sizes: none may take more than three times as long for twice as much.

.venv/bin/python benchmarks/input_scaling.py [--runs 5] [NAME ...]

Each input is made to take long: as many columns, faults or quotation marks as fit into its bytes.
Exits with 1 when a ratio is over the limit.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import process_time

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(1, str(PROJECT))

from creditscore.errors import CreditScoreError  # noqa: E402
from creditscore.schema.reader import load_schema  # noqa: E402
from creditscore.tables.csv_table import open_table  # noqa: E402
from creditscore.tables.table import RowReader  # noqa: E402
from creditscore.training import dataset  # noqa: E402

#: Bytes of each input.
SIZES = [1 << exponent for exponent in (18, 19, 20)]

#: The most that the time may grow when the size doubles.
MOST_RATIO = 3.0

#: Shorter times are counted as this: below, the ratio would tell of the clock.
SHORTEST_S = 0.002

SCHEMA = load_schema(PROJECT / "data" / "schema.toml")
FIELDS = [*SCHEMA.fields, SCHEMA.label.column]
HEADER = ",".join(FIELDS) + "\n"
VALUES = [str(field.example) for field in SCHEMA.fields.values()]
ROW = ",".join([*VALUES, "0"]) + "\n"


def score(raw: bytes) -> None:
    """Read a table as score.py and POST /predict do."""
    table = open_table(io.BytesIO(raw), SCHEMA, taken=["label"], whole=list(SCHEMA.fields))
    rows = RowReader(SCHEMA, table)
    for block in table.blocks():
        for index in range(len(block.numbers)):
            rows.applicant(block, index)
        assert len(block.lines()) == len(block.keys)


def train(raw: bytes) -> None:
    """Read a table as train.py does."""
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        file.write(raw)
        file.flush()
        dataset.load(Path(file.name), SCHEMA)


def repeat(unit: str, size: int) -> str:
    """Repeat a text until it has a size."""
    return unit * (size // len(unit))


def numbered(pattern: str, size: int) -> str:
    """Repeat a pattern with a number in it until it has a size."""
    return "".join(itertools.islice(_numbered(pattern), size // len(pattern)))


def _numbered(pattern: str) -> Iterator[str]:
    return (pattern.replace("#", str(number)) for number in itertools.count(100_000))


def wide(before: int, size: int) -> str:
    """Return a table with many columns in front of the fields."""
    names = ",".join(f"c{number}" for number in range(before))
    return f"{names},{HEADER}" + repeat(f"{'1,' * before}{ROW}", size)


#: Of each kind of table, the text of a size.
TABLES: dict[str, Callable[[int], str]] = {
    "sound rows": lambda size: HEADER + repeat(ROW, size),
    "sound rows, CR": lambda size: (HEADER + repeat(ROW, size)).replace("\n", "\r"),
    "quoted rows": lambda size: HEADER + repeat(f'"{VALUES[0]}"{ROW[len(VALUES[0]) :]}', size),
    "different columns": lambda size: HEADER[:-1] + numbered(",c#", size) + "\n" + ROW,
    "each column twice": lambda size: numbered("c#,c#,", size) + HEADER + ROW,
    "one column many times": lambda size: repeat("AGE,", size) + HEADER + ROW,
    "names near the missing": lambda size: numbered("LIMIT_BAL#,PAY_#,", size) + "\n" + ROW,
    "a long name": lambda size: repeat("LIMIT_BAL", size) + "\n" + ROW,
    "1,900 columns in front": lambda size: wide(1900, size),
    "a quotation mark before line ends": lambda size: '"' + repeat("\n", size),
    "a quotation mark in the rows": lambda size: f'{HEADER}"{repeat(ROW, size)}',
    "quotation marks": lambda size: HEADER + repeat('"', size),
    "quoted line ends": lambda size: HEADER + repeat('"\n",', size),
    "line ends": lambda size: HEADER + repeat("\n", size),
    "CR and LF": lambda size: HEADER + repeat("\r\r\n", size),
    "lines of spaces": lambda size: HEADER + repeat(" \n", size),
    "a row without end": lambda size: HEADER + repeat("1,", size),
    "commas": lambda size: HEADER + repeat(",", size),
    "rows of commas": lambda size: HEADER + repeat(f"{ROW[:-1]}{',' * 500}\n", size),
    "semicolons": lambda size: HEADER.replace(",", ";") + repeat(ROW.replace(",", ";"), size),
    "different faults": lambda size: HEADER + numbered(f"x#{ROW}", size),
    "short rows": lambda size: HEADER + repeat("1\n", size),
    "ambiguous amounts": lambda size: HEADER + numbered(f'"#,000"{ROW[len(VALUES[0]) :]}', size),
    "a long number": lambda size: f'{HEADER}"{repeat("1,111", size)}"{ROW[len(VALUES[0]) :]}',
    "long cells": lambda size: HEADER + repeat(f"{'-1' * 500}{ROW}", size),
    "spaces": lambda size: HEADER + repeat(f"{' ' * 500}={ROW}", size),
}

#: What is timed: a name, what reads it, and what makes it.
CASES: dict[str, tuple[Callable[[bytes], None], Callable[[int], bytes]]] = {
    f"{read.__name__}, {name}": (read, lambda size, write=write: write(size).encode())  # type: ignore[misc]
    for name, write in TABLES.items()
    for read in (score, train)
}


def seconds(read: Callable[[bytes], None], raw: bytes, runs: int) -> float:
    """Return the shortest of several processor times."""
    times = []
    for _ in range(runs):
        begun = process_time()
        with contextlib.suppress(CreditScoreError):
            read(raw)
        times.append(process_time() - begun)
    return max(min(times), SHORTEST_S)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="inputs whose name holds this")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args(arguments)
    worst = 0.0
    print("| input |", " | ".join(f"{size >> 10} KiB" for size in SIZES), "| largest ratio |")
    print("| --- |", " | ".join("---" for _ in SIZES), "| --- |")
    for name, (read, make) in CASES.items():
        if options.names and not any(part in name for part in options.names):
            continue
        times = [seconds(read, make(size), options.runs) for size in SIZES]
        ratio = max(more / less for less, more in itertools.pairwise(times))
        worst = max(worst, ratio)
        print(f"| {name} |", " | ".join(f"{time:.3f} s" for time in times), f"| {ratio:.1f} |")
    print(f"\nlargest ratio: {worst:.1f}, at most {MOST_RATIO:.0f}")
    return 1 if worst > MOST_RATIO else 0


if __name__ == "__main__":
    sys.exit(main())
