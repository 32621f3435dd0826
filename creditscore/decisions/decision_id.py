"""Decision ids: UUIDs of version 7, which sort by the time they were given (RFC 9562)."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from functools import lru_cache

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


def new_decision_id(now: datetime) -> str:
    """Give an id that nobody can guess.

    Its 74 random bits make it unique even if the clock stands still or is set back.
    """
    drawn = _draw()
    digits = drawn.hex()
    # The version; and of the fourth digit two bits, after the variant.
    variant = "89ab"[drawn[1] & 0b11]
    return f"{_begin(now)}-7{digits[:3]}-{variant}{digits[4:7]}-{digits[7:19]}"


@lru_cache(maxsize=16)
def _begin(now: datetime) -> str:
    """Write the time that an id begins with: its milliseconds, in 48 bits."""
    # In whole numbers: a float of the seconds can fall short of the millisecond.
    digits = f"{(now - EPOCH) // MILLISECOND:012x}"
    return f"{digits[:8]}-{digits[8:]}"


def _draw() -> bytes:
    """Give randomness that nobody else gets."""
    while True:
        try:
            return _drawn.pop()
        except IndexError:
            raw = os.urandom(BYTES * AT_ONCE)
            _drawn.extend(raw[begin : begin + BYTES] for begin in range(0, len(raw), BYTES))
