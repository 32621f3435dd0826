"""Connections are spread over the processes, whatever becomes of one of them."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import psutil
import pytest
from live_server import LiveServer, serving

from creditscore.web import loads

PATIENT = 30.0


@pytest.fixture
def nobody() -> Iterator[None]:
    before = loads._places.tolist()
    for place in range(loads.PLACES):
        loads.forget(place)
    yield
    for place, value in enumerate(before):
        loads._places[place] = value


@pytest.mark.usefixtures("nobody")
def test_the_least_of_those_who_listen_counts() -> None:
    assert loads.least() == 0
    loads.tell(1, 7)
    assert loads.least() == 7
    loads.tell(2, 0)
    assert loads.least() == 0
    loads.tell(2, 9)
    assert loads.least() == 7
    loads.forget(1)
    assert loads.least() == 9
    loads.tell(loads.PLACES + 3, 4)
    assert loads.least() == 4


@pytest.fixture
def server(model_dir: Path, tmp_path: Path) -> Iterator[LiveServer]:
    if not sys.platform.startswith("linux"):
        pytest.skip("counts the connections of processes, which needs Linux")
    with serving(model_dir, tmp_path) as running:
        until(lambda: len(workers(running)) == 2)
        yield running


def workers(server: LiveServer) -> list[psutil.Process]:
    return [one for one in psutil.Process(server.pid).children() if one.status() != "zombie"]


def until(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENT
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.02)


def held(server: LiveServer) -> list[int]:
    """Count the connections that each process holds."""
    return sorted(
        sum(
            one.status == psutil.CONN_ESTABLISHED and one.laddr.port == server.port
            for one in process.net_connections("tcp")
        )
        for process in workers(server)
    )


@contextlib.contextmanager
def connections(server: LiveServer, count: int) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=20))
            for _ in range(count)
        ]


def ask(connection: socket.socket) -> None:
    connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    assert connection.recv(15) == b"HTTP/1.1 200 OK"


#: Connections, and how many of them each of two processes gets at least: left to the kernel, one
#: of them has none to fourteen.
MANY, FAIR = 40, 18

#: Where the machine has no time for a process in its moment, the other one takes its share; that
#: does not happen time after time.
TRIES = 5


def fewest(server: LiveServer) -> int:
    """Count what the process with the fewest connections holds, once all have been answered."""
    until(lambda: held(server) == [0, 0])
    with connections(server, MANY) as opened:
        for one in opened:
            ask(one)
        found = held(server)
    assert sum(found) == MANY
    return min(found)


def test_each_process_gets_as_many_connections_as_the_others(server: LiveServer) -> None:
    assert median(fewest(server) for _ in range(TRIES)) >= FAIR


def test_after_a_process_has_died_the_next_one_shares(server: LiveServer) -> None:
    first = workers(server)[0]
    # Of these it holds some, which must not count for ever.
    with connections(server, 4) as opened:
        for one in opened:
            ask(one)
        os.kill(first.pid, signal.SIGKILL)
        until(lambda: first.pid not in {one.pid for one in workers(server)})
    assert median(fewest(server) for _ in range(TRIES)) >= FAIR


def test_a_process_that_stands_still_keeps_nobody_waiting(server: LiveServer) -> None:
    first = workers(server)[0]
    os.kill(first.pid, signal.SIGSTOP)
    try:
        with connections(server, 8) as opened:
            for one in opened:
                ask(one)
    finally:
        os.kill(first.pid, signal.SIGCONT)
