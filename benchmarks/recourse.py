"""Time the search for what would have to change, beside one call of scikit-learn's predict_proba.

.venv/bin/python benchmarks/recourse.py [--model-dir FOLDER]

Takes refused rows of data/credit.csv through the behavioural scorecard of a trained model, the one
with fields that an applicant can change.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from time import perf_counter

import numpy as np

from benchmarks.command_line import make_parser
from benchmarks.forests import grow_forest
from creditscore.errors import CreditScoreError
from creditscore.folders import SAMPLE_DATA
from creditscore.scorecard import artifact
from creditscore.scorecard.recourse import find_recourse
from creditscore.training import dataset

SCORECARD = "behavioural"

#: Refused rows that are searched for.
REFUSALS = 300

SEED = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Search, print the times, and give the exit status."""
    parser = make_parser(__doc__, needs_model=True)
    options = parser.parse_args(arguments)
    try:
        model = artifact.load(options.model_dir)
        data = dataset.load(SAMPLE_DATA, model.schema)
    except CreditScoreError as error:
        print(f"recourse.py: {error}", file=sys.stderr)
        return 2
    card, cutoff = model.scorecards[SCORECARD], model.policy.cutoff
    matrix = data.matrix(card.predictors)
    refused = np.flatnonzero(card.probability_of_default(matrix.astype(np.float32)) >= cutoff)
    times, advised = [], 0
    for row in refused[:REFUSALS].tolist():
        values = {name: data.columns[name][row].item() for name in card.predictors}
        applicant = model.schema.parse(values)
        begin = perf_counter()
        advice = find_recourse(applicant, scorecard=card, schema=model.schema, cutoff=cutoff)
        times.append(perf_counter() - begin)
        advised += advice is not None
    grown = grow_forest(data, card.predictors, model.schema, SCORECARD, seed=SEED)
    baseline = []
    for row in refused[:REFUSALS].tolist():
        begin = perf_counter()
        grown.predict_proba(matrix[row : row + 1])
        baseline.append(perf_counter() - begin)
    once = float(np.median(baseline))
    print(f"{len(times)} refused applicants, {advised} of whom can do something about it")
    for name, seconds in (("median", np.median(times)), ("95 of 100", np.quantile(times, 0.95))):
        print(f"  {name:24} {seconds * 1e3:8.1f} ms  {seconds / once:6.1f} x")
    print(f"  {'one predict_proba call':24} {once * 1e3:8.1f} ms     1.0 x")
    return 0


if __name__ == "__main__":
    sys.exit(main())
