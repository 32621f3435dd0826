"""What a test of randomly drawn rows leaves out: later rows, and rows that training has seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from creditscore.arrays import Floats
from creditscore.evaluation.card_sections import OutOfTime, WithoutTwins
from creditscore.evaluation.confidence_intervals import (
    BootstrapResamples,
    Figure,
    bootstrap_metrics,
    figures,
    rate,
    share,
)
from creditscore.evaluation.rounding import rounded
from creditscore.model_card.baselines import EvaluationData
from creditscore.schema import ScorecardSpec
from creditscore.training.dataset import Dataset
from creditscore.training.fit import grow
from creditscore.training.split import MIN_TESTED_PER_OUTCOME, TimeSplit


def describe_sample(data: EvaluationData) -> dict[str, Any]:
    """Describe how the rows were drawn, beyond their number.

    Returns
    -------
    dict
        ``sample``, what the schema file says of it; ``people`` on each side of the split, None
        without groups; the ``population_bad_rate`` that weights make of the rows, None without any;
        and of ``twins`` the number and share of test rows that are in training too.
    """
    sample, twins = data.schema.sample, int(data.twins.sum())
    description = {**sample.columns, "bad_rate": sample.bad_rate}
    return {
        "sample": {key: value for key, value in description.items() if value is not None},
        "people": _people(data),
        "population_bad_rate": _population_bad_rate(data),
        "twins": {"test_rows": twins, "share": rate(twins, len(data.test))},
    }


def _people(data: EvaluationData) -> dict[str, int] | None:
    train, test = data.train.group, data.test.group
    if train is None or test is None:
        return None
    return {"train": len(np.unique(train)), "test": len(np.unique(test))}


def _population_bad_rate(data: EvaluationData) -> float | None:
    people = bads = 0.0
    for part in (data.train, data.test):
        if part.weight is None:
            return None
        people += float(part.weight.sum())
        bads += float(part.weight @ part.bad)
    return rounded(bads / people)


def without_twins(data: EvaluationData, predicted: Floats) -> WithoutTwins | None:
    """Measure on the test rows without a twin; None if all have none, or too few are left."""
    fresh = ~data.twins
    bads = int(data.test.bad[fresh].sum())
    if fresh.all() or min(bads, int(fresh.sum()) - bads) < MIN_TESTED_PER_OUTCOME:
        return None
    rest = data.test.rows(fresh)
    return WithoutTwins(rows=len(rest), **_measure_rows(rest, predicted[fresh], data.seed))


def out_of_time(
    data: EvaluationData, by_time: TimeSplit, predictors: Sequence[str], spec: ScorecardSpec
) -> OutOfTime:
    """Fit a scorecard's forest to the earlier rows, and measure it on the latest fifth."""
    earlier, latest = by_time.earlier, by_time.latest
    result = OutOfTime(
        since=by_time.since,
        train_rows=len(earlier),
        train_bad_rate=share(earlier.bad, earlier.weight),
        rows=len(latest),
        bad_rate=share(latest.bad, latest.weight),
        known_people_rows=by_time.known_people,
        mean_predicted=None,
        scorecard=None,
    )
    if not by_time.is_enough:
        return result
    forest = grow(earlier, predictors, data.schema, spec, seed=data.seed).forest
    predicted = forest.probability_of_default(latest.model_matrix(predictors))
    return replace(
        result,
        mean_predicted=mean(predicted, latest.weight),
        scorecard=_measure_rows(latest, predicted, data.seed),
    )


def mean(predicted: Floats, weights: Floats | None) -> float:
    """Return the mean of probabilities, as the card has it."""
    return rounded(np.average(predicted, weights=weights))


def _measure_rows(rows: Dataset, predicted: Floats, seed: int) -> dict[str, Figure | None]:
    resamples = BootstrapResamples(len(rows), seed, case_weights=rows.weight)
    return figures(bootstrap_metrics(rows.bad, predicted, resamples))
