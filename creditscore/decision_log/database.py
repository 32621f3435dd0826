"""The database of the decision log, an SQLite file or PostgreSQL: whole transactions, or an error.

A transaction that returned is on the disk. One that did not has ended with `DatabaseUnavailable`
within five seconds, and its connection is closed: after an error it is not known what a connection
still holds, and a new one costs less than a wrong answer.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from creditscore.decision_log import sqlite
from creditscore.environment import install_command
from creditscore.errors import DatabaseUnavailable, StartupError

#: Seconds for a whole transaction. A connection that must be made at its very end takes two more,
#: and all together must stay below the five that an answer may take.
TRANSACTION_TIMEOUT_S = 2.8

#: Connections of one process: as many as gunicorn's threads here, and some for a host's own choice.
POOL_SIZE = 8
POOL_OVERFLOW = 8

#: Seconds to wait for one of them.
POOL_TIMEOUT_S = 1.0

#: When the answer that this thread works on must have been given, on the monotonic clock.
_deadline: ContextVar[float | None] = ContextVar("_deadline", default=None)


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Set the deadline of what happens inside; one that is in force already may only be earlier."""
    outer_deadline = _deadline.get()
    deadline = monotonic() + seconds
    token = _deadline.set(deadline if outer_deadline is None else min(deadline, outer_deadline))
    try:
        yield
    finally:
        _deadline.reset(token)


def seconds_left() -> float | None:
    """Return the seconds that are left, never below 0; None if no deadline is in force."""
    deadline = _deadline.get()
    return None if deadline is None else max(0.0, deadline - monotonic())


class Database:
    """Where the log is kept; each process makes its connections when it needs them.

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
        self._inherited_engines: list[Engine] = []

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
            process_engine, self._process_engine = self._process_engine, None
        if process_engine is not None and process_engine[0] == os.getpid():
            process_engine[1].dispose()

    @contextlib.contextmanager
    def _transaction(self, seconds: float, *, writes: bool) -> Iterator[Connection]:
        try:
            engine = self._engine()
            with within(seconds), engine.connect() as connection:
                raised_timeout = seconds if seconds > TRANSACTION_TIMEOUT_S else None
                connection.execution_options(
                    creditscore_writes=writes, creditscore_seconds=raised_timeout
                )
                try:
                    transaction = connection.begin()
                    yield connection
                    if transaction.is_active:
                        transaction.commit()
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
                self._inherited_engines.append(self._process_engine[1])
                self._process_engine = None
            if self._process_engine is None:
                self._process_engine = (os.getpid(), _make_engine(self._target))
            return self._process_engine[1]


@dataclass(frozen=True)
class _Target:
    """Which database, how it is reached, and the file if it is one."""

    url: URL
    connect: Callable[..., Any]
    begin: Callable[[Connection], None]
    path: Path | None = None


def _target(text: str, journal: str) -> _Target:
    try:
        url = make_url(text)
    except ArgumentError:
        # The text may hold a password.
        raise StartupError("CREDITSCORE_DATABASE_URL is not a database URL") from None
    if url.get_backend_name() in {"postgresql", "postgres"}:
        return _postgres_target(url)
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        raise StartupError("CREDITSCORE_DATABASE_URL names neither an SQLite file nor PostgreSQL")
    sqlite.check_journal(journal)
    path = Path(url.database).absolute()
    url = url.set(drivername="sqlite+pysqlite", database=str(path), query={})
    connect = partial(sqlite.connect, path, journal, seconds_left)
    return _Target(url, lambda *_, **__: connect(), sqlite.begin, path)


def _postgres_target(url: URL) -> _Target:
    try:
        from creditscore.decision_log import postgres
    except ImportError:
        remedy = install_command("postgres")
        raise StartupError(
            f"PostgreSQL needs a package that is not installed; to fix it: {remedy}"
        ) from None
    url = url.set(drivername="postgresql+psycopg")
    return _Target(url, partial(postgres.connect, seconds_left), postgres.begin)


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

    event.listen(engine, "begin", target.begin)
    return engine


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
