"""Count logged decisions by version, period, bin and label, in the database.

The log is read day by day, each in a transaction of its own, since an SQLite file takes no decision
while it is read. Periods are sums of days, so that a finer course costs the database nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date

import numpy as np
from sqlalchemy import Connection, func, select

from creditscore.decision_log.database import Database
from creditscore.decision_log.overrides import count_overrides
from creditscore.decision_log.tables import decisions
from creditscore.decisions.record import to_time
from creditscore.monitoring.backtest import OutcomeCounts, count_outcomes
from creditscore.monitoring.periods import Window, first_day
from creditscore.scorecard.policy import ELIGIBLE

#: Seconds that counting one day may take. Connecting to the database is bounded as elsewhere.
COUNT_TIMEOUT_S = 20.0

#: Decisions by bin code and by whether they are approvals.
BinCounts = Counter[tuple[str, bool]]


@dataclass(frozen=True)
class Counts:
    """Decisions of one version in one period.

    Attributes
    ----------
    labels : mapping
        Refusals (False) and approvals (True).
    by_bin : mapping
        Of the score (0) and of each field (from 1 on, in the order of the bins in the log): the
        decisions by bin code, refused or approved.
    outcomes : mapping
        Those whose outcome is known.
    overrides : mapping
        Those that a person overrode, by whether the final label approves.
    """

    labels: Counter[bool] = field(default_factory=Counter)
    by_bin: defaultdict[int, BinCounts] = field(default_factory=lambda: defaultdict(Counter))
    outcomes: OutcomeCounts = field(default_factory=Counter)
    overrides: Counter[bool] = field(default_factory=Counter)

    @property
    def decisions(self) -> int:
        """How many decisions there are."""
        return self.labels.total()

    def add(self, counts: Counts) -> None:
        """Add those of another period."""
        self.labels.update(counts.labels)
        self.outcomes.update(counts.outcomes)
        self.overrides.update(counts.overrides)
        for index, rows in counts.by_bin.items():
            self.by_bin[index].update(rows)


@dataclass(frozen=True)
class VersionCounts:
    """Decisions of one version.

    Attributes
    ----------
    by_day : mapping
        Of each day, refusals (False) and approvals (True).
    periods : mapping
        By the first day of each period that has decisions, in order.
    """

    by_day: defaultdict[date, Counter[bool]] = field(default_factory=lambda: defaultdict(Counter))
    periods: defaultdict[date, Counts] = field(default_factory=lambda: defaultdict(Counts))

    def total(self) -> Counts:
        """Return the sum of all periods."""
        total = Counts()
        for counts in self.periods.values():
            total.add(counts)
        return total


def clip(database: Database, window: Window) -> Window:
    """Cut a window down to the time between its first and its last decision."""
    moment = decisions.c.decided_at
    with database.reading() as connection:
        query = select(func.min(moment), func.max(moment)).where(window.condition)
        first, last = connection.execute(query).one()
    if first is None:
        return Window(window.since, window.since)
    return Window(to_time(first), to_time(last + 1))


def count(database: Database, window: Window, by: str) -> defaultdict[str, VersionCounts]:
    """Count the decisions of each version in a window.

    Raises
    ------
    DatabaseUnavailable
        If the log cannot be read.
    """
    versions: defaultdict[str, VersionCounts] = defaultdict(VersionCounts)
    for day in window.days():
        start = first_day(day.since.astimezone(UTC).date(), by)
        with database.reading(seconds=COUNT_TIMEOUT_S) as connection:
            _count_bins(connection, day, versions, by)
            for version, predicted, defaulted, rows in count_outcomes(connection, day.condition):
                versions[version].periods[start].outcomes[predicted, defaulted] += rows
            for version, label, rows in count_overrides(connection, day.condition):
                versions[version].periods[start].overrides[label == ELIGIBLE] += rows
    return versions


def _count_bins(
    connection: Connection, day: Window, versions: Mapping[str, VersionCounts], by: str
) -> None:
    """Count a day's decisions of each version, in one pass over one index."""
    version, label = decisions.c.model_version, decisions.c.label
    # The bins of all rows as one text: no row of the log has to cross to this process.
    bins = func.aggregate_strings(decisions.c.bins, "")
    query = select(version, label, func.count(), bins)
    query = query.where(day.condition).group_by(version, label)
    date_ = day.since.astimezone(UTC).date()
    for name, logged_label, rows, text in connection.execute(query):
        approved = logged_label == ELIGIBLE
        period = versions[name].periods[first_day(date_, by)]
        versions[name].by_day[date_][approved] += int(rows)
        period.labels[approved] += int(rows)
        width = len(text or "") // int(rows)
        characters = np.frombuffer((text or "").encode("ascii"), dtype=np.uint8)
        for index, column in enumerate(characters.reshape(-1, width).T if width else ()):
            code_counts = np.bincount(column)
            for code in np.flatnonzero(code_counts):
                period.by_bin[index][chr(code), approved] += int(code_counts[code])
