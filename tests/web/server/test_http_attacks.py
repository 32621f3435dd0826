"""Attacks on the HTTP server that succeeded once: they do not any more.

No time is measured but as a ratio of two: an attack is told by whom it keeps from an answer.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import http_attacks
import pytest
from http_attacks import BEFORE, BODY_BYTES, DIGITS, MAX_BYTES, MAX_TIMES
from live_server import LiveServer, serving


@pytest.fixture(scope="module")
def server(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("attacked")
    with serving(model_dir, folder, WEB_CONCURRENCY="1") as running:
        yield running


def test_a_body_is_no_request_however_its_length_is_written(server: LiveServer) -> None:
    with ThreadPoolExecutor() as pool:
        statuses = [*pool.map(partial(http_attacks.smuggle, server.port), DIGITS)]

    # It is read as a body, which is no JSON, or its length is refused.
    assert statuses == [[400]] * len(DIGITS)


def test_many_times_as_many_chunks_take_about_as_many_times_as_long(server: LiveServer) -> None:
    assert http_attacks.growth(server.port) <= MAX_TIMES


def test_clients_that_read_nothing_keep_nobody_from_an_answer(
    server: LiveServer, example_json: bytes
) -> None:
    assert set(http_attacks.ask_beside_readers(server.port, example_json)) == {200}


def test_no_more_bodies_are_held_however_many_came_before(server: LiveServer) -> None:
    expected = MAX_BYTES // BODY_BYTES

    fresh = http_attacks.fill(server.port, BODY_BYTES, expected + 6)
    for _ in range(BEFORE):
        http_attacks.come_and_go(server.port)
    later = http_attacks.fill(server.port, BODY_BYTES, expected + 6)

    assert fresh == later == expected


def test_a_head_that_does_not_end_ends_the_connection(server: LiveServer) -> None:
    halves = [b"", b"P", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "]
    with contextlib.ExitStack() as stack:
        connections = []
        for half in halves:
            # Long enough for a busy machine; without a deadline it would last for ever.
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=60)
            connections.append(stack.enter_context(connection))
            connection.sendall(half)

        answers = [
            b"".join(iter(partial(connection.recv, 1000), b"")) for connection in connections
        ]

    assert [answer for answer in answers if b" 200 " in answer] == []
