"""Post tables as CSV, and compare the rows a second with those of JSON arrays in the same run.

.venv/bin/python benchmarks/csv_request.py [--megabytes 1] [--rounds 3] [--model-dir FOLDER]

The WSGI application is called in this process; decisions are logged in an SQLite file. The tables
have rows that are all the same, that come from the bundled rows, and that all differ. An array has
1,000 of the bundled rows. The best round counts.
"""

from __future__ import annotations

import json
import logging
import random
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

from flask.testing import FlaskClient

from benchmarks.command_line import make_parser
from creditscore.folders import SAMPLE_DATA
from creditscore.settings import Settings
from creditscore.web import create_app

FIELDS = ("LIMIT_BAL", "SEX", "EDUCATION", "MARRIAGE", "AGE")
SEED = 1

#: Applicants of an array.
ARRAY = 1000


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each kind of table."""
    parser = make_parser(__doc__, needs_model=True)
    parser.add_argument("--megabytes", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    logging.disable(logging.WARNING)
    draw = random.Random(SEED)
    text = SAMPLE_DATA.read_text(encoding="utf-8")
    header, *lines = text.splitlines()
    columns = [header.split(",").index(name) for name in FIELDS]
    bundled = [[line.split(",")[column] for column in columns] for line in lines]
    same = bundled[0]
    kinds: dict[str, Callable[[int], list[str]]] = {
        "all the same": lambda _: same,
        "bundled rows": lambda row: bundled[row % len(bundled)],
        "all different": lambda row: [str(10_000 + row), *draw.choice(bundled)[1:]],
    }
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            model_dir=options.model_dir,
            database_url=f"sqlite:///{folder}/decisions.sqlite",
            runtime_dir=Path(folder),
            rate_limit=None,
        )
        client = create_app(settings).test_client()
        people = [dict(zip(FIELDS, map(int, row), strict=True)) for row in bundled[:ARRAY]]
        array = ARRAY / best(client, json.dumps(people), "application/json", options.rounds)
        print(f"{'array of ' + str(ARRAY):16} {array:10,.0f} rows/s")
        for kind, row_of in kinds.items():
            body, count = table(row_of, int(options.megabytes * 1024 * 1024))
            seconds = best(client, body, "text/csv", options.rounds)
            rate = count / seconds
            print(
                f"{kind:16} {rate:10,.0f} rows/s, {rate / array:5.2f} of the array's, "
                f"{count:,} rows in {seconds:.2f} s"
            )
    return 0


def table(row_of: Callable[[int], list[str]], size: int) -> tuple[str, int]:
    """Make a table of so many bytes, and count its rows."""
    lines, length = [",".join(FIELDS)], 0
    while length < size:
        lines.append(",".join(row_of(len(lines))))
        length += len(lines[-1]) + 1
    return "\n".join(lines) + "\n", len(lines) - 1


def best(client: FlaskClient, body: str, media_type: str, rounds: int) -> float:
    """Return the seconds of the fastest of some rounds."""
    times = []
    for _ in range(rounds):
        start = perf_counter()
        with client.post("/predict", data=body, content_type=media_type) as answer:
            assert answer.status_code == 200
            for _ in answer.iter_encoded():
                pass
        times.append(perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    sys.exit(main())
