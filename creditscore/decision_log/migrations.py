"""Bring the database of the log to the version that this release knows, or refuse."""

from __future__ import annotations

import time

from sqlalchemy import Connection, func, insert, select

from creditscore.decision_log.database import Database
from creditscore.decision_log.migration_steps import STEPS
from creditscore.decision_log.tables import schema_version
from creditscore.errors import DatabaseUnavailable, StartupError

#: The version that this release reads and writes.
VERSION = len(STEPS["sqlite"])

#: Any number, as long as it is always this one: the name of the lock in PostgreSQL.
LOCK = 7_325_402_113

#: Seconds that a migration, and the wait for another process's one, may take.
SECONDS = 600.0

MAKE_VERSION_TABLE = (
    "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, "
    "applied_at BIGINT NOT NULL)"
)


def migrate(database: Database) -> None:
    """Take the steps that a database lacks, in one transaction; leave no connection open.

    Processes that start at once take turns, and the later ones find nothing to do.

    Raises
    ------
    StartupError
        If a newer release has been here, or the database cannot be used.
    """
    try:
        database.create()
        with database.writing(seconds=SECONDS) as connection:
            _take_turns(connection)
            _take_steps(connection, str(database))
    except DatabaseUnavailable as error:
        raise StartupError(
            f"the decision log {database} cannot be used: {error}; "
            "to mend it: look after that database, or name another in CREDITSCORE_DATABASE_URL"
        ) from None
    finally:
        database.close()


def _take_turns(connection: Connection) -> None:
    """Wait until no other process migrates; SQLite's BEGIN IMMEDIATE has seen to that already."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(LOCK)))


def _take_steps(connection: Connection, name: str) -> None:
    connection.exec_driver_sql(MAKE_VERSION_TABLE)
    found = connection.execute(select(func.max(schema_version.c.version))).scalar() or 0
    if found > VERSION:
        raise StartupError(
            f"the decision log {name} has version {found}, this release knows {VERSION}: "
            "a newer release has been here; to mend it: run that one, or a newer one still"
        )
    for version, statements in enumerate(STEPS[connection.dialect.name], start=1):
        if version > found:
            for statement in statements:
                connection.exec_driver_sql(statement)
            row = {"version": version, "applied_at": time.time_ns() // 1_000_000}
            connection.execute(insert(schema_version), [row])
