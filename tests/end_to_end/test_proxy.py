"""The service behind a real nginx, set up as the guide says, with HTTPS."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import http_attacks
import pytest
from answers import PROJECT, Answer, decision_of, problem_of
from live_server import LiveServer, free_port, serving
from skips import skip_or_fail

from creditscore.schema import Schema

NAME = "credit.example"
KEY = "the-key-of-the-proxy-test"
ALLOWED = 12

#: What the example leaves to nginx's own file; all of it in a folder of the test.
FRAME = """
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
daemon off;
events {{}}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{server}
}}
"""


def find(program: str) -> str:
    """Give a program's path; a system's own are not on everybody's PATH."""
    found = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if found is None:
        skip_or_fail("nginx", f"{program} is not installed: the proxy of the guide is not tested")
    return found


@pytest.fixture(scope="module")
def service(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serving(
        model_dir,
        tmp_path_factory.mktemp("proxied"),
        CREDITSCORE_PROXIES="1",
        # In a minute a busy machine may give some back between two requests.
        CREDITSCORE_RATE_LIMIT=f"{ALLOWED}/day",
        CREDITSCORE_API_KEYS=KEY,
        CREDITSCORE_OPEN_PREDICT="on",
    ) as running:
        yield running


@pytest.fixture(scope="module")
def proxy(service: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Run nginx with the example of the guide, and give its port."""
    nginx, openssl = find("nginx"), find("openssl")
    folder = tmp_path_factory.mktemp("nginx")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    options = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    options += ["-addext", f"subjectAltName=DNS:{NAME}", "-keyout", str(key)]
    subprocess.run([openssl, "req", *options, "-out", certificate], check=True, capture_output=True)
    guide = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
    (server,) = re.findall("```nginx\n(.*?)```", guide, re.DOTALL)
    port = free_port()
    for stands, here in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("/etc/ssl/credit.example.pem", str(certificate)),
        ("/etc/ssl/credit.example.key", str(key)),
        ("127.0.0.1:8000", f"127.0.0.1:{service.port}"),
    ):
        assert server.count(stands) == 1, stands
        server = server.replace(stands, here)
    # As root, its workers would be somebody who may not look into this folder.
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(FRAME.format(user=user, folder=folder, server=server))
    process = subprocess.Popen(
        [nginx, "-p", folder, "-e", folder / "error.log", "-c", folder / "nginx.conf"]
    )
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(OSError):
                connect(port).close()
                break
            time.sleep(0.05)
        assert process.poll() is None, (folder / "error.log").read_text()
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


def connect(port: int) -> http.client.HTTPSConnection:
    """Open a connection, which need not trust anybody: the certificate is the test's own."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=trusting, timeout=20)
    connection.connect()
    return connection


def ask(port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
    """Ask through the proxy, as a client does that knows it by its name."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with contextlib.closing(connect(port)) as connection:
        connection.request(method, path, body, {"Host": NAME, **named})
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read())


@pytest.fixture(scope="module")
def example(schema: Schema) -> dict[str, Any]:
    return {name: schema.fields[name].example for name in schema.base_fields}


def test_a_decision_comes_through(proxy: int, example: dict[str, Any]) -> None:
    decision_of(ask(proxy, "POST", "/predict", json.dumps(example).encode(), X_API_Key=KEY))


def test_the_form_of_the_page_is_not_taken_for_another_site(
    proxy: int, example: dict[str, Any]
) -> None:
    body = "&".join(f"{name}={value}" for name, value in example.items()).encode()
    form = {"Content_Type": "application/x-www-form-urlencoded", "X_API_Key": ""}

    own = ask(proxy, "POST", "/", body, **form, Origin=f"https://{NAME}")
    other = ask(proxy, "POST", "/", body, **form, Origin="https://elsewhere.example")

    assert own.status == 200
    assert b'id="decision-id"' in own.body
    problem_of(other, 403)


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
    proxy: int, example: dict[str, Any]
) -> None:
    body = json.dumps(example).encode()

    statuses = [
        ask(proxy, "POST", "/predict", body, X_Forwarded_For=f"192.0.2.{number}").status
        for number in range(ALLOWED + 3)
    ]

    assert statuses[0] == 200
    assert statuses[-3:] == [429] * 3
    # Whoever has a key has an account of its own.
    assert ask(proxy, "POST", "/predict", body, X_API_Key=KEY).status == 200
