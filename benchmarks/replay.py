"""Log decisions, replay every one with the archived model, and tell how many are identical.

python benchmarks/replay.py [--decisions 100000] [--database URL] [--fault]

Applicants are the bundled rows, or the real ones where CREDITSCORE_UCI_CSV names them, by turns
for each scorecard. Beside the time of the replay stands that of reading the rows alone. Exits with
1 unless all are identical; `--fault` adds 1e-12 to one leaf of each, which must be noticed.
"""

from __future__ import annotations

import argparse
import itertools
import os
import resource
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import numpy as np

PROJECT = Path(__file__).resolve().parent.parent
# Python looks beside this file, not where it was started.
sys.path.insert(0, str(PROJECT))

from creditscore import archive, artefact, dataset, log_walk  # noqa: E402
from creditscore.artefact import Model  # noqa: E402
from creditscore.assessment import Assessor  # noqa: E402
from creditscore.database import Database  # noqa: E402
from creditscore.decision_id import new_decision_id  # noqa: E402
from creditscore.decision_log import DecisionLog  # noqa: E402
from creditscore.idempotency import Origin  # noqa: E402
from creditscore.migrations import migrate  # noqa: E402
from creditscore.replay import IDENTICAL, replay  # noqa: E402
from creditscore.schema import Applicant  # noqa: E402

#: What the planted fault adds to a leaf.
LEAST = 1e-12

#: Decisions of one request.
CHUNK = 1000


def main(arguments: Sequence[str] | None = None) -> int:
    """Log, read, replay, and print the figures."""
    options = read_options(arguments)
    model = artefact.load(options.model_dir)
    with tempfile.TemporaryDirectory() as folder:
        database = Database(options.database or f"sqlite:///{folder}/log.sqlite")
        migrate(database)
        logged = fill(database, model, options.decisions)
        archive.keep(model, Path(folder))
        stretch = log_walk.measure(database)
        start = perf_counter()
        read = sum(len(rows) for rows in log_walk.walk(database, stretch))
        reading = perf_counter() - start
        find = finder(Path(folder), model, fault=options.fault)
        verdicts: Counter[str] = Counter()
        start = perf_counter()
        for rows in log_walk.walk(database, stretch):
            verdicts.update(verdict.kind for verdict in replay(rows, find))
        replaying = perf_counter() - start
        database.close()
    identical = verdicts[IDENTICAL]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{identical:,} of {logged:,} identical; {dict(verdicts)}")
    print(f"reading   {reading:8.2f} s")
    print(f"replaying {replaying:8.2f} s, {logged / replaying:,.0f} a second")
    print(f"ratio     {replaying / reading:8.2f}")
    print(f"memory    {peak:8.0f} MiB at most")
    return 0 if identical == logged == read else 1


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--decisions", type=int, default=100_000, metavar="NUMBER")
    parser.add_argument("--database", metavar="URL", help="an empty PostgreSQL database")
    parser.add_argument("--model-dir", type=Path, default=PROJECT / "model", metavar="FOLDER")
    parser.add_argument("--fault", action="store_true", help="plant one: it must be noticed")
    return parser.parse_args(arguments)


def fill(database: Database, model: Model, count: int) -> int:
    """Decide on applicants of both scorecards and log the decisions, as the service does."""
    log = DecisionLog(database, now=lambda: datetime.now(UTC))
    assessor = Assessor(model, model.policy, log.now, new_decision_id)
    wanted = itertools.islice(applicants(model), count)
    logged = 0
    while chunk := list(itertools.islice(wanted, CHUNK)):
        log.record(assessor.assess(chunk), Origin(f"benchmark-{logged}"))
        logged += len(chunk)
    return logged


def applicants(model: Model) -> Iterator[Applicant]:
    """Give applicants without an end: every row, once for each scorecard, and again."""
    path = Path(os.environ.get("CREDITSCORE_UCI_CSV") or PROJECT / "data" / "credit.csv")
    data = dataset.load(path, model.schema)
    for row in itertools.cycle(range(len(data.bad))):
        for scorecard in model.scorecards:
            names = model.schema.scorecards[scorecard].fields
            yield model.schema.parse({name: data.columns[name][row].item() for name in names})


def finder(folder: Path, model: Model, *, fault: bool) -> Callable[[str], Model]:
    """Give a way to find archived models, if asked for with one leaf of each changed."""
    found: dict[str, Model] = {}

    def find(version: str) -> Model:
        if version not in found:
            whole = archive.find(version, folder, model)
            found[version] = damaged(whole) if fault else whole
        return found[version]

    return find


def damaged(model: Model) -> Model:
    """Change the first leaf of each forest by next to nothing."""
    cards = {}
    for name, card in model.scorecards.items():
        forest = card.forest
        leaf = int(np.flatnonzero(forest.left == np.arange(len(forest.left)))[0])
        probability = forest.probability.copy()
        probability[leaf] += LEAST
        cards[name] = replace(card, forest=replace(forest, probability=probability))
    return replace(model, scorecards=cards)


if __name__ == "__main__":
    sys.exit(main())
