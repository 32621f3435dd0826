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
    train_values, test_values : ndarray of shape (n_rows,)
        Its numbers in both, or the numbers of its values: -1 for one that is not told apart.
    values : int
        How many are told apart; 0 of a number.
    seed : int
        Of the boosting and of the intervals.
    """

    measure: str
    train: Dataset
    test: Dataset
    train_values: Floats
    test_values: Floats
    values: int
    seed: int

    def score(self, scores: Floats) -> float | None:
        """Measure predictions of the test rows, of shape (n_rows, 1 or n_values)."""
        samples = self._samples(scores, draws=0)
        return None if samples is None else float(samples[0])

    def score_with_interval(self, scores: Floats) -> Figure | None:
        """Measure the same, with its bootstrap interval over the test rows."""
        samples = self._samples(scores, draws=RESAMPLES)
        return None if samples is None else interval(samples)

    def _samples(self, scores: Floats, *, draws: int) -> Floats | None:
        if len(self.test) < MIN_GROUP_OUTCOMES:
            return None
        rows = BootstrapResamples(
            len(self.test), self.seed, count=draws, case_weights=self.test.weight
        )
        if self.measure == R2:
            return r_squared(self.test_values, scores[:, 0], rows)
        return mean_auc(
            self.test_values.astype(np.int64), scores, rows, min_rows=MIN_GROUP_OUTCOMES
        )


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
    indices = np.random.default_rng(data.seed).permutation(len(data.train))[:MAX_ROWS]
    train = data.train.rows(np.sort(indices))
    return tuple(
        _proxy(data, card, name, train) for name in fields if data.schema.fields[name].protected
    )


def _proxy(data: EvaluationData, card: Scorecard, name: str, train: Dataset) -> Proxy:
    target, fields = _target(data, name, train), data.schema.fields
    by_bins = {
        predictor: _predict_by_bins(target, data, card, predictor)
        for predictor in card.predictors
        if predictor != name
    }
    return Proxy(
        field=name,
        measure=target.measure,
        rows=len(target.test),
        others=_proxy_strength(target, by_bins),
        unprotected=_proxy_strength(
            target,
            {
                predictor: predicted
                for predictor, predicted in by_bins.items()
                if not fields[predictor].protected
            },
        ),
    )


def _proxy_strength(target: _Target, by_bins: Mapping[str, Floats]) -> ProxyStrength:
    """Measure predictors together, and the best of them alone by its predictions from its bins."""
    names, together = list(by_bins), None
    if names and len(np.unique(target.train_values)) > 1:
        together = target.score_with_interval(_predict_by_boosting(target, names))
    measured = {
        predictor: value
        for predictor in names
        if (value := target.score(by_bins[predictor])) is not None
    }
    strongest = max(measured, key=measured.__getitem__, default=None)
    return ProxyStrength(
        predictors=len(names),
        together=together,
        verdict=strength(target.measure, together["value"] if together else None),
        strongest=strongest,
        alone=None if strongest is None else target.score_with_interval(by_bins[strongest]),
    )


def _target(data: EvaluationData, name: str, train: Dataset) -> _Target:
    train_rows, test_rows = (
        rows.rows(~np.isnan(rows.columns[name])) for rows in (train, data.test)
    )
    train_values, test_values = train_rows.columns[name], test_rows.columns[name]
    rule = data.schema.fields[name].rule
    if not isinstance(rule, CodeList):
        return _Target(R2, train_rows, test_rows, train_values, test_values, 0, data.seed)
    values, rows = np.unique(train_values, return_counts=True)
    frequent = values[np.argsort(-rows, kind="stable")][:MAX_VALUES]
    indices: Mapping[float, int] = {value: index for index, value in enumerate(frequent.tolist())}
    train_values, test_values = (
        np.array([indices.get(value, -1) for value in column.tolist()], dtype=np.float64)
        for column in (train_values, test_values)
    )
    measure = AUC if len(rule.labels) == 2 else MACRO_AUC
    return _Target(
        measure, train_rows, test_rows, train_values, test_values, len(indices), data.seed
    )


def _predict_by_boosting(target: _Target, names: Sequence[str]) -> Floats:
    """Predict the test rows by gradient boosting over some predictors."""
    train, test = target.train.matrix(names), target.test.matrix(names)
    if not len(test):
        return np.empty((0, max(target.values, 1)))
    # One thread, as for the baselines: it adds up in one order.
    with threadpool_limits(limits=1):
        if target.measure == R2:
            number = HistGradientBoostingRegressor(random_state=target.seed, **BOOSTING)
            number.fit(train, target.train_values, sample_weight=target.train.weight)
            predicted: Floats = number.predict(test)[:, np.newaxis]
            return predicted
        model = HistGradientBoostingClassifier(random_state=target.seed, **BOOSTING)
        model.fit(train, target.train_values, sample_weight=target.train.weight)
        shares: Floats = model.predict_proba(test)[:, model.classes_ >= 0]
    return shares


def _predict_by_bins(target: _Target, data: EvaluationData, card: Scorecard, name: str) -> Floats:
    """Predict the test rows by the training means in the bins of one predictor."""
    bins, decode = card.training_bins.fields[name], data.schema.fields[name].decode
    train_bins, test_bins = (
        bin_indices(bins, rows.columns[name], decode) for rows in (target.train, target.test)
    )
    targets = target.train_values[:, np.newaxis]
    if target.measure != R2:
        targets = (targets == np.arange(target.values)).astype(np.float64)
    means = bin_means(targets, train_bins, target.train.weight, bins=len(bins.counts))
    return means[1 + test_bins]
