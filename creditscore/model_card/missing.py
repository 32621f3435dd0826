"""What it does to the probability of default to leave a field out, and whether hiding it pays."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from creditscore.arrays import Floats
from creditscore.evaluation.card import Card, ScorecardCard
from creditscore.evaluation.card_effects import LeavingOut
from creditscore.evaluation.confidence_intervals import share
from creditscore.evaluation.rounding import rounded
from creditscore.evaluation.sensitivity import PROBABILITY_TOLERANCE
from creditscore.model_card.baselines import EvaluationData
from creditscore.model_card.formats import WRITE, count, listed, share_alone, share_of, table
from creditscore.scorecard.scorecard import Scorecard
from creditscore.training.dataset import Dataset

#: Leaving a field out pays if more than this share of the refused would be approved without it.
HIDING_PAYS_FROM = 0.01


def measure_missing(
    card: Scorecard, data: EvaluationData, predicted: Floats
) -> dict[str, LeavingOut]:
    """Measure each predictor that may be missing.

    Parameters
    ----------
    card : Scorecard
    data : EvaluationData
    predicted : ndarray of shape (n_test_rows,)
        The scorecard's probabilities of the test rows.

    Returns
    -------
    dict of str to LeavingOut
        By predictor.
    """
    return {
        name: _leaving_out(card, data, predicted, column)
        for column, name in enumerate(card.predictors)
        if data.schema.fields[name].missing is not None
    }


def _leaving_out(
    card: Scorecard, data: EvaluationData, predicted: Floats, column: int
) -> LeavingOut:
    name, train, test = card.predictors[column], data.train, data.test
    missing = np.isnan(train.columns[name])
    missing_rows, stated_rows = train.rows(missing), train.rows(~missing)
    is_stated = ~np.isnan(test.columns[name])
    stated = test.rows(is_stated)
    before, after = predicted[is_stated], _predict_without(card, stated, column)
    refused = before >= data.cutoff
    approved_instead = share(after[refused] < data.cutoff, stated.rows(refused).weight)
    change = after - before
    return LeavingOut(
        missing=share(missing, train.weight),
        bad_rate_missing=share(missing_rows.bad, missing_rows.weight),
        bad_rate_stated=share(stated_rows.bad, stated_rows.weight),
        rows=len(stated),
        mean_change=rounded(np.average(change, weights=stated.weight)) if len(stated) else None,
        lowered=share(change < -PROBABILITY_TOLERANCE, stated.weight),
        refused=int(refused.sum()),
        approved_instead=approved_instead,
        hiding_pays=approved_instead is not None and approved_instead["value"] > HIDING_PAYS_FROM,
    )


def _predict_without(card: Scorecard, rows: Dataset, column: int) -> Floats:
    """Predict rows as if their people had left a field out."""
    matrix = rows.model_matrix(card.predictors)
    matrix[:, column] = np.nan
    return card.probability_of_default(matrix)


# In words


def missing_values(card: Card, section: ScorecardCard) -> Iterator[str]:
    """Write what leaving fields out does, and warn where it pays."""
    effects = section.missing_values
    if not effects:
        yield "Each of its predictors must be stated."
        return
    yield (
        "Whether a field is stated is a property of an applicant like others. Were each held-out "
        "applicant who states it to leave it out, all else unchanged:"
    )
    yield ""
    yield from table(
        [
            "field", "missing in training", "bad where missing", "bad where stated",
            "mean change of the probability, in points", "it falls for",
            "approved instead of refused",
        ],
        (
            [
                f"`{name}`",
                share_of(effect.missing),
                share_of(effect.bad_rate_missing),
                share_of(effect.bad_rate_stated),
                "-" if effect.mean_change is None else WRITE.impact(effect.mean_change),
                share_of(effect.lowered),
                f"{share_of(effect.approved_instead)} of {count(effect.refused)}",
            ]
            for name, effect in effects.items()
        ),
    )  # fmt: skip
    if sentence := warning(section):
        yield from ("", f"**{sentence}** Ask for it, or let a person decide.")


def warning(section: ScorecardCard) -> str | None:
    """Say which fields it pays to leave out, and how much, the one that pays most first."""
    paying = {
        name: effect.approved_instead
        for name, effect in section.missing_values.items()
        if effect.hiding_pays and effect.approved_instead
    }
    if not paying:
        return None
    names = sorted(paying, key=lambda name: paying[name]["value"], reverse=True)
    shares = listed([f"{name} for {share_alone(paying[name])}" for name in names])
    return f"Leaving out pays, as the refused who state it would be approved without: {shares}."
