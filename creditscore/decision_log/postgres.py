"""Connections to PostgreSQL that keep what was committed, and never wait for ever."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.rows import TupleRow
from sqlalchemy import Connection

#: Seconds for one attempt to connect; libpq knows none shorter.
CONNECT_TIMEOUT_S = 2

#: Seconds for what happens under no deadline, such as returning a connection to the pool.
NO_DEADLINE_TIMEOUT_S = 1.0

#: Milliseconds after which the server itself gives up, so that it does not go on for no one.
SERVER_TIMEOUTS_MS = {"statement_timeout": 2500, "lock_timeout": 2000}

Result = TypeVar("Result")


class BoundedConnection(psycopg.Connection[TupleRow]):
    """A connection whose every wait for the server ends with the deadline in force.

    The server's own timeouts help only while it runs and can be reached.
    """

    seconds_left: Callable[[], float | None] = staticmethod(lambda: None)

    def wait(
        self, gen: PQGen[Result], interval: float = 0.1, timeout: float | None = None
    ) -> Result:
        """Wait for the server as long as the deadline allows, and no longer."""
        seconds_left = self.seconds_left()
        bound = min(
            NO_DEADLINE_TIMEOUT_S if seconds_left is None else seconds_left, timeout or math.inf
        )
        return super().wait(gen, interval, None if math.isinf(bound) else bound)


def begin(connection: Connection) -> None:
    """Raise the server's timeouts for a transaction that may take longer than usual."""
    seconds = connection.get_execution_options().get("creditscore_seconds")
    if seconds is not None:
        milliseconds = 0 if math.isinf(seconds) else int(seconds * 1000)
        for name in SERVER_TIMEOUTS_MS:
            connection.exec_driver_sql(f"SET LOCAL {name} = {milliseconds}")


def connect(
    seconds_left: Callable[[], float | None], *arguments: Any, **parameters: Any
) -> BoundedConnection:
    """Connect, so that a commit is on the server's disk when it returns.

    Parameters
    ----------
    seconds_left : callable
        Returns how long to wait for the server; None for no deadline.
    *arguments, **parameters
        As of psycopg's `connect`.

    Raises
    ------
    psycopg.Error
        If there is no connection within some seconds, or it does not take the settings.
    """
    if seconds_left() == 0:
        raise psycopg.OperationalError("no time is left to connect")
    options = {"connect_timeout": CONNECT_TIMEOUT_S, **parameters}
    connection = BoundedConnection.connect(*arguments, **options)
    connection.seconds_left = seconds_left
    try:
        for name, milliseconds in SERVER_TIMEOUTS_MS.items():
            connection.execute(f"SET {name} = {milliseconds}")
        if _synchronous_commit(connection) == "off":
            connection.execute("SET synchronous_commit = on")
        if _synchronous_commit(connection) == "off":
            raise psycopg.OperationalError("PostgreSQL does not take synchronous_commit = on")
        connection.commit()
    except BaseException:
        connection.close()
        raise
    return connection


def _synchronous_commit(connection: BoundedConnection) -> str:
    row = connection.execute("SHOW synchronous_commit").fetchone()
    return str(row[0]) if row else ""
