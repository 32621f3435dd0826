"""A service that lets anyone in says so."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from decided import NOON
from live_server import LiveServer, serving
from service_settings import Build

from creditscore.web import api_keys
from creditscore.web.authentication import REMEMBERED_S, Keys
from creditscore.web.service import NAME
from creditscore.web.startup_checks import is_own, note_hosts

ANYONE = "0.0.0.0"  # that is what is tested


@pytest.mark.parametrize(
    ("expected", "hosts"),
    [
        (True, ["127.0.0.1", "127.3.2.1", "::1", "localhost"]),
        (False, [ANYONE, "", "::", "192.168.1.5", "fe80::1%eth0", "my.host"]),
    ],
)
def test_others_reach_every_address_but_those_of_the_machine(
    expected: bool, hosts: list[str]
) -> None:
    assert [is_own(host) for host in hosts] == [expected] * len(hosts)


def test_an_open_service_warns_until_it_has_a_key(
    build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    app, now = build(), 100.0
    service = app.extensions[NAME]
    keys = Keys((), service.log.database, sessions=service.keys.sessions, clock=lambda: now)
    app.extensions[NAME] = replace(service, keys=keys)

    note_hosts(app, ["127.0.0.1", ANYONE])

    assert "no API key" in caplog.text
    client = app.test_client()
    assert "no API key" in client.get("/health").get_json()["warning"]
    api_keys.issue(service.log.database, "one", NOON)
    now += 2 * REMEMBERED_S
    assert "warning" not in client.get("/health").get_json()


@pytest.mark.parametrize(
    ("keys", "host"), [(("a key of thirty-two characters or so",), ANYONE), ((), "127.0.0.1")]
)
def test_a_service_with_a_key_or_of_this_machine_alone_does_not_warn(
    build: Build, caplog: pytest.LogCaptureFixture, keys: tuple[str, ...], host: str
) -> None:
    app = build(api_keys=keys)

    note_hosts(app, [host])

    assert "API key" not in caplog.text
    assert "warning" not in app.test_client().get("/health").get_json()


def test_gunicorn_warns_when_it_listens_for_all_machines(model_dir: Path, tmp_path: Path) -> None:
    with serving(model_dir, tmp_path, host=ANYONE) as server:
        assert "no API key" in server.ask("GET", "/health").json["warning"]

        assert "Other machines can reach this service" in server.printed()


def test_gunicorn_does_not_warn_as_it_comes(server: LiveServer) -> None:
    assert "warning" not in server.ask("GET", "/health").json
    assert "Other machines" not in server.printed()


def test_gunicorn_warns_of_a_misspelt_setting_once(model_dir: Path, tmp_path: Path) -> None:
    with serving(model_dir, tmp_path, CREDITSCORE_CUTTOFF="0.3") as server:
        lines = [line for line in server.printed().splitlines() if "CUTTOFF" in line]

    (line,) = map(json.loads, lines)
    assert line["level"] == "warning"
    assert "did you mean CREDITSCORE_CUTOFF?" in line["message"]
