"""Rate limits over HTTP: who counts as one client, what is told, and what is not counted."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from answers import decision_of, problem_of
from flask.testing import FlaskClient
from live_server import serving
from service_settings import settings_of
from werkzeug.test import TestResponse

from creditscore.settings import RateLimit
from creditscore.web import create_app

KEYS = ("the-first-key-of-the-test", "the-other-key-of-the-test")

Build = Callable[..., FlaskClient]


@pytest.fixture
def limited(model_dir: Path, tmp_path: Path) -> Build:
    """Build a service that allows three requests an hour, unless told otherwise."""

    def build(**changes: Any) -> FlaskClient:
        usual = {"rate_limit": RateLimit(3, 3600), "runtime_dir": tmp_path / "run"}
        return create_app(settings_of(model_dir, **{**usual, **changes})).test_client()

    return build


def statuses(client: FlaskClient, count: int, **options: Any) -> list[int]:
    return [client.get("/model", **options).status_code for _ in range(count)]


def from_address(address: str) -> dict[str, Any]:
    return {"environ_overrides": {"REMOTE_ADDR": address}}


def test_whoever_asks_too_often_is_told_when_to_ask_again(
    limited: Build, example: dict[str, Any]
) -> None:
    client = limited()
    for _ in range(3):
        decision_of(client.post("/predict", json=example))

    refused = client.post("/predict", json=example)

    problem = problem_of(refused, 429)
    assert 0 < int(refused.headers["Retry-After"]) <= 1200
    assert "3/hour" in problem["detail"]
    assert refused.headers["Retry-After"] in problem["detail"]


def test_every_answer_tells_what_is_left(limited: Build) -> None:
    client = limited()

    answer_headers = [client.get("/model").headers for _ in range(4)]

    assert {headers["RateLimit-Policy"] for headers in answer_headers} == {'"all";q=3;w=3600'}
    matches = [
        re.fullmatch('"all";r=([0-9]+);t=([0-9]+)', headers["RateLimit"])
        for headers in answer_headers
    ]
    assert [int(match[1]) for match in matches if match] == [2, 1, 0, 0]
    assert all(0 < int(match[2]) <= 3600 for match in matches if match)


def test_an_error_counts_and_tells_as_well(limited: Build) -> None:
    client = limited()

    answers = [client.post("/predict", data="{"), client.get("/nowhere"), client.put("/predict")]

    assert [answer.status_code for answer in answers] == [400, 404, 405]
    assert all("RateLimit" in answer.headers for answer in answers)
    assert statuses(client, 1) == [429]


@pytest.mark.parametrize(
    ("addresses", "other_address"),
    [
        (["203.0.113.7"] * 4, "203.0.113.8"),
        # A network of IPv6 is one client, and an address that is mapped is what it maps.
        ([f"2001:db8:1:2::{n:x}" for n in range(1, 5)], "2001:db8:1:3::1"),
        (["::ffff:203.0.113.9"] * 3 + ["203.0.113.9"], "::ffff:203.0.113.8"),
        # Some proxies add the port.
        ([f"203.0.113.7:5000{n}" for n in range(3)] + ["203.0.113.7"], "203.0.113.8:50000"),
        ([f"[2001:db8:1:2::{n}]:5000{n}" for n in range(4)], "[2001:db8:1:3::1]:50000"),
    ],
)
def test_each_address_has_its_own_account(
    limited: Build, addresses: list[str], other_address: str
) -> None:
    client = limited()

    answer_statuses = [statuses(client, 1, **from_address(address)) for address in addresses]

    assert answer_statuses == [[200], [200], [200], [429]]
    assert statuses(client, 1, **from_address(other_address)) == [200]


def test_behind_a_proxy_only_the_address_that_it_adds_counts(limited: Build) -> None:
    client = limited(proxies=1)

    def ask(made_up: str, added: str) -> int:
        headers = {"X-Forwarded-For": f"{made_up}, {added}"}
        return client.get("/model", headers=headers).status_code

    assert [ask(f"198.51.100.{n}", "203.0.113.7") for n in range(4)] == [200, 200, 200, 429]
    assert ask("203.0.113.7", "203.0.113.8") == 200


def test_each_key_has_its_own_account_wherever_it_is_used(limited: Build) -> None:
    client = limited(api_keys=KEYS)
    first, second = ({"X-API-Key": key} for key in KEYS)

    answer_statuses = [
        statuses(client, 1, headers=first, **from_address(f"203.0.113.{n}"))[0] for n in range(4)
    ]

    assert answer_statuses == [200, 200, 200, 429]
    assert statuses(client, 1, headers=second) == [200]
    assert statuses(client, 1) == [200]


@pytest.mark.parametrize(
    ("path", "header", "status"),
    [("/model", "X-Forwarded-For", 200), ("/decisions", "X-API-Key", 401)],
    ids=["addresses", "keys"],
)
def test_addresses_and_keys_that_a_client_makes_up_share_its_account(
    limited: Build, path: str, header: str, status: int
) -> None:
    client = limited(api_keys=KEYS)

    answer_statuses = [
        client.get(path, headers={header: f"198.51.100.{n}"}).status_code for n in range(5)
    ]

    assert answer_statuses == [status] * 3 + [429] * 2


def test_exploring_has_a_limit_of_its_own(limited: Build, example: dict[str, Any]) -> None:
    client = limited(rate_limit=RateLimit(100, 3600), what_if_rate_limit=RateLimit(2, 3600))

    def explore() -> TestResponse:
        return client.post("/what-if", json=example)

    answers = [explore() for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].headers["RateLimit-Policy"] == '"what-if";q=2;w=3600'
    assert client.post("/predict", json=example).status_code == 200
    # The page explores too.
    form = {**{name: str(value) for name, value in example.items()}, "explore": "1"}
    assert client.post("/", data=form).status_code == 429


def test_the_files_of_the_pages_count_as_well(limited: Build) -> None:
    client = limited()

    answer_statuses = []
    for _ in range(4):
        with client.get("/static/page.css") as answer:
            answer_statuses.append(answer.status_code)
            assert "RateLimit" in answer.headers

    assert answer_statuses == [200, 200, 200, 429]


def test_without_a_limit_nothing_is_said_of_one(limited: Build, tmp_path: Path) -> None:
    client = limited(rate_limit=None)

    assert statuses(client, 10) == [200] * 10
    assert "RateLimit" not in client.get("/model").headers
    assert not (tmp_path / "run").exists()


def test_a_folder_that_cannot_be_used_stops_nothing(
    limited: Build, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")

    client = limited(runtime_dir=tmp_path / "file")

    assert statuses(client, 4) == [200, 200, 200, 429]
    assert "rate limits are kept in" in caplog.text


def test_all_workers_share_one_account(model_dir: Path, tmp_path: Path) -> None:
    with serving(
        model_dir, tmp_path, CREDITSCORE_RATE_LIMIT="50/hour", WEB_CONCURRENCY="3"
    ) as server:
        # The server was asked for its health until it was well.
        answer_statuses = [server.ask("GET", "/openapi.json").status for _ in range(60)]

    assert 40 <= answer_statuses.count(200) < 50
    assert set(answer_statuses) == {200, 429}
    assert sorted(answer_statuses) == answer_statuses
