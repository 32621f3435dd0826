"""Fit models that tell a protected field from the others, to measure how well that can be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from creditscore.arrays import Floats
from creditscore.evaluation.confidence_intervals import (
    RESAMPLES,
    BootstrapResamples,
    Figure,
    interval,
)
from creditscore.evaluation.fairness import MIN_GROUP_OUTCOMES
from creditscore.evaluation.proxies import (
    AUC,
    MACRO_AUC,
    R2,
    Proxy,
    ProxyStrength,
    bin_means,
    mean_auc,
    r_squared,
    strength,
)
from creditscore.evaluation.stability import bin_indices
from creditscore.model_card.baselines import EvaluationData
from creditscore.schema.constraints import CodeList
from creditscore.scorecard.scorecard import Scorecard
from creditscore.training.dataset import Dataset

#: Training rows that a protected field is learnt from, at most.
MAX_ROWS = 10_000

#: Values of a protected field that are told apart, at most: the most frequent.
MAX_VALUES = 10

#: Enough for what a few fields say of another, and quick.
BOOSTING = {"max_iter": 50, "max_leaf_nodes": 8, "early_stopping": False}


@dataclass(frozen=True, eq=False)
class _Target:
    """A protected field as something to be told.

    Attributes
    ----------
    measure : str
    train, test : Dataset
        The rows that state it.
    learnt, actual : ndarray of shape (n_rows,)
        Its numbers in both, or the numbers of its values: -1 for one that is not told apart.
    values : int
        How many are told apart; 0 of a number.
    seed : int
        Of the boosting and of the intervals.
    """

    measure: str
    train: Dataset
    test: Dataset
    learnt: Floats
    actual: Floats
    values: int
    seed: int

    def score(self, scores: Floats) -> float | None:
        """Measure predictions of the test rows, of shape (n_rows, 1 or n_values)."""
        found = self._samples(scores, draws=0)
        return None if found is None else float(found[0])

    def score_with_interval(self, scores: Floats) -> Figure | None:
        """Measure the same, with its bootstrap interval over the test rows."""
        found = self._samples(scores, draws=RESAMPLES)
        return None if found is None else interval(found)

    def _samples(self, scores: Floats, *, draws: int) -> Floats | None:
        if len(self.test) < MIN_GROUP_OUTCOMES:
            return None
        rows = BootstrapResamples(
            len(self.test), self.seed, count=draws, case_weights=self.test.weight
        )
        if self.measure == R2:
            return r_squared(self.actual, scores[:, 0], rows)
        return mean_auc(self.actual.astype(np.int64), scores, rows, fewest=MIN_GROUP_OUTCOMES)


def find_proxies(data: EvaluationData, card: Scorecard, fields: Sequence[str]) -> tuple[Proxy, ...]:
    """Measure how well a scorecard's predictors tell each protected field.

    What tells it is learnt from training rows and measured on the test rows.

    Parameters
    ----------
    data : EvaluationData
    card : Scorecard
    fields : sequence of str
        All its fields, also those that are only monitored.
    """
    chosen = np.random.default_rng(data.seed).permutation(len(data.train))[:MAX_ROWS]
    train = data.train.rows(np.sort(chosen))
    return tuple(
        _proxy(data, card, name, train) for name in fields if data.schema.fields[name].protected
    )


def _proxy(data: EvaluationData, card: Scorecard, name: str, train: Dataset) -> Proxy:
    target, fields = _target(data, name, train), data.schema.fields
    others = [one for one in card.predictors if one != name]
    unprotected = [one for one in others if not fields[one].protected]
    by_bins = {one: _by_bins(target, data, card, one) for one in others}
    return Proxy(
        field=name,
        measure=target.measure,
        rows=len(target.test),
        others=_told_by(target, {one: by_bins[one] for one in others}),
        unprotected=_told_by(target, {one: by_bins[one] for one in unprotected}),
    )


def _told_by(target: _Target, by_bins: Mapping[str, Floats]) -> ProxyStrength:
    """Measure predictors together, and the best of them alone by its predictions from its bins."""
    names, together = list(by_bins), None
    if names and len(np.unique(target.learnt)) > 1:
        together = target.score_with_interval(_boosted(target, names, target.seed))
    measured = {one: value for one in names if (value := target.score(by_bins[one])) is not None}
    strongest = max(measured, key=measured.__getitem__, default=None)
    return ProxyStrength(
        predictors=len(names),
        together=together,
        verdict=strength(target.measure, together["value"] if together else None),
        strongest=strongest,
        alone=None if strongest is None else target.score_with_interval(by_bins[strongest]),
    )


def _target(data: EvaluationData, name: str, train: Dataset) -> _Target:
    learnt, actual = (
        rows.rows(np.flatnonzero(~np.isnan(rows.columns[name]))) for rows in (train, data.test)
    )
    before, after = learnt.columns[name], actual.columns[name]
    rule = data.schema.fields[name].rule
    if not isinstance(rule, CodeList):
        return _Target(R2, learnt, actual, before, after, 0, data.seed)
    values, rows = np.unique(before, return_counts=True)
    frequent = values[np.argsort(-rows, kind="stable")][:MAX_VALUES]
    places: Mapping[float, int] = {value: place for place, value in enumerate(frequent.tolist())}
    before, after = (
        np.array([places.get(value, -1) for value in column.tolist()], dtype=np.float64)
        for column in (before, after)
    )
    measure = AUC if len(rule.labels) == 2 else MACRO_AUC
    return _Target(measure, learnt, actual, before, after, len(places), data.seed)


def _boosted(target: _Target, names: Sequence[str], seed: int) -> Floats:
    """Predict the test rows by gradient boosting over some predictors."""
    train, test = target.train.matrix(names), target.test.matrix(names)
    if not len(test):
        return np.empty((0, max(target.values, 1)))
    # One thread, as for the baselines: it adds up in one order.
    with threadpool_limits(limits=1):
        if target.measure == R2:
            number = HistGradientBoostingRegressor(random_state=seed, **BOOSTING)
            number.fit(train, target.learnt, sample_weight=target.train.weight)
            predicted: Floats = number.predict(test)[:, np.newaxis]
            return predicted
        model = HistGradientBoostingClassifier(random_state=seed, **BOOSTING)
        model.fit(train, target.learnt, sample_weight=target.train.weight)
        shares: Floats = model.predict_proba(test)[:, model.classes_ >= 0]
    return shares


def _by_bins(target: _Target, data: EvaluationData, card: Scorecard, name: str) -> Floats:
    """Predict the test rows by the training means in the bins of one predictor."""
    bins, decode = card.training_bins.fields[name], data.schema.fields[name].decode
    before, after = (
        bin_indices(bins, rows.columns[name], decode) for rows in (target.train, target.test)
    )
    targets = target.learnt[:, np.newaxis]
    if target.measure != R2:
        targets = (targets == np.arange(target.values)).astype(np.float64)
    means = bin_means(targets, before, target.train.weight, bins=len(bins.counts))
    return means[1 + after]
