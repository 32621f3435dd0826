"""The access log: which key a request showed, by its id; never the key."""

from __future__ import annotations

import json
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


@pytest.mark.parametrize("limit", ["off", "600/minute"])
def test_a_line_names_the_key_by_its_id_and_says_that_one_failed(
    model_dir: Path, tmp_path: Path, limit: str
) -> None:
    headers_of = {
        "right": {"X-API-Key": KEY},
        "wrong": {"Authorization": f"Bearer {WRONG}"},
        "none": {},
    }
    with serving(
        model_dir, tmp_path, CREDITSCORE_API_KEYS=KEY, CREDITSCORE_RATE_LIMIT=limit
    ) as server:
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


def test_a_sign_in_is_noted_as_a_key_in_a_header_is(model_dir: Path, tmp_path: Path) -> None:
    with serving(model_dir, tmp_path, CREDITSCORE_API_KEYS=KEY) as server:
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
