"""Other models on the same rows: what a scorecard is measured against, and what fields are worth.

All of this is scikit-learn at work for the model card; no decision rests on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from creditscore.arrays import Floats
from creditscore.evaluation.confidence_intervals import (
    BootstrapResamples,
    differences,
    figures,
    measure,
)
from creditscore.evaluation.fairness import groups, of_protected
from creditscore.evaluation.metrics import at_cutoff
from creditscore.evaluation.sensitivity import Predict, highest_band, label_flips
from creditscore.schema import Field, Schema
from creditscore.schema.constraints import CodeList
from creditscore.scorecard.forest import Forest
from creditscore.training.dataset import Dataset

#: Grows a scorecard's forest anew, from the same rows, on other predictors.
Refit = Callable[[tuple[str, ...]], Forest]


@dataclass(frozen=True)
class EvaluationData:
    """What challengers are judged on.

    Attributes
    ----------
    schema : Schema
    train, test : Dataset
        The rows to learn from, and those that nobody has learnt from.
    cutoff : float
        Of the probability of default.
    seed : int
        Of all that is random.
    """

    schema: Schema
    train: Dataset
    test: Dataset
    cutoff: float
    seed: int

    @property
    def resamples(self) -> BootstrapResamples:
        """The draws that every interval on the test rows rests on."""
        return BootstrapResamples(len(self.test), self.seed)


# Baselines


def baselines(trial: EvaluationData, predictors: Sequence[str]) -> dict[str, Floats]:
    """Train other models on a scorecard's predictors.

    Returns
    -------
    dict of str to ndarray of shape (n_test_rows,)
        Probabilities of default by everybody's average, a logistic regression, scikit-learn's
        random forest with its own settings, and its gradient boosting with its own settings.
    """
    known, asked = trial.train.matrix(predictors), trial.test.matrix(predictors)
    models = {
        "logistic_regression": _logistic(trial.schema, predictors),
        "default_forest": RandomForestClassifier(random_state=trial.seed, n_jobs=-1),
        "gradient_boosting": HistGradientBoostingClassifier(random_state=trial.seed),
    }
    said = {"majority": np.full(len(trial.test), trial.train.bad.mean())}
    # Thousands of short parallel regions cost more than they save, ten times more on a busy
    # machine; and one thread adds up in one order. The forest's own threads are not limited.
    with threadpool_limits(limits=1):
        for name, model in models.items():
            model.fit(known, trial.train.bad)
            if name == "default_forest":
                # Threads add up the trees in the order in which they end.
                model.set_params(n_jobs=None)
            said[name] = model.predict_proba(asked)[:, 1]
    return said


def _logistic(schema: Schema, predictors: Sequence[str]) -> Any:
    """Make a logistic regression: numbers standardised, codes each on their own."""
    coded = [
        place
        for place, name in enumerate(predictors)
        if isinstance(schema.fields[name].rule, CodeList)
    ]
    numbers = [place for place in range(len(predictors)) if place not in coded]
    return make_pipeline(
        ColumnTransformer(
            [
                ("codes", OneHotEncoder(handle_unknown="ignore", sparse_output=False), coded),
                ("numbers", StandardScaler(), numbers),
            ]
        ),
        LogisticRegression(max_iter=1000),
    )


# What protected fields are worth


def exclusions(
    trial: EvaluationData,
    predictors: Sequence[str],
    *,
    said: Floats,
    refit: Refit,
    fields: Sequence[str],
) -> list[dict[str, Any]]:
    """Tell what it costs and gains to decide without protected fields.

    Parameters
    ----------
    trial : EvaluationData
    predictors : sequence of str
        The scorecard's.
    said : ndarray of shape (n_test_rows,)
        What the scorecard says.
    refit : callable
        Trains it without some of them.
    fields : sequence of str
        All the scorecard's fields; the protected ones among them are watched.

    Returns
    -------
    list of dict
        First the scorecard as it is, then without each protected predictor, then without any:
        AUC and Brier score with what they differ by (paired), approval rate, bad rate of the
        approved, and the demographic parity ratio of every protected field.
    """
    protected = [name for name in predictors if trial.schema.fields[name].protected]
    left_out = [[name] for name in protected] + ([protected] if len(protected) > 1 else [])
    as_it_is = measure(trial.test.bad, said, trial.resamples)
    rows = [_consequences(trial, [], said, as_it_is, as_it_is, fields)]
    for names in left_out:
        kept = tuple(name for name in predictors if name not in names)
        if not kept:
            continue
        matrix = trial.test.matrix(kept).astype(np.float32)
        without = refit(kept).probability_of_default(matrix)
        samples = measure(trial.test.bad, without, trial.resamples)
        rows.append(_consequences(trial, names, without, samples, as_it_is, fields))
    return rows


def _consequences(
    trial: EvaluationData,
    names: Sequence[str],
    said: Floats,
    samples: Mapping[str, Floats],
    as_it_is: Mapping[str, Floats],
    fields: Sequence[str],
) -> dict[str, Any]:
    compared = of_protected(
        trial.schema,
        trial.test.columns,
        trial.train.columns,
        trial.test.bad,
        said < trial.cutoff,
        names=fields,
        resamples=trial.resamples,
    )
    both = ("auc", "brier")
    change = differences(as_it_is, samples, *both) if names else None
    return {
        "excluded": list(names),
        **figures({name: samples[name] for name in both}),
        "change": change,
        **at_cutoff(trial.test.bad, said, trial.cutoff),
        "demographic_parity_ratio": {
            name: one["demographic_parity_ratio"] for name, one in compared.items()
        },
    }


def influence(trial: EvaluationData, predictors: Sequence[str], predict: Predict) -> dict[str, Any]:
    """Tell what each protected predictor alone does to the held-out rows' labels.

    Returns
    -------
    dict
        For each: ``label_flips``, the share of rows whose label another of its values would
        change (of a number: the median of another band), and for a number with bands,
        ``highest_band``, who of the highest would be better off below it.
    """
    matrix = trial.test.matrix(predictors)
    found = {}
    for column, name in enumerate(predictors):
        field = trial.schema.fields[name]
        if not field.protected:
            continue
        known = trial.train.columns[name]
        found[name] = {
            "label_flips": label_flips(
                predict, matrix, column, values=_typical(field, known), cutoff=trial.cutoff
            ),
            "highest_band": highest_band(
                predict,
                matrix,
                column,
                edge=field.bands[-1],
                values=np.unique(known),
                cutoff=trial.cutoff,
            )
            if field.bands
            else None,
        }
    return found


def _typical(field: Field, column: Floats) -> list[float]:
    """Give each group's typical value: its code, or the median of its training rows."""
    parts = groups(field, column, training_column=column)
    return [
        float(np.quantile(column[part.inside], 0.5, method="nearest"))
        for part in parts
        if part.inside.any()
    ]
