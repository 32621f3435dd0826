"""Time what computes a scorecard's numbers, beside one call of scikit-learn's `predict_proba`.

.venv/bin/python benchmarks/engine.py [--model-dir MODEL] [--data CSV]

Trains only the two forests again, for scikit-learn to be timed on; the rest is the trained
model's. Rounds of all candidates take turns, and medians over the rounds are given. Exits with 1
if a number differs in one bit from what it must be; a missed goal is said, and fails nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from benchmarks.command_line import make_parser
from benchmarks.forests import grow_forest
from creditscore.arrays import Matrix
from creditscore.decisions.assessor import Assessor
from creditscore.decisions.record import new_decision_ids
from creditscore.folders import SAMPLE_DATA
from creditscore.schema import Applicant
from creditscore.scorecard import artifact
from creditscore.scorecard.inference import LookupTableEngine, tabulate
from creditscore.scorecard.model import Model
from creditscore.scorecard.scorecard import Scorecard
from creditscore.training import dataset
from creditscore.training.dataset import Dataset
from creditscore.training.split import split

ROUNDS = 9
APPLICANTS = 50

#: Rows of a batch, and of those whose every bit is compared.
BATCH = 30_000
COMPARED = 5_000

#: The most microseconds for the numbers of one applicant.
GOALS = {"application": 20.0, "behavioural": 1000.0}

#: How many times as fast as `predict_proba` a table must be.
TIMES_AS_FAST = 200


def main() -> int:
    """Compare, time, print, and give the exit status."""
    options = read_options()
    begin = perf_counter()
    model = artifact.load(options.model_dir)
    print(f"load of the model: {perf_counter() - begin:.3f} s")
    data, seed = dataset.load(options.data, model.schema), model.manifest["seed"]
    train = split(data, seed).train
    exact = True
    for card in model.scorecards.values():
        print(f"\n{card.name}: {type(model.engines[card.name]).__name__.lower()}")
        grown = grow_forest(train, card.predictors, model.schema, card.name, seed=seed)
        rows = data.model_matrix(card.predictors)
        exact &= print_exactness(card, model, grown, rows)
        print_sizes(card, model)
        print_times(card, model, grown, data)
        print_batch(card, model, grown, rows[:BATCH])
    return 0 if exact else 1


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__, needs_model=True)
    parser.add_argument("--data", type=Path, default=SAMPLE_DATA)
    return parser.parse_args()


def print_exactness(
    card: Scorecard, model: Model, grown: RandomForestClassifier, rows: Matrix
) -> bool:
    """Hold the engine's bits against scikit-learn's and the leaf games'."""
    engine = model.engines[card.name]
    predicted, shares = engine.predict(rows[:COMPARED])
    single_results = [engine.predict_one(row) for row in rows[:COMPARED].tolist()]
    checks = {
        "probabilities: the trees'": same(predicted, card.probability_of_default(rows[:COMPARED])),
        "impacts: the leaf games'": same(shares, card.impacts(rows[:COMPARED])),
        "one by one: as among many": single_results
        == list(zip(predicted.tolist(), shares.tolist(), strict=True)),
    }
    if (card.calibration.slope, card.calibration.intercept) == (1, 0):
        theirs = grown.predict_proba(rows)[:, 1]
        checks["probabilities: scikit-learn's"] = same(engine.predict(rows)[0], theirs)
    for name, holds in checks.items():
        print(f"  {name:52} {'every bit' if holds else 'DIFFERENT: FAILED'}")
    return all(checks.values())


def same(ours: Any, theirs: Any) -> bool:
    """Tell whether two arrays have the same bits."""
    return np.ascontiguousarray(ours).tobytes() == np.ascontiguousarray(theirs).tobytes()


