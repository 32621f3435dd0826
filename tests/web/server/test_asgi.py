"""The ASGI application: what the WSGI application gets, what is refused, and what is let go of."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from creditscore.web.asgi import Asgi
from creditscore.web.threads import THREADS, Threads
from creditscore.web.wsgi import PIECE

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


def test_the_application_gets_the_request_as_wsgi_has_it() -> None:
    headers = [(b"x-odd", b"\xe9"), (b"x-odd", b"2"), (b"content-type", b"text/plain")]

    answer = asyncio.run(
        ask(Asgi(echo, MAX_BODY), pieces(b"ab", b"", b"c"), headers=headers, path=b"/%C3%A9%2f")
    )

    request_seen = json.loads(answer.body)
    assert answer.status == 201
    assert request_seen["body"] == "abc"
    assert request_seen["PATH_INFO"] == "/é/".encode().decode("latin-1")
    assert request_seen["QUERY_STRING"] == "a=b%20c"
    assert request_seen["HTTP_X_ODD"] == "é,2"
    assert request_seen["CONTENT_TYPE"] == "text/plain"
    assert request_seen["REMOTE_ADDR"] == "192.0.2.1"


@pytest.mark.parametrize(
    ("address", "path"),
    [("http://elsewhere.example/health", "/health"), ("http://[", "/"), ("odd", "/")],
)
def test_a_whole_address_is_taken_for_its_path(address: str, path: str) -> None:
    answer = asyncio.run(ask(Asgi(echo, MAX_BODY), path=address.encode()))

    assert json.loads(answer.body)["PATH_INFO"] == path


@pytest.mark.parametrize(
    ("headers", "messages"),
    [
        ([(b"content-length", b"1001")], []),
        ([(b"transfer-encoding", b"chunked")], [*pieces(bytes(600), bytes(600), b"")][:2]),
    ],
    ids=["announced", "chunked"],
)
def test_a_body_that_is_too_long_is_not_read_to_its_end(
    headers: Headers, messages: list[Message]
) -> None:
    rest = [{"type": "http.disconnect"}]

    answer = asyncio.run(ask(Asgi(echo, MAX_BODY), [*messages, *rest], headers=headers))

    # The application refuses it by its announcement, or by what came.
    assert answer.status == 201
    assert answer.headers["connection"] == "close"
    assert len(json.loads(answer.body)["body"]) in {0, 1200}


def test_a_body_that_does_not_end_is_refused() -> None:
    door = Asgi(echo, MAX_BODY, body_seconds=0.05)

    # Long enough for a busy machine, and less than for ever.
    answer = asyncio.run(asyncio.wait_for(ask(door, pieces(b"a", b"b", b"c")[:2]), 30))

    assert answer.status == 408
    assert answer.headers["connection"] == "close"
    assert json.loads(answer.body)["status"] == 408


def test_a_client_that_goes_while_it_sends_reaches_no_thread() -> None:
    def fail(*_: object) -> Iterable[bytes]:
        raise AssertionError

    messages = [*pieces(b"a", b"b")[:1], {"type": "http.disconnect"}]

    asyncio.run(ask(Asgi(fail, MAX_BODY), messages))


def test_what_bodies_fill_together_is_limited_and_all_of_it_is_given_back() -> None:
    async def fill(door: Asgi) -> int:
        """Tell how many bodies of half a kilobyte are held, not refused, while none ends."""
        answers = [Answered() for _ in range(8)]
        coming = pieces(bytes(500), b"", b"")[:2]
        tasks = [asyncio.create_task(ask(door, coming, answer)) for answer in answers]
        for _ in range(10):
            await asyncio.sleep(0)
        count = answers.count(Answered())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return count

    async def run() -> list[int]:
        door = Asgi(echo, MAX_BODY, max_total_bytes=2499)
        counts = [await fill(door)]
        for _ in range(20):
            await ask(door, pieces(bytes(500), bytes(100)))
            await ask(door, [*pieces(bytes(600), bytes(600), b"")[:2], {"type": "http.disconnect"}])
            await ask(door, headers=[(b"content-length", b"5000")], messages=pieces(b"", b"")[1:])
        return [*counts, await fill(door)]

    # Whoever is refused gives its own bytes back at once.
    assert asyncio.run(run()) == [4, 4]


@pytest.mark.parametrize(
    ("limits", "count"),
    [({"max_waiting": 2, "max_wait_seconds": 60.0}, 3), ({"max_wait_seconds": 0.01}, 5)],
    ids=["too many", "too long"],
)
def test_who_would_wait_for_a_thread_is_told_to_come_later_while_all_are_busy(
    limits: dict[str, Any], count: int
) -> None:
    go_on = threading.Event()

    def wait(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        go_on.wait()
        return echo(environ, start_response)

    async def run() -> list[Answered]:
        door = Asgi(wait, MAX_BODY, threads=Threads(**limits))
        tasks = [asyncio.create_task(ask(door)) for _ in range(THREADS + 5)]
        try:
            # Long enough for a busy machine, and less than for ever.
            async with asyncio.timeout(30):
                while sum(task.done() for task in tasks) < count:
                    await asyncio.sleep(0)
        finally:
            go_on.set()
        return await asyncio.gather(*tasks)

    answers = asyncio.run(run())

    refused = [answer for answer in answers if answer.status == 503]
    assert len(refused) == count
    assert all(answer.headers["retry-after"] == "1" for answer in refused)
    # Its connection stays good.
    assert all("connection" not in answer.headers for answer in refused)


class File:
    """A long body that notes its end."""

    def __init__(self) -> None:
        self.pieces_read, self.closed = 0, False

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(40):
            self.pieces_read += 1
            yield bytes(8192)

    def close(self) -> None:
        self.closed = True


def serving(file: File) -> Callable[..., Iterable[bytes]]:
    def app(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return file

    return app


def test_a_file_is_sent_piece_by_piece_and_closed() -> None:
    file = File()

    answer = asyncio.run(ask(Asgi(serving(file), MAX_BODY)))

    assert len(answer.body) == 40 * 8192
    # Each is worth a thread's while, and none keeps a slow reader for long.
    assert {len(message["body"]) for message in answer[1:-1]} == {PIECE}
    assert file.closed


def test_a_long_part_is_sent_in_pieces_too() -> None:
    def app(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [bytes(range(256)) * 1000]

    answer = asyncio.run(ask(Asgi(app, MAX_BODY)))

    assert answer.body == bytes(range(256)) * 1000
    assert max(len(message["body"]) for message in answer[1:]) <= PIECE


def test_a_file_is_read_no_further_when_its_client_has_gone() -> None:
    file = File()

    asyncio.run(ask(Asgi(serving(file), MAX_BODY), [*pieces(b""), {"type": "http.disconnect"}]))

    assert file.pieces_read < 40
    assert file.closed


def test_a_thread_counts_until_it_is_done_though_its_client_has_gone() -> None:
    go_on = threading.Event()

    def wait(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        go_on.wait()
        return echo(environ, start_response)

    async def run() -> list[int]:
        door = Asgi(wait, MAX_BODY, threads=Threads(max_waiting=0, max_wait_seconds=60))
        tasks = [asyncio.create_task(ask(door, pieces(b"a"))) for _ in range(THREADS)]
        await asyncio.sleep(0.1)
        for task in tasks:
            task.cancel()
        await asyncio.sleep(0.1)
        try:
            during = await asyncio.wait_for(ask(door), 30)
        finally:
            go_on.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        return [during.status, (await ask(door)).status]

    assert asyncio.run(run()) == [503, 201]


def test_a_process_that_ends_says_so_in_its_answers() -> None:
    door = Asgi(echo, MAX_BODY)
    assert "connection" not in asyncio.run(ask(door)).headers

    door.closing = True

    assert asyncio.run(ask(Asgi(echo, MAX_BODY))).status == 201
    assert asyncio.run(ask(door)).headers["connection"] == "close"


def test_other_protocols_are_not_spoken() -> None:
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    asyncio.run(Asgi(echo, MAX_BODY)({"type": "websocket"}, None, send))  # type: ignore[arg-type]

    assert messages == [{"type": "websocket.close"}]
    with pytest.raises(NotImplementedError):
        asyncio.run(Asgi(echo, MAX_BODY)({"type": "lifespan"}, None, None))  # type: ignore[arg-type]
