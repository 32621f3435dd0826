"""Ablation: what protected fields do to decisions, and what leaving them out costs and gains."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from creditscore.arrays import Floats
from creditscore.evaluation.card import Card, ScorecardCard
from creditscore.evaluation.card_effects import AttributeEffect, Constraints, Exclusion
from creditscore.evaluation.confidence_intervals import bootstrap_metrics, differences, figures
from creditscore.evaluation.fairness import PopulationGroup, by_group, groups
from creditscore.evaluation.metrics import at_cutoff
from creditscore.evaluation.sensitivity import Predict, age_62_test, label_flips
from creditscore.model_card.baselines import EvaluationData
from creditscore.model_card.formats import figure_alone, share, signed
from creditscore.schema import Field, ScorecardSpec
from creditscore.scorecard.forest import Forest
from creditscore.scorecard.scorecard import Scorecard
from creditscore.training.fit import grow

#: Grows a scorecard's forest again, from the same rows, on other predictors.
Refit = Callable[[tuple[str, ...]], Forest]


def measure_exclusions(
    data: EvaluationData,
    predictors: Sequence[str],
    *,
    predicted: Floats,
    refit: Refit,
    parts: Mapping[str, Sequence[PopulationGroup]],
) -> tuple[Exclusion, ...]:
    """Measure what it costs and gains to decide without protected fields.

    Parameters
    ----------
    data : EvaluationData
    predictors : sequence of str
        The scorecard's.
    predicted : ndarray of shape (n_test_rows,)
        The scorecard's probabilities of default.
    refit : callable
        Trains it without some of its predictors.
    parts : mapping of str to sequence of PopulationGroup
        The test rows' groups of each protected field, whether it is a predictor or not.

    Returns
    -------
    tuple of Exclusion
        First the scorecard as it is, then without each protected predictor, then without any.
    """
    protected = [name for name in predictors if data.schema.fields[name].protected]
    ablations = [[name] for name in protected] + ([protected] if len(protected) > 1 else [])
    unchanged = bootstrap_metrics(data.test.bad, predicted, data.resamples)
    rows = [_consequences(data, [], predicted, unchanged, unchanged, parts)]
    for names in ablations:
        other_predictors = tuple(name for name in predictors if name not in names)
        if not other_predictors:
            continue
        matrix = data.test.model_matrix(other_predictors)
        without = refit(other_predictors).probability_of_default(matrix)
        samples = bootstrap_metrics(data.test.bad, without, data.resamples)
        rows.append(_consequences(data, names, without, samples, unchanged, parts))
    return tuple(rows)


def measure_constraints(
    card: Scorecard, data: EvaluationData, predicted: Floats, spec: ScorecardSpec
) -> Constraints | None:
    """Measure what monotone fields cost, beside a forest without them; None without any."""
    fields = data.schema.fields
    monotone = tuple(name for name in card.predictors if fields[name].is_monotone(card.name))
    if not monotone:
        return None
    free = {name: replace(field, monotone=False) for name, field in fields.items()}
    schema = replace(data.schema, fields=free)
    forest = grow(data.train, card.predictors, schema, spec, seed=data.seed).forest
    without = forest.probability_of_default(data.test.model_matrix(card.predictors))
    samples, free_samples = (
        bootstrap_metrics(data.test.bad, probability, data.resamples)
        for probability in (predicted, without)
    )
    return Constraints(monotone, differences(free_samples, samples, "auc", "brier"))


def _consequences(
    data: EvaluationData,
    names: Sequence[str],
    predicted: Floats,
    samples: Mapping[str, Floats],
    unchanged: Mapping[str, Floats],
    parts: Mapping[str, Sequence[PopulationGroup]],
) -> Exclusion:
    bad, approved = data.test.bad, predicted < data.cutoff
    measured = figures({name: samples[name] for name in ("auc", "brier")})
    return Exclusion(
        excluded=tuple(names),
        auc=measured["auc"],
        brier=measured["brier"],
        change=differences(unchanged, samples, "auc", "brier") if names else None,
        **at_cutoff(bad, predicted, data.cutoff, data.test.weight),
        demographic_parity_ratio={
            name: by_group(
                members, bad, approved, resamples=data.resamples
            ).demographic_parity_ratio
            for name, members in parts.items()
        },
    )


def protected_attribute_effects(
    data: EvaluationData, predictors: Sequence[str], predict: Predict
) -> dict[str, AttributeEffect]:
    """Measure what each protected predictor alone does to the labels of the held-out rows.

    Of a number, its other values are the medians of the other bands.

    Returns
    -------
    dict of str to AttributeEffect
        By protected predictor.
    """
    matrix = data.test.matrix(predictors)
    effects = {}
    for column, name in enumerate(predictors):
        field = data.schema.fields[name]
        if not field.protected:
            continue
        training = data.train.columns[name]
        effects[name] = AttributeEffect(
            label_flips=label_flips(
                predict, matrix, column, values=_typical(field, training), cutoff=data.cutoff
            ),
            age_62_test=age_62_test(
                predict,
                matrix,
                column,
                edge=field.bands[-1],
                values=np.unique(training),
                cutoff=data.cutoff,
            )
            if field.bands
            else None,
        )
    return effects


def _typical(field: Field, column: Floats) -> list[float]:
    """Return each group's typical value: its code, or the median of its training rows."""
    return [
        float(np.quantile(column[group.inside], 0.5, method="nearest"))
        for group in groups(field, column, training_column=column)
        if group.inside.any()
    ]


# The table


def compare(card: Card) -> str:
    """Return the table as text for a terminal, for every scorecard of a model card."""
    return "\n\n".join(
        "\n".join(filter(None, [_exclusions(section), constraints_text(section)]))
        for section in card.scorecards.values()
    )


def exclusion_table(exclusions: Sequence[Exclusion]) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows of a table of what exclusion costs and gains.

    Parameters
    ----------
    exclusions : sequence of Exclusion
        As `measure_exclusions` returns them: the scorecard as it is first.
    """
    monitored_fields = list(exclusions[0].demographic_parity_ratio)
    header = ["left out", "AUC", "change of AUC", "Brier score", "approved", "bad among approved"]
    return header + [f"{name} parity" for name in monitored_fields], [
        [
            ", ".join(exclusion.excluded) or "nothing",
            figure_alone(exclusion.auc),
            signed(exclusion.change["auc"] if exclusion.change else None),
            figure_alone(exclusion.brier),
            share(exclusion.approval_rate),
            share(exclusion.bad_rate_approved),
            *(figure_alone(exclusion.demographic_parity_ratio[name]) for name in monitored_fields),
        ]
        for exclusion in exclusions
    ]


def constraints_text(section: ScorecardCard) -> str | None:
    """Say what its monotone fields cost a scorecard; None without any."""
    constraints = section.constraints
    if constraints is None:
        return None
    change = constraints.change
    auc, brier = (signed(change[name]) for name in ("auc", "brier"))
    return (
        f"That the probability of default may only go one way along "
        f"{', '.join(constraints.monotone)} changes the AUC by {auc} and the Brier score by "
        f"{brier}."
    )


def _exclusions(section: ScorecardCard) -> str:
    if len(section.ablation) < 2:
        return f"{section.version}: has no protected predictors to leave out."
    header, rows = exclusion_table(section.ablation)
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in (header, *rows)
    ]
    return "\n".join([f"{section.version}: what it costs to leave protected fields out", *lines])
