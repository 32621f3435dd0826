"""Work that waits at the same moment is done in one turn: requests that share one commit.

The disk writes as long for one decision as for ten. While one turn is on its way to the disk,
whoever comes meanwhile waits, and the first of them takes all of them along in the next. Nobody is
answered before the turn that holds their work has ended, nobody waits for others to come, and
there is no thread beside those that ask.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Given = TypeVar("Given")

#: Most pieces of work in one turn.
MOST = 64


class NoTurn(Exception):
    """The turn did not come, or did not end, in time."""


@dataclass(eq=False)
class _Piece(Generic[Asked, Given]):
    """A piece of work that waits, and later what came of it."""

    asked: Asked
    outcome: list[Given | Exception] = field(default_factory=list)


class Turns(Generic[Asked, Given]):
    """Does pieces of work together, one turn after the other.

    Parameters
    ----------
    work : callable
        Does some pieces, all or none, and gives what came of each: a result, or an exception that
        only this one gets. What it raises, all of them get.
    """

    def __init__(self, work: Callable[[Sequence[Asked]], Sequence[Given | Exception]]) -> None:
        self._work = work
        self._changed = threading.Condition(threading.Lock())
        self._waiting: list[_Piece[Asked, Given]] = []
        self._busy = False

    @property
    def waiting(self) -> int:
        """How many pieces of work wait for the next turn."""
        with self._changed:
            return len(self._waiting)

    def take(self, asked: Asked, *, seconds: float) -> Given:
        """Have a piece of work done, alone or with others, and give what came of it.

        Parameters
        ----------
        seconds : float
            How long to wait for others' turns, one's own included if somebody else does it.

        Raises
        ------
        NoTurn
            If that was too short. The work may be done all the same, if its turn had begun.
        """
        piece: _Piece[Asked, Given] = _Piece(asked)
        group = self._join(piece, monotonic() + seconds)
        if group:
            self._do(group)
        (outcome,) = piece.outcome
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _join(self, piece: _Piece[Asked, Given], ends: float) -> list[_Piece[Asked, Given]]:
        """Wait until the work is done, or until it is our turn: then give those who take part."""
        with self._changed:
            self._waiting.append(piece)
            while self._busy and not piece.outcome:
                if not self._changed.wait(ends - monotonic()):
                    if piece in self._waiting:
                        self._waiting.remove(piece)
                    raise NoTurn
            if piece.outcome:
                return []
            self._busy = True
            self._waiting.remove(piece)
            group = [piece, *self._waiting[: MOST - 1]]
            self._waiting = self._waiting[MOST - 1 :]
            return group

    def _do(self, group: list[_Piece[Asked, Given]]) -> None:
        outcomes: Sequence[Given | Exception] = []
        try:
            outcomes = self._work([piece.asked for piece in group])
        except Exception as error:  # noqa: BLE001  # raised again, in the thread of each of them
            outcomes = [error] * len(group)
        finally:
            # A thread that is told to exit leaves nobody behind.
            outcomes = outcomes or [NoTurn("the turn was broken off")] * len(group)
            with self._changed:
                for piece, outcome in zip(group, outcomes, strict=True):
                    piece.outcome.append(outcome)
                self._busy = False
                self._changed.notify_all()
