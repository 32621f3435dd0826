"""Outcomes of decisions: whether an applicant defaulted; logged once, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from creditscore.decision_log.tables import outcomes
from creditscore.decisions.assessor import timestamp
from creditscore.decisions.record import to_time


@dataclass(frozen=True)
class Outcome:
    """The outcome of a decision, who reported it, and when."""

    defaulted: bool
    recorded_at: datetime
    key_id: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as plain data."""
        return asdict(self) | {"recorded_at": timestamp(self.recorded_at)}


def read_outcomes(connection: Connection, numbers: Sequence[int]) -> dict[int, Outcome]:
    """Read the outcomes of the decisions of some numbers, of those that have one."""
    rows = connection.execute(select(outcomes).where(outcomes.c.number.in_(numbers)))
    return {
        row.number: Outcome(row.defaulted, to_time(row.recorded_at), row.key_id) for row in rows
    }
