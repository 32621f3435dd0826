"""Decision ids: UUIDs of version 7, which sort by the time they were given (RFC 9562)."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from uuid import UUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

MILLISECOND = timedelta(milliseconds=1)


def new_decision_id(now: datetime) -> UUID:
    """Give an id that nobody can guess.

    Its 74 random bits make it unique even if the clock stands still or is set back.
    """
    # In whole numbers: a float of the seconds can fall short of the millisecond.
    milliseconds = (now - EPOCH) // MILLISECOND
    randomness = int.from_bytes(os.urandom(10), "big") >> 6
    high, low = randomness >> 62, randomness & (1 << 62) - 1
    return UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)
