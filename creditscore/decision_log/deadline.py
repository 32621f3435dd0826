"""The deadline of an answer: how long it may still wait for the database, per thread."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from time import monotonic

_deadline: ContextVar[float | None] = ContextVar("_deadline", default=None)


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Set the deadline of what happens inside; one that is in force already may only be earlier."""
    outer = _deadline.get()
    ends = monotonic() + seconds
    token = _deadline.set(ends if outer is None else min(ends, outer))
    try:
        yield
    finally:
        _deadline.reset(token)


def seconds_left() -> float | None:
    """Return the seconds that are left, never below 0; None if no deadline is in force."""
    ends = _deadline.get()
    return None if ends is None else max(0.0, ends - monotonic())
