"""Baselines: other models trained and measured on the same rows as a scorecard.

Only for the model card; no decision rests on them.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from creditscore.arrays import Flags, Floats
from creditscore.evaluation.confidence_intervals import BootstrapResamples
from creditscore.evaluation.fairness import PopulationGroup, groups
from creditscore.schema import Schema
from creditscore.schema.constraints import CodeList
from creditscore.training.calibration import OutOfBag
from creditscore.training.dataset import Dataset
from creditscore.training.split import TimeSplit, find_twins

#: Rows that each tree of scikit-learn's default forest draws, at most: they grow until they hold
#: each row, which takes an hour of a million.
MAX_DRAWN = 50_000


@dataclass(frozen=True)
class EvaluationData:
    """What models are trained and measured on.

    Attributes
    ----------
    schema : Schema
    train, test : Dataset
        The rows to fit models to, and those held out.
    cutoff : float
        Of the probability of default.
    seed : int
        Of all that is random.
    by_time : TimeSplit or None
        The rows of both by time, for a second test.
    out_of_bag : mapping of str to OutOfBag
        Of each scorecard, what its trees predict for training rows that they did not draw.
    """

    schema: Schema
    train: Dataset
    test: Dataset
    cutoff: float
    seed: int
    by_time: TimeSplit | None = None
    out_of_bag: Mapping[str, OutOfBag] = field(default_factory=dict)

    @cached_property
    def twins(self) -> Flags:
        """Of each test row, whether a training row equals it."""
        return find_twins(self.train, self.test)

    def protected_groups(self, names: Sequence[str]) -> dict[str, list[PopulationGroup]]:
        """Assign the test rows to the groups of each protected field among some names."""
        return {
            name: groups(
                self.schema.fields[name],
                self.test.columns[name],
                training_column=self.train.columns[name],
            )
            for name in names
            if self.schema.fields[name].protected
        }

    @property
    def resamples(self) -> BootstrapResamples:
        """Return the draws that every interval on the test rows is computed from."""
        return BootstrapResamples(len(self.test), self.seed, case_weights=self.test.weight)


def baselines(data: EvaluationData, predictors: Sequence[str]) -> dict[str, Floats]:
    """Train other models on a scorecard's predictors, and predict the test rows.

    Returns
    -------
    dict of str to ndarray of shape (n_test_rows,)
        Probabilities of default: the mean for everybody, a logistic regression, and scikit-learn's
        random forest and gradient boosting as they are without settings.
    """
    train, test = data.train.matrix(predictors), data.test.matrix(predictors)
    models = {
        "logistic_regression": _logistic(data.schema, predictors),
        "default_forest": RandomForestClassifier(
            max_samples=drawn_rows(len(train)), random_state=data.seed, n_jobs=-1
        ),
        "gradient_boosting": HistGradientBoostingClassifier(random_state=data.seed),
    }
    weights = data.train.weight
    bad_rate = np.average(data.train.bad, weights=weights)
    predicted = {"majority": np.full(len(data.test), bad_rate)}
    # Thousands of short parallel regions cost more than they save, ten times more on a busy
    # machine; and one thread adds up in one order. The forest's own threads are not limited, and
    # can leave no filters of warnings behind.
    with threadpool_limits(limits=1), warnings.catch_warnings():
        for name, model in models.items():
            last = "logisticregression__" if name == "logistic_regression" else ""
            model.fit(train, data.train.bad, **{f"{last}sample_weight": weights})
            if name == "default_forest":
                # Threads add up the trees in the order in which they end.
                model.set_params(n_jobs=None)
            predicted[name] = model.predict_proba(test)[:, 1]
    return predicted


def drawn_rows(n_rows: int) -> int | None:
    """Return how many rows each tree of the default forest draws; None for as many as there are."""
    return MAX_DRAWN if n_rows > MAX_DRAWN else None


def _logistic(schema: Schema, predictors: Sequence[str]) -> Any:
    """Return a logistic regression: numbers standardised, codes one-hot encoded.

    A missing number is the median, with a flag beside it; a missing code is one of its own.
    """
    coded = [
        column
        for column, name in enumerate(predictors)
        if isinstance(schema.fields[name].rule, CodeList)
    ]
    numbers = [column for column in range(len(predictors)) if column not in coded]
    return make_pipeline(
        ColumnTransformer(
            [
                ("codes", OneHotEncoder(handle_unknown="ignore", sparse_output=False), coded),
                (
                    "numbers",
                    make_pipeline(
                        SimpleImputer(
                            strategy="median", add_indicator=True, keep_empty_features=True
                        ),
                        StandardScaler(),
                    ),
                    numbers,
                ),
            ]
        ),
        LogisticRegression(max_iter=1000),
    )
