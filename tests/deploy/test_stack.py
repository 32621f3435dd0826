"""What compose.yaml puts together, put together here: real servers, its files, its first steps.

Docker itself is not needed: only addresses and folders are others.
"""

from __future__ import annotations

import contextlib
import json
import os
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from answers import PROJECT
from compose_files import SERVICES, expressions
from database_servers import PostgresServer, running_postgres
from live_server import LiveServer, free_port, serving
from nginx_proxy import NoNginx, find, running_nginx
from prometheus_server import Prometheus, running_prometheus
from skips import skip_or_fail
from waiting import wait_until

from creditscore.schema import Schema

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="the servers are those of Linux"),
]

KEY = "a-key-of-the-test-for-the-stack"


@dataclass(frozen=True)
class Stack:
    """The services that run."""

    database: PostgresServer
    service: LiveServer
    prometheus: Prometheus
    https: str
    trusted: ssl.SSLContext

    def ask(self, path: str, body: object = None) -> tuple[int, str]:
        """Ask through nginx, as somebody who trusts the certificate; give status and text."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"X-API-Key": KEY, "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.https}{path}", data, headers)
        try:
            with urllib.request.urlopen(request, timeout=60, context=self.trusted) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()


def prepare(folder: Path) -> None:
    """Do what the service `prepare` does, with folders of ours."""
    script, *names = SERVICES["prepare"]["command"][1:]
    folders = [folder / name for name in names]
    for path in folders:
        path.mkdir(exist_ok=True)
    environment = {"PATH": os.environ["PATH"], "METRICS_KEY": KEY}
    subprocess.run(["sh", PROJECT / script, *folders], env=environment, check=True)


@contextlib.contextmanager
def proxy(service_port: int, folder: Path) -> Iterator[int]:
    """Run nginx with the file of deploy/nginx."""
    text, port = (PROJECT / "deploy" / "nginx" / "nginx.conf").read_text(), free_port()
    nginx_folder = folder / "nginx"
    nginx_folder.mkdir()
    for stands, instead in {
        "/tmp/": f"{nginx_folder}/",
        "creditscore:8000": f"127.0.0.1:{service_port}",
        "listen 8443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/nginx/tls": str(folder / "tls"),
    }.items():
        assert stands in text, stands
        text = text.replace(stands, instead)
    # As root, its workers would be somebody who may not look into this folder.
    user = "user root;\n" if os.geteuid() == 0 else ""
    with running_nginx(f"{user}daemon off;\n{text}", port, nginx_folder):
        yield port


@pytest.fixture(scope="module")
def stack(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    for program in ("nginx", "openssl"):
        try:
            find(program)
        except NoNginx as error:
            skip_or_fail("nginx", str(error))
    with contextlib.ExitStack() as running:
        database = running.enter_context(running_postgres())
        settings = SERVICES["creditscore"]["environment"] | {
            "CREDITSCORE_DATABASE_URL": database.url,
            "CREDITSCORE_API_KEYS": KEY,
        }
        prepare(folder)
        service = running.enter_context(serving(model_dir, folder, **settings))
        port = running.enter_context(proxy(service.port, folder))
        (folder / "prometheus").mkdir()
        key = folder / "scrape" / "key"
        prometheus = running.enter_context(
            running_prometheus(service.port, key, folder / "prometheus")
        )
        yield Stack(
            database,
            service,
            prometheus,
            f"https://localhost:{port}",
            ssl.create_default_context(cafile=folder / "tls" / "certificate.pem"),
        )


def applicant(schema: Schema) -> dict[str, object]:
    return {name: schema.fields[name].example for name in schema.base_fields}


def test_a_decision_comes_through_a_certificate_that_the_client_trusts(
    stack: Stack, schema: Schema
) -> None:
    status, text = stack.ask("/predict", applicant(schema))

    assert status == 200, text
    health = json.loads(stack.ask("/health")[1])
    assert "postgresql" in json.dumps(health).lower()
    assert "warnings" not in health


def test_metrics_are_for_prometheus_alone(stack: Stack) -> None:
    assert stack.ask("/metrics")[0] == 403
    assert wait_until(lambda: [row["value"][1] for row in stack.prometheus.query("up")] == ["1"])


def test_the_dashboard_shows_what_was_decided(stack: Stack, schema: Schema) -> None:
    assert stack.ask("/predict", applicant(schema))[0] == 200
    counted = "sum(creditscore_decisions_total) > 0"

    assert wait_until(lambda: stack.prometheus.query(counted))
    for expression in expressions():
        # As Grafana does with the time that a panel shows.
        stack.prometheus.query(expression.replace("$__rate_interval", "1m"))


def made_in(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.glob("[ts]*/*"))}


def test_a_second_preparation_makes_no_other_certificate(tmp_path: Path) -> None:
    prepare(tmp_path)
    files = made_in(tmp_path)

    prepare(tmp_path)

    assert [path.name for path in files] == ["key", "certificate.pem", "key.pem"]
    assert made_in(tmp_path) == files
    # Their readers are in the service's group; nobody else is.
    assert {path.stat().st_mode & 0o777 for path in files} == {0o640}


def test_a_database_that_is_gone_wakes_the_operator(stack: Stack, schema: Schema) -> None:
    assert "CreditscoreCannotLog" not in stack.prometheus.firing()
    stack.database.stop()
    try:
        status, text = stack.ask("/predict", applicant(schema))
        assert status == 503, text

        assert wait_until(lambda: "CreditscoreCannotLog" in stack.prometheus.firing())
    finally:
        stack.database.start()
    assert wait_until(lambda: stack.ask("/predict", applicant(schema))[0] == 200)
