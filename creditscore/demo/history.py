"""Months of decisions and outcomes, written through the log as the service writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import partial

import numpy as np
from sqlalchemy import func, select

from creditscore.decision_log import Database, DecisionLog, Outcome, RequestOrigin
from creditscore.decision_log.log import to_rows
from creditscore.decision_log.outcomes import write_outcome
from creditscore.decision_log.overrides import Override, write_override
from creditscore.decision_log.tables import decisions
from creditscore.decisions.assessor import Assessor
from creditscore.decisions.record import Row, new_decision_ids, to_time
from creditscore.demo.applicants import Crowd
from creditscore.scorecard.policy import ELIGIBLE, NOT_ELIGIBLE

#: Hours (UTC) at which decisions are made on weekdays: the office hours of Jakarta.
HOURS = range(2, 10)

#: The first reference is A-1001.
FIRST_REFERENCE = 1001

#: The share of the time after which riskier applicants begin to come, and how many standard
#: deviations riskier they are in the end. The population stability index is about its square.
DRIFT_BEGINS, MAX_SHIFT = 0.6, 0.8

#: An outcome is known so many days after the decision, if anybody reports it.
DAYS_TO_OUTCOME, REPORTED = 30, 0.95

#: How much riskier than predicted applicants turn out, in log-odds: at first, and what the end
#: adds. And what no field knows of them.
UNDERSTATED, UNDERSTATED_LATER, UNKNOWN = 0.05, 0.6, 0.4

#: How far from the cut-off, as a probability, officers may decide otherwise; how often they do, by
#: the final label, and why.
NEAR_CUTOFF = 0.05
OVERRIDDEN = {
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
    an_hour : float
        Decisions per office hour and scorecard, on average.
    seed : int
        The same seed and time give the same history, ids included.
    """

    until: datetime
    days: int = 182
    an_hour: float = 9.0
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
        drifted = max(0.0, self.progress(moment) - DRIFT_BEGINS) / (1 - DRIFT_BEGINS)
        return MAX_SHIFT * drifted


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
    written = 0
    for hours in _days(history):
        groups = []
        for moment in hours:
            origin = RequestOrigin(request_id=f"demo-{moment:%Y%m%dT%H%M}")
            for crowd in crowds.values():
                # Requests come at any second of the hour.
                clock.moment = moment + timedelta(seconds=int(random.integers(60)))
                count = int(random.poisson(history.an_hour))
                numbers = range(FIRST_REFERENCE + written, FIRST_REFERENCE + written + count)
                drawn = crowd.draw(
                    [f"A-{number}" for number in numbers],
                    shift=history.shift(moment),
                    random=random,
                )
                groups.append(to_rows(assessor.assess_batch(drawn), origin))
                written += count
        _record(log, groups, hours[0])
        progress(history.progress(hours[0]))
    _record_outcomes(database, history, random)
    _record_overrides(database, random)
    return written


def _days(history: History) -> Iterator[list[datetime]]:
    """Yield the office hours of each weekday."""
    for day in range(history.days + 1):
        midnight = history.since + timedelta(days=day)
        hours = [midnight + timedelta(hours=hour) for hour in HOURS]
        hours = [each for each in hours if each + timedelta(minutes=1) <= history.until]
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
            reported, unknown, luck = random.random(), random.normal(), random.random()
            if known_at > history.until or reported > REPORTED:
                continue
            progress = history.progress(to_time(milliseconds))
            log_odds = np.log(predicted / (1 - predicted)) + UNKNOWN * unknown
            log_odds += UNDERSTATED + UNDERSTATED_LATER * progress**2
            defaulted = bool(luck < 1 / (1 + np.exp(-log_odds)))
            write_outcome(connection, number, Outcome(defaulted, known_at, None))


def _record_overrides(database: Database, random: np.random.Generator) -> None:
    """Log that officers decided otherwise about some of those who are next to the cut-off."""
    near = select(decisions.c.number, decisions.c.decided_at, decisions.c.label).where(
        func.abs(decisions.c.probability_of_default - decisions.c.cutoff) < NEAR_CUTOFF
    )
    with database.writing(seconds=float("inf")) as connection:
        found = connection.execute(near.order_by(decisions.c.number)).all()
        for number, milliseconds, label in found:
            final = NOT_ELIGIBLE if label == ELIGIBLE else ELIGIBLE
            share, reasons = OVERRIDDEN[final]
            luck, reason = random.random(), str(random.choice(reasons))
            if luck < share:
                made = Override(final, reason, OFFICER, to_time(milliseconds), None)
                write_override(connection, number, made)
