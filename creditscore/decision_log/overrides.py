"""Overrides: where a person decided otherwise than the model; logged once, never changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from creditscore.decision_log.database import Database
from creditscore.decision_log.scan import read_row
from creditscore.decision_log.tables import decisions, insert_if_new, overrides
from creditscore.decisions.assessor import timestamp
from creditscore.decisions.record import to_milliseconds, to_time
from creditscore.errors import NoOverride, OverrideConflict

#: Characters of a reason and of a person's name, at most.
MAX_REASON_LENGTH = 1000
MAX_NAME_LENGTH = 100


@dataclass(frozen=True)
class Override:
    """What a person decided in place of the model.

    Attributes
    ----------
    label : str
        The final one: the other label than the model's.
    reason : str
        Why.
    decided_by : str or None
        Who, in the client's words.
    recorded_at : datetime
    key_id : str or None
        Of the key that it came with.
    """

    label: str
    reason: str
    decided_by: str | None
    recorded_at: datetime
    key_id: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the override as plain data."""
        return {
            "label": self.label,
            "reason": self.reason,
            "decided_by": self.decided_by,
            "recorded_at": timestamp(self.recorded_at),
            "key_id": self.key_id,
        }


def record_override(database: Database, decision_id: str, override: Override) -> Override:
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
    DatabaseUnavailable
        If it cannot be logged.
    """
    with database.writing() as connection:
        decision = read_row(connection, decision_id)
        if decision["label"] == override.label:
            raise NoOverride("the model decided the same")
        return write_override(connection, decision["number"], override)


def write_override(connection: Connection, number: int, override: Override) -> Override:
    """Log the override of the decision of a number; return the one that was logged first.

    Raises
    ------
    OverrideConflict
        If that is another one.
    """
    entry = read_overrides(connection, [number]).get(number)
    if entry is None:
        row = {
            "number": number,
            "label": override.label,
            "reason": override.reason,
            "decided_by": override.decided_by,
            "recorded_at": to_milliseconds(override.recorded_at),
            "key_id": override.key_id,
        }
        insert_if_new(connection, overrides, row)
        # In PostgreSQL another worker's may have come first: then it counts.
        entry = read_overrides(connection, [number])[number]
    if (entry.reason, entry.decided_by) != (override.reason, override.decided_by):
        raise OverrideConflict("the decision has another override already")
    return entry


def read_overrides(connection: Connection, numbers: Sequence[int]) -> dict[int, Override]:
    """Read the overrides of the decisions of some numbers, of those that have one."""
    rows = connection.execute(select(overrides).where(overrides.c.number.in_(numbers)))
    return {
        row.number: Override(
            row.label, row.reason, row.decided_by, to_time(row.recorded_at), row.key_id
        )
        for row in rows
    }


def count_overrides(
    connection: Connection, which: ColumnElement[bool], counts: Mapping[str, Counter[str]]
) -> None:
    """Add the overrides of some decisions to the counts, by model version and final label."""
    version, label = decisions.c.model_version, overrides.c.label
    query = (
        select(version, label, func.count())
        .join_from(decisions, overrides, overrides.c.number == decisions.c.number)
        .where(which)
        .group_by(version, label)
    )
    for name, final_label, count in connection.execute(query):
        counts[name][final_label] += int(count)
