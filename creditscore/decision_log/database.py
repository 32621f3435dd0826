"""The database of the decision log, an SQLite file or PostgreSQL: whole transactions, or an error.

A transaction that returned is on the disk. One that did not has ended with `DatabaseUnavailable`
within five seconds, and its connection is closed: after an error nobody knows what a connection
still holds, and a new one costs less than a wrong answer.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from creditscore.decision_log import sqlite
from creditscore.decision_log.deadline import within
from creditscore.decision_log.sqlite import FileConnection
from creditscore.environment import python_command
from creditscore.errors import DatabaseUnavailable, StartupError

#: Seconds for a whole transaction. A connection that must be made at its very end takes two more,
#: and all together must stay below the five that an answer may take.
TRANSACTION_TIMEOUT_S = 2.8

#: Connections of one process: as many as gunicorn's threads here, and some for a host's own choice.
POOL_SIZE = 8
POOL_OVERFLOW = 8

#: Seconds to wait for one of them.
POOL_TIMEOUT_S = 1.0


class Database:
    """Where the log is kept; connections are made when they are needed, in each process anew.

    Parameters
    ----------
    url : str
        ``sqlite:///PATH``, or ``postgresql://USER:PASSWORD@HOST:PORT/NAME``.
    journal : {"truncate", "wal"}
        SQLite's journal mode.

    Raises
    ------
    StartupError
        If it is neither, or cannot be used from here.
    """

    def __init__(self, url: str, *, journal: str = "truncate") -> None:
        self._target = _target(url, journal)
        self._lock = threading.Lock()
        #: The engine, and the process that it was made in.
        self._process_engine: tuple[int, Engine] | None = None
        self._inherited: list[Engine] = []

    @property
    def is_sqlite(self) -> bool:
        """Whether it is an SQLite file."""
        return self._target.path is not None

    @property
    def kind(self) -> str:
        """Which of the two it is: sqlite or postgresql."""
        return self._target.url.get_backend_name()

    @property
    def path(self) -> Path | None:
        """The SQLite file; None for PostgreSQL."""
        return self._target.path

    def __str__(self) -> str:
        """Return its URL without the password."""
        return self._target.url.render_as_string(hide_password=True)

    def create(self) -> None:
        """Make the SQLite file if there is none; a server's database has to be there.

        Raises
        ------
        DatabaseUnavailable
            If it cannot be made.
        """
        if self.path is not None:
            try:
                sqlite.create_file(self.path)
            except OSError as error:
                raise DatabaseUnavailable(f"cannot be made: {error.strerror}") from None

    @contextlib.contextmanager
    def writing(self, *, seconds: float = TRANSACTION_TIMEOUT_S) -> Iterator[Connection]:
        """Begin a transaction that writes; it is committed, to the disk, when the block ends.

        The block may roll it back itself.

        Parameters
        ----------
        seconds : float
            How long it may wait for the database in all; may be infinite.

        Raises
        ------
        DatabaseUnavailable
            If it did not succeed. It may have been committed all the same, where the connection
            broke while the answer to the commit was on its way.
        """
        with self._transaction(seconds, writes=True) as connection:
            yield connection

    @contextlib.contextmanager
    def reading(self, *, seconds: float = TRANSACTION_TIMEOUT_S) -> Iterator[Connection]:
        """Begin a transaction that only reads; parameters and errors as of `writing`."""
        with self._transaction(seconds, writes=False) as connection:
            yield connection

    def close(self) -> None:
        """Close this process's connections; the next use makes new ones.

        A server that forks must call it before, as no two processes can share a connection.
        """
        with self._lock:
            current, self._process_engine = self._process_engine, None
        if current is not None and current[0] == os.getpid():
            current[1].dispose()

    @contextlib.contextmanager
    def _transaction(self, seconds: float, *, writes: bool) -> Iterator[Connection]:
        try:
            with within(seconds), self._engine().connect() as connection:
                connection.execution_options(creditscore_writes=writes)
                try:
                    transaction = connection.begin()
                    self._raise_timeouts(connection, seconds)
                    yield connection
                    if transaction.is_active:
                        transaction.commit()
                    self._check_in_place(connection)
                except BaseException as error:
                    # Also one that was told to end while it waited: SQLite may still be at work.
                    if isinstance(error, SQLAlchemyError | sqlite3.Error) or not isinstance(
                        error, Exception
                    ):
                        connection.invalidate()
                    raise
        except (SQLAlchemyError, sqlite3.Error) as error:
            # Not chained: what the database says of a row can hold an applicant's data.
            raise DatabaseUnavailable(_cause(error)) from None

    def _engine(self) -> Engine:
        """Return this process's engine; make it when it is needed first."""
        with self._lock:
            if self._process_engine is not None and self._process_engine[0] != os.getpid():
                # Made before a fork: closing it here would speak in the parent's name. Keep it.
                self._inherited.append(self._process_engine[1])
                self._process_engine = None
            if self._process_engine is None:
                self._process_engine = (os.getpid(), _make_engine(self._target))
            return self._process_engine[1]

    def _raise_timeouts(self, connection: Connection, seconds: float) -> None:
        """Raise the server's timeouts for a transaction that may take longer than usual."""
        if seconds > TRANSACTION_TIMEOUT_S and not self.is_sqlite:
            milliseconds = 0 if seconds == float("inf") else int(seconds * 1000)
            for name in ("statement_timeout", "lock_timeout"):
                connection.exec_driver_sql(f"SET LOCAL {name} = {milliseconds}")

    def _check_in_place(self, connection: Connection) -> None:
        """Check, before anything is answered, that the open file is the one that others open."""
        raw = connection.connection.dbapi_connection
        if isinstance(raw, FileConnection):
            raw.check_in_place()


