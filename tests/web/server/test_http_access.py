"""Who may ask for decisions: API keys, and pages of other sites."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from answers import Body, decision_of, problem_of
from flask.testing import FlaskClient
from service_settings import settings_of
from werkzeug.test import TestResponse

from creditscore.web import create_app

KEYS = ("the-first-key-of-the-test", "the-other-key-of-the-test")
OPEN_ROUTES = ["/", "/docs", "/openapi.json", "/health", "/model"]
WRONG = [
    {},
    {"X-API-Key": KEYS[0][:-1]},
    {"X-API-Key": KEYS[0].upper()},
    {"X-API-Key": ",".join(KEYS)},
    {"X-API-Key": "kéy"},
    {"X-API-Key": "x" * 5000},
    {"Authorization": f"Bearer {KEYS[0]} {KEYS[0]}"},
    {"Authorization": f"Basic {KEYS[0]}"},
    {"Authorization": KEYS[0]},
    {"Authorization": "Bearer wrong", "X-API-Key": KEYS[0]},
    {"Cookie": f"X-API-Key={KEYS[0]}"},
]
RIGHT = [
    {"X-API-Key": KEYS[0]},
    {"Authorization": f"Bearer {KEYS[0]}"},
    {"Authorization": f"bearer  {KEYS[1]} "},
]
ANOTHER_SITES = [
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    # Another port of this host, or another host of its domain.
    {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:9999"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "SAME-ORIGIN, cross-site", "Origin": "http://localhost"},
    {"Origin": "http://localhost.elsewhere.example"},
    {"Origin": "http://localhost:8080"},
    {"Origin": "null"},
]
OWN_SITES = [
    {},
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "http://localhost"},
]


@pytest.fixture(scope="module")
def guarded(model_dir: Path) -> FlaskClient:
    """Ask a service with two API keys."""
    return create_app(settings_of(model_dir, api_keys=KEYS)).test_client()


@pytest.fixture(scope="module")
def kept_open(model_dir: Path) -> FlaskClient:
    """Ask a service with keys whose /predict stays open all the same."""
    settings = settings_of(model_dir, api_keys=KEYS, open_predict=True)
    return create_app(settings).test_client()


def ask(client: FlaskClient, example: Body, headers: dict[str, Any]) -> TestResponse:
    return client.post("/predict", json=example, headers=headers)


def test_without_keys_anyone_may_ask_and_with_them_where_the_host_keeps_it_open(
    client: FlaskClient, kept_open: FlaskClient, example: Body
) -> None:
    for service in (client, kept_open):
        for headers in ({}, {"X-API-Key": "wrong"}, {"Authorization": "Bearer wrong"}, RIGHT[0]):
            decision_of(ask(service, example, headers))


@pytest.mark.parametrize("headers", RIGHT)
def test_with_keys_any_of_them_is_accepted(
    guarded: FlaskClient, example: Body, headers: dict[str, str]
) -> None:
    decision_of(ask(guarded, example, headers))


@pytest.mark.parametrize("headers", WRONG)
def test_with_keys_a_wrong_one_and_none_look_alike(
    guarded: FlaskClient, example: Body, headers: dict[str, str]
) -> None:
    answer = ask(guarded, example, headers)

    problem = problem_of(answer, 401)
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert problem == problem_of(ask(guarded, example, {}), 401)
    assert not any(key in answer.text for key in KEYS)


def test_the_key_is_checked_before_the_body_is_read(guarded: FlaskClient) -> None:
    problem_of(guarded.post("/predict", data=b"no json", content_type="application/xml"), 401)


@pytest.mark.parametrize("route", OPEN_ROUTES)
def test_with_keys_the_pages_stay_open(guarded: FlaskClient, route: str) -> None:
    answer = guarded.get(route, follow_redirects=True)

    assert answer.status_code == 200
    assert not any(key in answer.text for key in KEYS)


@pytest.mark.parametrize("headers", ANOTHER_SITES)
def test_a_page_of_another_site_may_not_ask(
    client: FlaskClient,
    guarded: FlaskClient,
    kept_open: FlaskClient,
    example: Body,
    headers: dict[str, str],
) -> None:
    for service in (client, kept_open):
        problem_of(ask(service, example, headers), 403)
        problem_of(ask(service, example, {**headers, "X-API-Key": "wrong"}), 403)
    # But for one that has a key.
    for service in (guarded, kept_open):
        decision_of(ask(service, example, {**headers, **RIGHT[0]}))


@pytest.mark.parametrize("headers", OWN_SITES)
def test_a_page_of_this_service_and_a_program_may_ask(
    client: FlaskClient, example: Body, headers: dict[str, str]
) -> None:
    decision_of(ask(client, example, headers))


def test_no_page_of_another_site_may_read_answers(client: FlaskClient, example: Body) -> None:
    preflight = {
        "Origin": "https://elsewhere.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    for answer in (
        client.options("/predict", headers=preflight),
        ask(client, example, {"Origin": "http://localhost"}),
        client.get("/model", headers={"Origin": "https://elsewhere.example"}),
    ):
        assert not [name for name in dict(answer.headers) if name.startswith("Access-Control")]
        assert "Set-Cookie" not in answer.headers
