"""The service behind a real nginx, set up as the guide says, with HTTPS."""

from __future__ import annotations

import contextlib
import http.client
import select
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import http_attacks
import pytest
from answers import Answer, decision_of, problem_of
from live_server import LiveServer, read_response, serving
from nginx_proxy import NAME, Certificate, NoNginx, find, nginx_before
from skips import skip_or_fail
from waiting import wait_until

KEY = "the-key-of-the-proxy-test"
ALLOWED = 12

#: Requests that nginx has under way at once (`max_conns`).
MAX_CONNECTIONS = 300


def find_or_skip(program: str) -> str:
    """Give a program's path."""
    try:
        return find(program)
    except NoNginx as error:
        skip_or_fail("nginx", f"{error}: the proxy of the guide is not tested")


@pytest.fixture(scope="module")
def service(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serving(
        model_dir,
        tmp_path_factory.mktemp("proxied"),
        CREDITSCORE_PROXIES="1",
        CREDITSCORE_HOSTS=NAME,
        # In a minute a busy machine may give some back between two requests.
        CREDITSCORE_RATE_LIMIT=f"{ALLOWED}/day",
        CREDITSCORE_API_KEYS=KEY,
        CREDITSCORE_OPEN_PREDICT="on",
    ) as running:
        yield running


@pytest.fixture(scope="module")
def proxy(service: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Run nginx with the examples of the guide, and give its port."""
    folder = tmp_path_factory.mktemp("nginx")
    find_or_skip("nginx")
    openssl = find_or_skip("openssl")
    certificate = Certificate(folder / "certificate.pem", folder / "key.pem")
    options = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    options += ["-addext", f"subjectAltName=DNS:{NAME}", "-keyout", str(certificate.key)]
    options += ["-out", str(certificate.chain)]
    subprocess.run([openssl, "req", *options], check=True, capture_output=True)
    with nginx_before(service.port, folder, certificate) as port:
        yield port


def connect(port: int) -> http.client.HTTPSConnection:
    """Open a connection, which need not trust anybody: the certificate is the test's own."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=trusting, timeout=20)
    connection.connect()
    return connection


def ask(port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
    """Ask through the proxy, as a client does that knows it by its name."""
    header_fields = {name.replace("_", "-"): value for name, value in headers.items()}
    with contextlib.closing(connect(port)) as connection:
        connection.request(method, path, body, {"Host": NAME, **header_fields})
        return read_response(connection.getresponse())


def test_a_decision_comes_through(proxy: int, example_json: bytes) -> None:
    decision_of(ask(proxy, "POST", "/predict", example_json, X_API_Key=KEY))


def test_the_form_of_the_page_is_not_taken_for_another_site(
    proxy: int, example: dict[str, Any]
) -> None:
    body = "&".join(f"{name}={value}" for name, value in example.items()).encode()
    form = {"Content_Type": "application/x-www-form-urlencoded", "X_API_Key": ""}

    same_site = ask(proxy, "POST", "/", body, **form, Origin=f"https://{NAME}")
    other_site = ask(proxy, "POST", "/", body, **form, Origin="https://elsewhere.example")

    assert same_site.status == 200
    assert b'id="decision-id"' in same_site.body
    problem_of(other_site, 403)


def test_what_is_too_large_is_told_by_the_service(proxy: int) -> None:
    table = ask(
        proxy, "POST", "/predict", b"x" * (16 * 2**20 + 1), Content_Type="text/csv", X_API_Key=KEY
    )

    problem_of(table, 413)


@pytest.mark.parametrize("digits", http_attacks.DIGITS)
def test_a_body_is_no_request_behind_the_proxy_either(proxy: int, digits: int) -> None:
    statuses = http_attacks.smuggle(proxy, digits, connect(proxy).sock)

    assert 404 not in statuses


def test_metrics_are_not_for_the_world(proxy: int, service: LiveServer) -> None:
    assert ask(proxy, "GET", "/metrics", X_API_Key=KEY).status == 403
    assert service.ask("GET", "/metrics", headers={"X-API-Key": KEY}).status == 200


def test_a_client_that_makes_up_addresses_is_still_one_client(
    proxy: int, example_json: bytes
) -> None:
    statuses = [
        ask(proxy, "POST", "/predict", example_json, X_Forwarded_For=f"192.0.2.{number}").status
        for number in range(ALLOWED + 3)
    ]

    assert statuses[0] == 200
    assert statuses[-3:] == [429] * 3
    # Whoever has a key has an account of its own.
    assert ask(proxy, "POST", "/predict", example_json, X_API_Key=KEY).status == 200


# Where the service takes no request, or ends in the middle of one: nginx answers itself


def plainly(port: int, method: str, path: str) -> http.client.HTTPConnection:
    """Send a request without HTTPS; its answer may come later, or never."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, b"{}" if method == "POST" else None)
    return connection


def answer_on(connection: http.client.HTTPConnection) -> Answer:
    """Read the answer, and end the connection."""
    with contextlib.closing(connection):
        return read_response(connection.getresponse())


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Listen as a service does whose processes do nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listening:
        yield listening


@pytest.fixture
def nginx(listener: socket.socket, tmp_path: Path) -> Iterator[int]:
    """Run nginx before it, and give nginx's port."""
    find_or_skip("nginx")
    with nginx_before(listener.getsockname()[1], tmp_path) as port:
        yield port


@pytest.mark.parametrize("path", ["/predict", "/static/style.css"])
def test_a_request_that_nobody_takes_was_not_decided(
    path: str, nginx: int, listener: socket.socket
) -> None:
    listener.close()

    answer = answer_on(plainly(nginx, "POST", path))

    assert "nothing was decided" in problem_of(answer, 503)["detail"]
    assert answer.headers["retry-after"] == "1"


def test_more_requests_than_the_service_takes_are_refused_at_once(nginx: int) -> None:
    more = 20
    connections = [plainly(nginx, "POST", "/predict") for _ in range(MAX_CONNECTIONS + more)]

    def answered() -> list[socket.socket]:
        return select.select([connection.sock for connection in connections], [], [], 0)[0]

    assert wait_until(lambda: len(answered()) >= more)

    refused = answered()
    assert len(refused) == more
    for connection in connections:
        if connection.sock in refused:
            problem_of(answer_on(connection), 503)
        connection.close()


def test_of_a_request_that_broke_off_nobody_says_that_nothing_was_decided(
    nginx: int, listener: socket.socket
) -> None:
    connection = plainly(nginx, "POST", "/predict")
    peer, _ = listener.accept()
    with peer:
        assert peer.recv(1)

    answer = answer_on(connection)

    assert "Idempotency-Key" in problem_of(answer, 502)["detail"]


def test_no_connection_to_the_service_is_used_twice(nginx: int, listener: socket.socket) -> None:
    connection = plainly(nginx, "GET", "/health")
    peer, _ = listener.accept()
    with peer, peer.makefile("rwb") as stream:
        head = list(iter(stream.readline, b"\r\n"))
        stream.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        stream.flush()

        assert answer_on(connection).status == 200
        assert stream.read() == b""

    assert b"Connection: close\r\n" in head
