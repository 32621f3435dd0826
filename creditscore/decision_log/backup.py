"""A copy of the log in an SQLite file: whole and of one moment, made while the service decides."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import func, select

from creditscore.decision_log.database import Database
from creditscore.decision_log.tables import decisions
from creditscore.errors import BackupRefused
from creditscore.files import sync_folder

#: Seconds that a copy may take; PostgreSQL's own tool has no such bound.
BACKUP_TIMEOUT_S = 3600.0


def back_up(database: Database, target: Path) -> int:
    """Copy the log into a new file that only its owner can read, on the disk when it returns.

    Whoever writes waits as long as the pages are copied, into memory of the system's; they are
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
        with _new_file(target) as staged:
            count = _copy(database, staged)
            _check(staged)
    except FileExistsError:
        raise BackupRefused(f"{target} is there already, and no backup replaces another") from None
    except OSError as error:
        raise BackupRefused(f"{target} cannot be written: {error.strerror}") from None
    return count


def _copy(database: Database, staged: Path) -> int:
    with (
        contextlib.closing(sqlite3.connect(staged, isolation_level=None)) as copy,
        database.reading(seconds=BACKUP_TIMEOUT_S) as connection,
    ):
        # What is not yet on the disk has no name yet: a crash leaves no half copy.
        copy.execute("PRAGMA synchronous = OFF")
        # From here on all is read as of this moment.
        count = connection.execute(select(func.count()).select_from(decisions)).scalar_one()
        opened = connection.connection.dbapi_connection
        assert isinstance(opened, sqlite3.Connection)
        try:
            opened.backup(copy)
        except sqlite3.Error as error:
            raise BackupRefused(f"the copy could not be written: {error}") from None
    return count


def _check(staged: Path) -> None:
    """Read the whole copy: damage in the log would be copied with it."""
    with contextlib.closing(sqlite3.connect(staged)) as copy:
        try:
            found = [text for (text,) in copy.execute("PRAGMA integrity_check(1)")]
        except sqlite3.DatabaseError as error:
            found = [str(error)]
    if found != ["ok"]:
        raise BackupRefused(f"the log is damaged: {found[0]}")


@contextlib.contextmanager
def _new_file(target: Path) -> Iterator[Path]:
    """Give an empty private file to fill, which is called `target` when the block ends well."""
    if target.exists() or target.is_symlink():
        raise FileExistsError
    handle, part = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    os.close(handle)
    staged = Path(part)
    try:
        yield staged
        with staged.open("rb+") as file:
            os.fsync(file.fileno())
        # Unlike a renaming, it takes nobody's place, however late that one came.
        os.link(staged, target)
        sync_folder(target.parent)
    finally:
        staged.unlink(missing_ok=True)
