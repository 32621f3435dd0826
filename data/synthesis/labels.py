"""The label, given all features: who defaults.

Boosted trees on all features say how likely a default is. Training on the drawn rows with
the application fields alone must find the relation that those fields have in the real rows, so
the log-odds are shifted by what boosted trees on these fields alone say on the real rows, less
what they say on the drawn ones. Last, every group of codes gets its real default rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

from data.synthesis.columns import APPLICATION, FEATURES, LABEL, UNDOCUMENTED, Bools, Floats, Ints
from data.synthesis.leaves import Leaf, summarise_codes
from data.synthesis.trees import Tree, plain

#: Log-odds of the boosted probabilities stay within these probabilities.
MIN_PROBABILITY, MAX_PROBABILITY = 0.02, 0.95

#: Learning rate of the boosted trees.
RATE = 0.08

#: How all boosted trees are grown; half of the rows and a few columns each are quick, and enough.
GROWN = {
    "max_depth": None,
    "learning_rate": RATE,
    "subsample": 0.5,
    "max_features": 4,
    "random_state": 0,
}
FROM_ALL = {**GROWN, "n_estimators": 120, "max_leaf_nodes": 8, "min_samples_leaf": 60}
FROM_APPLICATION = {**GROWN, "n_estimators": 60, "max_leaf_nodes": 6, "min_samples_leaf": 100}

#: Decimals of a probability: the last bits differ between processors.
DECIMALS = 9

#: Bands of like probability that labels are drawn in.
BANDS = 100

#: Rounds of bringing every group to its default rate.
ROUNDS = 20


@dataclass(frozen=True)
class Boosting:
    """Boosted trees over named columns.

    Attributes
    ----------
    predictors : tuple of str
    start : Leaf
        What is said before any tree: one mean over all rows.
    trees : tuple of Tree
    """

    predictors: tuple[str, ...]
    start: Leaf
    trees: tuple[Tree, ...]

    def predict(self, table: pd.DataFrame) -> Floats:
        """Return one number per row: log-odds, or whatever it was fitted to."""
        matrix = table[list(self.predictors)].to_numpy(np.float64)
        total = np.full(len(matrix), self.start.value[0])
        for tree in self.trees:
            total += RATE * tree.predict(matrix)
        return total


@dataclass(frozen=True)
class Group:
    """Rows that hold one of some codes in a column, and how many of them defaulted."""

    column: str
    codes: tuple[int, ...]
    outcomes: Leaf

    @property
    def default_rate(self) -> float:
        """Share of the rows that defaulted."""
        return float(self.outcomes.rows[1] / self.outcomes.rows.sum())

    def within(self, table: pd.DataFrame) -> Bools:
        """Find which rows belong to it."""
        belongs: Bools = table[self.column].isin(self.codes).to_numpy()
        return belongs


@dataclass(frozen=True)
class LabelModel:
    """Probabilities of default of drawn rows, and their labels.

    Attributes
    ----------
    everything : Boosting
        Log-odds of default from all features, fitted to real rows.
    application : Boosting
        The same from the application fields alone.
    echo : Boosting
        What `everything` says of drawn rows, from the application fields alone.
    groups : tuple of Group
        Groups that get their real default rate.
    """

    everything: Boosting
    application: Boosting
    echo: Boosting
    groups: tuple[Group, ...]

    def probability_of_default(self, table: pd.DataFrame) -> Floats:
        """Return each row's probability of default, as an array of shape (n_rows,)."""
        echo = np.clip(self.echo.predict(table), MIN_PROBABILITY, MAX_PROBABILITY)
        log_odds = self.everything.predict(table) + self.application.predict(table) - logit(echo)
        return expit(_reconcile(log_odds, table, self.groups)).round(DECIMALS)

    def draw(self, table: pd.DataFrame, rng: np.random.Generator) -> Ints:
        """Draw labels so that like rows, taken together, hold the defaults they should."""
        probability = self.probability_of_default(table)
        beside = self.application.predict(table).round(DECIMALS)
        return sample_evenly(probability, beside, rng.random())


