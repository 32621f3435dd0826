"""System calls that give no other thread the turn do what Python's own do."""

from __future__ import annotations

import contextlib
import selectors
import socket
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from creditscore.web import quick_socket
from creditscore.web.quick_socket import QuickSelector

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture(params=[True, False], ids=["quick", "elsewhere"])
def pair(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    """Give both ends of a connection, where there are quick calls and where there are none."""
    if request.param and not quick_socket.QUICK:
        pytest.skip("quick calls need Linux")
    monkeypatch.setattr(quick_socket, "QUICK", request.param)
    ends = socket.socketpair()
    yield ends
    for end in ends:
        end.close()


def test_what_was_sent_is_received(pair: Pair) -> None:
    one, other = pair

    quick_socket.send(one, b"a\0b" * 100)

    assert quick_socket.receive(other) == b"a\0b" * 100


def test_nothing_to_receive_is_no_end(pair: Pair) -> None:
    with pytest.raises(BlockingIOError):
        quick_socket.receive(pair[0])


def test_an_end_is_received_as_nothing(pair: Pair) -> None:
    quick_socket.end(pair[0])

    assert quick_socket.receive(pair[1]) == b""


def test_what_a_client_does_not_take_keeps_nobody_waiting(pair: Pair) -> None:
    for _ in range(100):
        quick_socket.send(pair[0], bytes(quick_socket.PIECE))

    received = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            received += len(quick_socket.receive(pair[1]))
    assert 0 < received < 100 * quick_socket.PIECE


def test_a_broken_connection_is_an_error_to_read_and_none_to_write(pair: Pair) -> None:
    one, other = pair
    other.close()

    quick_socket.send(one, b"lost")

    quick_socket.close(one)
    assert one.fileno() == -1
    with pytest.raises(OSError, match="Bad file descriptor"):
        quick_socket.end(one)


def test_a_selector_tells_who_can_be_read_until_it_is_told_not_to(pair: Pair) -> None:
    one, other = pair
    with QuickSelector() as selector:
        selector.register(one, selectors.EVENT_READ, "one")
        assert selector.select(0) == []

        quick_socket.send(other, b"x")

        assert [key.data for key, _ in selector.select(1)] == ["one"]
        selector.unregister(one)
        assert selector.select(0) == []


@pytest.mark.skipif(sys.platform != "linux", reason="quick calls need Linux")
def test_busy_threads_do_not_get_in_between() -> None:
    one, other = socket.socketpair()
    ending, turns = threading.Event(), [0]

    def count() -> None:
        while not ending.is_set():
            turns[0] += 1

    thread = threading.Thread(target=count)
    interval = sys.getswitchinterval()
    # Nobody has to give up the turn for so long; whoever makes an ordinary call does.
    sys.setswitchinterval(1)
    thread.start()
    try:
        time.sleep(0.05)
        before = turns[0]
        for _ in range(100):
            quick_socket.send(one, b"x")
            quick_socket.receive(other)
        assert turns[0] == before
    finally:
        ending.set()
        sys.setswitchinterval(interval)
        thread.join()
        one.close()
        other.close()
