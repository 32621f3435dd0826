"""The ASGI application: what the WSGI application gets, what is refused, and what is let go of."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import pytest
from asgi_client import MAX_BODY, Answered, Headers, Message, ask, echo, pieces

from creditscore.web.asgi import Asgi
from creditscore.web.body_collector import LONG, BodyCollector
from creditscore.web.wsgi import PIECE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def test_the_application_gets_the_request_as_wsgi_has_it() -> None:
    headers = [(b"x-odd", b"\xe9"), (b"x-odd", b"2"), (b"content-type", b"text/plain")]

    answer = asyncio.run(
        ask(
            Asgi(echo, BodyCollector(MAX_BODY)),
            pieces(b"ab", b"", b"c"),
            headers=headers,
            path=b"/%C3%A9%2f",
        )
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
    answer = asyncio.run(ask(Asgi(echo, BodyCollector(MAX_BODY)), path=address.encode()))

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

    answer = asyncio.run(
        ask(Asgi(echo, BodyCollector(MAX_BODY)), [*messages, *rest], headers=headers)
    )

    # The application refuses it by its announcement, or by what came.
    assert answer.status == 201
    assert answer.headers["connection"] == "close"
    assert len(json.loads(answer.body)["body"]) in {0, 1200}


def test_a_body_that_does_not_end_is_refused() -> None:
    door = Asgi(echo, BodyCollector(MAX_BODY, seconds=0.05))

    # Long enough for a busy machine, and less than for ever.
    answer = asyncio.run(asyncio.wait_for(ask(door, pieces(b"a", b"b", b"c")[:2]), 30))

    assert answer.status == 408
    assert answer.headers["connection"] == "close"
    assert json.loads(answer.body)["status"] == 408


def test_a_client_that_goes_while_it_sends_reaches_no_thread() -> None:
    def fail(*_: object) -> Iterable[bytes]:
        raise AssertionError

    messages = [*pieces(b"a", b"b")[:1], {"type": "http.disconnect"}]

    asyncio.run(ask(Asgi(fail, BodyCollector(MAX_BODY)), messages))


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
        door = Asgi(echo, BodyCollector(MAX_BODY, max_total_bytes=2499))
        counts = [await fill(door)]
        for _ in range(20):
            await ask(door, pieces(bytes(500), bytes(100)))
            await ask(door, [*pieces(bytes(600), bytes(600), b"")[:2], {"type": "http.disconnect"}])
            await ask(door, headers=[(b"content-length", b"5000")], messages=pieces(b"", b"")[1:])
        return [*counts, await fill(door)]

    # Whoever is refused gives its own bytes back at once.
    assert asyncio.run(run()) == [4, 4]


def test_long_bodies_leave_memory_for_short_ones() -> None:
    async def run() -> tuple[Answered, Answered]:
        door = Asgi(echo, BodyCollector(8 * LONG, max_total_bytes=8 * LONG))
        unfinished = pieces(bytes(5 * LONG), b"", b"")[:2]
        table = asyncio.create_task(ask(door, unfinished))
        await asyncio.sleep(0)
        longer = await ask(door, pieces(bytes(LONG + 1), b""))
        short = await ask(door, pieces(b"an applicant"))
        table.cancel()
        return longer, short

    longer, short = asyncio.run(run())

    assert longer.status == 503
    assert short.status == 201


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

    answer = asyncio.run(ask(Asgi(serving(file), BodyCollector(MAX_BODY))))

    assert len(answer.body) == 40 * 8192
    # Each is worth a thread's while, and none keeps a slow reader for long.
    assert {len(message["body"]) for message in answer[1:-1]} == {PIECE}
    assert file.closed


def test_a_long_part_is_sent_in_pieces_too() -> None:
    def app(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [bytes(range(256)) * 1000]

    answer = asyncio.run(ask(Asgi(app, BodyCollector(MAX_BODY))))

    assert answer.body == bytes(range(256)) * 1000
    assert max(len(message["body"]) for message in answer[1:]) <= PIECE


def test_a_file_is_read_no_further_when_its_client_has_gone() -> None:
    file = File()

    asyncio.run(
        ask(
            Asgi(serving(file), BodyCollector(MAX_BODY)),
            [*pieces(b""), {"type": "http.disconnect"}],
        )
    )

    assert file.pieces_read < 40
    assert file.closed


def test_a_process_that_ends_says_so_in_its_answers() -> None:
    door = Asgi(echo, BodyCollector(MAX_BODY))
    assert "connection" not in asyncio.run(ask(door)).headers

    door.closing = True

    assert asyncio.run(ask(Asgi(echo, BodyCollector(MAX_BODY)))).status == 201
    assert asyncio.run(ask(door)).headers["connection"] == "close"


def test_other_protocols_are_not_spoken() -> None:
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    asyncio.run(Asgi(echo, BodyCollector(MAX_BODY))({"type": "websocket"}, None, send))  # type: ignore[arg-type]

    assert messages == [{"type": "websocket.close"}]
    with pytest.raises(NotImplementedError):
        asyncio.run(Asgi(echo, BodyCollector(MAX_BODY))({"type": "lifespan"}, None, None))  # type: ignore[arg-type]