def fit_labels(real: pd.DataFrame, synthetic: pd.DataFrame) -> LabelModel:
    """Fit the label to real rows, and the correction to drawn ones.

    Parameters
    ----------
    real : DataFrame
        All columns.
    synthetic : DataFrame
        The features of many drawn rows.
    """
    bad, features, application = real[LABEL], real[list(FEATURES)], real[list(APPLICATION)]
    start = float(logit(np.array(bad.mean())))
    everything = _boost(GradientBoostingClassifier(**FROM_ALL), features, bad, start)
    alone = _boost(GradientBoostingClassifier(**FROM_APPLICATION), application, bad, start)
    predicted = pd.Series(expit(everything.predict(synthetic)))
    echo = _boost(
        GradientBoostingRegressor(**FROM_APPLICATION),
        synthetic[list(APPLICATION)],
        predicted,
        float(predicted.mean()),
    )
    return LabelModel(everything, alone, echo, _groups(real))


def sample_evenly(probability: Floats, beside: Floats, start: float) -> Ints:
    """Draw systematically: one step along the added-up probabilities is one default.

    The rows are put in bands of like probability, and ordered by a second figure within a band,
    so that neither a stretch of the one nor of the other holds many defaults too many or too few.

    Parameters
    ----------
    probability, beside : ndarray of shape (n_rows,)
    start : float
        Where the first step begins, between 0 and 1.

    References
    ----------
    Madow (1949), On the theory of systematic sampling, II.
    """
    rank = np.empty(len(probability), dtype=np.int64)
    rank[np.argsort(probability, kind="stable")] = np.arange(len(probability))
    order = np.lexsort((beside, rank * BANDS // len(probability)))
    steps = np.floor(np.cumsum(probability[order]) + start)
    labels = np.empty(len(probability), dtype=np.int64)
    labels[order] = np.diff(steps, prepend=np.floor(start))
    return labels


def logit(probability: Floats) -> Floats:
    """Return the log-odds."""
    odds: Floats = np.log(probability / (1 - probability))
    return odds


def expit(log_odds: Floats) -> Floats:
    """Return the probability."""
    probability: Floats = 1 / (1 + np.exp(-log_odds))
    return probability


def _boost(
    model: GradientBoostingClassifier | GradientBoostingRegressor,
    table: pd.DataFrame,
    target: pd.Series[Any],
    start: float,
) -> Boosting:
    """Fit boosted trees to all columns of a table; `start` is what is said before any tree."""
    matrix = table.to_numpy(np.float64)
    model.fit(matrix, target.to_numpy())
    trees = (plain(tree.tree_, matrix, with_values=True) for tree in model.estimators_[:, 0])
    before = Leaf(np.array([start]), np.zeros(1), np.array([len(target)]))
    return Boosting(tuple(table.columns), before, tuple(trees))


def _groups(real: pd.DataFrame) -> tuple[Group, ...]:
    """Group the rows by the documented codes; a group too small to be kept is left out."""
    groups = []
    for column in ("EDUCATION", "MARRIAGE", "SEX"):
        meant = UNDOCUMENTED.get(column, {})
        counted_as = real[column].replace(meant)
        for code in sorted(set(counted_as)):
            codes = (int(code), *(raw for raw, into in meant.items() if into == code))
            outcomes = summarise_codes(real.loc[counted_as == code, LABEL].to_numpy(np.float64))
            if len(outcomes.rows) == 2:
                groups.append(Group(column, codes, outcomes))
    return tuple(groups)


def _reconcile(log_odds: Floats, table: pd.DataFrame, groups: tuple[Group, ...]) -> Floats:
    """Shift each group's log-odds until its mean probability is its real default rate."""
    members = [(group.default_rate, group.within(table)) for group in groups]
    for _ in range(ROUNDS):
        for rate, inside in members:
            if inside.any():
                shift = logit(np.array(rate)) - logit(expit(log_odds[inside]).mean())
                log_odds[inside] += shift
    return log_odds
