"""Backtest: what was said beside what happened, once outcomes are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, func, select

from creditscore.decision_log.tables import decisions, outcomes
from creditscore.evaluation import metrics
from creditscore.evaluation.confidence_intervals import wilson

#: Bands of the probability of default in which outcomes are compared with what was said.
BANDS = 10

#: How often each probability that was said ended in default, or did not.
Levels = Counter[tuple[float, bool]]


def count_outcomes(
    connection: Connection, which: ColumnElement[bool], known: Mapping[str, Levels]
) -> None:
    """Add the known outcomes of some decisions to those of their model's version."""
    version, said = decisions.c.model_version, decisions.c.probability_of_default
    query = (
        select(version, said, outcomes.c.defaulted, func.count())
        .join_from(decisions, outcomes, outcomes.c.number == decisions.c.number)
        .where(which)
        .group_by(version, said, outcomes.c.defaulted)
    )
    for name, probability, defaulted, count in connection.execute(query):
        known[name][probability, bool(defaulted)] += int(count)


def compare_outcomes(levels: Levels) -> dict[str, Any]:
    """Compare what was said with what happened, of the decisions whose outcome is known.

    Returns
    -------
    dict
        How many have ``matured``; the ``defaults`` expected and observed; ``auc``, None where all
        ended alike; ``brier``; and bands of what was said, each with what happened and its 95 %
        Wilson interval. Without outcomes all figures are None.
    """
    if not levels:
        return {"matured": 0, "defaults": None, "auc": None, "brier": None, "bands": []}
    # In order, so that sums do not depend on the database's.
    kinds = sorted(levels)
    counts = [levels[kind] for kind in kinds]
    probability = np.repeat([said for said, _ in kinds], counts)
    happened = np.repeat([int(bad) for _, bad in kinds], counts)
    bads = int(happened.sum())
    return {
        "matured": len(happened),
        "defaults": {"expected": float(probability.sum()), "observed": bads},
        # Ranking bad below good takes some of each.
        "auc": metrics.auc(happened, probability) if 0 < bads < len(happened) else None,
        "brier": metrics.brier(happened, probability),
        "bands": [
            {
                "decisions": int(one["rows"]),
                "mean_predicted": one["mean_predicted"],
                "observed_rate": one["observed_rate"],
                "interval": list(wilson(int(one["bads"]), int(one["rows"]))),
            }
            for one in metrics.calibration_curve(happened, probability, bins=BANDS)
        ],
    }
