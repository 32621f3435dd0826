"""Bodies on the event loop: each comes in its time, and all together take bounded memory."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from io import BytesIO
from typing import Any, TypeAlias

from creditscore.i18n.catalogue import DEFAULT_LANGUAGE, say

Message = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]

#: Bytes of a body that get it one second more.
MIN_BYTES_PER_S = 64 * 1024

#: Bytes from which on a body is a long one: some two thousand applicants.
LONG = 256 * 1024

#: The share of all bodies' memory up to which a long one is taken: single decisions are made beside
#: tables that come slowly.
LONG_SHARE = 0.75

LATER = say("overloaded")[DEFAULT_LANGUAGE]
TOO_SLOW = "The request did not come whole in time."


class Refused(Exception):
    """A body that is not waited for: the status, and why."""


class BodyCollector:
    """Collects the bodies of requests, and counts what is held of them and of answers.

    Parameters
    ----------
    max_bytes : int
        Longest body that is read to its end.
    seconds : float
        Time of a body without bytes; each `MIN_BYTES_PER_S` get it one second more.
    max_total_bytes : int
        What all bodies may take together.

    Attributes
    ----------
    total_bytes : int
        What they take now.
    """

    def __init__(
        self, max_bytes: int, *, seconds: float = 20.0, max_total_bytes: int = 128 * 1024 * 1024
    ) -> None:
        self._max_bytes, self._seconds, self._max_total_bytes = max_bytes, seconds, max_total_bytes
        self.total_bytes = 0

    async def collect(self, scope: Message, receive: Receive, body: BytesIO) -> bool:
        """Read a body; return whether it is whole, and not too long to be read on.

        Raises
        ------
        Refused
            If it does not come in time, or all bodies take too much.
        """
        lengths = [int(value) for name, value in scope["headers"] if name == b"content-length"]
        if max(lengths, default=0) > self._max_bytes:
            return False
        with suppress(TimeoutError):
            async with asyncio.timeout(self._seconds) as limit:
                end = limit.when() or 0.0
                while (message := await receive())["type"] == "http.request":
                    self.total_bytes += body.write(message["body"])
                    if not message["more_body"] or body.tell() > self._max_bytes:
                        body.seek(0)
                        return not message["more_body"]
                    share = LONG_SHARE if body.tell() > LONG else 1
                    if self.total_bytes > share * self._max_total_bytes:
                        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, LATER)
                    limit.reschedule(end + body.tell() // MIN_BYTES_PER_S)
        raise Refused(HTTPStatus.REQUEST_TIMEOUT, TOO_SLOW)

    def release(self, body: BytesIO) -> None:
        """Empty a body: its answer may take a while yet, and what is not counted is not held."""
        self.total_bytes -= body.getbuffer().nbytes
        body.truncate(0)
