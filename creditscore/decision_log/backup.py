"""Backup of an SQLite log: a copy of one moment, made while the service decides."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from sqlalchemy import func, select

from creditscore.decision_log.database import Database
from creditscore.decision_log.tables import decisions
from creditscore.errors import BackupRefused
from creditscore.files import atomic_write

#: Seconds that a copy may take; PostgreSQL's own tool has no such bound.
BACKUP_TIMEOUT_S = 3600.0


def back_up(database: Database, target: Path) -> int:
    """Copy the log into a new file that only its owner can read, on the disk when it returns.

    A writer waits as long as the pages are copied, into memory of the system's; they are
    written to the disk, and looked at for damage, afterwards.

    Returns
    -------
    int
        How many decisions are in the copy.

    Raises
    ------
    BackupRefused
        If the log is no file, if the target is there already or cannot be written, or if what was
        copied is damaged.
    DatabaseUnavailable
        If the log cannot be read.
    """
    if not database.is_sqlite:
        raise BackupRefused("the log is in PostgreSQL: back it up with pg_dump")
    try:
        with atomic_write(target, overwrite=False) as file:
            count = _copy(database, Path(file.name))
            _check(Path(file.name))
    except FileExistsError:
        raise BackupRefused(f"{target} is there already, and no backup replaces another") from None
    except OSError as error:
        raise BackupRefused(f"{target} cannot be written: {error.strerror}") from None
    return count


def _copy(database: Database, copy_path: Path) -> int:
    with (
        contextlib.closing(sqlite3.connect(copy_path, isolation_level=None)) as copy,
        database.reading(seconds=BACKUP_TIMEOUT_S) as connection,
    ):
        # What is not yet on the disk has no name yet: a crash leaves no half copy.
        copy.execute("PRAGMA synchronous = OFF")
        # From here on all is read as of this moment.
        count = connection.execute(select(func.count()).select_from(decisions)).scalar_one()
        source = connection.connection.dbapi_connection
        assert isinstance(source, sqlite3.Connection)
        try:
            source.backup(copy)
        except sqlite3.Error as error:
            raise BackupRefused(f"the copy could not be written: {error}") from None
    return count


def _check(copy_path: Path) -> None:
    """Read the whole copy: damage in the log would be copied with it."""
    with contextlib.closing(sqlite3.connect(copy_path)) as copy:
        try:
            problems = [text for (text,) in copy.execute("PRAGMA integrity_check(1)")]
        except sqlite3.DatabaseError as error:
            problems = [str(error)]
    if problems != ["ok"]:
        raise BackupRefused(f"the log is damaged: {problems[0]}")
