"""How well the other predictors of a scorecard say what a protected field is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import r2_score, roc_auc_score

from tools import recompute_metrics as metrics
from tools.recompute_metrics import Array, Section
from tools.recompute_rows import ModelFiles, Rows

#: Training rows that are learnt from, values that are told apart, and rows that a value needs.
MAX_ROWS, MAX_VALUES, MIN_ROWS = 10_000, 10, 30

#: From where on a measure is moderate, and strong.
BOUNDS = {"auc": (0.6, 0.7), "macro_auc": (0.6, 0.7), "r2": (0.13, 0.26)}

BOOSTING: dict[str, Any] = {"max_iter": 50, "max_leaf_nodes": 8, "early_stopping": False}


@dataclass(frozen=True)
class Target:
    """A protected field: its numbers, or the places of its values by frequency."""

    measure: str
    learnt: Array
    actual: Array
    values: int

    def score(self, predicted: Array) -> float:
        """Measure predictions of the test rows with scikit-learn."""
        if self.measure == "r2":
            return float(r2_score(self.actual, predicted[:, 0]))
        aucs = [
            roc_auc_score(self.actual == value, predicted[:, value])
            for value in range(self.values)
            if self._is_frequent(value)
        ]
        return float(np.mean(aucs))

    def with_interval(self, predicted: Array, draws: metrics.Bootstrap) -> dict[str, float]:
        """Measure the same, and on each draw of the test rows."""
        if self.measure == "r2":
            y, errors = self.actual - self.actual.mean(), (self.actual - predicted[:, 0]) ** 2
            sums = draws.sums(y, y * y, errors) / len(y)
            values = 1 - sums[:, 2] / (sums[:, 1] - sums[:, 0] ** 2)
        else:
            aucs = [
                draws.ranking((self.actual == value).astype(int), predicted[:, value])["auc"]
                for value in range(self.values)
                if self._is_frequent(value)
            ]
            values = np.mean(aucs, axis=0)
        return {**metrics.interval(values), "value": self.score(predicted)}

    def _is_frequent(self, value: int) -> bool:
        has = int((self.actual == value).sum())
        return min(has, len(self.actual) - has) >= MIN_ROWS


def proxies(files: ModelFiles, name: str, draws: metrics.Bootstrap) -> list[Section]:
    """Measure it for each protected field, from training rows on test rows."""
    train, test = files.split
    sample = np.sort(np.random.default_rng(files.seed).permutation(len(train.bad))[:MAX_ROWS])
    some = Rows(train.table.iloc[sample], train.bad[sample])
    predictors = files.manifest["scorecards"][name]["predictors"]
    entries = []
    for field in files.protected(name):
        target = _target(files, field, some, test)
        other_fields = [predictor for predictor in predictors if predictor != field]
        open_ones = [
            predictor
            for predictor in other_fields
            if not files.schema["fields"][predictor]["protected"]
        ]
        entries.append(
            {
                "field": field,
                "measure": target.measure,
                "rows": len(test.bad),
                "others": _strength(files, target, other_fields, some, draws),
                "unprotected": _strength(files, target, open_ones, some, draws),
            }
        )
    return entries


def _target(files: ModelFiles, field: str, some: Rows, test: Rows) -> Target:
    before, after = (rows.matrix([field])[:, 0] for rows in (some, test))
    about = files.schema["fields"][field]
    if about["kind"] != "coded":
        return Target("r2", before, after, 0)
    values, rows = np.unique(before, return_counts=True)
    frequent = values[np.argsort(-rows, kind="stable")][:MAX_VALUES]
    learnt, actual = (
        np.select([column == value for value in frequent], range(len(frequent)), -1)
        for column in (before, after)
    )
    measure = "auc" if len(about["codes"]) == 2 else "macro_auc"
    return Target(measure, learnt, actual, len(frequent))


def _strength(
    files: ModelFiles, target: Target, names: list[str], some: Rows, draws: metrics.Bootstrap
) -> Section:
    together = target.with_interval(_predict_by_boosting(files, target, names, some), draws)
    by_bins = {predictor: _by_bins(files, target, predictor, some) for predictor in names}
    alone = {predictor: target.score(predicted) for predictor, predicted in by_bins.items()}
    strongest = max(names, key=lambda predictor: alone[predictor])
    moderate, strong = BOUNDS[target.measure]
    value = together["value"]
    return {
        "predictors": len(names),
        "together": together,
        "verdict": "weak" if value < moderate else "moderate" if value < strong else "strong",
        "strongest": strongest,
        "alone": target.with_interval(by_bins[strongest], draws),
    }


def _predict_by_boosting(files: ModelFiles, target: Target, names: list[str], some: Rows) -> Array:
    """Predict the test rows by gradient boosting."""
    test = files.split[1].matrix(names)
    if target.measure == "r2":
        number = HistGradientBoostingRegressor(random_state=files.seed, **BOOSTING)
        return np.asarray(number.fit(some.matrix(names), target.learnt).predict(test))[:, None]
    model = HistGradientBoostingClassifier(random_state=files.seed, **BOOSTING)
    model.fit(some.matrix(names), target.learnt)
    return np.asarray(model.predict_proba(test)[:, model.classes_ >= 0])


def _by_bins(files: ModelFiles, target: Target, name: str, some: Rows) -> Array:
    """Predict the test rows by the means of the training rows in the same bin of one field."""
    before, after = (files.bins(name, rows) for rows in (some, files.split[1]))
    targets = target.learnt[:, None].astype(float)
    if target.measure != "r2":
        targets = (targets == np.arange(target.values)).astype(float)
    means = np.tile(targets.mean(axis=0), (after.max() + 1, 1))
    for index in np.unique(before[before <= after.max()]):
        means[index] = targets[before == index].mean(axis=0)
    return np.asarray(means[after])
