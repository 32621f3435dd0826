"""Monitoring: whether the scorecards still do what they did in training.

Drift, approvals and outcomes come from the decision log, so that any worker, and any later day,
finds the same. The database counts them: each decision carries the codes of its training bins.
The log is read day by day, each in a transaction of its own, since an SQLite file takes no decision
while it is read.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, func, select

from creditscore.decision_log.database import Database
from creditscore.decision_log.tables import decided_between, decisions
from creditscore.decisions.record import to_time
from creditscore.evaluation.confidence_intervals import rate
from creditscore.evaluation.fairness import MIN_GROUP_ROWS, differ_from_rest, verdict
from creditscore.monitoring.backtest import OutcomeCounts, compare_outcomes, count_outcomes
from creditscore.monitoring.drift import shift
from creditscore.scorecard.bins import Bins
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import ELIGIBLE

#: Days of a window: unless the request says otherwise, and at most.
DEFAULT_DAYS = 30
MAX_DAYS = 3660

#: Seconds that counting one day may take. Connecting to the database is bounded as elsewhere.
COUNT_TIMEOUT_S = 20.0

#: Decisions by bin code and by whether they are approvals.
BinCounts = Counter[tuple[str, bool]]


@dataclass(frozen=True)
class Window:
    """The decisions from `since` on and before `until` are counted."""

    since: datetime
    until: datetime

    @property
    def condition(self) -> ColumnElement[bool]:
        """The condition that a decision lies in the window."""
        return decided_between(self.since, self.until)

    def days(self) -> Iterator[Window]:
        """Split the window at midnight, UTC."""
        since = self.since
        while since < self.until:
            midnight = datetime.combine(since.astimezone(UTC), time(), UTC)
            until = min(self.until, midnight + timedelta(days=1))
            yield Window(since, until)
            since = until


@dataclass(frozen=True)
class VersionCounts:
    """Decisions of one version.

    Attributes
    ----------
    by_day : mapping
        Of each day, refusals (False) and approvals (True).
    by_bin : mapping
        Of the score (0) and of each field (from 1 on, in the order of the bins in the log): the
        decisions by bin code, refused or approved.
    """

    by_day: defaultdict[str, Counter[bool]] = field(default_factory=lambda: defaultdict(Counter))
    by_bin: defaultdict[int, BinCounts] = field(default_factory=lambda: defaultdict(Counter))

    @property
    def decisions(self) -> int:
        """How many decisions there are in all."""
        return sum(day.total() for day in self.by_day.values())


def monitor_model(database: Database, model: Model, window: Window) -> dict[str, Any]:
    """Compare the logged decisions of a model with its training.

    Parameters
    ----------
    database : Database
        Of the decision log.
    model : Model
        The one that is served.
    window : Window

    Returns
    -------
    dict
        Of each scorecard: ``score`` and ``fields``, each with its shift against training; the
        approval rate, by day and by protected group; ``outcomes``, as far as they are known. And
        how many decisions other versions made in the window.

    Raises
    ------
    DatabaseUnavailable
        If the log cannot be read.
    """
    counts: defaultdict[str, VersionCounts] = defaultdict(VersionCounts)
    outcomes: defaultdict[str, OutcomeCounts] = defaultdict(Counter)
    for day in _clip(database, window).days():
        with database.reading(seconds=COUNT_TIMEOUT_S) as connection:
            _count(connection, day, counts)
            count_outcomes(connection, day.condition, outcomes)
    served = set(model.versions.values())
    return {
        "decisions": sum(version.decisions for version in counts.values()),
        "scorecards": {
            name: {
                "model_version": version,
                **_against_training(model, name, counts[version]),
                "outcomes": compare_outcomes(outcomes[version]),
            }
            for name, version in model.versions.items()
        },
        "other_versions": {
            version: each.decisions for version, each in counts.items() if version not in served
        },
    }


def _against_training(model: Model, name: str, counts: VersionCounts) -> dict[str, Any]:
    """Compare score and fields with the training rows, and protected groups with each other."""
    card = model.scorecards[name]
    trained = card.training_bins
    by_field = {field: counts.by_bin[index] for index, field in enumerate(trained.fields, 1)}
    approved = sum(day[True] for day in counts.by_day.values())
    return {
        "decisions": counts.decisions,
        "approval_rate": rate(approved, counts.decisions),
        "approvals_by_day": [
            {"day": day, "decisions": both.total(), "rate": rate(both[True], both.total())}
            for day, both in counts.by_day.items()
        ],
        "approvals_by_group": {
            field: _by_group(bins, by_field[field])
            for field, bins in trained.fields.items()
            if model.schema.fields[field].protected
        },
        "score": shift(trained.score, _merge_labels(counts.by_bin[0])),
        "fields": {
            field: {
                "part": "predictor" if field in card.predictors else "monitored",
                **shift(bins, _merge_labels(by_field[field])),
            }
            for field, bins in trained.fields.items()
        },
    }


# Counts


def _clip(database: Database, window: Window) -> Window:
    """Cut a window down to the time between its first and its last decision."""
    moment = decisions.c.decided_at
    with database.reading() as connection:
        query = select(func.min(moment), func.max(moment)).where(window.condition)
        first, last = connection.execute(query).one()
    if first is None:
        return Window(window.since, window.since)
    return Window(to_time(first), to_time(last + 1))


def _count(connection: Connection, day: Window, counts: Mapping[str, VersionCounts]) -> None:
    """Count a day's decisions of each version, in one pass over one index."""
    version, label = decisions.c.model_version, decisions.c.label
    # The bins of all rows as one text: no row of the log has to cross to this process.
    bins = func.aggregate_strings(decisions.c.bins, "")
    query = select(version, label, func.count(), bins)
    query = query.where(day.condition).group_by(version, label)
    date = day.since.date().isoformat()
    for name, logged_label, count, text in connection.execute(query):
        approved = logged_label == ELIGIBLE
        counts[name].by_day[date][approved] += int(count)
        width = len(text or "") // int(count)
        characters = np.frombuffer((text or "").encode("ascii"), dtype=np.uint8)
        for index, column in enumerate(characters.reshape(-1, width).T if width else ()):
            rows = np.bincount(column)
            for code in np.flatnonzero(rows):
                counts[name].by_bin[index][chr(code), approved] += int(rows[code])


def _merge_labels(counts: BinCounts) -> Mapping[str, int]:
    """Count approvals and refusals of each bin together."""
    rows: Counter[str] = Counter()
    for (code, _), count in counts.items():
        rows[code] += count
    return rows


def _by_group(bins: Bins, counts: BinCounts) -> list[dict[str, Any]]:
    """Return the approval rate of each group, which is a bin of a protected field."""
    rows, approved = [0] * len(bins.counts), [0] * len(bins.counts)
    for (code, yes), count in counts.items():
        index = bins.bin_index(code)
        if index is not None:
            rows[index] += count
            approved[index] += count if yes else 0
    return [
        {
            "group": label,
            "decisions": count,
            "rate": rate(yes, count),
            "verdict": verdict(large=count >= MIN_GROUP_ROWS, differs=differs),
            "differs_from_rest": differs,
        }
        for label, count, yes, differs in zip(
            bins.labels, rows, approved, differ_from_rest(approved, rows), strict=True
        )
    ]
