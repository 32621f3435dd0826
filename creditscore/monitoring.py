"""Whether the scorecards still do what they did in training: drift, approvals, outcomes.

Everything comes from the decision log, so that any worker, and any later day, finds the same. What
can be counted is counted by the database: each decision carries the names of its training bins.
The log is read day by day, each in a transaction of its own, since an SQLite file takes no decision
while it is read.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, and_, func, select

from creditscore import evaluation
from creditscore.artefact import Model
from creditscore.drift import shift
from creditscore.intervals import rate, wilson
from creditscore.log_tables import decisions, outcomes
from creditscore.policy import ELIGIBLE
from creditscore.training_bins import Bins

DAY = 86_400_000

#: A group with fewer decisions is too small for its approval rate to be compared.
FEWEST_DECISIONS = 200

#: Bands of the probability of default in which outcomes are compared with what was said.
BANDS = 10

Letters = Counter[tuple[str, bool]]

#: A probability that was said, and whether it ended in default.
Level = tuple[float, bool]

Reading = Callable[[], AbstractContextManager[Connection]]


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


def monitor(reading: Reading, model: Model, window: Window) -> dict[str, Any]:
    """Compare the logged decisions of a model with its training.

    Parameters
    ----------
    reading : callable
        Begins a transaction that reads the decision log.
    model : Model
        The one that is served.
    window : Window

    Returns
    -------
    dict
        Of each scorecard: ``score`` and ``fields``, each with its shift against training; the
        approval rate, by day and by protected group; ``outcomes``, as far as they are known. And
        how many decisions other versions made in the window.
    """
    counted: defaultdict[str, Counted] = defaultdict(Counted)
    known: defaultdict[str, Counter[Level]] = defaultdict(Counter)
    for day in _clip(reading, window).days():
        with reading() as connection:
            _count(connection, day, counted)
            _count_outcomes(connection, day, known)
    served = set(model.versions.values())
    return {
        "decisions": sum(one.decisions for one in counted.values()),
        "scorecards": {
            name: {
                "model_version": version,
                **_against_training(model, name, counted[version]),
                "outcomes": _compare_outcomes(known[version]),
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


def _clip(reading: Reading, window: Window) -> Window:
    """Cut a window down to where there are decisions."""
    moment = decisions.c.decided_at
    with reading() as connection:
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
        place = bins.place(name)
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


# Outcomes


def _count_outcomes(
    connection: Connection, day: Window, known: Mapping[str, Counter[Level]]
) -> None:
    """Count the known outcomes of a day's decisions, by version, what was said, and the end."""
    version, said = decisions.c.model_version, decisions.c.probability_of_default
    query = (
        select(version, said, outcomes.c.defaulted, func.count())
        .join_from(decisions, outcomes, outcomes.c.number == decisions.c.number)
        .where(day.holds)
        .group_by(version, said, outcomes.c.defaulted)
    )
    for name, probability, defaulted, count in connection.execute(query):
        known[name][probability, bool(defaulted)] += int(count)


def _compare_outcomes(levels: Counter[Level]) -> dict[str, Any]:
    """Compare what was said with what happened, of the decisions whose outcome is known."""
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
        "auc": evaluation.auc(happened, probability) if 0 < bads < len(happened) else None,
        "brier": evaluation.brier(happened, probability),
        "bands": [
            {
                "decisions": int(one["rows"]),
                "said": one["said"],
                "happened": one["happened"],
                "interval": list(wilson(int(one["bads"]), int(one["rows"]))),
            }
            for one in evaluation.calibration_curve(happened, probability, bins=BANDS)
        ],
    }
