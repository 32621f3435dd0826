"""Backtest: predicted probabilities of default compared with the outcomes that are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, func, select

from creditscore.arrays import Floats, Ints
from creditscore.decision_log.tables import decisions, outcomes
from creditscore.evaluation import metrics
from creditscore.evaluation.curves import calibration_curve

#: Bands of the predicted probability, for the calibration curve.
BANDS = 10

#: Decisions by predicted probability and by whether the applicant defaulted.
OutcomeCounts = Counter[tuple[float, bool]]


def count_outcomes(
    connection: Connection, which: ColumnElement[bool]
) -> Iterable[tuple[str, float, bool, int]]:
    """Return version, probability of default, outcome and number of decisions that have one."""
    version, predicted = decisions.c.model_version, decisions.c.probability_of_default
    query = (
        select(version, predicted, outcomes.c.defaulted, func.count())
        .join_from(decisions, outcomes, outcomes.c.number == decisions.c.number)
        .where(which)
        .group_by(version, predicted, outcomes.c.defaulted)
    )
    return connection.execute(query)


def outcome_arrays(counts: OutcomeCounts) -> tuple[Floats, Ints]:
    """Return predicted probability and outcome (1 for a default) of each counted decision.

    In order, so that sums do not depend on the database's.
    """
    levels = sorted(counts)
    rows = np.array([counts[level] for level in levels], dtype=np.int64)
    predicted = np.array([probability for probability, _ in levels], dtype=np.float64)
    observed = np.array([defaulted for _, defaulted in levels], dtype=np.int64)
    return np.repeat(predicted, rows), np.repeat(observed, rows)


def compare_outcomes(counts: OutcomeCounts) -> dict[str, Any]:
    """Compare predicted with observed defaults, of the decisions whose outcome is known.

    Returns
    -------
    dict
        How many have ``matured``; the ``defaults`` expected and observed; ``auc``, None where all
        ended alike; ``brier``; and the calibration curve in ``bands``, each with a 95 % Wilson
        interval of its observed rate. Without outcomes all figures are None.
    """
    if not counts:
        return {"matured": 0, "defaults": None, "auc": None, "brier": None, "bands": []}
    predicted, observed = outcome_arrays(counts)
    bads = int(observed.sum())
    return {
        "matured": len(observed),
        "defaults": {"expected": float(predicted.sum()), "observed": bads},
        # AUC needs some of each.
        "auc": metrics.auc(observed, predicted) if 0 < bads < len(observed) else None,
        "brier": metrics.brier(observed, predicted),
        "bands": [
            {
                "decisions": band.rows,
                "mean_predicted": band.mean_predicted,
                "observed_rate": band.observed_rate,
                "interval": list(band.interval),
            }
            for band in calibration_curve(observed, predicted, bins=BANDS)
        ],
    }
