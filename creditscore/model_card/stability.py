"""What the one split and the one seed of a training hide: other splits, and other seeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from creditscore.arrays import Floats
from creditscore.errors import DatasetError
from creditscore.evaluation.card_reader import plain
from creditscore.evaluation.repeated_splits import CrossValidation, cross_validation, headline
from creditscore.evaluation.retraining import Retraining, compare_seeds
from creditscore.schema import CodeList, Schema
from creditscore.scorecard.model import Model
from creditscore.training.code_order import encode_again, learn_order
from creditscore.training.fit import grow
from creditscore.training.retraining import SEED_END
from creditscore.training.split import Split, join, split

#: Other splits that each scorecard is tested on.
OTHER_SPLITS = 8


def measure_stability(
    model: Model,
    name: str,
    rows: Split,
    other_splits: int,
    *,
    progress: Callable[[str], None],
) -> dict[str, Any]:
    """Measure a scorecard on other splits of the rows, and beside its trainings with other seeds.

    Returns
    -------
    dict
        ``cross_validation`` and ``retraining``, None where they were not asked for.
    """
    card = model.scorecards[name]
    predicted = card.probability_of_default(rows.test.model_matrix(card.predictors))
    shipped = headline(rows.test.bad, predicted, model.policy.cutoff, rows.test.weight)
    validation = other_splits and _cross_validate(
        model, name, rows, other_splits, shipped, progress
    )
    comparison = name in rows.by_seed and _compare_seeds(model, name, rows, predicted)
    return {
        "cross_validation": plain(validation) if validation else None,
        "retraining": plain(comparison) if comparison else None,
    }


def _cross_validate(
    model: Model,
    name: str,
    rows: Split,
    other_splits: int,
    shipped: dict[str, float],
    progress: Callable[[str], None],
) -> CrossValidation:
    """Fit the scorecard's forest on other splits, made as the shipped one, and test it on each."""
    all_rows, seed, figures = join(rows.train, rows.test), model.manifest["seed"], []
    for number in range(1, other_splits + 1):
        progress(f"testing the {name} scorecard on split {number} of {other_splits}")
        try:
            other_split = split(all_rows, (seed + number) % SEED_END)
        except DatasetError:
            continue
        figures.append(_test(model, name, other_split))
    return cross_validation(shipped, figures, left_out=other_splits - len(figures))


def _test(model: Model, name: str, rows: Split) -> dict[str, float]:
    """Fit the scorecard's forest on one split, with the settings and the seed that it has."""
    predictors, before = model.scorecards[name].predictors, model.schema
    # Orders that training learnt are learnt again, from these training rows alone.
    learnt = model.manifest["data"]["code_orders"]
    schema = learn_order(rows.train, _not_yet_ordered(before, learnt)) if learnt else before
    train, test = (encode_again(part, before, schema) for part in (rows.train, rows.test))
    seed, spec = model.manifest["seed"], before.scorecards[name]
    forest = grow(train, predictors, schema, spec, seed=seed).forest
    predicted = forest.probability_of_default(test.model_matrix(predictors))
    return headline(test.bad, predicted, model.policy.cutoff, test.weight)


def _not_yet_ordered(schema: Schema, learnt: dict[str, Any]) -> Schema:
    fields = {
        name: replace(field, rule=replace(field.rule, order_by_target=True))
        for name, field in schema.fields.items()
        if name in learnt and isinstance(field.rule, CodeList)
    }
    return replace(schema, fields={**schema.fields, **fields})


def _compare_seeds(model: Model, name: str, rows: Split, predicted: Floats) -> Retraining:
    cutoff, spread = model.policy.cutoff, model.scorecards[name].retraining_spread
    no_warnings = np.zeros(len(predicted), dtype=np.bool_)
    return compare_seeds(
        rows.test.bad,
        predicted,
        rows.by_seed[name],
        cutoff=cutoff,
        near=no_warnings if spread is None else spread.near(predicted, cutoff),
        weights=rows.test.weight,
    )
