"""Golden applicants: what a model said at training, to be said again before it is trusted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from creditscore.schema import Applicant, CodeList, NumericRange, Schema, Value
from creditscore.scorecard.scorecard import Scorecard

#: Golden applicants per scorecard.
COUNT = 20


def golden_applicants(card: Scorecard, schema: Schema, *, seed: int) -> list[dict[str, Any]]:
    """Invent applicants within the training ranges and write down what the scorecard says.

    They are drawn field by field, so that none of them is a person from the data.
    """
    draw = np.random.default_rng(seed)
    applicants = [
        Applicant(
            card.name,
            {
                name: _invent(schema.fields[name].rule, seen, draw)
                for name, seen in card.training_ranges.items()
            },
        )
        for _ in range(COUNT)
    ]
    return [{"applicant": dict(a.values), **score_applicant(card, schema, a)} for a in applicants]


def score_applicant(card: Scorecard, schema: Schema, applicant: Applicant) -> dict[str, Any]:
    """Score one applicant: the probability, and every impact."""
    matrix = schema.matrix([applicant], card.predictors)
    return {
        "probability_of_default": float(card.probability_of_default(matrix)[0]),
        "impacts": card.impacts(matrix)[0].tolist(),
    }


def _invent(
    rule: CodeList | NumericRange, seen: Sequence[Value], draw: np.random.Generator
) -> Value:
    if isinstance(rule, CodeList):
        return seen[int(draw.integers(len(seen)))]
    low, high = float(seen[0]), float(seen[1])
    value = float(low + (high - low) * draw.random())
    rounded = round(value) if rule.integral else round(value, 2)
    return rule.accept(rounded) if rule.contains(rounded) else seen[0]
