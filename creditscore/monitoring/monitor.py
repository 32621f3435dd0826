"""Whether the scorecards still do what they did in training: drift, approvals, outcomes.

Everything comes from the decision log, so that any worker, and any later day, finds the same. What
can be counted is counted by the database: each decision carries the names of its training bins.
The log is read day by day, each in a transaction of its own, since an SQLite file takes no decision
while it is read.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, and_, func, select

from creditscore.decision_log.database import Database
from creditscore.decision_log.tables import decisions
from creditscore.evaluation.confidence_intervals import rate
from creditscore.monitoring.backtest import Levels, compare_outcomes, count_outcomes
from creditscore.monitoring.drift import shift
from creditscore.scorecard.bins import Bins
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import ELIGIBLE

DAY = 86_400_000

#: Days that are looked at: where nobody says how many, and at most.
USUAL_DAYS = 30
LONGEST_DAYS = 3660

#: Seconds that one day may take to be counted. Finding out that there is a database at all is
#: bounded as everywhere else.
SECONDS = 20.0

#: A group with fewer decisions is too small for its approval rate to be compared.
FEWEST_DECISIONS = 200

Letters = Counter[tuple[str, bool]]


@dataclass(frozen=True)
class Window:
    """From when to when decisions are looked at, in milliseconds since 1970, UTC.

    Attributes
    ----------
    since : int
    until : int
        The first millisecond that is not part of it.
    """

    since: int
    until: int

    @property
    def holds(self) -> ColumnElement[bool]:
        """Tell the database which decisions lie in it."""
        moment = decisions.c.decided_at
        return and_(moment >= self.since, moment < self.until)

    def days(self) -> Iterator[Window]:
        """Part it where a day ends, in UTC."""
        since = self.since
        while since < self.until:
            until = min(self.until, (since // DAY + 1) * DAY)
            yield Window(since, until)
            since = until


@dataclass(frozen=True)
class Counted:
    """Decisions of one version.

    Attributes
    ----------
    by_day : mapping
        Of each day, refusals (False) and approvals (True).
    by_place : mapping
        Of each place in the decisions' bins, 0 being the score's: how many had each letter and
        were refused or approved.
    """

    by_day: defaultdict[str, Counter[bool]] = field(default_factory=lambda: defaultdict(Counter))
    by_place: defaultdict[int, Letters] = field(default_factory=lambda: defaultdict(Counter))

    @property
    def decisions(self) -> int:
        """Count them all."""
        return sum(day.total() for day in self.by_day.values())


def monitor(database: Database, model: Model, window: Window) -> dict[str, Any]:
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
    counted: defaultdict[str, Counted] = defaultdict(Counted)
    known: defaultdict[str, Levels] = defaultdict(Counter)
    for day in _clip(database, window).days():
        with database.reading(seconds=SECONDS) as connection:
            _count(connection, day, counted)
            count_outcomes(connection, day.holds, known)
    served = set(model.versions.values())
    return {
        "decisions": sum(one.decisions for one in counted.values()),
        "scorecards": {
            name: {
                "model_version": version,
                **_against_training(model, name, counted[version]),
                "outcomes": compare_outcomes(known[version]),
            }
            for name, version in model.versions.items()
        },
        "other_versions": {
            version: one.decisions for version, one in counted.items() if version not in served
        },
    }


def _against_training(model: Model, name: str, counted: Counted) -> dict[str, Any]:
    """Compare score and fields with the training rows, and protected groups with each other."""
    card = model.scorecards[name]
    trained = card.training_bins
    places = {field: counted.by_place[place] for place, field in enumerate(trained.fields, 1)}
    approved = sum(day[True] for day in counted.by_day.values())
    return {
        "decisions": counted.decisions,
        "approval_rate": rate(approved, counted.decisions),
        "approvals_by_day": [
            {"day": day, "decisions": both.total(), "rate": rate(both[True], both.total())}
            for day, both in counted.by_day.items()
        ],
        "approvals_by_group": {
            field: _by_group(bins, places[field])
            for field, bins in trained.fields.items()
            if model.schema.fields[field].protected
        },
        "score": shift(trained.score, _of_all(counted.by_place[0])),
        "fields": {
            field: {
                "part": "predictor" if field in card.predictors else "monitored",
                **shift(bins, _of_all(places[field])),
            }
            for field, bins in trained.fields.items()
        },
    }


# Counts


def _clip(database: Database, window: Window) -> Window:
    """Cut a window down to where there are decisions."""
    moment = decisions.c.decided_at
    with database.reading() as connection:
        query = select(func.min(moment), func.max(moment)).where(window.holds)
        first, last = connection.execute(query).one()
    return Window(0, 0) if first is None else Window(int(first), int(last) + 1)


def _count(connection: Connection, day: Window, counted: Mapping[str, Counted]) -> None:
    """Count a day's decisions of each version, in one pass over one index."""
    version, label = decisions.c.model_version, decisions.c.label
    # All bins in one text: no row of the log has to cross to this process.
    bins = func.aggregate_strings(decisions.c.bins, "")
    query = select(version, label, func.count(), bins).where(day.holds).group_by(version, label)
    date = str(np.datetime64(day.since // DAY, "D"))
    for name, given, count, text in connection.execute(query):
        approved = given == ELIGIBLE
        counted[name].by_day[date][approved] += int(count)
        width = len(text or "") // int(count)
        letters = np.frombuffer((text or "").encode("ascii"), dtype=np.uint8)
        for place, column in enumerate(letters.reshape(-1, width).T if width else ()):
            codes = np.bincount(column)
            for code in np.flatnonzero(codes):
                counted[name].by_place[place][chr(code), approved] += int(codes[code])


def _of_all(letters: Letters) -> Mapping[str, int]:
    """Count approvals and refusals together."""
    counts: Counter[str] = Counter()
    for (name, _), count in letters.items():
        counts[name] += count
    return counts


def _by_group(bins: Bins, letters: Letters) -> list[dict[str, Any]]:
    rows, approved = [0] * len(bins.counts), [0] * len(bins.counts)
    for (name, yes), count in letters.items():
        place = bins.bin_index(name)
        if place is not None:
            rows[place] += count
            approved[place] += count if yes else 0
    return [
        {
            "group": label,
            "decisions": count,
            "rate": rate(yes, count),
            "verdict": "conclusive" if count >= FEWEST_DECISIONS else "inconclusive",
        }
        for label, count, yes in zip(bins.labels, rows, approved, strict=True)
    ]
