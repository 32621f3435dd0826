"""Which names of hosts a service answers to: whoever gives it a name of their own is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from answers import problem_of
from flask.testing import FlaskClient
from live_server import LiveServer
from service_settings import Build, settings_of
from waiting import wait_until

from creditscore.web import api_keys, create_app
from creditscore.web.authentication import REMEMBERED_S
from creditscore.web.service import NAME
from creditscore.web.startup_checks import note_hosts

OWN_HOSTS = [
    "localhost",
    "LOCALHOST:8000",
    "127.0.0.1",
    "127.0.0.1:8000",
    "127.9.8.7:1",
    "[::1]",
    "[::1]:8000",
]
FOREIGN_HOSTS = [
    "evil.example",
    "evil.example:8000",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "evil-localhost",
    "localhost:8000.evil.example",
    "10.0.0.7",
    "0.0.0.0",
    "[::2]:8000",
    "127.0.0.1@evil.example",
    "localhost, evil.example",
]


def statuses(client: FlaskClient, hosts: list[str], path: str = "/openapi.json") -> set[int]:
    return {client.get(path, headers={"Host": host}).status_code for host in hosts}


@pytest.fixture
def build_on(model_dir: Path) -> Callable[..., FlaskClient]:
    """Build a service that listens on some addresses, with some settings."""

    def build_on(*addresses: str, **changes: Any) -> FlaskClient:
        app = create_app(settings_of(model_dir, **changes))
        note_hosts(app, addresses)
        return app.test_client()

    return build_on


def test_an_open_service_of_this_machine_answers_to_no_name_but_the_machines_own(
    build_on: Callable[..., FlaskClient],
) -> None:
    client = build_on("127.0.0.1", "::1")

    assert statuses(client, OWN_HOSTS) == {200}
    assert statuses(client, FOREIGN_HOSTS) == {421}
    assert statuses(client, FOREIGN_HOSTS, "/static/page.css") == {421}
    assert statuses(client, FOREIGN_HOSTS, "/nowhere") == {421}


def test_a_web_site_that_gives_the_service_a_name_of_its_own_can_have_nothing_decided(
    build_on: Callable[..., FlaskClient], example: dict[str, Any]
) -> None:
    client = build_on("127.0.0.1")
    # For the browser, the page and the service have the same origin.
    rebound = {
        "Host": "evil.example:8000",
        "Origin": "http://evil.example:8000",
        "Sec-Fetch-Site": "same-origin",
    }

    problem = problem_of(client.post("/predict", json=example, headers=rebound), 421)

    assert "evil.example:8000" in problem["detail"]
    assert "CREDITSCORE_HOSTS" in problem["detail"]


@pytest.mark.parametrize("addresses", [[], ["0.0.0.0"], ["127.0.0.1", "10.0.0.7"]])
def test_where_others_may_ask_or_nobody_knows_who_can_any_name_will_do(
    build_on: Callable[..., FlaskClient], addresses: list[str]
) -> None:
    assert statuses(build_on(*addresses), [*OWN_HOSTS, "credit.example"]) == {200}


def test_with_a_key_any_name_will_do(build: Build) -> None:
    app = build()
    note_hosts(app, ["127.0.0.1"])
    client = app.test_client()
    assert statuses(client, ["credit.example"]) == {421}

    api_keys.issue(app.extensions[NAME].log.database, "somebody", datetime.now(UTC))

    assert wait_until(lambda: statuses(client, ["credit.example"]) == {200})
    assert REMEMBERED_S < 1


@pytest.mark.parametrize("changes", [{}, {"api_keys": ("a-key-of-the-test-of-hosts",)}])
def test_named_hosts_are_answered_and_no_others_wherever_it_listens(
    build_on: Callable[..., FlaskClient], changes: dict[str, Any]
) -> None:
    host_names = ("credit.example", "[2001:db8::7]")
    for addresses in (["127.0.0.1"], ["0.0.0.0"], []):
        client = build_on(*addresses, hosts=host_names, **changes)

        allowed = ["credit.example", "Credit.Example:8443", "[2001:db8::7]:80", *OWN_HOSTS]
        assert statuses(client, allowed) == {200}
        assert statuses(client, FOREIGN_HOSTS) == {421}


def test_a_request_without_a_host_is_no_browsers(build_on: Callable[..., FlaskClient]) -> None:
    client = build_on("127.0.0.1")

    assert client.get("/health", environ_overrides={"HTTP_HOST": ""}).status_code == 200


def test_gunicorn_tells_where_it_listens(server: LiveServer) -> None:
    refused = server.ask("GET", "/model", headers={"Host": f"evil.example:{server.port}"})
    answered = server.ask("GET", "/model", headers={"Host": f"localhost:{server.port}"})

    problem_of(refused, 421)
    assert answered.status == 200
