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
from typing import TYPE_CHECKING, TypeAlias

from creditscore.web import metrics
from creditscore.web.body_collector import LATER, LONG, BodyCollector, Message, Receive, Refused
from creditscore.web.json_logging import log_request
from creditscore.web.problems import write_problem
from creditscore.web.threads import NoThread, Threads
from creditscore.web.wsgi import PIECE, Answer, answer_of, environ_of, pieces_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

Send: TypeAlias = Callable[[Message], Awaitable[None]]

#: Seconds to read on a refused body, as a client may lose an answer that comes while it sends.
LINGER_S = 2.0


class Asgi:
    """Serves a WSGI application to an ASGI server.

    `closing` makes each answer ask its client for another connection.
    """

    def __init__(
        self, app: WSGIApplication, bodies: BodyCollector, threads: Threads | None = None
    ) -> None:
        self._app, self._bodies, self._threads = app, bodies, threads or Threads()
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
            is_complete = await self._bodies.collect(scope, receive, body)
            environ = environ_of(scope, body)
            is_long = body.getbuffer().nbytes > LONG
            answer = await self._threads.begin(answer_of, self._app, environ, is_long=is_long)
            await self._send(answer, send, receive, is_complete=is_complete)
            log_request(environ, answer.status, monotonic() - began_at)
        except (Refused, NoThread) as refused:
            status, text = refused.args or (HTTPStatus.SERVICE_UNAVAILABLE, LATER)
            metrics.request_shed(status)
            problem = Answer(*write_problem(status, text), pieces_of(()))
            await self._send(problem, send, receive, is_complete=is_complete)
        finally:
            self._bodies.release(body)
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S):
                while not is_complete and (await receive()).get("more_body"):
                    pass

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
        self._bodies.total_bytes += size
        try:
            while len(piece) >= min_size and not (disconnect and disconnect.done()):
                for offset in range(0, len(piece), PIECE):
                    part = piece[offset : offset + PIECE]
                    await send({"type": "http.response.body", "body": part, "more_body": True})
                piece = await self._threads.go_on(next, rest)
            await send({"type": "http.response.body", "body": piece})
        finally:
            self._bodies.total_bytes -= size
            if disconnect:
                disconnect.cancel()
            with suppress(ValueError):  # a thread is reading still, and ends it itself
                rest.close()
