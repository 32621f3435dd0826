"""Times at the ends of the calendar, at every route and command that takes a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from answers import faults_of
from flask import Flask
from flask.testing import FlaskClient
from service_settings import settings_of

from creditscore.web import create_app

HEADERS = {"X-API-Key": "the-key-of-the-test-of-times"}

#: None of these has a moment in UTC.
OUTSIDE = [
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00.000001+00:01",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59.999999-00:01",
    "9999-12-31T24:00:00Z",
    "0000-12-31",
    "10000-01-01",
    "2026-02-29",
    "2026-11-22T23:59:60Z",
    "2026-11-22T00:00:00+24:00",
]
#: Each of these has one.
INSIDE = [
    "0001-01-01",
    "0001-01-01T00:00:00Z",
    "0001-01-01T14:00:00+14:00",
    "0001-01-01T00:00:00-14:00",
    "9999-12-31",
    "9999-12-31T23:59:59.999999Z",
    "9999-12-31T23:59:59+14:00",
    "9999-12-31T09:59:59.999999-14:00",
]
PATHS = ["/decisions", "/monitoring"]
NAMES = ["since", "until"]
COMMANDS = [
    ["decisions", "replay", "--since"],
    ["decisions", "export", "--output", "-", "--since"],
    ["decisions", "export", "--output", "-", "--until"],
    ["decisions", "purge", "--yes", "--older-than"],
]


@pytest.fixture(scope="module")
def app(model_dir: Path) -> Flask:
    return create_app(settings_of(model_dir, api_keys=tuple(HEADERS.values())))


@pytest.fixture(scope="module")
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_these_are_all_routes_and_commands_that_take_times(app: Flask) -> None:
    openapi = app.test_client().get("/openapi.json").get_json()
    taking = {
        path
        for path, methods in openapi["paths"].items()
        for method in methods.values()
        for parameter in method.get("parameters", ())
        if parameter.get("name") in NAMES
    }
    group: Any = app.cli.commands["decisions"]
    options = {
        (name, option.opts[-1])
        for name, command in group.commands.items()
        for option in command.params
        if option.type.name in {"time", "age"}
    }

    assert taking == set(PATHS)
    assert options == {(command[1], command[-1]) for command in COMMANDS}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", NAMES)
def test_a_time_outside_the_calendar_is_a_fault_at_its_parameter_and_one_at_its_end_no_surprise(
    client: FlaskClient, path: str, name: str
) -> None:
    for time in OUTSIDE:
        answer = client.get(f"{path}?{name}={quote(time)}", headers=HEADERS)

        assert faults_of(answer, 422) == [(f"/{name}", "not_allowed")], time
        assert "from the year 1 to 9999" in answer.get_json()["detail"]
    for time in INSIDE:
        for accept in ("application/json", "text/html"):
            headers = {**HEADERS, "Accept": accept}
            answer = client.get(f"{path}?{name}={quote(time)}", headers=headers)

            # No window begins at the last moment, or ends at the first.
            allowed = {200, 422} if path == "/monitoring" else {200}
            assert answer.status_code in allowed, time


def test_a_window_from_end_to_end_of_the_calendar_is_answered(client: FlaskClient) -> None:
    query = f"since=0001-01-01&until={quote('9999-12-31T23:59:59.999999Z')}"

    answers = [client.get(f"{path}?{query}", headers=HEADERS) for path in PATHS]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[1].get_json()["since"] == "0001-01-01T00:00:00.000Z"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_refuses_a_time_outside_the_calendar_in_words(
    app: Flask, command: list[str]
) -> None:
    for time in OUTSIDE:
        result = app.test_cli_runner().invoke(args=[*command, time])

        assert result.exit_code == 2, time
        assert f"Invalid value for '{command[-1]}'" in result.stderr
        assert time in result.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_takes_a_time_at_the_end_of_the_calendar(app: Flask, command: list[str]) -> None:
    for time in INSIDE:
        result = app.test_cli_runner().invoke(args=[*command, time])

        future = time.startswith("9999") and command[1] == "purge"
        assert result.exit_code == (1 if future else 0), result.output
