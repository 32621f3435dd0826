"""What a validator asks of a scorecard beyond its figures, measured on training and test rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from creditscore.arrays import Floats, Ints
from creditscore.evaluation.confidence_intervals import Figure, summarise
from creditscore.evaluation.expected_loss import expected_loss
from creditscore.evaluation.fairness import PopulationGroup
from creditscore.evaluation.group_calibration import CalibrationNeed, calibration_of
from creditscore.evaluation.overfitting import TrainTestFigure, compare_train_test
from creditscore.evaluation.stability import (
    Period,
    Shift,
    bin_counts,
    bin_indices,
    compare_counts,
    measure_period,
    periods,
)
from creditscore.evaluation.two_way_groups import two_way_groups
from creditscore.evaluation.validation import Validation
from creditscore.model_card.baselines import EvaluationData
from creditscore.model_card.proxies import find_proxies
from creditscore.model_card.stress import measure_stress
from creditscore.scorecard.model import Model
from creditscore.scorecard.scorecard import Scorecard
from creditscore.training.calibration import POOR_CALIBRATION_ERROR, OutOfBag
from creditscore.training.sample_columns import time_text


def validate(
    model: Model,
    name: str,
    *,
    data: EvaluationData,
    parts: Mapping[str, Sequence[PopulationGroup]],
    predicted: Floats,
    figures: Mapping[str, Figure | None],
) -> Validation:
    """Measure what a validator asks of a scorecard.

    Parameters
    ----------
    model : Model
    name : str
        The scorecard's.
    data : EvaluationData
    parts : mapping of str to sequence of PopulationGroup
        The test rows' groups of each protected field.
    predicted : ndarray of shape (n_test_rows,)
        Its probabilities of the test rows.
    figures : mapping of str to Figure or None
        Its metrics on the test rows.
    """
    card, spec, test = model.scorecards[name], model.schema.scorecards[name], data.test
    policy = model.policy
    unseen = data.out_of_bag[name]
    points, bins = policy.scale.points(predicted).astype(np.float64), card.training_bins
    bands = bin_indices(bins.score, points, int)
    return Validation(
        train_test=_train_test(card, data, unseen, figures),
        score_shift=compare_counts(bins.score, bin_counts(bins.score, bands, test.weight)),
        shifts={field: _shift(card, data, field) for field in spec.fields},
        calibration=calibration_need(card, unseen),
        group_calibration={
            field: calibration_of(members, test.bad, predicted, test.weight)
            for field, members in parts.items()
        },
        band_calibration=calibration_of(
            [
                PopulationGroup(label, bands == index)
                for index, label in enumerate(bins.score.labels)
            ],
            test.bad,
            predicted,
            test.weight,
        ),
        two_way_groups=two_way_groups(
            parts, test.bad, predicted < policy.cutoff, resamples=data.resamples
        ),
        proxies=find_proxies(data, card, spec.fields),
        expected_loss=expected_loss(
            test.bad,
            predicted,
            cutoff=policy.cutoff,
            loss_to_margin=policy.implied_loss_to_margin,
            weights=test.weight,
        ),
        stress=measure_stress(model, card, data),
        periods=_periods(card, data, predicted, bands),
    )


def calibration_need(card: Scorecard, unseen: OutOfBag) -> CalibrationNeed:
    """Return whether the trees had to be recalibrated, and what was done."""
    line = card.calibration
    bound = POOR_CALIBRATION_ERROR * min(unseen.bad_rate, 1 - unseen.bad_rate)
    return CalibrationNeed(
        needed=line.error_before > bound,
        applied=line.slope != 1 or line.intercept != 0,
        bound=bound,
        error_before=line.error_before,
        error_after=line.error_after,
        rows=len(unseen.bad),
    )


def _train_test(
    card: Scorecard,
    data: EvaluationData,
    unseen: OutOfBag,
    figures: Mapping[str, Figure | None],
) -> Mapping[str, TrainTestFigure]:
    train = data.train
    predicted = card.probability_of_default(train.model_matrix(card.predictors))
    return compare_train_test(
        summarise(train.bad, predicted, train.weight),
        summarise(unseen.bad, unseen.mean(), unseen.weights),
        figures,
    )


def _shift(card: Scorecard, data: EvaluationData, name: str) -> Shift:
    bins = card.training_bins.fields[name]
    indices = bin_indices(bins, data.test.columns[name], data.schema.fields[name].decode)
    return compare_counts(bins, bin_counts(bins, indices, data.test.weight))


def _periods(
    card: Scorecard, data: EvaluationData, predicted: Floats, bands: Ints
) -> tuple[Period, ...] | None:
    test, bins = data.test, card.training_bins.score
    if test.time is None:
        return None
    of_row, ends = periods(test.time)
    results = []
    for index, (first, last) in enumerate(ends):
        inside = of_row == index
        rows = test.rows(inside)
        results.append(
            measure_period(
                time_text(first),
                time_text(last),
                rows.bad,
                predicted[inside],
                score=compare_counts(bins, bin_counts(bins, bands[inside], rows.weight)),
                seed=data.seed,
                weights=rows.weight,
            )
        )
    return tuple(results)
