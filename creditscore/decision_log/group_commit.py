"""Work that waits at the same moment is done in one turn: requests that share one commit.

The disk writes as long for one decision as for ten. While one turn is on its way to the disk,
whoever comes meanwhile waits, and the first of them takes all of them along in the next: also those
who come until it has the database for itself, which other processes write to as well. Nobody is
answered before the turn that holds their work has ended, nobody waits for others to come, and
there is no thread beside those that ask.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Given = TypeVar("Given")

#: Most pieces of work in one turn.
MOST = 64


class CommitTimeout(Exception):
    """The turn did not come, or did not end, in time."""


class _Piece(Generic[Asked, Given]):
    """A piece of work that waits, and later what came of it."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.outcome: list[Given | Exception] = []
        #: Whether the next turn is its to do.
        self.leads = False
        #: Free as soon as one of these is so.
        self.called = threading.Lock()
        self.called.acquire()


class GroupCommitter(Generic[Asked, Given]):
    """Does pieces of work together, one turn after the other.

    Parameters
    ----------
    work : callable
        Does some pieces, all or none, and gives what came of each: a result, or an exception that
        only this one gets. What it raises, all of them get. It is given a function that tells the
        pieces, to be called once, as late as can be.
    """

    def __init__(
        self, work: Callable[[Callable[[], Sequence[Asked]]], Sequence[Given | Exception]]
    ) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._waiting: deque[_Piece[Asked, Given]] = deque()
        self._busy = False

    @property
    def queued(self) -> int:
        """How many pieces of work wait for the next turn."""
        return len(self._waiting)

    def submit(self, asked: Asked, *, seconds: float) -> Given:
        """Have a piece of work done, alone or with others, and give what came of it.

        Parameters
        ----------
        seconds : float
            How long to wait for others' turns, one's own included if somebody else does it.

        Raises
        ------
        CommitTimeout
            If that was too short. The work may be done all the same, if its turn had begun.
        """
        piece: _Piece[Asked, Given] = _Piece(asked)
        with self._lock:
            if self._busy:
                self._waiting.append(piece)
            else:
                self._busy = piece.leads = True
        if not piece.leads:
            self._wait(piece, seconds)
        if piece.leads:
            self._do(piece)
        (outcome,) = piece.outcome
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _wait(self, piece: _Piece[Asked, Given], seconds: float) -> None:
        """Wait until the work is done, or is ours to do."""
        if piece.called.acquire(timeout=max(0.0, seconds)):
            return
        with self._lock:
            if piece in self._waiting:
                self._waiting.remove(piece)
            elif piece.leads:
                # It was called at this very moment: the next one takes its place.
                self._call_next()
        raise CommitTimeout

    def _do(self, piece: _Piece[Asked, Given]) -> None:
        group = [piece]

        def drain_queue() -> Sequence[Asked]:
            with self._lock:
                while self._waiting and len(group) < MOST:
                    group.append(self._waiting.popleft())
            return [one.asked for one in group]

        outcomes: Sequence[Given | Exception] = []
        try:
            outcomes = self._work(drain_queue)
        except Exception as error:  # noqa: BLE001  # raised again, in the thread of each of them
            outcomes = [error] * len(group)
        finally:
            # A thread that is told to exit leaves nobody behind.
            outcomes = outcomes or [CommitTimeout("the turn was broken off")] * len(group)
            for one, outcome in zip(group, outcomes, strict=True):
                one.outcome.append(outcome)
                if one is not piece:
                    one.called.release()
            with self._lock:
                self._call_next()

    def _call_next(self) -> None:
        """Give the next turn to the first that waits, if any does."""
        if self._waiting:
            first = self._waiting.popleft()
            first.leads = True
            first.called.release()
        else:
            self._busy = False
