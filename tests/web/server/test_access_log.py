"""The access log: which key a request showed, by its id; never the key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live_server import LiveServer, serving
from waiting import wait_until

KEY, WRONG = "the-key-of-the-access-log-test", "a-guess-that-is-not-accepted"


def line_of(server: LiveServer, request_id: str) -> dict[str, Any]:
    """Wait for the line of a request."""

    def lines() -> list[str]:
        return [line for line in server.printed().splitlines() if request_id in line]

    assert wait_until(lambda: bool(lines()))
    (line,) = lines()
    line_members: dict[str, Any] = json.loads(line)
    return line_members


@pytest.fixture(scope="module")
def server(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A service that asks for a key, and limits nobody's rate."""
    folder = tmp_path_factory.mktemp("access-log")
    with serving(model_dir, folder, CREDITSCORE_API_KEYS=KEY) as running:
        yield running


@pytest.fixture(scope="module")
def limiting(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One that looks for the key before, as it counts who asks."""
    with serving(
        model_dir,
        tmp_path_factory.mktemp("access-log"),
        CREDITSCORE_API_KEYS=KEY,
        CREDITSCORE_RATE_LIMIT="600/minute",
    ) as running:
        yield running


@pytest.mark.parametrize("name_of_server", ["server", "limiting"])
def test_a_line_names_the_key_by_its_id_and_says_that_one_failed(
    request: pytest.FixtureRequest, name_of_server: str
) -> None:
    headers_of = {
        "right": {"X-API-Key": KEY},
        "wrong": {"Authorization": f"Bearer {WRONG}"},
        "none": {},
    }
    server: LiveServer = request.getfixturevalue(name_of_server)
    lines = {}
    for name, headers in headers_of.items():
        server.ask("GET", "/decisions", headers={**headers, "X-Request-ID": f"shows-{name}"})
        lines[name] = line_of(server, f"shows-{name}")
    printed = server.printed()

    assert lines["right"]["status"] == 200
    assert lines["right"]["key_id"].startswith("env-")
    assert "key_failed" not in lines["right"]
    assert lines["wrong"]["status"] == 401
    assert lines["wrong"]["key_failed"] is True
    assert "key_id" not in lines["wrong"]
    assert not {"key_id", "key_failed"} & lines["none"].keys()
    assert KEY not in printed
    assert WRONG not in printed


def test_a_sign_in_is_noted_as_a_key_in_a_header_is(server: LiveServer) -> None:
    form, lines = {"Content-Type": "application/x-www-form-urlencoded"}, {}
    for name, key in (("right", KEY), ("wrong", WRONG)):
        headers = {**form, "X-Request-ID": f"signs-in-{name}"}
        answer = server.ask("POST", "/sign-in", f"api-key={key}".encode(), headers)
        lines[name] = line_of(server, f"signs-in-{name}")
        if name == "right":
            cookie = answer.headers["set-cookie"].partition(";")[0]
    headers = {"Cookie": cookie, "X-Request-ID": "signed-in"}
    server.ask("GET", "/decisions", headers=headers)
    lines["after"] = line_of(server, "signed-in")
    printed = server.printed()

    assert lines["right"]["status"] == 303
    assert lines["right"]["key_id"] == lines["after"]["key_id"]
    assert (lines["wrong"]["status"], lines["wrong"]["key_failed"]) == (401, True)
    assert not any(secret in printed for secret in (KEY, WRONG, cookie))
