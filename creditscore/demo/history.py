"""Months of decisions and outcomes, written through the log as the service writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import partial

import numpy as np
from sqlalchemy import func, select

from creditscore.decision_log import Database, DecisionLog, Outcome
from creditscore.decision_log.log import to_rows
from creditscore.decision_log.outcome_batch import insert_outcomes
from creditscore.decision_log.overrides import Override, write_override
from creditscore.decision_log.tables import decisions
from creditscore.decisions.assessor import Assessor
from creditscore.decisions.record import RequestOrigin, Row, new_decision_ids, to_time
from creditscore.demo.applicants import Crowd
from creditscore.scorecard.policy import ELIGIBLE, NOT_ELIGIBLE

#: Hours (UTC) at which decisions are made on weekdays: the office hours of Jakarta.
HOURS = range(2, 10)

#: The first reference is A-1001.
FIRST_REFERENCE = 1001

#: The share of the time after which riskier applicants begin to come, and how many standard
#: deviations riskier they are in the end. The population stability index is about its square.
DRIFT_START, MAX_SHIFT = 0.6, 0.8

#: An outcome is known so many days after the decision, if anybody reports it.
DAYS_TO_OUTCOME, REPORTED_SHARE = 30, 0.95

#: How much riskier than predicted applicants turn out, in log-odds: at first, and what the end
#: adds. And what no field knows of them.
UNDERSTATEMENT, LATER_UNDERSTATEMENT, UNKNOWN_SPREAD = 0.05, 0.6, 0.4

#: How far from the cut-off, as a probability, officers may decide otherwise; how often they do, by
#: the final label, and why.
NEAR_CUTOFF = 0.05
OVERRIDES = {
    ELIGIBLE: (0.06, ("A guarantor with a steady income", "A long-standing customer")),
    NOT_ELIGIBLE: (0.02, ("The statement of income could not be confirmed",)),
}

OFFICER = "A. Officer"


@dataclass
class Clock:
    """The time that decisions are stamped with."""

    moment: datetime

    def now(self) -> datetime:
        """Return it."""
        return self.moment


@dataclass(frozen=True)
class History:
    """How much to make up, and until when.

    Attributes
    ----------
    until : datetime
        No decision and no outcome is later.
    days : int
        How long before that the first decision was made.
    decisions_per_hour : float
        Decisions per office hour and scorecard, on average.
    seed : int
        The same seed and time give the same history, ids included.
    """

    until: datetime
    days: int = 182
    decisions_per_hour: float = 9.0
    seed: int = 1

    @property
    def since(self) -> datetime:
        """The midnight before the first decision."""
        return datetime.combine(self.until.astimezone(UTC) - timedelta(days=self.days), time(), UTC)

    def progress(self, moment: datetime) -> float:
        """Return how much of the time is over, from 0 to 1."""
        return (moment - self.since) / (self.until - self.since)

    def shift(self, moment: datetime) -> float:
        """Return how much riskier applicants are at a time, in standard deviations."""
        drift = max(0.0, self.progress(moment) - DRIFT_START) / (1 - DRIFT_START)
        return MAX_SHIFT * drift


def write_history(
    database: Database,
    assessor: Assessor,
    crowds: Mapping[str, Crowd],
    history: History,
    *,
    progress: Callable[[float], None] = lambda share: None,
) -> int:
    """Log the decisions and the outcomes of a history; return the number of decisions.

    Parameters
    ----------
    database : Database
        Already migrated, and without a decision.
    assessor : Assessor
        Decides; its clock and its ids are replaced.
    crowds : mapping of str to Crowd
        Whom each scorecard decides on.
    history : History
    progress : callable
        Called after each day with the share that is done.
    """
    random = np.random.default_rng(history.seed)
    clock = Clock(history.since)
    log = DecisionLog(database, now=clock.now)
    ids = partial(new_decision_ids, random_bytes=random.bytes)
    assessor = replace(assessor, now=clock.now, new_ids=ids)
    total = 0
    for hours in _days(history):
        groups = []
        for moment in hours:
            origin = RequestOrigin(request_id=f"demo-{moment:%Y%m%dT%H%M}")
            for crowd in crowds.values():
                # Requests come at any second of the hour.
                clock.moment = moment + timedelta(seconds=int(random.integers(60)))
                count = int(random.poisson(history.decisions_per_hour))
                numbers = range(FIRST_REFERENCE + total, FIRST_REFERENCE + total + count)
                applicants = crowd.draw(
                    [f"A-{number}" for number in numbers],
                    shift=history.shift(moment),
                    random=random,
                )
                groups.append(to_rows(assessor.assess_batch(applicants), origin))
                total += count
        _record(log, groups, hours[0])
        progress(history.progress(hours[0]))
    _record_outcomes(database, history, random)
    _record_overrides(database, random)
    return total


def _days(history: History) -> Iterator[list[datetime]]:
    """Yield the office hours of each weekday."""
    for day in range(history.days + 1):
        midnight = history.since + timedelta(days=day)
        hours = [midnight + timedelta(hours=hour) for hour in HOURS]
        hours = [hour for hour in hours if hour + timedelta(minutes=1) <= history.until]
        if hours and midnight.weekday() < 5:
            yield hours


def _record(log: DecisionLog, groups: Sequence[Sequence[Row]], moment: datetime) -> None:
    origin = RequestOrigin(request_id=f"demo-{moment:%Y%m%d}")
    log.record_rows([rows for rows in groups if rows], origin, ids=[], moment=moment)


def _record_outcomes(database: Database, history: History, random: np.random.Generator) -> None:
    """Log the outcomes of the decisions that are old enough, worse and worse than predicted."""
    query = select(
        decisions.c.number, decisions.c.decided_at, decisions.c.probability_of_default
    ).order_by(decisions.c.number)
    with database.writing(seconds=float("inf")) as connection:
        for number, milliseconds, predicted in connection.execute(query).all():
            known_at = to_time(milliseconds) + timedelta(days=DAYS_TO_OUTCOME)
            report_draw, deviation, default_draw = random.random(), random.normal(), random.random()
            if known_at > history.until or report_draw > REPORTED_SHARE:
                continue
            progress = history.progress(to_time(milliseconds))
            log_odds = np.log(predicted / (1 - predicted)) + UNKNOWN_SPREAD * deviation
            log_odds += UNDERSTATEMENT + LATER_UNDERSTATEMENT * progress**2
            defaulted = bool(default_draw < 1 / (1 + np.exp(-log_odds)))
            insert_outcomes(connection, {number: Outcome(defaulted, known_at, None)})


def _record_overrides(database: Database, random: np.random.Generator) -> None:
    """Log that officers decided otherwise about some of those who are next to the cut-off."""
    query = select(decisions.c.number, decisions.c.decided_at, decisions.c.label).where(
        func.abs(decisions.c.probability_of_default - decisions.c.cutoff) < NEAR_CUTOFF
    )
    with database.writing(seconds=float("inf")) as connection:
        rows = connection.execute(query.order_by(decisions.c.number)).all()
        for number, milliseconds, label in rows:
            final_label = NOT_ELIGIBLE if label == ELIGIBLE else ELIGIBLE
            share, reasons = OVERRIDES[final_label]
            luck, reason = random.random(), str(random.choice(reasons))
            if luck < share:
                override = Override(final_label, reason, OFFICER, to_time(milliseconds), None)
                write_override(connection, number, override)
