"""More requests than can be done soon: each is answered in time, and its connection stays good."""

from __future__ import annotations

import http.client
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from answers import Answer, decision_of, problem_of
from live_server import LiveServer, read_response, serving
from service_settings import log_in

from creditscore.web.body_collector import LATER

#: Requests that two processes take: for their threads, and to wait for one. And many more.
MAX_ACCEPTED, REQUESTS = 2 * (16 + 128), 500


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "overload"


@pytest.fixture
def server(model_dir: Path, folder: Path) -> Iterator[LiveServer]:
    folder.mkdir()
    with serving(model_dir, folder) as running:
        yield running


class Client(threading.Thread):
    """Asks once, keeps its connection, and notes the answer."""

    def __init__(self, port: int, body: bytes) -> None:
        super().__init__()
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self.body = body
        self.answer: Answer | None = None

    def run(self) -> None:
        self.connection.request("POST", "/predict", self.body)
        self.answer = read_response(self.connection.getresponse())


def test_while_the_log_is_locked_all_get_503_and_can_ask_again(
    server: LiveServer, folder: Path, example_json: bytes
) -> None:
    log = log_in(folder).removeprefix("sqlite:///")
    clients = [Client(server.port, example_json) for _ in range(REQUESTS)]

    with closing(sqlite3.connect(log, isolation_level=None)) as lock:
        lock.execute("BEGIN EXCLUSIVE")
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        lock.execute("ROLLBACK")

    for client in clients:
        assert client.answer is not None
        problem = problem_of(client.answer, 503)
        assert int(client.answer.headers["retry-after"]) >= 1
        assert problem["detail"]
    # Both kinds: those that had a thread and failed, and those that never got one.
    details = Counter(client.answer.json["detail"] for client in clients if client.answer)
    assert len(details) == 2
    assert details[LATER] >= REQUESTS - MAX_ACCEPTED
    open_clients = [
        client for client in clients if client.answer and client.connection.sock is not None
    ]
    assert len(open_clients) > REQUESTS // 2
    for client in open_clients[:: len(open_clients) // 20]:
        client.run()
        assert client.answer is not None
        decision_of(client.answer)
    for client in clients:
        client.connection.close()
