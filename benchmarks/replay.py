"""Replay a large decision log, and look whether every decision comes out identical to the last bit.

.venv/bin/python benchmarks/replay.py [--decisions 100000] [--model-dir FOLDER] [--fault]

Logs decisions of both scorecards on the rows of CREDITSCORE_UCI_CSV, or on the bundled ones, in an
SQLite file in a temporary folder, and replays all of them with the archived models, as
`decisions replay --all` does. The time stands beside that of only reading and parsing them.
Exits with 1 if one is not identical. With --fault, one bit of one leaf of the archived models is
another: that must be found, or the check is worth nothing.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace as changed
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.command_line import make_parser
from creditscore.decision_log.database import Database
from creditscore.decision_log.log import DecisionLog
from creditscore.decision_log.migrations import migrate
from creditscore.decision_log.replay import IDENTICAL, replay
from creditscore.decision_log.scan import range_of, scan
from creditscore.decisions.assessor import Assessor
from creditscore.decisions.record import RequestOrigin, from_row, new_decision_ids
from creditscore.errors import CreditScoreError
from creditscore.folders import SAMPLE_DATA
from creditscore.schema import Applicant, Field
from creditscore.scorecard import artifact, model_archive
from creditscore.scorecard.inference import select_engine
from creditscore.scorecard.model import Model

VARIABLE = "CREDITSCORE_UCI_CSV"

#: Applicants of one request.
REQUEST = 1000

#: The bit of a leaf that --fault turns: in the middle of the 52 of its fraction.
FAULTY_BIT = 26

#: Amounts are this much larger each time the rows come round again: no row is decided on twice,
#: and from the second time on the log holds numbers that need all of their digits.
LARGER = 1.1


def main(arguments: Sequence[str] | None = None) -> int:
    """Log, replay, print what was found, and give the exit status."""
    options = read_options(arguments)
    with tempfile.TemporaryDirectory() as folder:
        log_folder = Path(folder)
        # In a process of its own: what training rows take is not what a replay takes.
        context = multiprocessing.get_context("spawn")
        arguments_of_fill = (options.model_dir, options.decisions, log_folder)
        writer = context.Process(target=fill, args=arguments_of_fill)
        writer.start()
        writer.join()
        if writer.exitcode:
            return 2
        model = artifact.load(options.model_dir)
        database = Database(url_of(log_folder))
        start = perf_counter()
        parsed = read_only(database)
        baseline = perf_counter() - start
        find_model = finder(log_folder, model, fault=options.fault)
        start = perf_counter()
        counts = replay_all(database, find_model)
        seconds = perf_counter() - start
        database.close()
    print_findings(counts, seconds, baseline)
    well = counts[IDENTICAL] == counts.total() == parsed == options.decisions
    return 0 if well else 1


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__, needs_model=True)
    parser.add_argument("--decisions", type=int, default=100_000, metavar="NUMBER")
    parser.add_argument("--fault", action="store_true", help="turn a bit of the archived models")
    return parser.parse_args(arguments)


def url_of(folder: Path) -> str:
    """Give the address of the log in a folder."""
    return f"sqlite:///{folder / 'decisions.sqlite'}"


# The log


def fill(model_dir: Path, count: int, folder: Path) -> None:
    """Decide on so many applicants, log it as the service does, and archive the model."""
    try:
        model = artifact.load(model_dir)
        model_archive.archive_model(model, folder)
        database = Database(url_of(folder))
        migrate(database)
        log = DecisionLog(database, now=now)
        assessor = Assessor(model=model, policy=model.policy, now=now, new_ids=new_decision_ids)
        waiting = applicants(model, count)
        for number in range(0, count, REQUEST):
            batch = [next(waiting) for _ in range(min(REQUEST, count - number))]
            log.record(assessor.assess_batch(batch), RequestOrigin(f"request-{number}"))
    except CreditScoreError as error:
        print(f"replay.py: {error}", file=sys.stderr)
        sys.exit(2)


def now() -> datetime:
    """Give the time."""
    return datetime.now(UTC)


def applicants(model: Model, count: int) -> Iterator[Applicant]:
    """Give applicants from the rows of a table, for each scorecard by turns."""
    # Not at the top: it brings pandas, and the process that replays is to be weighed without.
    from creditscore.training import dataset

    path = Path(os.environ.get(VARIABLE) or SAMPLE_DATA)
    data = dataset.load(path, model.schema)
    print(f"{count:,} decisions on the {len(data):,} rows of {path.name}", flush=True)
    cards = list(model.scorecards)
    for number in range(count):
        turn, row = divmod(number // len(cards), len(data))
        asked_for = model.schema.scorecards[cards[number % len(cards)]].fields
        values = {
            name: enlarged(data.columns[name][row].item(), model.schema.fields[name], turn)
            for name in asked_for
        }
        yield model.schema.parse(values)


def enlarged(value: float, field: Field, turn: int) -> float:
    """Give a value as JSON has it; an amount, larger each time that the rows come round."""
    number = int(value) if value == int(value) else value
    if field.rule.python_type is not float:
        return number
    return number * LARGER**turn if turn else number


# The replay


def finder(folder: Path, model: Model, *, fault: bool) -> Callable[[str], Model]:
    """Give a way to find archived models by their version, faulty ones if asked."""

    @cache
    def find(version: str) -> Model:
        archived = model_archive.load_version(version, folder, model)
        return turn_a_bit(archived) if fault else archived

    return find


def turn_a_bit(model: Model) -> Model:
    """Give a model with one bit of one leaf of its first tree turned."""
    ((name, card),) = model.scorecards.items()
    forest, leaf = card.forest, int(card.forest.roots[0])
    while forest.left[leaf] != leaf:
        leaf = int(forest.left[leaf])
    turned = forest.probability.copy()
    turned.view(np.uint64)[leaf] ^= np.uint64(1 << FAULTY_BIT)
    faulty = changed(card, forest=changed(forest, probability=turned))
    return changed(model, scorecards={name: faulty}, engines={name: select_engine(faulty)})


def replay_all(database: Database, find_model: Callable[[str], Model]) -> Counter[str]:
    """Replay every decision, and count the verdicts."""
    counts: Counter[str] = Counter()
    for rows in scan(database, range_of(database)):
        counts.update(verdict.kind for verdict in replay(rows, find_model))
    return counts


def read_only(database: Database) -> int:
    """Read and parse every decision; give how many there are."""
    pages: Iterator[list[dict[str, Any]]] = scan(database, range_of(database))
    return sum(len([from_row(row) for row in rows]) for rows in pages)


def print_findings(counts: Counter[str], seconds: float, baseline: float) -> None:
    """Print what was found."""
    # In kilobytes, but on macOS in bytes.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    megabytes = peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
    total = counts.total()
    for kind, count in counts.items():
        print(f"{kind:24} {count:10,}  of {total:,}")
    print(f"{'replayed in':24} {seconds:10.1f}  s, {total / seconds:,.0f} each second")
    print(f"{'read and parsed in':24} {baseline:10.1f}  s")
    print(f"{'ratio':24} {seconds / baseline:10.2f}")
    print(f"{'memory, at most':24} {megabytes:10.0f}  MiB, the model in service included")


if __name__ == "__main__":
    sys.exit(main())