def print_sizes(card: Scorecard, model: Model) -> None:
    """Tell what the engine takes, and what its training took."""
    engine = model.engines[card.name]
    if isinstance(engine, LookupTableEngine):
        begin = perf_counter()
        tabulate(card.forest, card.shapley_tables)
        seconds = perf_counter() - begin
        print(f"  {'cells':52} {len(engine.table):12,}")
        print(f"  {'table, loaded with the model':52} {engine.table.nbytes / 1e6:9.1f} MB")
        print(f"  {'computing it, at training':52} {seconds:9.2f} s")
    else:
        print(f"  {'leaves':52} {len(card.shapley_tables.first):12,}")
        print(
            f"  {'leaf tables, loaded with the model':52} "
            f"{card.shapley_tables.values.nbytes / 1e6:9.1f} MB"
        )


def print_times(
    card: Scorecard, model: Model, grown: RandomForestClassifier, data: Dataset
) -> None:
    """Time one applicant at a time."""
    engine, schema = model.engines[card.name], model.schema
    some = applicants(card, data, model)
    assessor = Assessor(
        model=model,
        policy=model.policy,
        now=lambda: datetime.now(UTC),
        new_ids=new_decision_ids,
    )

    def decide(applicant: Applicant) -> str:
        parsed = schema.parse(json.loads(json.dumps(dict(applicant.values))))
        return json.dumps(assessor.assess(parsed).to_dict("en"))

    calls: dict[str, Callable[[Applicant], object]] = {
        "predict_proba": lambda a: grown.predict_proba(schema.matrix([a], card.predictors)),
        "probability and all impacts": lambda a: engine.predict_one(schema.row(a, card.predictors)),
        "decision: JSON in, numbers, reasons, JSON out": decide,
    }
    times = in_turns(calls, some)
    goals = {"probability and all impacts": GOALS[card.name]}
    naive, _ = times["predict_proba"]
    for name, (typical, fastest) in times.items():
        goal = goals.get(name)
        verdict = "" if goal is None else f"   goal {goal:,.0f}: {met(typical <= goal)}"
        print(
            f"  {name:52} {typical:9.1f} us {naive / typical:9.1f} x"
            f"   fastest round {fastest:9.1f} us{verdict}"
        )
    if isinstance(engine, LookupTableEngine):
        faster = naive / times["probability and all impacts"][0]
        print(
            f"  {f'{TIMES_AS_FAST} x as fast as predict_proba':52} {met(faster >= TIMES_AS_FAST)}"
        )


def applicants(card: Scorecard, data: Dataset, model: Model) -> list[Applicant]:
    """Give some rows as parsed applicants."""
    names = model.schema.scorecards[card.name].fields
    indices = range(0, len(data), len(data) // APPLICANTS)
    rows = [{name: data.columns[name][index].item() for name in names} for index in indices]
    return model.schema.parser.parse_all(rows)


def in_turns(
    calls: dict[str, Callable[[Applicant], object]], some: list[Applicant]
) -> dict[str, tuple[float, float]]:
    """Time calls round by round, so that a busy machine slows all of them.

    Returns
    -------
    dict of str to (float, float)
        The median and the fastest round, in microseconds for one applicant.
    """
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            call(some[0])
            begin = perf_counter()
            for applicant in some:
                call(applicant)
            times[name].append((perf_counter() - begin) / len(some) * 1e6)
    return {name: (median(rounds), min(rounds)) for name, rounds in times.items()}


def print_batch(card: Scorecard, model: Model, grown: RandomForestClassifier, rows: Matrix) -> None:
    """Time many applicants at once."""
    engine = model.engines[card.name]
    calls: dict[str, Callable[[], object]] = {
        "predict_proba": lambda: grown.predict_proba(rows),
        "probability and all impacts": lambda: engine.predict(rows),
    }
    for name, call in calls.items():
        begin = perf_counter()
        call()
        rate = len(rows) / (perf_counter() - begin)
        print(f"  {f'{len(rows):,} rows: {name}':52} {rate:12,.0f} rows/s")


def met(holds: bool) -> str:
    """Say whether a goal is met."""
    return "met" if holds else "missed"


if __name__ == "__main__":
    sys.exit(main())
