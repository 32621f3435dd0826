"""An SQLite file that keeps what was committed: private, durable, and checked to be still there.

Why these settings: after simulated power cuts, SQLite's usual ones (journal DELETE, and the
customary WAL with synchronous NORMAL) lost decisions that had been answered; TRUNCATE with FULL
and WAL with FULL lost none. WAL before 3.51.3 can corrupt the file where several processes write,
and never works on a network file system, so it has to be asked for.
"""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

from sqlalchemy import Connection

from creditscore.errors import StartupError
from creditscore.files import sync_folder

#: The first SQLite whose WAL mode is safe with several writers.
SAFE_WAL_VERSION = (3, 51, 3)

#: Seconds that one statement waits for another process's lock, at most.
LOCK_TIMEOUT_S = 30.0

#: Seconds between two attempts to get the lock, at least and at most.
RETRY_PAUSE_S = (0.0005, 0.0015)

SYNCHRONOUS_FULL = 2


class FileConnection(sqlite3.Connection):
    """A connection that remembers which file it has open, and knows how long it may wait."""

    path: Path
    identity: tuple[int, int]
    seconds_left: Callable[[], float | None]

    def make_durable(self, journal: str) -> None:
        """Choose the settings that keep what was committed, and check that they are in force.

        Raises
        ------
        sqlite3.OperationalError
            If SQLite does not take them, or others kept the file locked until the deadline.
        """
        # SQLite reads the file first, even for a setting of the connection alone.
        self._retry("PRAGMA synchronous = FULL")
        # On macOS an fsync ends in the drive's cache; elsewhere this changes nothing.
        self._retry("PRAGMA fullfsync = ON")
        self._retry("PRAGMA foreign_keys = ON")
        self._retry(f"PRAGMA journal_mode = {journal}")
        names = ("journal_mode", "synchronous", "foreign_keys")
        actual = tuple(self._retry(f"PRAGMA {name}")[0][0] for name in names)
        if actual != (journal, SYNCHRONOUS_FULL, 1):
            raise sqlite3.OperationalError(f"SQLite does not take the settings it needs: {actual}")

    def begin_reading(self) -> None:
        """Begin a transaction that sees one state of the file; errors as of `begin_writing`."""
        self.execute("BEGIN")
        # The lock of a reader comes with the first look, and keeps committers waiting.
        self._retry("SELECT 1 FROM sqlite_schema LIMIT 1")

    def begin_writing(self) -> None:
        """Begin a transaction with the right to write, which only one has at a time.

        Raises
        ------
        sqlite3.OperationalError
            If others kept it until the deadline.
        """
        # The rest of the time is for readers that a commit has to wait for: the other processes'
        # commits, which this waits for, can take long where a disk stalls.
        self._retry("BEGIN IMMEDIATE", share=0.75)

    def commit(self) -> None:
        """End the transaction; errors as of `begin_writing`, after which it is still open.

        Before anything is answered, the open file is checked to be the one that others open.
        """
        if self.in_transaction:
            self._retry("COMMIT")
        self.check_in_place()

    def _retry(self, statement: str, *, share: float = 1.0) -> list[tuple[object, ...]]:
        """Run a statement as soon as no other connection holds the lock that it needs.

        SQLite's own waiting doubles its pauses up to a tenth of a second: beside processes that
        write all the time, one that waits so would hardly ever get the lock.
        """
        deadline: float | None = None
        while True:
            try:
                return self.execute(statement).fetchall()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                now = monotonic()
                if deadline is None:
                    deadline = now + share * _lock_timeout(self.seconds_left())
                if now >= deadline:
                    raise
            sleep(random.uniform(*RETRY_PAUSE_S))

    def check_in_place(self) -> None:
        """Check that the open file is still the one under its name.

        Deleting or replacing the file does not disturb SQLite: it would go on writing into
        a file without a name, which is gone with the last connection.

        Raises
        ------
        sqlite3.OperationalError
            If it is not.
        """
        if _identity(self.path) != self.identity:
            raise sqlite3.OperationalError("another file has taken the place of the open one")


def check_journal(journal: str, *, version: tuple[int, ...] = sqlite3.sqlite_version_info) -> None:
    """Check that an SQLite keeps decisions with a journal mode.

    Raises
    ------
    StartupError
        If WAL is asked of a version that can corrupt the file with it.
    """
    if journal == "wal" and version < SAFE_WAL_VERSION:
        safe_version, actual = (
            ".".join(map(str, numbers)) for numbers in (SAFE_WAL_VERSION, version)
        )
        raise StartupError(
            f"CREDITSCORE_SQLITE_JOURNAL=wal needs SQLite {safe_version}, as older ones can "
            f"corrupt the file with it; this Python has {actual}. Leave it at truncate"
        )


def create_file(path: Path) -> None:
    """Make an empty database that only its owner can read, and its folder, unless it is there.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    if not path.parent.is_dir():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_folder(path.parent.parent)
    try:
        # SQLite itself would make it as readable as the umask allows. Never open one that exists:
        # closing it again would drop this process's locks on it.
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    except FileExistsError:
        return
    os.close(handle)
    sync_folder(path.parent)


def begin(connection: Connection) -> None:
    """Begin as SQLite needs it: who will write takes the lock first, or two could deadlock."""
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, FileConnection)
    raw.check_in_place()
    if connection.get_execution_options().get("creditscore_writes"):
        raw.begin_writing()
    else:
        raw.begin_reading()


def connect(
    path: Path, journal: str, seconds_left: Callable[[], float | None] = lambda: None
) -> FileConnection:
    """Open a database that is there, so that a commit is on the disk when it returns.

    Parameters
    ----------
    path : Path
    journal : {"truncate", "wal"}
    seconds_left : callable
        Returns how long a statement may wait for other processes; None for no deadline.

    Raises
    ------
    sqlite3.Error
        If it is not there, cannot be opened, or does not take the settings.
    """
    identity = _identity(path)
    connection = sqlite3.connect(
        # mode=rw: a file that has vanished must not come back as an empty one.
        f"{path.as_uri()}?mode=rw",
        uri=True,
        timeout=0,  # a statement tells at once that it has to wait, and `_retry` does
        isolation_level=None,
        check_same_thread=False,
        factory=FileConnection,
    )
    try:
        connection.path, connection.identity = path, identity
        connection.seconds_left = seconds_left
        connection.check_in_place()
        connection.make_durable(journal)
    except BaseException:
        connection.close()
        raise
    return connection


def _lock_timeout(seconds_left: float | None) -> float:
    return LOCK_TIMEOUT_S if seconds_left is None else min(LOCK_TIMEOUT_S, seconds_left)


def _identity(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        raise sqlite3.OperationalError("the database file is not there") from None
    return status.st_dev, status.st_ino
