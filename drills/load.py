"""Requests in numbers: as many as connections can carry, or so many per second whatever comes back.

One process, one loop, no threads: what it takes from the machine is little, and always the same.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import selectors
import socket
import sys
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any

#: Seconds to wait for an answer.
PATIENCE = 5.0

#: Seconds that a loop waits at most for an answer, or until the next request is due.
TICK = 0.002


@dataclass
class Tally:
    """What became of requests.

    Attributes
    ----------
    waits : dict
        Seconds that answers took, by status.
    broken : int
        Requests that got none.
    seconds : float
        How long they were sent.
    busy : float
        Share of that time that the processor took to send them; near 1, it sent no more for itself.
    """

    waits: dict[int, list[float]] = field(default_factory=dict)
    broken: int = 0
    seconds: float = 0.0
    busy: float = 0.0

    @property
    def statuses(self) -> Counter[int]:
        """How many answers there were of each status."""
        return Counter({status: len(waits) for status, waits in self.waits.items()})

    @property
    def failed(self) -> int:
        """How many requests got no answer, or another than 200."""
        statuses = self.statuses
        return self.broken + statuses.total() - statuses[200]

    @classmethod
    def together(cls, tallies: Sequence[Tally]) -> Tally:
        """Add up what became of requests at different times."""
        waits: dict[int, list[float]] = {}
        for tally in tallies:
            for status, seconds in tally.waits.items():
                waits.setdefault(status, []).extend(seconds)
        broken = sum(tally.broken for tally in tallies)
        lasted = sum(tally.seconds for tally in tallies)
        return cls(waits, broken, lasted, max(tally.busy for tally in tallies))

    def rate(self, status: int = 200) -> float:
        """Give the answers of a status per second."""
        return len(self.waits.get(status, ())) / self.seconds

    def percentile(self, percent: int, *statuses: int) -> float:
        """Give a percentile of the seconds that answers of some statuses took; 0 for none."""
        waits = [wait for status in statuses for wait in self.waits.get(status, ())]
        if len(waits) < 2:
            return max(waits, default=0.0)
        return quantiles(waits, n=100, method="inclusive")[percent - 1]


class Connection:
    """A connection that is kept, with one request under way at most."""

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.setblocking(False)
        self.sent_at = 0.0
        self.received = b""

    def answer(self) -> tuple[int, bool] | None:
        """Give the status of a whole answer, and whether the connection stays open.

        Raises
        ------
        OSError
            If the connection broke.
        """
        piece = self.sock.recv(65536)
        if not piece:
            raise ConnectionResetError
        self.received += piece
        head, separator, rest = self.received.partition(b"\r\n\r\n")
        if not separator:
            return None
        lines = head.lower()
        length = int(lines.partition(b"content-length:")[2].split(b"\r\n", 1)[0] or 0)
        if len(rest) < length:
            return None
        self.received = b""
        return int(head[9:12]), b"connection: close" not in lines


class Load:
    """Sends the same few requests, in turn.

    Parameters
    ----------
    port : int
        Where the service listens on loopback.
    requests : sequence of bytes
        Whole ones, with their heads.
    """

    def __init__(self, port: int, requests: Sequence[bytes]) -> None:
        self._port, self._requests, self._next = port, requests, 0
        self._selector = selectors.DefaultSelector()
        self._waiting: set[Connection] = set()
        self._idle: deque[Connection] = deque()
        self._tally, self._counted_from = Tally(), 0.0

    def run(
        self,
        *,
        connections: int,
        seconds: float = float("inf"),
        warm_up: float = 0.0,
        per_second: float | None = None,
        max_requests: int = sys.maxsize,
    ) -> Tally:
        """Send requests, and tell what became of them.

        Parameters
        ----------
        connections : int
            How many at most; as many requests can be under way.
        seconds : float
            How long.
        warm_up : float
            Seconds of the same before, in which connections are made and nothing is counted.
        per_second : float, optional
            How many requests fall due; as many as are answered if left out.
        max_requests : int
            How many requests.
        """
        self._tally = Tally()
        start, due, swept, computed = time.monotonic(), 0, 0.0, time.process_time()
        self._counted_from = start + warm_up
        last = self._next + max_requests
        while (now := time.monotonic()) < start + warm_up + seconds and self._next < last:
            free = min(connections - len(self._waiting), last - self._next)
            to_send = free if per_second is None else int(per_second * (now - start)) - due
            for _ in range(min(to_send, free)):
                self._send()
            due += to_send
            if per_second is None:
                self._read(TICK)
            else:
                # To wait for answers would have the service wake it at each of them.
                time.sleep(TICK)
                self._read(0)
            if now - swept > 0.5:
                swept = now
                self._sweep(now)
        lasted = time.monotonic() - start
        self._tally.seconds = lasted - warm_up
        self._tally.busy = (time.process_time() - computed) / lasted
        ends = time.monotonic() + PATIENCE
        while self._waiting and time.monotonic() < ends:
            self._read(TICK)
        self._sweep(float("inf"))
        while self._idle:
            self._close(self._idle.pop())
        return self._tally

    def _send(self) -> None:
        try:
            connection = self._idle.popleft() if self._idle else self._connect()
            connection.sent_at = time.monotonic()
            self._next += 1
            connection.sock.sendall(self._requests[self._next % len(self._requests)])
        except OSError:
            # An idle connection that the server had ended, or one that it did not take.
            self._tally.broken += 1
            return
        self._waiting.add(connection)

    def _connect(self) -> Connection:
        connection = Connection(self._port)
        self._selector.register(connection.sock, selectors.EVENT_READ, connection)
        return connection

    def _read(self, timeout: float) -> None:
        for key, _ in self._selector.select(timeout):
            connection: Connection = key.data
            try:
                answer = connection.answer()
            except OSError:
                self._drop(connection)
                continue
            now = time.monotonic()
            if answer is None:
                continue
            status, stays = answer
            if connection.sent_at >= self._counted_from:
                self._tally.waits.setdefault(status, []).append(now - connection.sent_at)
            self._waiting.discard(connection)
            if stays:
                self._idle.append(connection)
            else:
                self._close(connection)

    def _drop(self, connection: Connection) -> None:
        """Let a connection go that broke, or whose answer takes too long."""
        # Of one that was idle, nobody waits for anything.
        self._tally.broken += connection in self._waiting
        self._waiting.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        self._close(connection)

    def _close(self, connection: Connection) -> None:
        self._selector.unregister(connection.sock)
        connection.sock.close()

    def _sweep(self, now: float) -> None:
        """Give up those that have waited for too long."""
        for connection in [
            connection for connection in self._waiting if connection.sent_at < now - PATIENCE
        ]:
            self._drop(connection)


def load(port: int, requests: Sequence[bytes], **how: Any) -> Tally:
    """Send requests from a process of their own; parameters as of `Load` and its `run`."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_load, (port, requests, how))


def _load(port: int, requests: Sequence[bytes], how: dict[str, Any]) -> Tally:
    with contextlib.suppress(ImportError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (min(hard, max(soft, how["connections"] + 100)), hard)
        )
    return Load(port, requests).run(**how)


def request_of(body: bytes, *lines: bytes, path: bytes = b"/predict") -> bytes:
    """Give a whole request for a decision, with some more lines in its head."""
    first = [
        b"POST %s HTTP/1.1" % path,
        b"Host: localhost",
        b"Content-Length: %d" % len(body),
        *lines,
    ]
    return b"\r\n".join([*first, b"", body])
