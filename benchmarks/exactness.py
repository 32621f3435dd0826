"""Check on the real rows that the reasons are exact.

CREDITSCORE_UCI_CSV=FILE .venv/bin/python benchmarks/exactness.py

Trains both scorecards as `train.py` does, and for all rows holds the reasons against the
probability, against `shap`, and for a few rows against brute force. Exits with 1 if a check fails.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from drawing import by_brute_force
from sklearn.ensemble import RandomForestClassifier

from benchmarks.forests import grow_forest
from creditscore.arrays import Floats, Matrix
from creditscore.folders import SAMPLE_SCHEMA
from creditscore.schema.reader import load_schema
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import Policy
from creditscore.scorecard.scorecard import Scorecard
from creditscore.scorecard.shapley import compute_shapley_tables
from creditscore.training import dataset, pipeline
from creditscore.training.dataset import Dataset
from creditscore.training.fit import flatten
from creditscore.training.reference import reference_rows
from creditscore.training.split import split

VARIABLE = "CREDITSCORE_UCI_CSV"
SEED = 1

#: What sums and values may be off: the rounding of double precision.
EXACT = 1e-12

#: What `shap` may be off: it rounds to single precision in between.
SHAP_NOISE = 1e-7

#: Rows that `shap` compares each applicant with: its time grows with them.
SHAP_REFERENCE = 5

#: Rows explained by brute force, and the most fields for which that is against the whole
#: reference group: 14 fields have 16,384 coalitions, and the group is scored for each.
BRUTE_FORCE_ROWS = 3
BRUTE_FORCE_FIELDS = 6


@dataclass(frozen=True)
class Check:
    """One line of the table: what was measured, over how many rows, and what is allowed."""

    scorecard: str
    name: str
    rows: int
    deviation: float
    allowed: float

    @property
    def holds(self) -> bool:
        """Whether it is allowed; NaN never is."""
        return self.deviation <= self.allowed


def main() -> int:
    """Train, check, print, and give the exit status."""
    path = os.environ.get(VARIABLE, "")
    if not path:
        problem = "is not set: point it to the 14-feature cut of the real rows"
        print(f"exactness.py: {VARIABLE} {problem}, see data/README.md", file=sys.stderr)
        return 1
    data, model = train(Path(path))
    print(f"{len(data):,} rows\n")
    print(f"{'scorecard':12} {'check':52} {'rows':>7} {'found':>9} {'allowed':>9}")
    checks = []
    for card in model.scorecards.values():
        for check in checks_of(card, data, model):
            checks.append(check)
            verdict = "" if check.holds else "  FAILED"
            print(
                f"{check.scorecard:12} {check.name:52} {check.rows:7,} "
                f"{check.deviation:9.1e} {check.allowed:9.1e}{verdict}",
                flush=True,
            )
    return 0 if all(check.holds for check in checks) else 1


def train(path: Path) -> tuple[Dataset, Model]:
    """Train as `train.py` does without options."""
    schema = load_schema(SAMPLE_SCHEMA)
    data = dataset.load(path, schema)
    model, _ = pipeline.train(
        data,
        schema,
        policy=Policy.from_ratio(3),
        exclude=[],
        reference_group="approved",
        seed=SEED,
        now=datetime.now(UTC),
        progress=lambda _: None,
    )
    return data, model


def checks_of(card: Scorecard, data: Dataset, model: Model) -> Iterator[Check]:
    """Check one scorecard on all rows."""
    rows = data.model_matrix(card.predictors)
    train_rows = split(data, SEED).train
    grown = grow_forest(train_rows, card.predictors, model.schema, card.name, seed=SEED)

    predicted = card.probability_of_default(rows)
    theirs = grown.predict_proba(data.matrix(card.predictors))[:, 1]
    slope, intercept = card.calibration.slope, card.calibration.intercept
    if (slope, intercept) == (1, 0):
        off = float(np.abs(predicted - theirs).max())
        yield Check(card.name, "probability: scikit-learn's, to the last bit", len(rows), off, 0)
    else:
        off = float(np.abs(predicted - (intercept + slope * theirs)).max())
        yield Check(card.name, "probability: scikit-learn's, on the line", len(rows), off, EXACT)

    impacts = card.impacts(rows)
    off = float(np.abs(card.reference.baseline + impacts.sum(axis=1) - predicted).max())
    yield Check(card.name, "baseline + all impacts = probability", len(rows), off, EXACT)

    group = reference_of(card, train_rows, model)
    reference = spread_over(group, SHAP_REFERENCE)
    ours = compute_shapley_tables(flatten(grown), reference).shapley_values(rows)
    off = float(np.abs(ours - by_shap(grown, reference, rows)).max())
    name = f"impacts: shap's, against {len(reference)} rows, uncalibrated"
    yield Check(card.name, name, len(rows), off, SHAP_NOISE)

    some = spread_over(rows, BRUTE_FORCE_ROWS)
    if len(card.predictors) <= BRUTE_FORCE_FIELDS:
        reference, impacts_of_some = group, card.impacts(some)
    else:
        some, reference = some[:1], spread_over(group, 10)
        impacts_of_some = compute_shapley_tables(card.forest, reference).shapley_values(some)
    brute = np.array([by_brute_force(card.forest, row, reference) for row in some])
    name = f"impacts: brute force, against {len(reference):,} rows"
    yield Check(card.name, name, len(some), float(np.abs(impacts_of_some - brute).max()), EXACT)


def spread_over(rows: Matrix, count: int) -> Matrix:
    """Pick some rows, from the first to the last."""
    return rows[np.linspace(0, len(rows) - 1, count).astype(np.int64)]


def reference_of(card: Scorecard, train_rows: Dataset, model: Model) -> Matrix:
    """Give the rows that the artefact's reasons compare with."""
    rows = train_rows.model_matrix(card.predictors)
    predicted = card.probability_of_default(rows)
    _, positions = reference_rows(predicted, cutoff=model.policy.cutoff, group="approved")
    return rows[positions]


def by_shap(grown: RandomForestClassifier, reference: Matrix, rows: Matrix) -> Floats:
    """Let `shap` explain rows; its dependencies warn on import."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import shap

        explainer = shap.TreeExplainer(
            grown,
            data=reference.astype(np.float64),
            feature_perturbation="interventional",
            model_output="probability",
        )
    # In parts: after ten seconds it would draw a progress bar into the table.
    parts = np.array_split(rows.astype(np.float64), 1 + len(rows) // 3000)
    impacts = [explainer.shap_values(part, check_additivity=False)[:, :, 1] for part in parts]
    return np.concatenate(impacts)


if __name__ == "__main__":
    sys.exit(main())
