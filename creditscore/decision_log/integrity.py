"""What the log as a whole must fulfil: no decision twice, none gone without a trace, its guards up.

Whoever can write to the database directly can get past the service. These checks tell of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, func, inspect, select, text

from creditscore.decision_log.database import Database
from creditscore.decision_log.migration_steps import STEPS
from creditscore.decision_log.scan import SECONDS
from creditscore.decision_log.tables import decisions, tombstones

#: The last number that was ever given to a decision.
ISSUED = {
    "sqlite": text("SELECT seq FROM sqlite_sequence WHERE name = 'decisions'"),
    "postgresql": text(
        "SELECT pg_sequence_last_value(pg_get_serial_sequence('decisions', 'number')::regclass)"
    ),
}

#: The triggers that are there and at work, each with what it does.
TRIGGERS = {
    "sqlite": text("SELECT name, sql AS does FROM sqlite_master WHERE type = 'trigger'"),
    "postgresql": text(
        "SELECT tgname AS name, prosrc AS does FROM pg_trigger "
        "JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_proc ON pg_proc.oid = tgfoid "
        "WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') AND tgqual IS NULL "
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
    """Look whether ids can repeat, and if they can, whether they do.

    Only then: on a large log the look takes long, and SQLite lets nobody write meanwhile.
    """
    unique = inspect(connection).get_unique_constraints(decisions.name)
    if any(each["column_names"] == [decisions.c.id.name] for each in unique):
        return
    yield "the index that keeps ids unique is gone"
    ids = select(decisions.c.id).group_by(decisions.c.id).having(func.count() > 1).subquery()
    count = connection.execute(select(func.count()).select_from(ids)).scalar_one()
    if count:
        yield f"{count:,} ids stand on more than one decision"


def _unguarded(connection: Connection) -> Iterator[str]:
    kind = connection.dialect.name
    found = {row.name: row.does for row in connection.execute(TRIGGERS[kind])}
    wanted = _guards(kind)
    if broken := sorted(name for name in wanted if found.get(name) != wanted[name]):
        yield f"triggers that keep rows as they are are gone or changed: {', '.join(broken)}"


def _guards(kind: str) -> dict[str, str]:
    """Give the triggers of a kind of database, each with what it must do."""
    statements = [statement for step in STEPS[kind] for statement in step]
    made = {
        found[1]: statement
        for statement in statements
        if (found := re.match(r"CREATE TRIGGER (\w+)", statement))
    }
    if kind == "sqlite":
        return made
    bodies = {
        found[1]: found[2]
        for statement in statements
        if (found := re.match(r"CREATE FUNCTION (\w+)\(\).*?\$\$(.*)\$\$", statement))
    }
    called = re.compile(r"EXECUTE FUNCTION (\w+)\(\)$")
    return {name: bodies[called.findall(statement)[0]] for name, statement in made.items()}


def _gone_without_trace(connection: Connection) -> int:
    """Give how many numbers stand neither on a decision nor in a tombstone's count."""
    issued = connection.execute(ISSUED[connection.dialect.name]).scalar() or 0
    number = decisions.c.number
    # In one statement: a purge that commits meanwhile is in all counts or in none.
    kept, late, buried = connection.execute(
        select(
            select(func.count()).select_from(decisions).scalar_subquery(),
            # Logged after the look above. Counting the others would read every row, not an index.
            select(func.count()).where(number > issued).scalar_subquery(),
            select(func.coalesce(func.sum(tombstones.c.decisions), 0)).scalar_subquery(),
        )
    ).one()
    return int(issued) - (int(kept) - int(late)) - int(buried)
