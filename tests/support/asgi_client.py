"""Ask an ASGI application without a server: messages in, what it sends out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from creditscore.web.asgi import Asgi

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MAX_BODY = 1000

Message = dict[str, Any]
Headers = Sequence[tuple[bytes, bytes]]


class Answered(list[Message]):
    """What was sent to the client."""

    @property
    def status(self) -> int:
        return int(self[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode().lower(): value.decode() for name, value in self[0]["headers"]}

    @property
    def body(self) -> bytes:
        assert [message.get("more_body", False) for message in self[1:]] == [True] * (
            len(self) - 2
        ) + [False]
        return b"".join(message["body"] for message in self[1:])


def scope_of(headers: Headers = (), path: bytes = b"/x", method: str = "POST") -> Message:
    return {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path.decode("latin-1"),
        "raw_path": path,
        "query_string": b"a=b%20c",
        "headers": list(headers),
        "server": ("127.0.0.1", 8000),
        "client": ("192.0.2.1", 5),
    }


def pieces(*bodies: bytes) -> list[Message]:
    """Give the messages of a body that comes in pieces."""
    last = len(bodies) - 1
    return [
        {"type": "http.request", "body": body, "more_body": index < last}
        for index, body in enumerate(bodies)
    ]


async def ask(
    door: Asgi,
    messages: Iterable[Message] = tuple(pieces(b"")),
    answered: Answered | None = None,
    **of_scope: Any,
) -> Answered:
    """Ask once; a client that has sent all waits for ever."""
    answered, coming = Answered() if answered is None else answered, iter(messages)

    async def receive() -> Message:
        for message in coming:
            return message
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        answered.append(message)

    await door(scope_of(**of_scope), receive, send)
    return answered


def echo(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Tell what came."""
    answer_body = {name: value for name, value in environ.items() if not name.startswith("wsgi.")}
    answer_body["body"] = environ["wsgi.input"].read().decode()
    start_response("201 Created", [("Content-Type", "application/json")])
    return [json.dumps(answer_body).encode()]
