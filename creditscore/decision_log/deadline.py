"""How long an answer may still wait for the database: a time that ends, known to each thread."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from time import monotonic

_ENDS: ContextVar[float | None] = ContextVar("_ENDS", default=None)


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let what happens inside wait at most so long, and no longer than what is outside may."""
    outer = _ENDS.get()
    ends = monotonic() + seconds
    token = _ENDS.set(ends if outer is None else min(ends, outer))
    try:
        yield
    finally:
        _ENDS.reset(token)


def seconds_left() -> float | None:
    """Give the time that is left, never below 0; None where no deadline is in force."""
    ends = _ENDS.get()
    return None if ends is None else max(0.0, ends - monotonic())
