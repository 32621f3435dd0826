"""The Python client against a real server, through a relay that breaks connections."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from answers import PROJECT
from flask.testing import FlaskClient
from live_server import LiveServer, free_port, serving

from creditscore import client as module
from creditscore.client import MAX_ARRAY, Client, Problem, Unreachable

KEY = "a-key-of-the-test-for-the-client"
BUSY = b"HTTP/1.1 %d Busy\r\nRetry-After: %d\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Relay:
    """A proxy on loopback that does one fault of a list to each connection, then passes on."""

    def __init__(self, port: int) -> None:
        self.faults: list[str] = []
        self.requests: list[bytes] = []
        self._upstream = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            request = read_request(connection)
            self.requests.append(request)
            fault = self.faults.pop(0) if self.faults else ""
            if fault == "cut before":
                return
            if fault.isdigit():
                connection.sendall(BUSY % (int(fault), 1))
                return
            answer = self._ask(request)
            # Cut in the middle of the answer: the decision is in the log, the client has none.
            connection.sendall(answer[: len(answer) // 2] if fault == "cut after" else answer)

    def _ask(self, request: bytes) -> bytes:
        closing = request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
        with socket.create_connection(("127.0.0.1", self._upstream), timeout=20) as upstream:
            upstream.sendall(closing)
            return b"".join(iter(lambda: upstream.recv(65536), b""))


def read_request(connection: socket.socket) -> bytes:
    """Read a head, and the body that it announces."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(header(head, b"content-length") or 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def header(request: bytes, name: bytes) -> bytes:
    """Return a header's value, empty if it is not there."""
    for line in request.partition(b"\r\n\r\n")[0].split(b"\r\n"):
        key, _, value = line.partition(b":")
        if key.lower() == name:
            return value.strip()
    return b""


