"""The journal of what clients were answered, compared with the log of decisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from clients import JournaledRequest
from sqlalchemy import func, select

from creditscore.decision_log.database import Database
from creditscore.decision_log.tables import decisions
from creditscore.decisions.record import content_hash, from_row

#: Seconds that reading the whole log may take.
READ_TIMEOUT_S = 600.0

LANGUAGE = "en"

Row = Mapping[str, Any]


@dataclass(frozen=True)
class LogComparison:
    """Figures of a comparison; all but the first three must be 0.

    Attributes
    ----------
    answered : int
        Decisions that a client was given.
    logged : int
        Decisions in the log.
    unseen : int
        Of these, those that no client was given, since its connection broke.
    missing : int
        Decisions that a client was given and the log has not.
    doubled : int
        Requests that are logged more than once.
    torn : int
        Requests of which a part is logged.
    altered : int
        Decisions that the log tells otherwise than the answer.
    contradicted : int
        Requests that were answered differently when they were sent again.
    unsound : int
        Rows whose hash is not theirs, or that no client asked for, and pages of the database
        that are broken.
    """

    answered: int
    logged: int
    unseen: int
    missing: int
    doubled: int
    torn: int
    altered: int
    contradicted: int
    unsound: int

    @property
    def holds(self) -> bool:
        """Whether the log can be relied on."""
        faults = (self.missing, self.doubled, self.torn, self.altered, self.contradicted)
        return self.answered > 0 and not any((*faults, self.unsound))

    def __str__(self) -> str:
        """Say it in one line."""
        return (
            f"{self.answered} decisions answered, {self.logged} logged ({self.unseen} unseen): "
            f"{self.missing} missing, {self.doubled} doubled, {self.torn} torn, "
            f"{self.altered} altered, {self.contradicted} contradicted, {self.unsound} unsound"
        )


def compare_with_log(requests: Sequence[JournaledRequest], database_url: str) -> LogComparison:
    """Compare all that was answered with all that is logged.

    Raises
    ------
    DatabaseUnavailable
        If the log cannot be read.
    """
    rows, broken = _read(database_url)
    logged = {row["id"]: row for row in rows}
    answers = {
        decision["decision_id"]: decision
        for request in requests
        for answer in request.answers
        for decision in answer
    }
    by_request: dict[str, int] = defaultdict(int)
    for row in rows:
        by_request[row["request_id"]] += 1
    counts = [(by_request.pop(request.request_id, 0), request.size) for request in requests]
    return LogComparison(
        answered=len(answers),
        logged=len(rows),
        unseen=len(logged.keys() - answers.keys()),
        missing=len(answers.keys() - logged.keys()),
        doubled=sum(rows_found > size for rows_found, size in counts),
        torn=sum(0 < rows_found < size for rows_found, size in counts),
        altered=sum(
            from_row(logged[name]).decision.to_dict(LANGUAGE) != answer
            for name, answer in answers.items()
            if name in logged
        ),
        contradicted=sum(
            any(a != request.answers[0] for a in request.answers) for request in requests
        ),
        unsound=broken
        + sum(by_request.values())
        + sum(content_hash(row) != row["content_hash"] for row in rows),
    )


def count_logged(database_url: str) -> int:
    """Count the decisions in the log.

    Raises
    ------
    DatabaseUnavailable
        If it cannot be read.
    """
    with (
        closing(Database(database_url)) as database,
        database.reading(seconds=READ_TIMEOUT_S) as connection,
    ):
        return connection.execute(select(func.count()).select_from(decisions)).scalar_one()


def _read(database_url: str) -> tuple[Sequence[Row], int]:
    """Read all rows of the log, and count what SQLite finds broken in its file."""
    with (
        closing(Database(database_url)) as database,
        database.reading(seconds=READ_TIMEOUT_S) as connection,
    ):
        rows = [row._asdict() for row in connection.execute(select(decisions))]
        if not database.is_sqlite:
            return rows, 0
        findings = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
        return rows, 0 if findings == ["ok"] else len(findings)
