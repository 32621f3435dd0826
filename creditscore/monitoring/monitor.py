"""Monitoring: whether the scorecards still do what they did in training.

Drift, approvals and outcomes come from the decision log, so that any worker, and any later day,
finds the same. The database counts them: each decision carries the codes of its training bins.
"""

from __future__ import annotations

from typing import Any

from creditscore.decision_log.database import Database
from creditscore.evaluation.card import read_card
from creditscore.evaluation.confidence_intervals import rate
from creditscore.evaluation.fairness import MIN_GROUP_ROWS, differ_from_rest, verdict
from creditscore.monitoring.backtest import compare_outcomes
from creditscore.monitoring.counting import BinCounts, Counts, VersionCounts, clip, count
from creditscore.monitoring.course import Period, fired, measure
from creditscore.monitoring.drift import merge_labels, shift
from creditscore.monitoring.periods import Window, choose_period, last_day
from creditscore.monitoring.verdicts import FAILS, NOTICE, Reference, read_reference, worst
from creditscore.scorecard.bins import Bins
from creditscore.scorecard.model import Model

#: Days of a window: unless the request says otherwise, and at most.
DEFAULT_DAYS = 30
MAX_DAYS = 3660


def monitor_model(
    database: Database,
    model: Model,
    window: Window,
    *,
    by: str | None = None,
    cutoff: float | None = None,
) -> dict[str, Any]:
    """Compare the logged decisions of a model with its training.

    Parameters
    ----------
    database : Database
        Of the decision log.
    model : Model
        The one that is served.
    window : Window
    by : str or None
        Length of the periods of the course; None chooses it by the span of the decisions.
    cutoff : float or None
        The one in force; None is the model's own.

    Returns
    -------
    dict
        ``by``; ``verdict`` of the whole, with the ``reasons``: the triggers that fail or call for
        a look. Of each scorecard: ``score`` and ``fields``, each with its shift against training;
        the approval rate, by day and by protected group; ``outcomes``, as far as they are known;
        the ``overrides``, each side of the cut-off by itself;
        the ``triggers``, and the figures over time (``series``). And how many decisions other
        versions made in the window.

    Raises
    ------
    DatabaseUnavailable
        If the log cannot be read.
    """
    span = clip(database, window)
    by = by or choose_period(span)
    counts = count(database, span, by)
    card = read_card(model.card)
    cutoff = model.policy.cutoff if cutoff is None else cutoff
    scorecards = {
        name: {
            "model_version": version,
            **_describe(
                model, name, counts[version], by, read_reference(card.scorecards[name], cutoff)
            ),
        }
        for name, version in model.versions.items()
    }
    served_versions = set(model.versions.values())
    decisions_by_version = {
        version: sum(labels.total() for labels in version_counts.by_day.values())
        for version, version_counts in counts.items()
    }
    return {
        "by": by,
        "verdict": worst(section["verdict"] for section in scorecards.values()),
        "reasons": [
            {"scorecard": name, **trigger}
            for name, section in scorecards.items()
            for trigger in section["triggers"]
            if trigger["verdict"] in {NOTICE, FAILS}
        ],
        "decisions": sum(decisions_by_version.values()),
        "scorecards": scorecards,
        "other_versions": {
            version: size
            for version, size in decisions_by_version.items()
            if version not in served_versions
        },
    }


def _describe(
    model: Model, name: str, version: VersionCounts, by: str, reference: Reference
) -> dict[str, Any]:
    """Compare a scorecard's decisions with training, in the whole window and over time."""
    card, triggers = model.scorecards[name], model.schema.triggers
    counts = version.total()
    figures = measure(counts, card, reference, triggers)
    periods = [
        Period(first, last_day(first, by), measure(period_counts, card, reference, triggers))
        for first, period_counts in sorted(version.periods.items())
    ]
    fired_triggers = fired(figures, periods, reference, triggers)
    return {
        "verdict": worst(trigger["verdict"] for trigger in fired_triggers),
        "triggers": fired_triggers,
        "series": [period.to_dict() for period in periods],
        "approvals_by_day": [
            {
                "day": day.isoformat(),
                "decisions": labels.total(),
                "rate": rate(labels[True], labels.total()),
            }
            for day, labels in version.by_day.items()
        ],
        **_compare_with_training(model, name, counts),
        "outcomes": compare_outcomes(counts.outcomes),
        "overrides": {
            "low_side": _count_overrides(counts, approved=True),
            "high_side": _count_overrides(counts, approved=False),
        },
    }


def _count_overrides(counts: Counts, *, approved: bool) -> dict[str, Any]:
    """Count the decisions to which a person gave the other label, of all that had the model's.

    Low-side overrides approve what the model refused; high-side overrides refuse what it approved.
    """
    decisions, overrides = counts.labels[not approved], counts.overrides[approved]
    return {
        "decisions": decisions,
        "overridden": overrides,
        "rate": rate(overrides, decisions),
    }


def _compare_with_training(model: Model, name: str, counts: Counts) -> dict[str, Any]:
    """Compare score and fields with the training rows, and protected groups with each other."""
    card, min_rows = model.scorecards[name], model.schema.triggers.min_decisions
    training_bins = card.training_bins
    by_field = {field: counts.by_bin[index] for index, field in enumerate(training_bins.fields, 1)}
    return {
        "decisions": counts.decisions,
        "approval_rate": rate(counts.labels[True], counts.decisions),
        "approvals_by_group": {
            field: _group_rates(bins, by_field[field])
            for field, bins in training_bins.fields.items()
            if model.schema.fields[field].protected
        },
        "score": shift(training_bins.score, merge_labels(counts.by_bin[0]), min_rows=min_rows),
        "fields": {
            field: {
                "part": "predictor" if field in card.predictors else "monitored",
                **shift(bins, merge_labels(by_field[field]), min_rows=min_rows),
            }
            for field, bins in training_bins.fields.items()
        },
    }


def _group_rates(bins: Bins, counts: BinCounts) -> list[dict[str, Any]]:
    """Return the approval rate of each group, which is a bin of a protected field."""
    rows, approvals = [0] * len(bins.counts), [0] * len(bins.counts)
    for (code, is_approval), size in counts.items():
        index = bins.bin_index(code)
        if index is not None:
            rows[index] += size
            approvals[index] += size if is_approval else 0
    return [
        {
            "group": label,
            "decisions": size,
            "rate": rate(approved, size),
            "verdict": verdict(large=size >= MIN_GROUP_ROWS, differs=differs),
            "differs_from_rest": differs,
        }
        for label, size, approved, differs in zip(
            bins.labels, rows, approvals, differ_from_rest(approvals, rows), strict=True
        )
    ]
