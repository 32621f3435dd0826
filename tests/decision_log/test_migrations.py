"""The database of the log is brought to this release's version, once, or refused."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from decided import NOON, decision
from sqlalchemy import insert, inspect, select
from threads import at_once

from creditscore.decision_log.database import Database
from creditscore.decision_log.log import DecisionLog, to_rows
from creditscore.decision_log.migrations import MIGRATIONS, VERSION, migrate
from creditscore.decision_log.tables import METADATA, decisions, insert_all, schema_version
from creditscore.decisions.record import ADDED, COLUMNS, RequestOrigin, Row
from creditscore.errors import StartupError


def versions(database: Database) -> list[int]:
    with database.reading() as connection:
        return list(connection.execute(select(schema_version.c.version)).scalars())


def test_a_migrated_database_has_the_tables_that_queries_expect(database: Database) -> None:
    with database.reading() as connection:
        inspector = inspect(connection)
        nullable = {
            table: {column["name"]: column["nullable"] for column in inspector.get_columns(table)}
            for table in inspector.get_table_names()
        }

    nullable = {
        name: columns for name, columns in nullable.items() if not name.startswith("sqlite_")
    }
    assert set(nullable) == set(METADATA.tables)
    for name, table in METADATA.tables.items():
        assert list(nullable[name]) == [column.name for column in table.columns]
        expected = {column.name: column.nullable for column in table.columns}
        # SQLite lets a numeric key be declared without NOT NULL.
        keys = {column.name for column in table.primary_key}
        assert {k: v for k, v in nullable[name].items() if k not in keys} == {
            k: v for k, v in expected.items() if k not in keys
        }


def test_both_databases_have_been_through_the_same_versions() -> None:
    assert {len(steps) for steps in MIGRATIONS.values()} == {VERSION}


def test_a_second_start_changes_nothing(database: Database) -> None:
    versions_before = versions(database)

    migrate(database)

    assert versions(database) == versions_before == list(range(1, VERSION + 1))


def test_starts_at_the_same_moment_migrate_once(database_url: str) -> None:
    at_once(database_url, 6, lambda database, _: migrate(database))

    database = Database(database_url)
    assert versions(database) == list(range(1, VERSION + 1))
    database.close()


def test_a_database_that_a_newer_release_has_changed_is_refused(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(insert(schema_version), [{"version": VERSION + 1, "applied_at": 0}])

    with pytest.raises(StartupError, match=f"version {VERSION + 1}, this release knows {VERSION}"):
        migrate(database)

    assert versions(database)[-1] == VERSION + 1


def test_a_step_that_fails_leaves_nothing_of_any(database_url: str) -> None:
    broken_migrations = {
        name: (*steps[:-1], (*steps[-1], "CREATE TABLE decisions (x INT)"))
        for name, steps in MIGRATIONS.items()
    }
    database = Database(database_url)
    with pytest.raises(StartupError, match="cannot be used"):
        migrate(database, migrations=broken_migrations)

    with database.reading() as connection:
        assert set(inspect(connection).get_table_names()) & set(METADATA.tables) == set()
    migrate(database)
    assert versions(database) == list(range(1, VERSION + 1))
    database.close()


def insert_as_before(database: Database, rows: Sequence[Row]) -> None:
    """Insert rows without the columns that came later."""
    names = tuple(name for name in COLUMNS if name not in ADDED)
    old_rows = [tuple(row[COLUMNS.index(name)] for name in names) for row in rows]
    with database.writing() as connection:
        insert_all(connection, decisions, names, old_rows)


@pytest.mark.parametrize("earlier", range(1, VERSION))
def test_decisions_of_an_earlier_version_are_kept(database_url: str, earlier: int) -> None:
    database = Database(database_url)
    log = DecisionLog(database, now=lambda: NOON)
    batch = [decision(), decision()]
    old_migrations = {name: steps[:earlier] for name, steps in MIGRATIONS.items()}
    migrate(database, migrations=old_migrations)
    assert versions(database) == list(range(1, earlier + 1))
    insert_as_before(database, to_rows(batch, RequestOrigin("before")))

    migrate(database)

    assert versions(database) == list(range(1, VERSION + 1))
    newer = decision()
    newer = newer._replace(applicant=replace(newer.applicant, reference="A-17"))
    log.record([newer], RequestOrigin("after"))
    assert [log.find(original.decision_id).decision for original in batch] == batch
    assert [entry.request_id for entry in log.page(limit=9).decisions] == ["after", *2 * ["before"]]
    page = log.page(limit=9, reference="A-17").decisions
    assert [entry.decision.applicant.reference for entry in page] == ["A-17"]
    database.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_the_file_is_its_owners_alone_whatever_the_umask(sqlite_url: str, tmp_path: Path) -> None:
    database = Database(sqlite_url)
    umask = os.umask(0)
    try:
        migrate(database)
    finally:
        os.umask(umask)

    assert database.path is not None
    folder = database.path.parent
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_file_that_is_no_database_stops_the_start_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no database, but long enough to be taken for one at first sight\n" * 100)

    with pytest.raises(StartupError) as caught:
        migrate(Database(f"sqlite:///{path}"))

    assert "file is not a database" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert path.read_text().startswith("no database")


def test_a_server_that_is_not_there_stops_the_start_without_its_password(
    postgres_url: str,
) -> None:
    url = "postgresql://somebody:Geheim-77@127.0.0.1:1/credit"

    with pytest.raises(StartupError) as caught:
        migrate(Database(url))

    assert "127.0.0.1:1" in str(caught.value)
    assert "Geheim" not in str(caught.value)
    assert postgres_url not in str(caught.value)
