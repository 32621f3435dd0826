"""Overrides: where a person decided otherwise than the model; logged once, never changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from creditscore.decision_log.tables import decisions, insert_if_new, overrides
from creditscore.decisions.assessor import timestamp
from creditscore.decisions.record import to_milliseconds, to_time
from creditscore.errors import OverrideConflict

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
        return asdict(self) | {"recorded_at": timestamp(self.recorded_at)}


def write_override(connection: Connection, number: int, override: Override) -> Override:
    """Log the override of the decision of a number; return the one that was logged first.

    Raises
    ------
    OverrideConflict
        If that is another one.
    """
    entry = read_overrides(connection, [number]).get(number)
    if entry is None:
        row = asdict(override) | {"recorded_at": to_milliseconds(override.recorded_at)}
        insert_if_new(connection, overrides, {"number": number, **row})
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
    connection: Connection, which: ColumnElement[bool]
) -> Iterable[tuple[str, str, int]]:
    """Return model version, final label and number of the overrides of some decisions."""
    version, label = decisions.c.model_version, overrides.c.label
    query = (
        select(version, label, func.count())
        .join_from(decisions, overrides, overrides.c.number == decisions.c.number)
        .where(which)
        .group_by(version, label)
    )
    return connection.execute(query)
