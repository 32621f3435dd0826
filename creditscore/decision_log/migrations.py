"""Migrations of the decision log's database: bring it to this release's version, or refuse.

A migration that was ever released is never edited: databases out there have been through it. A
change is a new migration. `{number}` and `{real}` are the two types that SQLite and PostgreSQL
write differently, `{number}` for a key that counts up by itself.

Nothing in the log is updated, and nothing deleted, except as a purge: it first writes the
tombstones that say what it is about to delete, in the same transaction. The triggers let a row go
only where a tombstone covers its time, so nothing disappears without a trace, no matter who deletes
it, and no switch has to be set and reset.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from sqlalchemy import Connection, func, insert, select

from creditscore.decision_log.database import Database
from creditscore.decision_log.tables import schema_version
from creditscore.errors import DatabaseUnavailable, StartupError
from creditscore.files import describe_access

TABLES = (
    """
    CREATE TABLE decisions (
        number {number},
        id TEXT NOT NULL UNIQUE,
        decided_at BIGINT NOT NULL,
        scorecard TEXT NOT NULL,
        model_version TEXT NOT NULL,
        inputs TEXT NOT NULL,
        probability_of_default {real} NOT NULL,
        cutoff {real} NOT NULL,
        label TEXT NOT NULL,
        score INTEGER NOT NULL,
        baseline {real} NOT NULL,
        impacts TEXT NOT NULL,
        reasons TEXT NOT NULL,
        warnings TEXT NOT NULL,
        bins TEXT NOT NULL,
        request_id TEXT NOT NULL,
        key_id TEXT,
        idempotency_key TEXT,
        content_hash TEXT NOT NULL
    )
    """,
    # All that monitoring counts stands in this index, so that it reads none of the wide rows.
    "CREATE INDEX decisions_watched ON decisions "
    "(decided_at, model_version, label, probability_of_default, bins)",
    """
    CREATE TABLE outcomes (
        number BIGINT PRIMARY KEY REFERENCES decisions (number),
        defaulted BOOLEAN NOT NULL,
        recorded_at BIGINT NOT NULL,
        key_id TEXT
    )
    """,
    """
    CREATE TABLE idempotency_keys (
        key_id TEXT NOT NULL,
        key TEXT NOT NULL,
        body_hash TEXT NOT NULL,
        decision_ids TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (key_id, key)
    )
    """,
    """
    CREATE TABLE api_keys (
        id TEXT NOT NULL PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        digest TEXT NOT NULL UNIQUE,
        created_at BIGINT NOT NULL,
        revoked_at BIGINT
    )
    """,
    """
    CREATE TABLE tombstones (
        number {number},
        purged_at BIGINT NOT NULL,
        older_than BIGINT NOT NULL,
        model_version TEXT NOT NULL,
        label TEXT NOT NULL,
        decisions BIGINT NOT NULL
    )
    """,
)

#: Whether a row that belongs to a decision may go: whether a tombstone covers its decision.
DECISION_COVERED = (
    "EXISTS (SELECT 1 FROM tombstones JOIN decisions ON older_than > decided_at "
    "WHERE decisions.number = OLD.number)"
)

#: Whether a row may go: of each table that is guarded, whether a tombstone covers OLD.
COVER_CONDITIONS = {
    "decisions": "EXISTS (SELECT 1 FROM tombstones WHERE older_than > OLD.decided_at)",
    "outcomes": DECISION_COVERED,
    "tombstones": "FALSE",
}


def _sqlite_triggers(conditions: Mapping[str, str]) -> tuple[str, ...]:
    statements = []
    for table, condition in conditions.items():
        statements += [
            f"CREATE TRIGGER {table}_keep BEFORE UPDATE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} are never changed'); END",
            f"CREATE TRIGGER {table}_stay BEFORE DELETE ON {table} WHEN NOT {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{table} are never deleted'); END",
            # INSERT OR REPLACE deletes without asking the trigger above.
            f"CREATE TRIGGER {table}_once BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE number = NEW.number) "
            f"BEGIN SELECT RAISE(ABORT, '{table} are never replaced'); END",
        ]
    return tuple(statements)


#: INSERT OR REPLACE of an id deletes the row that has it, as that of a number does.
DECISIONS_ONCE_BY_ID = (
    "CREATE TRIGGER decisions_once_by_id BEFORE INSERT ON decisions "
    "WHEN EXISTS (SELECT 1 FROM decisions WHERE id = NEW.id) "
    "BEGIN SELECT RAISE(ABORT, 'decisions are never replaced'); END"
)


def _postgres_triggers(conditions: Mapping[str, str]) -> tuple[str, ...]:
    statements = []
    for table, condition in conditions.items():
        statements += [
            f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN RAISE EXCEPTION '{table} are never changed or deleted'; END $$",
            f"CREATE FUNCTION {table}_guard() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN IF {condition} THEN RETURN OLD; END IF; "
            f"RAISE EXCEPTION '{table} are never changed or deleted'; END $$",
            f"CREATE TRIGGER {table}_keep BEFORE UPDATE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()",
            f"CREATE TRIGGER {table}_stay BEFORE DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_guard()",
        ]
    return tuple(statements)


TYPES = {
    "sqlite": {"number": "INTEGER PRIMARY KEY AUTOINCREMENT", "real": "REAL"},
    "postgresql": {
        "number": "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
        "real": "DOUBLE PRECISION",
    },
}

#: Rows of one array have one time: with the number next to it, their entries are added at the end
#: and not all over the place, which saved a quarter of the insert.
ORDERED_INDEX = (
    "DROP INDEX decisions_watched",
    "CREATE INDEX decisions_watched ON decisions "
    "(decided_at, number, model_version, label, probability_of_default, bins)",
)

#: What lowered the probability; null in the rows of the releases before.
STRENGTHS = ("ALTER TABLE decisions ADD COLUMN strengths TEXT",)

#: The client's own name for the applicant; null where none was given.
REFERENCE = (
    "ALTER TABLE decisions ADD COLUMN reference TEXT",
    "CREATE INDEX decisions_by_reference ON decisions (reference) WHERE reference IS NOT NULL",
)

#: Where a person decided otherwise.
OVERRIDES = """
    CREATE TABLE overrides (
        number BIGINT PRIMARY KEY REFERENCES decisions (number),
        label TEXT NOT NULL,
        reason TEXT NOT NULL,
        decided_by TEXT,
        recorded_at BIGINT NOT NULL,
        key_id TEXT
    )
    """

TRIGGERS: Mapping[str, Callable[[Mapping[str, str]], tuple[str, ...]]] = {
    "sqlite": _sqlite_triggers,
    "postgresql": _postgres_triggers,
}

Migrations = Mapping[str, tuple[tuple[str, ...], ...]]

#: By database, the statements of version 1, of version 2, and so on.
MIGRATIONS: Migrations = {
    name: (
        (
            *(text.format(**types) for text in TABLES),
            *TRIGGERS[name](COVER_CONDITIONS),
            *((DECISIONS_ONCE_BY_ID,) if name == "sqlite" else ()),
        ),
        ORDERED_INDEX,
        STRENGTHS,
        REFERENCE,
        (OVERRIDES, *TRIGGERS[name]({"overrides": DECISION_COVERED})),
    )
    for name, types in TYPES.items()
}

#: The version that this release reads and writes.
VERSION = len(MIGRATIONS["sqlite"])

#: Any number, as long as it is always this one: the name of the lock in PostgreSQL.
LOCK = 7_325_402_113

#: Seconds that a migration, and the wait for another process's one, may take.
MIGRATION_TIMEOUT_S = 600.0

MAKE_VERSION_TABLE = (
    "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, "
    "applied_at BIGINT NOT NULL)"
)


def migrate(database: Database, *, migrations: Migrations = MIGRATIONS) -> None:
    """Run the migrations that a database lacks, in one transaction; leave no connection open.

    Processes that start at once wait for each other, and the later ones find nothing to do.

    Parameters
    ----------
    database : Database
    migrations : mapping of str to tuple of tuple of str
        By database, the statements of version 1, of version 2, and so on.

    Raises
    ------
    StartupError
        If a newer release has been here, or the database cannot be used.
    """
    if database.path is not None and (denial := describe_access(database.path)):
        raise StartupError(f"the decision log cannot be used: {denial}")
    try:
        database.create()
        with database.writing(seconds=MIGRATION_TIMEOUT_S) as connection:
            if database.kind == "postgresql":
                # Wait until no other process migrates; SQLite's BEGIN IMMEDIATE has done so.
                connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
            _run_migrations(connection, migrations[database.kind], str(database))
    except DatabaseUnavailable as error:
        raise StartupError(
            f"the decision log {database} cannot be used: {error}; "
            "to fix it: look after that database, or name another in CREDITSCORE_DATABASE_URL"
        ) from None
    finally:
        database.close()


def _run_migrations(
    connection: Connection, migrations: tuple[tuple[str, ...], ...], name: str
) -> None:
    connection.exec_driver_sql(MAKE_VERSION_TABLE)
    current_version = connection.execute(select(func.max(schema_version.c.version))).scalar() or 0
    if current_version > len(migrations):
        raise StartupError(
            f"the decision log {name} has version {current_version}, this release knows "
            f"{len(migrations)}: a newer release has migrated it; "
            "to fix it: run that release or a newer one, or restore a backup of before"
        )
    for version, statements in enumerate(migrations[current_version:], start=current_version + 1):
        for statement in statements:
            connection.exec_driver_sql(statement)
        row = {"version": version, "applied_at": time.time_ns() // 1_000_000}
        connection.execute(insert(schema_version), [row])
