"""Ablation: what protected fields do to decisions, and what leaving them out costs and gains."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from creditscore.arrays import Floats
from creditscore.evaluation.confidence_intervals import (
    bootstrap_metrics,
    differences,
    figures,
)
from creditscore.evaluation.fairness import groups, of_protected
from creditscore.evaluation.metrics import at_cutoff
from creditscore.evaluation.sensitivity import Predict, age_62_test, label_flips
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE
from creditscore.i18n.number_format import FORMATS
from creditscore.model_card.baselines import EvaluationData
from creditscore.schema import Field
from creditscore.scorecard.forest import Forest

Card = Mapping[str, Any]

#: Writes the numbers of the table, which is in English.
WRITE = FORMATS[DEFAULT_LANGUAGE]

#: Grows a scorecard's forest again, from the same rows, on other predictors.
Refit = Callable[[tuple[str, ...]], Forest]


def measure_exclusions(
    data: EvaluationData,
    predictors: Sequence[str],
    *,
    predicted: Floats,
    refit: Refit,
    fields: Sequence[str],
) -> list[dict[str, Any]]:
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
    fields : sequence of str
        All the scorecard's fields; the protected ones among them are monitored.

    Returns
    -------
    list of dict
        First the scorecard as it is, then without each protected predictor, then without any:
        AUC and Brier score with what they differ by (paired), approval rate, bad rate of the
        approved, and the demographic parity ratio of every protected field.
    """
    protected = [name for name in predictors if data.schema.fields[name].protected]
    ablations = [[name] for name in protected] + ([protected] if len(protected) > 1 else [])
    unchanged = bootstrap_metrics(data.test.bad, predicted, data.resamples)
    rows = [_consequences(data, [], predicted, unchanged, unchanged, fields)]
    for names in ablations:
        remaining = tuple(name for name in predictors if name not in names)
        if not remaining:
            continue
        matrix = data.test.matrix(remaining).astype(np.float32)
        without = refit(remaining).probability_of_default(matrix)
        samples = bootstrap_metrics(data.test.bad, without, data.resamples)
        rows.append(_consequences(data, names, without, samples, unchanged, fields))
    return rows


def measure_constraints(
    data: EvaluationData, monotone: Sequence[str], *, predicted: Floats, without: Floats
) -> dict[str, Any]:
    """Measure what it costs that the probability may only go one way along some fields.

    Parameters
    ----------
    data : EvaluationData
    monotone : sequence of str
        These fields.
    predicted, without : ndarray of shape (n_test_rows,)
        Probabilities of the scorecard, and of one that was trained without the constraints.

    Returns
    -------
    dict
        The fields, and by how much the scorecard's AUC and Brier score exceed the other's.
    """
    free = bootstrap_metrics(data.test.bad, without, data.resamples)
    own = bootstrap_metrics(data.test.bad, predicted, data.resamples)
    return {"monotone": list(monotone), "change": differences(free, own, "auc", "brier")}


def _consequences(
    data: EvaluationData,
    names: Sequence[str],
    predicted: Floats,
    samples: Mapping[str, Floats],
    unchanged: Mapping[str, Floats],
    fields: Sequence[str],
) -> dict[str, Any]:
    compared = of_protected(
        data.schema,
        data.test.columns,
        data.train.columns,
        data.test.bad,
        predicted < data.cutoff,
        names=fields,
        resamples=data.resamples,
    )
    both = ("auc", "brier")
    change = differences(unchanged, samples, *both) if names else None
    return {
        "excluded": list(names),
        **figures({name: samples[name] for name in both}),
        "change": change,
        **at_cutoff(data.test.bad, predicted, data.cutoff, data.test.weight),
        "demographic_parity_ratio": {
            name: one["demographic_parity_ratio"] for name, one in compared.items()
        },
    }


def protected_attribute_effects(
    data: EvaluationData, predictors: Sequence[str], predict: Predict
) -> dict[str, Any]:
    """Measure what each protected predictor alone does to the labels of the held-out rows.

    Returns
    -------
    dict
        For each: ``label_flips``, the share of rows whose label another of its values would
        change (of a number: the median of another band), and for a number with bands, the
        ``age_62_test`` of its highest band.
    """
    matrix = data.test.matrix(predictors)
    effects = {}
    for column, name in enumerate(predictors):
        field = data.schema.fields[name]
        if not field.protected:
            continue
        training = data.train.columns[name]
        effects[name] = {
            "label_flips": label_flips(
                predict, matrix, column, values=_typical(field, training), cutoff=data.cutoff
            ),
            "age_62_test": age_62_test(
                predict,
                matrix,
                column,
                edge=field.bands[-1],
                values=np.unique(training),
                cutoff=data.cutoff,
            )
            if field.bands
            else None,
        }
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
    return "\n\n".join(_scorecard(section) for section in card["scorecards"].values())


def exclusion_table(exclusions: Sequence[Card]) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows of a table of what exclusion costs and gains.

    Parameters
    ----------
    exclusions : sequence of mapping
        As `measure_exclusions` returns them: the scorecard as it is first.
    """
    watched = list(exclusions[0]["demographic_parity_ratio"])
    header = ["left out", "AUC", "change of AUC", "Brier score", "approved", "bad among approved"]
    return header + [f"{name} parity" for name in watched], [
        [
            ", ".join(one["excluded"]) or "nothing",
            WRITE.figure(one["auc"]["value"]),
            _change(one),
            WRITE.figure(one["brier"]["value"]),
            WRITE.share(one["approval_rate"]),
            "-" if one["bad_rate_approved"] is None else WRITE.share(one["bad_rate_approved"]),
            *(_parity(one["demographic_parity_ratio"][name]) for name in watched),
        ]
        for one in exclusions
    ]


def constraints_text(section: Card) -> str | None:
    """Say what its monotone fields cost a scorecard; None without any."""
    found = section.get("constraints")
    if found is None:
        return None
    change = found["change"]
    auc, brier = (_difference(change[name]) for name in ("auc", "brier"))
    return (
        f"That the probability of default may only go one way along "
        f"{', '.join(found['monotone'])} changes the AUC by {auc} and the Brier score by {brier}."
    )


def _scorecard(section: Card) -> str:
    text = _exclusions(section)
    constraints = constraints_text(section)
    return f"{text}\n{constraints}" if constraints else text


def _exclusions(section: Card) -> str:
    if len(section["ablation"]) < 2:
        return f"{section['version']}: has no protected predictors to leave out."
    header, rows = exclusion_table(section["ablation"])
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in (header, *rows)
    ]
    return "\n".join([f"{section['version']}: what it costs to leave protected fields out", *lines])


def _change(one: Card) -> str:
    if one["change"] is None or one["change"]["auc"] is None:
        return "-"
    return _difference(one["change"]["auc"])


def _difference(change: Card | None) -> str:
    if change is None:
        return "-"
    value, low, high = (WRITE.difference(change[name]) for name in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


def _parity(figure: Card | None) -> str:
    return "-" if figure is None else WRITE.figure(figure["value"])
