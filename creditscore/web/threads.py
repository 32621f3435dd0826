"""Threads for requests: work goes to the one that was busy last, and wakes no other.

The library's pool makes an object to wait for, with its locks, for each piece of work, and of the
threads that wait in line for the next piece it wakes one too many each time; beside requests of
half a millisecond that counts. Here each thread waits for itself, and the last to go idle is the
first to be called, whose data the processor still has.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

Work = Callable[[], None]


class _Seat:
    """A thread's place: where it waits, and what it is given then."""

    def __init__(self) -> None:
        self.work: Work | None = None
        self._given = threading.Lock()
        self._given.acquire()

    def give(self, work: Work | None) -> None:
        """Wake the thread with work; with none to end it."""
        self.work = work
        self._given.release()

    def wait(self) -> Work | None:
        """Wait for work."""
        self._given.acquire()
        return self.work


class Threads:
    """Runs pieces of work, in their order, so many at a time; none may raise.

    Parameters
    ----------
    most : int
        How many threads; each is made when it is first needed, and does not keep its process
        from ending.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._count = 0
        self._closed = False
        self._idle: list[_Seat] = []
        self._waiting: deque[Work] = deque()
        self._lock = threading.Lock()

    def submit(self, work: Work) -> None:
        """Run a piece of work as soon as a thread is free."""
        with self._lock:
            if self._idle:
                self._idle.pop().give(work)
                return
            if self._count >= self._most:
                self._waiting.append(work)
                return
            self._count += 1
            name = f"request-{self._count}"
        threading.Thread(target=self._run, args=(work,), name=name, daemon=True).start()

    def shutdown(self, **_: bool) -> None:
        """Drop what waits; what has begun goes on, and is not waited for."""
        with self._lock:
            self._closed = True
            self._waiting.clear()
            while self._idle:
                self._idle.pop().give(None)

    def _run(self, work: Work | None) -> None:
        seat = _Seat()
        while work is not None:
            work()
            work = self._next(seat)

    def _next(self, seat: _Seat) -> Work | None:
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            if self._closed:
                return None
            self._idle.append(seat)
        return seat.wait()
