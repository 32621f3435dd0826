"""Time a look at a large decision log, beside reading its rows and counting them in Python.

.venv/bin/python benchmarks/monitoring.py [--decisions 1000000] [--database URL]

Fills a log (an SQLite file in a temporary folder, or an empty PostgreSQL database that is given),
half of the decisions with an outcome, over 30 days, and asks for the monitoring of all of it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from time import perf_counter
from typing import Any

import numpy as np
from sqlalchemy import insert, select

from benchmarks.command_line import make_parser
from creditscore.decision_log.database import Database
from creditscore.decision_log.migrations import migrate
from creditscore.decision_log.tables import decisions, outcomes
from creditscore.decisions.record import to_time
from creditscore.monitoring.monitor import monitor_model
from creditscore.monitoring.periods import Window
from creditscore.scorecard import artifact
from creditscore.scorecard.bins import ALPHABET
from creditscore.scorecard.model import Model

FIRST = 1_767_225_600_000
DAY_MS = 86_400_000
DAYS = 30
CHUNK = 20_000

#: About as wide as a real row's texts.
INPUTS, IMPACTS, REASONS = "i" * 200, "m" * 450, "r" * 900


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill a log, look at it both ways, and print the times and their ratio."""
    options = read_options(arguments)
    model = artifact.load(options.model_dir)
    with tempfile.TemporaryDirectory() as folder:
        database = Database(options.database or f"sqlite:///{folder}/log.sqlite3")
        database.create()
        migrate(database)
        fill(database, model, options.decisions)
        if options.database:
            settle(options.database)
        window = Window(to_time(FIRST), to_time(FIRST + DAYS * DAY_MS))
        start = perf_counter()
        figures = monitor_model(database, model, window)
        monitoring_time = perf_counter() - start
        start = perf_counter()
        counted = count_here(database, window)
        reading_time = perf_counter() - start
        database.close()
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    print(f"{options.decisions:,} decisions over {DAYS} days, half with an outcome, {kind}")
    print(f"monitoring                      {monitoring_time:8.2f} s")
    print(f"reading all rows, counting here {reading_time:8.2f} s")
    print(f"ratio                           {monitoring_time / reading_time:8.2f}")
    return 0 if figures["decisions"] == counted == options.decisions else 1


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__, needs_model=True)
    parser.add_argument("--decisions", type=int, default=1_000_000, metavar="NUMBER")
    parser.add_argument("--database", metavar="URL", help="an empty PostgreSQL database")
    return parser.parse_args(arguments)


def fill(database: Database, model: Model, count: int) -> None:
    """Log decisions whose bins are spread as in training."""
    draw = np.random.default_rng(1)
    for start in range(0, count, CHUNK):
        decision_rows = list(rows(model, start, min(CHUNK, count - start), count, draw))
        ends = [
            {
                "number": row["number"],
                "defaulted": bool(draw.random() < row["probability_of_default"]),
                "recorded_at": FIRST,
                "key_id": None,
            }
            for row in decision_rows[::2]
        ]
        with database.writing(seconds=float("inf")) as connection:
            connection.execute(insert(decisions), decision_rows)
            connection.execute(insert(outcomes), ends)


def settle(url: str) -> None:
    """Let PostgreSQL do at once what it does by itself some minutes after many inserts."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def rows(
    model: Model, start: int, count: int, of: int, draw: np.random.Generator
) -> Iterator[dict[str, Any]]:
    """Make rows of both scorecards by turns."""
    names = list(model.scorecards)
    bins_of = {name: spread(model, name, count, draw) for name in names}
    predicted = draw.random(count) * 0.6
    for index in range(count):
        number, name = start + index + 1, names[index % len(names)]
        yield {
            "number": number,
            "id": f"{number:036d}",
            "decided_at": FIRST + number * DAYS * DAY_MS // (of + 1),
            "scorecard": name,
            "model_version": model.versions[name],
            "inputs": INPUTS,
            "probability_of_default": float(predicted[index]),
            "cutoff": 0.25,
            "label": "eligible" if predicted[index] < 0.25 else "not_eligible",
            "score": 500,
            "baseline": 0.17,
            "impacts": IMPACTS,
            "reasons": REASONS,
            "warnings": "[]",
            "bins": bins_of[name][index],
            "request_id": f"{number:036d}",
            "key_id": None,
            "idempotency_key": None,
            "content_hash": "0" * 64,
        }


def spread(model: Model, name: str, count: int, draw: np.random.Generator) -> list[str]:
    """Draw bins as the training rows lie in them."""
    trained = model.scorecards[name].training_bins
    alphabet = np.array(list(ALPHABET))
    positions = [
        draw.choice(len(bins.counts), size=count, p=np.array(bins.counts) / sum(bins.counts))
        for bins in (trained.score, *trained.fields.values())
    ]
    return ["".join(row) for row in alphabet[np.column_stack(positions)]]


def count_here(database: Database, window: Window) -> int:
    """Do what one would without the database's help: fetch all rows, and count bins and ends."""
    query = select(
        decisions.c.model_version,
        decisions.c.label,
        decisions.c.bins,
        decisions.c.probability_of_default,
        outcomes.c.defaulted,
    ).join_from(decisions, outcomes, outcomes.c.number == decisions.c.number, isouter=True)
    counts: Counter[tuple[str, str, int, str]] = Counter()
    ends: Counter[tuple[str, float, bool]] = Counter()
    total = 0
    with database.reading(seconds=float("inf")) as connection:
        for version, label, bins, predicted, ended in connection.execute(
            query.where(window.condition)
        ):
            total += 1
            if ended is not None:
                ends[version, predicted, ended] += 1
            counts.update(
                (version, label, position, bin_code) for position, bin_code in enumerate(bins)
            )
    return total


if __name__ == "__main__":
    sys.exit(main())
