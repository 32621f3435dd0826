"""The log of decisions and of what became of them: committed before an answer leaves, and kept."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from time import monotonic
from typing import Any

from sqlalchemy import Connection, select

from creditscore.decision_log.database import TRANSACTION_TIMEOUT_S, Database
from creditscore.decision_log.group_commit import CommitTimeout, GroupCommitter
from creditscore.decision_log.idempotency import claim, first_answer
from creditscore.decision_log.outcome_batch import CONFLICT, StatedOutcome, record_outcomes
from creditscore.decision_log.outcomes import Outcome, read_outcomes
from creditscore.decision_log.overrides import Override, read_overrides, write_override
from creditscore.decision_log.scan import read_row
from creditscore.decision_log.search import Filters, Page, read_page
from creditscore.decision_log.tables import decisions, insert_all
from creditscore.decisions.assessor import Decision
from creditscore.decisions.record import (
    COLUMNS,
    LoggedDecision,
    RequestOrigin,
    Row,
    from_row,
    to_row,
    to_time,
)
from creditscore.errors import (
    DatabaseUnavailable,
    KeyReused,
    NoOverride,
    OutcomeConflict,
    UnknownDecision,
)

#: Decisions on a page: unless the request says otherwise, and at most.
PAGE_SIZE = 50
MAX_PAGE_SIZE = 500

#: Scorecard, label and score of a row, as `on_committed` gets them.
ScoredRow = tuple[str, str, int]

_scored_row: Callable[[Row], Any] = itemgetter(*map(COLUMNS.index, ("scorecard", "label", "score")))

#: Id and time of a row, for which an idempotency key is claimed.
_id_and_time: Callable[[Row], Any] = itemgetter(*map(COLUMNS.index, ("id", "decided_at")))

#: Seconds for a request of many decisions; a table of 16 MB takes a small part of them.
LARGE_TRANSACTION_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Recorded:
    """What is in the log after a request: its decisions, or those of its first coming."""

    decisions: tuple[Decision, ...]
    replayed: bool


@dataclass(frozen=True)
class _Request:
    """What a request wants to have logged."""

    rows: Sequence[Row]
    origin: RequestOrigin


@dataclass(frozen=True)
class DecisionLog:
    """Writes and reads the log; every method raises `DatabaseUnavailable` if it cannot.

    Attributes
    ----------
    database : Database
        Already migrated.
    now : callable
        Gives the time.
    on_committed : callable
        Called after each transaction that logs decisions, with its rows and the seconds it took.
    committer : GroupCommitter
        Logs the requests that wait at the same moment in one transaction.
    """

    database: Database
    now: Callable[[], datetime]
    on_committed: Callable[[Sequence[ScoredRow], float], None] = lambda rows, seconds: None
    committer: GroupCommitter[_Request, Recorded | None] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Let requests that wait at the same moment share a commit."""
        object.__setattr__(self, "committer", GroupCommitter(self._record_all))

    def record(self, batch: Sequence[Decision], origin: RequestOrigin) -> Recorded:
        """Log the decisions of one request, all or none; they are on the disk when it returns.

        Parameters
        ----------
        batch : sequence of Decision
            In the order of the request.
        origin : RequestOrigin
            With an idempotency key that came before, nothing is logged and the first decisions
            are returned. Two that arrive at once are told apart by the table's key: the later one
            waits for the earlier one's commit.

        Raises
        ------
        KeyReused
            If the idempotency key came with another request.
        """
        earlier_answer = self.log_rows(to_rows(batch, origin), origin)
        return earlier_answer or Recorded(tuple(batch), replayed=False)

    def log_rows(self, rows: Sequence[Row], origin: RequestOrigin) -> Recorded | None:
        """Log the rows of one request, as many as one transaction takes; otherwise as `record`.

        Returns
        -------
        Recorded or None
            The first decisions, where the idempotency key came before; None if these are logged.
        """
        try:
            return self.committer.submit(_Request(rows, origin), seconds=TRANSACTION_TIMEOUT_S)
        except CommitTimeout:
            raise DatabaseUnavailable("is busy with the decisions of others") from None

    def replay(self, origin: RequestOrigin) -> Recorded | None:
        """Return the first answer to a request; None if it is the first, or has no key.

        Raises
        ------
        KeyReused
            If its idempotency key came with another request.
        """
        if origin.idempotency_key is None:
            return None
        with self.database.reading() as connection:
            ids = first_answer(connection, origin)
            return None if ids is None else _read_again(connection, ids)

    def record_rows(
        self,
        groups: Iterable[Sequence[Row]],
        origin: RequestOrigin,
        *,
        ids: Sequence[str],
        moment: datetime,
    ) -> bool:
        """Log the decisions of a large request, all or none, in a transaction of its own.

        Parameters
        ----------
        groups : iterable of sequence of row
            What `to_rows` gives of the decisions, so many at a time that memory stays small.
        origin : RequestOrigin
            Where the request comes from.
        ids : sequence of str
            Of all decisions, in the order of the request.
        moment : datetime
            When the first was made.

        Returns
        -------
        bool
            False if the idempotency key is taken; then nothing is logged.
        """
        start = monotonic()
        scored_rows: list[ScoredRow] = []
        with self.database.writing(seconds=LARGE_TRANSACTION_TIMEOUT_S) as connection:
            if origin.idempotency_key is not None and not claim(
                connection, origin, decision_ids=ids, moment=moment
            ):
                return False
            for rows in groups:
                insert_all(connection, decisions, COLUMNS, rows)
                scored_rows += map(_scored_row, rows)
        self.on_committed(scored_rows, monotonic() - start)
        return True

    def first_ids(self, origin: RequestOrigin) -> list[str] | None:
        """Give the ids of the decisions that an idempotency key stands for; None if it is new.

        Raises
        ------
        KeyReused
            If it came with another request.
        """
        if origin.idempotency_key is None:
            return None
        with self.database.reading() as connection:
            return first_answer(connection, origin)

    def find_all(self, ids: Sequence[str]) -> list[Decision]:
        """Read decisions, in the order of their ids, all of which are in the log."""
        batch: list[Decision] = []
        for begin in range(0, len(ids), MAX_PAGE_SIZE):
            with self.database.reading() as connection:
                batch += _read_again(connection, ids[begin : begin + MAX_PAGE_SIZE]).decisions
        return batch

    def find(self, decision_id: str) -> LoggedDecision:
        """Read one decision.

        Raises
        ------
        UnknownDecision
            If none has that id.
        """
        with self.database.reading() as connection:
            return from_row(read_row(connection, decision_id))

    def page(self, *, limit: int, cursor: int | None = None, **filters: Any) -> Page:
        """Read decisions, newest first; parameters as of `read_page`, and those of `Filters`.

        Following the cursor shows each decision once, and all that there were when the first
        page was read, whatever is logged meanwhile.
        """
        return read_page(self.database, Filters(**filters), limit=limit, cursor=cursor)

    def record_outcome(
        self, decision_id: str, *, defaulted: bool, key_id: str | None = None
    ) -> Outcome:
        """Log the outcome of a decision; the same outcome once more changes nothing.

        Returns
        -------
        Outcome
            As it was logged the first time.

        Raises
        ------
        UnknownDecision
            If no decision has that id.
        OutcomeConflict
            If another outcome is logged.
        """
        statements = [StatedOutcome(decision_id, None, defaulted)]
        (result,) = record_outcomes(self.database, statements, now=self.now, key_id=key_id)
        if result.outcome is None:
            raise UnknownDecision(f"no decision {decision_id} is logged")
        if result.state == CONFLICT:
            raise OutcomeConflict("the decision has another outcome already")
        return result.outcome

    def record_override(
        self,
        decision_id: str,
        *,
        label: str,
        reason: str,
        decided_by: str | None = None,
        key_id: str | None = None,
    ) -> Override:
        """Log the override of a decision; the same override once more changes nothing.

        Returns
        -------
        Override
            As it was logged the first time.

        Raises
        ------
        UnknownDecision
            If no decision has that id.
        NoOverride
            If the model's label is the same.
        OverrideConflict
            If another override is logged.
        """
        with self.database.writing() as connection:
            decision = read_row(connection, decision_id)
            if decision["label"] == label:
                raise NoOverride("the model decided the same")
            override = Override(label, reason, decided_by, self.now(), key_id)
            return write_override(connection, decision["number"], override)

    def outcomes_and_overrides(
        self, logged_decisions: Sequence[LoggedDecision]
    ) -> tuple[dict[int, Outcome], dict[int, Override]]:
        """Read the known outcomes of decisions, and their overrides, by the decisions' numbers."""
        numbers = [decision.number for decision in logged_decisions]
        with self.database.reading() as connection:
            return read_outcomes(connection, numbers), read_overrides(connection, numbers)

    def _record_all(
        self, drain_queue: Callable[[], Sequence[_Request]], seconds: float
    ) -> list[Recorded | Exception | None]:
        """Log the decisions of requests that wait at the same moment: one transaction."""
        start = monotonic()
        with self.database.writing(seconds=seconds) as connection:
            requests = drain_queue()
            new_requests = {id(request) for request in requests if _claim(connection, request)}
            rows = [
                row for request in requests if id(request) in new_requests for row in request.rows
            ]
            if rows:
                insert_all(connection, decisions, COLUMNS, rows)
            results: list[Recorded | Exception | None] = [
                None if id(request) in new_requests else _answer_again(connection, request.origin)
                for request in requests
            ]
        self.on_committed([*map(_scored_row, rows)], monotonic() - start)
        return results

    def check_writable(self) -> None:
        """Check that the log would take a decision now, by a write that is rolled back."""
        with self.database.writing() as connection:
            probe = RequestOrigin(request_id="", idempotency_key=secrets.token_hex(16))
            claim(connection, probe, decision_ids=[], moment=self.now())
            connection.rollback()


def to_rows(batch: Sequence[Decision], origin: RequestOrigin) -> list[Row]:
    """Return the rows of decisions, as they are logged."""
    return [to_row(decision, origin) for decision in batch]


def _claim(connection: Connection, request: _Request) -> bool:
    """Take a request's idempotency key, if it has one; tell whether its decisions are new."""
    if request.origin.idempotency_key is None:
        return True
    ids, times = zip(*map(_id_and_time, request.rows), strict=True)
    # The key is as old as its decisions, so that a purge takes both or none.
    return claim(connection, request.origin, decision_ids=ids, moment=to_time(times[0]))


def _answer_again(connection: Connection, origin: RequestOrigin) -> Recorded | KeyReused:
    """Read the first answer to a request whose idempotency key is taken."""
    try:
        return _read_again(connection, first_answer(connection, origin) or [])
    except KeyReused as error:
        return error


def _read_again(connection: Connection, ids: Sequence[str]) -> Recorded:
    """Read the decisions that a request got at its first coming, in their order."""
    rows = connection.execute(select(decisions).where(decisions.c.id.in_(ids)))
    by_id = {row.id: from_row(row._asdict()).decision for row in rows}
    return Recorded(tuple(by_id[decision_id] for decision_id in ids), replayed=True)
