"""ASGI for gunicorn: the event loop collects a request, then a thread answers it by WSGI.

The loop waits for slow clients, thousands at once; threads see whole requests only. What would
take too long, or too much memory, is refused at once (load shedding).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from io import BytesIO
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeAlias

from creditscore.web import metrics
from creditscore.web.json_logging import log_request
from creditscore.web.problems import write_problem
from creditscore.web.threads import NoThread, Threads
from creditscore.web.wsgi import PIECE, Answer, answer_of, environ_of, pieces_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

Message = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

#: Bytes of a body that get it one second more; seconds to read on a refused body, as a client may
#: lose an answer that comes while it sends.
MIN_BYTES_PER_S, LINGER_S = 64 * 1024, 2.0

LATER = "There is more to do than can be done soon; ask again a little later."
TOO_SLOW = "The request did not come whole in time."


class Refused(Exception):
    """A body that is not waited for: the status, and why."""


class Asgi:
    """Serves a WSGI application to an ASGI server.

    `closing` makes each answer ask its client for another connection.
    """

    def __init__(
        self,
        app: WSGIApplication,
        max_body_bytes: int,
        *,
        body_seconds: float = 20.0,
        max_total_bytes: int = 128 * 1024 * 1024,
        threads: Threads | None = None,
    ) -> None:
        self._app, self._max_body_bytes, self._body_seconds = app, max_body_bytes, body_seconds
        self._max_total_bytes, self._bytes, self._threads = max_total_bytes, 0, threads or Threads()
        self.closing = False

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
            return
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        began_at, body, is_complete = monotonic(), BytesIO(), False
        try:
            is_complete = await self._collect(scope, receive, body)
            environ = environ_of(scope, body)
            answer = await self._threads.begin(answer_of, self._app, environ)
            await self._send(answer, send, receive, is_complete=is_complete)
            log_request(environ, answer.status, monotonic() - began_at)
        except (Refused, NoThread) as refused:
            status, text = refused.args or (HTTPStatus.SERVICE_UNAVAILABLE, LATER)
            metrics.request_shed(status)
            problem = Answer(*write_problem(status, text), pieces_of(()))
            await self._send(problem, send, receive, is_complete=is_complete)
        finally:
            self._bytes -= body.getbuffer().nbytes
            # It may take a while yet, and what is not counted must not be held.
            body.truncate(0)
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S):
                while not is_complete and (await receive()).get("more_body"):
                    pass

    async def _collect(self, scope: Message, receive: Receive, body: BytesIO) -> bool:
        """Read the body; return whether it is whole, and not too long to be read on."""
        lengths = [int(value) for name, value in scope["headers"] if name == b"content-length"]
        if max(lengths, default=0) > self._max_body_bytes:
            return False
        with suppress(TimeoutError):
            async with asyncio.timeout(self._body_seconds) as limit:
                end = limit.when() or 0.0
                while (message := await receive())["type"] == "http.request":
                    self._bytes += body.write(message["body"])
                    if not message["more_body"] or body.tell() > self._max_body_bytes:
                        body.seek(0)
                        return not message["more_body"]
                    if self._bytes > self._max_total_bytes:
                        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, LATER)
                    limit.reschedule(end + body.tell() // MIN_BYTES_PER_S)
        raise Refused(HTTPStatus.REQUEST_TIMEOUT, TOO_SLOW)

    async def _send(
        self, answer: Answer, send: Send, receive: Receive, *, is_complete: bool
    ) -> None:
        """Send an answer; a thread reads the rest of it, which may come from a file."""
        status, headers, piece, rest, min_size = answer
        lines = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        lines += [(b"connection", b"close")] if self.closing or not is_complete else []
        await send({"type": "http.response.start", "status": status, "headers": lines})
        size = len(piece)
        disconnect = asyncio.ensure_future(receive()) if is_complete and size >= min_size else None
        self._bytes += size
        try:
            while len(piece) >= min_size and not (disconnect and disconnect.done()):
                for offset in range(0, len(piece), PIECE):
                    part = piece[offset : offset + PIECE]
                    await send({"type": "http.response.body", "body": part, "more_body": True})
                piece = await self._threads.go_on(next, rest)
            await send({"type": "http.response.body", "body": piece})
        finally:
            self._bytes -= size
            if disconnect:
                disconnect.cancel()
            with suppress(ValueError):  # a thread is reading still, and ends it itself
                rest.close()
