"""The database of the log: durable, private, never waiting for ever, and back by itself."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from database_servers import PostgresServer, running_postgres
from decided import NOON, ORIGIN, decision
from sqlalchemy import text

from creditscore.decision_log import database as database_module
from creditscore.decision_log import sqlite
from creditscore.decision_log.database import TRANSACTION_TIMEOUT_S, Database, seconds_left, within
from creditscore.decision_log.log import DecisionLog
from creditscore.decision_log.migrations import migrate
from creditscore.decision_log.sqlite import check_journal
from creditscore.errors import DatabaseUnavailable, StartupError


class Clock:
    """A clock of its own for what waits for SQLite's lock: to sleep takes no time."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    fake = Clock()
    for module in (sqlite, database_module):
        monkeypatch.setattr(module, "monotonic", fake.monotonic)
    monkeypatch.setattr(sqlite, "sleep", fake.sleep)
    return fake


def log_in(url: str) -> Iterator[DecisionLog]:
    database = Database(url)
    migrate(database)
    yield DecisionLog(database, now=lambda: NOON)
    database.close()


@pytest.fixture
def file_log(sqlite_url: str) -> Iterator[DecisionLog]:
    yield from log_in(sqlite_url)


def path_of(log: DecisionLog) -> Path:
    assert log.database.path is not None
    return log.database.path


def logs_one(log: DecisionLog) -> bool:
    """Log a decision, and return whether it was taken."""
    original = decision()
    try:
        log.record([original], ORIGIN)
    except DatabaseUnavailable:
        return False
    return log.find(original.decision_id).decision == original


# Durable


def test_sqlite_is_set_to_keep_what_was_committed(file_log: DecisionLog) -> None:
    with file_log.database.reading() as connection:
        settings = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }

    assert settings == {"journal_mode": "truncate", "synchronous": 2, "foreign_keys": 1}


def test_settings_that_a_connection_does_not_take_are_noticed(file_log: DecisionLog) -> None:
    with pytest.raises(sqlite3.OperationalError, match="settings"):
        sqlite.connect(path_of(file_log), "nonsense")


def test_postgres_is_set_to_keep_what_was_committed(postgres_url: str) -> None:
    relaxed = (
        f"{postgres_url}{'&' if '?' in postgres_url else '?'}options=-csynchronous_commit%3Doff"
    )
    database = Database(relaxed)

    with database.reading() as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"
    database.close()


def test_wal_has_to_be_asked_for_and_needs_a_sound_sqlite() -> None:
    check_journal("truncate", version=(3, 40, 1))
    check_journal("wal", version=(3, 51, 3))
    check_journal("wal", version=(3, 52, 0))
    with pytest.raises(StartupError, match=r"needs SQLite 3\.51\.3.* has 3\.51\.2"):
        check_journal("wal", version=(3, 51, 2))


@pytest.mark.parametrize(
    "url", ["", "decisions.sqlite", "sqlite://", "sqlite:///:memory:", "mysql://x:Geheim@y/z"]
)
def test_a_url_of_anything_else_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(StartupError, match="CREDITSCORE_DATABASE_URL") as caught:
        Database(url)

    assert "Geheim" not in str(caught.value)


def test_the_database_is_named_without_its_password() -> None:
    database = Database("postgresql://somebody:Geheim-77@db.example/credit")

    assert "db.example/credit" in str(database)
    assert "Geheim" not in str(database)


# Failing, and back


def test_an_error_says_nothing_of_the_row(log: DecisionLog) -> None:
    # PostgreSQL quotes the whole row where a column has nothing that needs something.
    row = decision(model_version="Marker-77", score=None)

    with pytest.raises(DatabaseUnavailable) as caught:
        log.record([row], ORIGIN)

    assert "Marker-77" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_connection_that_saw_an_error_is_not_used_again(log: DecisionLog) -> None:
    opened = []
    for attempt in ("SELECT 1", "SELECT * FROM nowhere", "SELECT 1"):
        try:
            with log.database.reading() as connection:
                opened.append(connection.connection.dbapi_connection)
                connection.execute(text(attempt))
        except DatabaseUnavailable:
            assert attempt != "SELECT 1"

    assert opened[0] is opened[1]
    assert opened[1] is not opened[2]


@contextmanager
def locked(log: DecisionLog, lock: str) -> Iterator[None]:
    """Hold a lock on the file of the log, as another process would."""
    connection = sqlite3.connect(path_of(log), isolation_level=None)
    for statement in lock.split(";"):
        connection.execute(statement).fetchone()
    yield
    connection.close()


# A reader lets a writer begin, but not commit.
@pytest.mark.parametrize(
    "lock", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE", "BEGIN; SELECT * FROM decisions"]
)
def test_a_lock_held_by_another_process_ends_in_an_error_and_then_all_is_well(
    file_log: DecisionLog, clock: Clock, lock: str
) -> None:
    assert logs_one(file_log)
    with locked(file_log, lock):
        assert not logs_one(file_log)
        assert clock.now <= TRANSACTION_TIMEOUT_S + sqlite.RETRY_PAUSE_S[1]
    assert logs_one(file_log)