@dataclass(frozen=True)
class _Target:
    """Which database, how it is reached, and the file if it is one."""

    url: URL
    connect: Callable[..., Any]
    path: Path | None = None


def _target(text: str, journal: str) -> _Target:
    try:
        url = make_url(text)
    except ArgumentError:
        # The text may hold a password.
        raise StartupError("CREDITSCORE_DATABASE_URL is no database URL") from None
    if url.get_backend_name() in {"postgresql", "postgres"}:
        return _Target(url.set(drivername="postgresql+psycopg"), _postgres_connect())
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        raise StartupError("CREDITSCORE_DATABASE_URL names neither an SQLite file nor PostgreSQL")
    sqlite.check_journal(journal)
    path = Path(url.database).absolute()
    url = url.set(drivername="sqlite+pysqlite", database=str(path), query={})
    return _Target(url, lambda *_, **__: sqlite.connect(path, journal), path)


def _postgres_connect() -> Callable[..., Any]:
    try:
        from creditscore.decision_log import postgres
    except ImportError:
        lock = "requirements-postgres.txt"
        mend = python_command("-m", "pip", "install", "--require-hashes", "-r", lock)
        raise StartupError(
            f"PostgreSQL needs a package that is not installed; to mend it: {mend}"
        ) from None
    return postgres.connect


def _make_engine(target: _Target) -> Engine:
    engine = create_engine(
        target.url,
        poolclass=QueuePool,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=POOL_TIMEOUT_S,
        pool_pre_ping=target.path is None,
        pool_use_lifo=True,
        # What stands in a row belongs in no message.
        hide_parameters=True,
    )

    @event.listens_for(engine, "do_connect")
    def connect(_: Any, __: Any, arguments: list[Any], parameters: dict[str, Any]) -> Any:
        return target.connect(*arguments, **parameters)

    if target.path is not None:
        event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    """Begin as SQLite needs it: who will write takes the lock first, or two could deadlock."""
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, FileConnection)
    if connection.get_execution_options().get("creditscore_writes"):
        raw.begin_writing()
    else:
        raw.begin_reading()


def _cause(error: Exception) -> str:
    """Return in a few words what failed, without a value of any row."""
    original = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(original, sqlite3.Error):
        # SQLite's messages name tables and columns; Python's one about UTF-8 goes on to the value.
        return str(original).partition(" with text ")[0]
    name, state = type(original).__name__, getattr(original, "sqlstate", None)
    if state is None:
        # No server answered: the message is about the connection, not about a row.
        return f"{name}: {' '.join(str(original).split())}"
    return f"{name} ({state})"
