"""How long a connection may take, whatever it sends: told by a clock of the test's own."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

pytest.importorskip("gunicorn.workers.gthread", reason="gunicorn does not run on Windows")

from gunicorn.config import Config

from creditscore.web import gathering
from creditscore.web.gathering import BODY_SECONDS, HEAD_SECONDS, SLOWEST, Connection

HEAD = b"POST /predict HTTP/1.1\r\nHost: x\r\n"


class Clock:
    """Stands still unless told to go on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(gathering, "monotonic", made)
    return made


@pytest.fixture
def connection(clock: Clock) -> Iterator[Connection]:
    near, far = socket.socketpair()
    with near, far:
        yield Connection(Config(), near, ("127.0.0.1", 1), ("127.0.0.1", 2))


def send(connection: Connection, piece: bytes) -> None:
    before = connection.gathered.state
    connection.gathered.add(piece)
    connection.extend(before)


def test_a_head_has_its_time_from_its_first_byte_and_no_more(
    connection: Connection, clock: Clock
) -> None:
    clock.now += 5
    for byte in HEAD:
        send(connection, bytes([byte]))
        clock.now += 1

    assert connection.ends == 1005 + HEAD_SECONDS


@pytest.mark.parametrize("length", [b"Content-Length: 1000", b"Transfer-Encoding: chunked"])
def test_a_body_that_trickles_gets_no_more_time_for_each_byte(
    connection: Connection, clock: Clock, length: bytes
) -> None:
    send(connection, HEAD + length + b"\r\n\r\n")
    for _ in range(100):
        clock.now += 1
        send(connection, b"1")

    assert connection.ends <= 1000 + BODY_SECONDS + 1


def test_a_long_body_that_comes_fast_enough_may_go_on(connection: Connection, clock: Clock) -> None:
    chunk = b"%x\r\n%s\r\n" % (2 * SLOWEST, bytes(2 * SLOWEST))
    send(connection, HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(100):
        clock.now += 1
        send(connection, chunk)

        assert connection.ends > clock.now


def test_an_announced_body_gets_time_for_its_length(connection: Connection, clock: Clock) -> None:
    send(connection, HEAD + b"Content-Length: %d\r\n\r\n" % (10 * SLOWEST))

    assert connection.ends == 1000 + BODY_SECONDS + 10
