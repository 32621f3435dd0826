"""Backup: a copy of one moment, made while the service decides, that serves again."""

from __future__ import annotations

import os
import secrets
import sqlite3
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from click.testing import Result
from database_servers import find_programs
from decided import NOON, hourly
from flask import Flask
from logged import database_of, decide, run
from service_settings import Build

from creditscore.decision_log.log import DecisionLog
from creditscore.decisions.record import RequestOrigin

OWNER_ONLY = 0o600
PAGE_BYTES = 4096


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Keep the log in a file, unless a test says otherwise."""
    return sqlite_url


def back_up(app: Flask, target: Path) -> Result:
    result = run(app, "backup", str(target))
    assert result.exit_code == 0, result.output
    return result


def refused(app: Flask, target: Path) -> str:
    result = run(app, "backup", str(target))
    assert result.exit_code == 1
    assert result.stdout == ""
    return result.stderr


def everything(app: Flask) -> str:
    result = run(app, "export", "--output", "-")
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_backup_serves_again_with_the_same_decisions_and_verifies(
    app: Flask, build: Build, tmp_path: Path
) -> None:
    decision_ids = decide(app, **{"Idempotency-Key": "once"})
    result = back_up(app, tmp_path / "copy.sqlite")
    exported = everything(app)
    decide(app)

    restored = build(database_url=f"sqlite:///{tmp_path}/copy.sqlite")

    assert result.stderr == f"2 decisions backed up to {tmp_path / 'copy.sqlite'}\n"
    assert everything(restored) == exported
    assert decide(restored, **{"Idempotency-Key": "once"}) == decision_ids
    assert len(decide(restored)) == 2
    assert run(restored, "verify").stdout == "4 verified: 0 with faults\n"
    assert run(restored, "replay", "--all").stdout == "4 replayed: 4 identical\n"


def test_a_backup_while_others_decide_holds_whole_requests_only(app: Flask, tmp_path: Path) -> None:
    log = DecisionLog(database_of(app), now=lambda: NOON)
    stop = threading.Event()

    def keep_deciding() -> None:
        while not stop.is_set():
            log.record(list(hourly(7)), RequestOrigin("r-1", "k-1"))

    threads = [threading.Thread(target=keep_deciding) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for number in range(5):
            back_up(app, tmp_path / f"{number}.sqlite")
    finally:
        stop.set()
        for thread in threads:
            thread.join()

    counts = []
    for number in range(5):
        with closing(sqlite3.connect(tmp_path / f"{number}.sqlite")) as copy:
            counts += copy.execute("SELECT count(*) FROM decisions").fetchone()
            assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert [count % 7 for count in counts] == [0] * 5
    assert counts == sorted(counts)
    assert counts[-1] > 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_backup_is_its_owners_only_whatever_the_umask(app: Flask, tmp_path: Path) -> None:
    target = tmp_path / "backups" / "copy.sqlite"
    target.parent.mkdir()
    umask = os.umask(0)
    try:
        back_up(app, target)
    finally:
        os.umask(umask)

    assert stat.S_IMODE(target.stat().st_mode) == OWNER_ONLY
    assert list(target.parent.iterdir()) == [target]


def test_a_backup_replaces_nothing_and_not_the_log_itself(app: Flask, tmp_path: Path) -> None:
    existing_path = tmp_path / "there"
    existing_path.write_text("kept")
    log = database_of(app).path
    assert log is not None

    assert "is there already" in refused(app, existing_path)
    assert "is there already" in refused(app, log)
    assert "is there already" in refused(app, tmp_path)
    assert existing_path.read_text() == "kept"
    missing_path = tmp_path / "nowhere" / "copy.sqlite"
    assert (
        refused(app, missing_path)
        == f"Error: {missing_path} cannot be written: No such file or directory\n"
    )
    assert len(decide(app)) == 2


def test_a_damaged_log_gives_no_backup(app: Flask, tmp_path: Path) -> None:
    log = DecisionLog(database_of(app), now=lambda: NOON)
    log.record(list(hourly(200)), RequestOrigin("r-1", "k-1"))
    database_of(app).close()
    path = database_of(app).path
    assert path is not None
    page = path.read_bytes().rfind(b"own ") // PAGE_BYTES * PAGE_BYTES
    with path.open("r+b") as file:
        # One that holds decisions: the index, and so their number, is as it was.
        file.seek(page)
        file.write(b"\xff")
    folder = tmp_path / "backups"
    folder.mkdir()

    assert "damaged" in refused(app, folder / "copy.sqlite")
    assert list(folder.iterdir()) == []


@pytest.fixture
def two_databases(postgres_url: str) -> Iterator[list[str]]:
    """Give the addresses of two empty databases of a server."""
    names = [f"test_{secrets.token_hex(8)}" for _ in range(2)]
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        for name in names:
            connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield [urlsplit(postgres_url)._replace(path=f"/{name}").geturl() for name in names]
        finally:
            for name in names:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def test_a_log_in_postgres_is_backed_up_and_restored_with_its_own_tools(
    build: Build, two_databases: list[str], tmp_path: Path
) -> None:
    first, second = two_databases
    app = build(database_url=first)
    decision_ids = decide(app, **{"Idempotency-Key": "once"})
    dump, tools = str(tmp_path / "decisions.dump"), find_programs()

    subprocess.run([tools / "pg_dump", "--format=custom", f"--file={dump}", first], check=True)
    subprocess.run([tools / "pg_restore", "--no-owner", f"--dbname={second}", dump], check=True)
    restored = build(database_url=second)

    assert everything(restored) == everything(app)
    assert decide(restored, **{"Idempotency-Key": "once"}) == decision_ids
    assert len(decide(restored)) == 2
    assert run(restored, "verify").stdout == "4 verified: 0 with faults\n"
    assert "back it up with pg_dump" in refused(app, tmp_path / "copy.sqlite")