@pytest.fixture(scope="module")
def server(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """Serve to those with a key."""
    folder = tmp_path_factory.mktemp("client")
    with serving(model_dir, folder, CREDITSCORE_API_KEYS=KEY) as running:
        yield running


@pytest.fixture
def relay(server: LiveServer) -> Iterator[Relay]:
    relay = Relay(server.port)
    yield relay
    relay.close()


@pytest.fixture
def direct(server: LiveServer) -> Iterator[Client]:
    with Client(server.url, api_key=KEY) as client:
        yield client


@pytest.fixture
def relayed(relay: Relay) -> Iterator[Client]:
    with Client(relay.url, api_key=KEY) as client:
        yield client


def logged_with(server: LiveServer, reference: str) -> list[dict[str, Any]]:
    """Return the logged decisions with a reference."""
    answer = server.ask("GET", f"/decisions?reference={reference}", headers={"X-API-Key": KEY})
    assert answer.status == 200
    decisions: list[dict[str, Any]] = answer.json["decisions"]
    return decisions


def test_a_decision_is_explained_and_gets_its_outcome(
    direct: Client, example: dict[str, Any]
) -> None:
    decision = direct.decide(example)
    explanation = direct.explain(decision["decision_id"])
    outcome = direct.outcome(decision["decision_id"], defaulted=True)

    assert explanation["probability_of_default"] == decision["probability_of_default"]
    impacts = sum(impact["impact"] for impact in explanation["impacts"])
    assert decision["baseline"] + impacts == pytest.approx(
        decision["probability_of_default"], abs=1e-12
    )
    assert outcome["defaulted"] is True
    assert direct.outcome(decision["decision_id"], defaulted=True) == outcome


@pytest.mark.parametrize("fault", ["cut before", "cut after", "429", "502", "503"])
def test_after_a_fault_the_retry_has_the_same_key_and_logs_one_decision(
    relay: Relay, relayed: Client, server: LiveServer, example: dict[str, Any], fault: str
) -> None:
    relay.faults = [fault]
    reference = f"retry-{fault.replace(' ', '-')}"

    decision = relayed.decide({**example, "reference": reference})

    first, second = relay.requests
    assert header(first, b"idempotency-key") == header(second, b"idempotency-key") != b""
    logged = logged_with(server, reference)
    assert [row["decision_id"] for row in logged] == [decision["decision_id"]]


def test_the_pause_is_what_retry_after_asks_for(
    relay: Relay, relayed: Client, example: dict[str, Any]
) -> None:
    relay.faults = ["503"]

    began = time.monotonic()
    relayed.decide(example)

    assert 1 <= time.monotonic() - began < 5


def test_a_key_of_the_callers_own_gets_the_first_decision_again(
    direct: Client, example: dict[str, Any]
) -> None:
    first = direct.decide(example, idempotency_key="application-17")

    assert direct.decide(example, idempotency_key="application-17") == first
    assert direct.decide(example)["decision_id"] != first["decision_id"]


def test_many_come_in_order_and_in_as_few_requests_as_the_service_takes(
    relay: Relay, relayed: Client, direct: Client, example: dict[str, Any]
) -> None:
    ages = [18 + number % 80 for number in range(MAX_ARRAY + 3)]

    decisions = list(relayed.decide_many({**example, "AGE": age} for age in ages))

    assert len(relay.requests) == 2
    last = direct.decide({**example, "AGE": ages[-1]})
    assert decisions[-1]["probability_of_default"] == last["probability_of_default"]
    assert len({decision["decision_id"] for decision in decisions}) == len(ages)


def test_a_refusal_is_a_problem_with_every_error_in_it(
    relay: Relay, relayed: Client, example: dict[str, Any]
) -> None:
    with pytest.raises(Problem) as caught:
        relayed.decide({**example, "AGE": 17})

    assert caught.value.status == 422
    assert [error["pointer"] for error in caught.value.errors] == ["/AGE"]
    assert caught.value.request_id
    assert len(relay.requests) == 1, "what was refused once is refused again"


def test_texts_come_in_the_language_that_was_asked_for(
    server: LiveServer, example: dict[str, Any]
) -> None:
    with Client(server.url, api_key=KEY, language="id") as client, pytest.raises(Problem) as caught:
        client.decide({**example, "AGE": 17})

    assert "harus" in caught.value.errors[0]["detail"]


def test_without_a_key_it_is_a_401_and_another_outcome_is_a_409(
    server: LiveServer, direct: Client, example: dict[str, Any]
) -> None:
    decision = direct.decide(example)
    direct.outcome(decision["decision_id"], defaulted=False)

    with Client(server.url) as stranger, pytest.raises(Problem, match=r"^401 "):
        stranger.decide(example)
    with pytest.raises(Problem, match=r"^409 "):
        direct.outcome(decision["decision_id"], defaulted=True)


def test_where_nobody_listens_the_error_names_the_key_to_ask_again_with(
    example: dict[str, Any],
) -> None:
    url = f"http://127.0.0.1:{free_port()}"

    with Client(url, retries=1) as client, pytest.raises(Unreachable) as caught:
        client.decide(example, idempotency_key="application-18")

    assert caught.value.idempotency_key == "application-18"


def test_retries_end_with_the_problem_that_the_service_gave(
    relay: Relay, example: dict[str, Any]
) -> None:
    relay.faults = ["503", "503"]

    with Client(relay.url, api_key=KEY, retries=1) as client, pytest.raises(Problem, match=r"^503"):
        client.decide(example)


@pytest.mark.parametrize("name", ["Decision", "Reason", "Warning", "Explanation", "Outcome"])
def test_each_type_has_the_members_of_its_schema(client: FlaskClient, name: str) -> None:
    described = client.get("/openapi.json").get_json()["components"]["schemas"][name]
    typed = getattr(module, name)

    assert set(typed.__annotations__) == set(described["properties"])
    # `from __future__ import annotations` hides NotRequired from __required_keys__.
    optional = {key for key, hint in typed.__annotations__.items() if "NotRequired" in str(hint)}
    assert set(typed.__annotations__) - optional == set(described["required"])


def test_it_takes_as_many_in_a_request_as_the_service(client: FlaskClient) -> None:
    described = client.get("/openapi.json").get_json()["paths"]["/predict"]["post"]
    body = described["requestBody"]["content"]["application/json"]["schema"]

    assert [schema["maxItems"] for schema in body["oneOf"] if "maxItems" in schema] == [MAX_ARRAY]


def test_it_is_imported_without_the_packages_of_the_service() -> None:
    program = (
        "import sys, creditscore.client\n"
        "print(*sorted(sys.modules.keys() & {'flask', 'sklearn', 'numpy', 'sqlalchemy', 'orjson'}))"
    )

    result = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, encoding="utf-8"
    )

    assert (result.returncode, result.stdout.strip()) == (0, "")
