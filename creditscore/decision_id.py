"""Decision ids: UUIDs of version 7, which sort by the time they were given (RFC 9562)."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from uuid import UUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

MILLISECOND = timedelta(milliseconds=1)

#: Bytes of randomness of an id, and ids for which it is asked of the system at once: while it is
#: asked, other threads run, and whoever asked waits for them.
BYTES, AT_ONCE = 10, 256

#: What is left of it.
_drawn: list[bytes] = []

if hasattr(os, "register_at_fork"):
    # No two processes may use the same.
    os.register_at_fork(after_in_child=_drawn.clear)


def new_decision_id(now: datetime) -> UUID:
    """Give an id that nobody can guess.

    Its 74 random bits make it unique even if the clock stands still or is set back.
    """
    # In whole numbers: a float of the seconds can fall short of the millisecond.
    milliseconds = (now - EPOCH) // MILLISECOND
    randomness = int.from_bytes(_draw(), "big") >> 6
    high, low = randomness >> 62, randomness & (1 << 62) - 1
    return UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)


def _draw() -> bytes:
    """Give randomness that nobody else gets."""
    while True:
        try:
            return _drawn.pop()
        except IndexError:
            raw = os.urandom(BYTES * AT_ONCE)
            _drawn.extend(raw[begin : begin + BYTES] for begin in range(0, len(raw), BYTES))
