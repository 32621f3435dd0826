"""Take the database away again and again while clients ask, and look what they are told.

.venv/bin/python drills/database_trouble.py --times 20 --seconds 2 --database sqlite|postgres
    [--seed N] [--fault NAME]

SQLite's file is locked by somebody else. PostgreSQL is, in turn, stopped, killed and started again,
and cut off in the middle of whatever goes over its connections, commits among them. Clients may get
decisions and 503, within five seconds, and nothing else; once the database is back, decisions have
to come again within five seconds, by themselves. In the end every decision that was answered must
be in the log. Exits with 1 if that does not hold.
"""

from __future__ import annotations

import contextlib
import random
import signal
import socket
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import replace

import harness
from database_servers import PostgresServer
from full_disk import until_decided
from harness import Drill

#: Seconds that an answer may take, and the first decision after the database is back.
MAX_ANSWER_S = 5.0

#: Seconds between two troubles, at least and at most.
PAUSE_S = (0.2, 1.0)

Trouble = Callable[[], AbstractContextManager[None]]


def main() -> int:
    """Run the drill, and give the exit status."""
    parser = harness.parser(__doc__, faults=["answers_anyway"], databases=["sqlite", "postgres"])
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=2, help="that each trouble lasts")
    return harness.run(trouble, parser.parse_args(), own_server=True)


def trouble(drill: Drill) -> int:
    """Take the database away while clients ask."""
    options = drill.options
    draw = random.Random(options.seed)
    returns = []
    with prepared(drill) as (drilled, troubles):
        with drilled.service() as service, drilled.clients(service) as clients:
            for number in range(options.times):
                time.sleep(draw.uniform(*PAUSE_S))
                with troubles[number % len(troubles)]():
                    time.sleep(options.seconds * draw.uniform(0.5, 1.5))
                returns.append(until_decided(clients))
        figures = (
            f"{options.database}, {options.times} times away, {clients.statuses[503]} refusals, "
            f"{clients.surprises()} odd answers, {clients.broken} without an answer, slowest "
            f"answer {clients.slowest:.1f} s, deciding again after {max(returns):.1f} s at most"
        )
        quick = max(clients.slowest, *returns) < MAX_ANSWER_S
        fine = quick and clients.statuses[503] > 0 and not (clients.surprises() or clients.broken)
        return drill.finish(clients, figures, fine=fine)


@contextlib.contextmanager
def prepared(drill: Drill) -> Iterator[tuple[Drill, Sequence[Trouble]]]:
    """Give the drill as the service is to see its database, and what may befall that."""
    if drill.server is None:
        path = drill.database_url.removeprefix("sqlite:///")
        yield drill, [lambda: locked(path)]
        return
    server = drill.server
    with Line(server.port) as line:
        through = drill.database_url.replace(f":{server.port}/", f":{line.port}/")
        yield (
            replace(drill, database_url=through),
            [lambda: stopped(server), lambda: killed(server), line.cut],
        )


@contextlib.contextmanager
def locked(path: str) -> Iterator[None]:
    """Hold the lock of an SQLite file."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        try:
            yield
        finally:
            connection.execute("ROLLBACK")


@contextlib.contextmanager
def stopped(server: PostgresServer) -> Iterator[None]:
    """Let PostgreSQL hang."""
    server.send(signal.SIGSTOP)
    try:
        yield
    finally:
        server.send(signal.SIGCONT)


@contextlib.contextmanager
def killed(server: PostgresServer) -> Iterator[None]:
    """Let PostgreSQL crash, and start it again."""
    server.send(signal.SIGKILL)
    server.stop()
    try:
        yield
    finally:
        server.start()


class Line:
    """The network between the service and PostgreSQL, which can be cut.

    Parameters
    ----------
    far : int
        The server's port on loopback.
    """

    def __init__(self, far: int) -> None:
        self._far = far
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._is_up = True

    def __enter__(self) -> Line:
        """Begin to carry what comes."""
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._listener.close()
        self._close_all()

    @contextlib.contextmanager
    def cut(self) -> Iterator[None]:
        """Break all connections, wherever they are, and let no new one through."""
        self._is_up = False
        self._close_all()
        try:
            yield
        finally:
            self._is_up = True

    def _close_all(self) -> None:
        with self._lock:
            for end in self._open:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if not self._is_up:
                near.close()
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self._far), timeout=5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            with self._lock:
                self._open |= {near, far}
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        """Carry bytes one way, until an end is closed; then close both."""
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
        with self._lock:
            self._open -= {source, target}
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


if __name__ == "__main__":
    sys.exit(main())