def test_a_connection_opens_as_soon_as_another_process_lets_go_of_its_lock(
    file_log: DecisionLog, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # SQLite's own pauses grow: beside processes that write all the time it would miss each gap.
    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        pauses.append(seconds)
        if len(pauses) == 3:
            neighbour.execute("COMMIT")

    pauses: list[float] = []
    monkeypatch.setattr(sqlite, "sleep", sleep)
    neighbour = sqlite3.connect(path_of(file_log), isolation_level=None)
    neighbour.execute("BEGIN EXCLUSIVE")

    connection = sqlite.connect(path_of(file_log), "truncate", lambda: 1.0)

    assert len(pauses) == 3
    assert connection.execute("PRAGMA synchronous").fetchone() == (sqlite.SYNCHRONOUS_FULL,)
    connection.close()
    neighbour.close()


def test_many_threads_that_meet_a_lock_all_get_their_error(
    file_log: DecisionLog, clock: Clock
) -> None:
    with locked(file_log, "BEGIN IMMEDIATE"), ThreadPoolExecutor(20) as pool:
        logged = list(pool.map(lambda _: logs_one(file_log), range(20)))

    assert logged == [False] * 20
    assert logs_one(file_log)


def test_several_transactions_of_one_answer_end_with_its_deadline(
    file_log: DecisionLog, clock: Clock
) -> None:
    assert logs_one(file_log)
    ends = clock.now + 1.0

    with locked(file_log, "BEGIN EXCLUSIVE"), within(1.0):
        clock.sleep(0.75)
        for _ in range(2):
            with pytest.raises(DatabaseUnavailable):
                file_log.page(limit=1)
        left = seconds_left()

    assert clock.now <= ends + sqlite.RETRY_PAUSE_S[1]
    assert left == 0
    assert seconds_left() is None
    assert logs_one(file_log)


def test_a_file_that_vanished_is_noticed_and_never_made_anew(file_log: DecisionLog) -> None:
    assert logs_one(file_log)
    path = path_of(file_log)
    elsewhere = path.with_name("elsewhere")

    path.rename(elsewhere)

    assert not logs_one(file_log)
    assert not logs_one(file_log)
    with pytest.raises(DatabaseUnavailable):
        file_log.page(limit=1)
    with pytest.raises(DatabaseUnavailable):
        file_log.check_writable()
    assert not path.exists()
    elsewhere.rename(path)
    assert logs_one(file_log)


def test_a_file_that_vanishes_within_a_transaction_fails_it(file_log: DecisionLog) -> None:
    path = path_of(file_log)

    def write() -> None:
        with file_log.database.writing() as connection:
            connection.execute(text("INSERT INTO schema_version VALUES (0, 0)"))
            path.unlink()

    with pytest.raises(DatabaseUnavailable, match="not there"):
        write()


def test_a_file_that_was_replaced_is_written_to_from_then_on(file_log: DecisionLog) -> None:
    assert logs_one(file_log)
    path = path_of(file_log)
    backup = path.with_name("backup")
    shutil.copy(path, backup)
    assert logs_one(file_log)

    backup.replace(path)

    assert not logs_one(file_log)
    assert logs_one(file_log)
    assert len(file_log.page(limit=9).decisions) == 2


def test_a_damaged_file_ends_in_an_error(file_log: DecisionLog) -> None:
    path = path_of(file_log)
    content = path.read_bytes()
    path.write_bytes(b"nothing like a database" * 1000)

    assert not logs_one(file_log)
    path.write_bytes(content)
    assert logs_one(file_log)


def test_a_database_that_takes_no_writes_is_noticed_and_reads_on(file_log: DecisionLog) -> None:
    assert logs_one(file_log)
    file_log.database.close()
    with file_log.database.writing() as connection:
        connection.execute(text("PRAGMA query_only = ON"))

    with pytest.raises(DatabaseUnavailable):
        file_log.check_writable()

    assert logs_one(file_log)
    assert len(file_log.page(limit=9).decisions) == 2


# Forked servers


@pytest.mark.skipif(os.name == "nt", reason="Windows does not fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_worker_uses_connections_of_its_own(log: DecisionLog) -> None:
    assert logs_one(log)
    with log.database.reading() as connection:
        own_id = id(connection.connection.dbapi_connection)

    worker = os.fork()
    if worker == 0:
        status = 1
        try:
            with log.database.reading() as connection:
                is_shared = id(connection.connection.dbapi_connection) == own_id
            status = 0 if logs_one(log) and not is_shared else 2
        finally:
            os._exit(status)
    _, status = os.waitpid(worker, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert logs_one(log)
    assert len(log.page(limit=9).decisions) == 3


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="only Linux tells what is open")
def test_a_start_leaves_nothing_open_that_a_fork_could_share(database: Database) -> None:
    open_count = count_open()

    migrate(database)

    assert count_open() == open_count


def count_open() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


# A PostgreSQL that fails


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server that a test may maltreat."""
    with running_postgres() as postgres:
        yield postgres


@pytest.fixture
def server_log(server: PostgresServer) -> Iterator[DecisionLog]:
    yield from log_in(server.url)


def test_a_postgres_that_hangs_is_noticed_in_time_and_back_by_itself(
    server: PostgresServer, server_log: DecisionLog
) -> None:
    assert logs_one(server_log)

    # The kernel still takes what is sent to it, and nobody answers.
    server.send(signal.SIGSTOP)
    assert not logs_one(server_log)
    assert not logs_one(server_log)

    server.send(signal.SIGCONT)
    assert logs_one(server_log)


def test_a_postgres_that_dies_is_noticed_in_time_and_back_by_itself(
    server: PostgresServer, server_log: DecisionLog
) -> None:
    assert logs_one(server_log)

    server.stop(signal.SIGQUIT)
    assert not logs_one(server_log)

    server.start()
    assert logs_one(server_log)
    assert len(server_log.page(limit=9).decisions) == 2


def test_a_table_locked_in_postgres_ends_in_an_error_and_then_all_is_well(
    server: PostgresServer, server_log: DecisionLog
) -> None:
    other_database = Database(server.url)
    with other_database.writing(seconds=30) as connection:
        connection.execute(text("LOCK TABLE decisions IN ACCESS EXCLUSIVE MODE"))
        assert not logs_one(server_log)
    other_database.close()

    assert logs_one(server_log)
