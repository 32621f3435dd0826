"""What the log as a whole must fulfil: no decision twice, none gone without a trace, its guards up.

Whoever can write to the database directly can get past the service. These checks tell of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, text

from creditscore.database import Database
from creditscore.log_tables import decisions, tombstones
from creditscore.log_walk import SECONDS
from creditscore.migration_steps import STEPS

#: How many numbers were ever given to a decision.
ISSUED = {
    "sqlite": text("SELECT seq FROM sqlite_sequence WHERE name = 'decisions'"),
    "postgresql": text(
        "SELECT pg_sequence_last_value(pg_get_serial_sequence('decisions', 'number')::regclass)"
    ),
}

#: The triggers that are there and at work.
TRIGGERS = {
    "sqlite": text("SELECT name FROM sqlite_master WHERE type = 'trigger'"),
    "postgresql": text(
        "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
        "WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') "
        "AND relnamespace = current_schema()::regnamespace"
    ),
}


@dataclass(frozen=True)
class Audit:
    """What was found.

    Attributes
    ----------
    faults : tuple of str
        What must not be.
    notes : tuple of str
        What may be.
    """

    faults: tuple[str, ...]
    notes: tuple[str, ...]


def audit(database: Database) -> Audit:
    """Check the log as a whole."""
    with database.reading(seconds=SECONDS) as connection:
        faults = [*_repeated(connection), *_unguarded(connection)]
        gone = _gone_without_trace(connection)
    notes = []
    if gone < 0:
        faults.append(f"the tombstones count {-gone:,} decisions more than are gone")
    elif gone and database.is_sqlite:
        faults.append(f"{gone:,} decisions are gone, and no tombstone counts them")
    elif gone:
        notes.append(
            f"{gone:,} numbers stand for no decision and are in no tombstone: "
            "PostgreSQL skips those of transactions that failed"
        )
    return Audit(tuple(faults), tuple(notes))


def _repeated(connection: Connection) -> Iterator[str]:
    ids = select(decisions.c.id).group_by(decisions.c.id).having(func.count() > 1).subquery()
    count = connection.execute(select(func.count()).select_from(ids)).scalar_one()
    if count:
        yield f"{count:,} ids stand on more than one decision"


def _unguarded(connection: Connection) -> Iterator[str]:
    kind = connection.dialect.name
    statements = " ".join(statement for step in STEPS[kind] for statement in step)
    wanted = set(re.findall(r"CREATE TRIGGER (\w+)", statements))
    found = set(connection.execute(TRIGGERS[kind]).scalars())
    if missing := sorted(wanted - found):
        yield f"the triggers that keep rows as they are do not: {', '.join(missing)}"


def _gone_without_trace(connection: Connection) -> int:
    """Give how many numbers stand neither on a decision nor in a tombstone's count."""
    kept = connection.execute(select(func.count()).select_from(decisions)).scalar_one()
    buried = connection.execute(select(func.sum(tombstones.c.decisions))).scalar() or 0
    # Last: where transactions see each other's ends, what comes meanwhile is no fault.
    issued = connection.execute(ISSUED[connection.dialect.name]).scalar() or 0
    return int(issued) - kept - int(buried)
