"""A scorecard's forest as scikit-learn holds it, to be compared with."""

from __future__ import annotations

from collections.abc import Sequence

from sklearn.ensemble import RandomForestClassifier

from creditscore.schema import Schema
from creditscore.training.dataset import Dataset
from creditscore.training.fit import fit_forest


def grow_forest(
    rows: Dataset, predictors: Sequence[str], schema: Schema, scorecard: str, *, seed: int
) -> RandomForestClassifier:
    """Grow a scorecard's forest on some rows, as training does."""
    return fit_forest(
        rows.matrix(predictors),
        rows.bad,
        schema.scorecards[scorecard].forest,
        seed,
        monotonic=schema.monotonic_constraints(predictors, scorecard),
    )
