"""CORS: pages of the origins that the host names may ask, and no others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from answers import decision_of, problem_of
from flask.testing import FlaskClient
from service_settings import settings_of
from werkzeug.test import TestResponse

from creditscore.settings import RateLimit
from creditscore.web import create_app

APP, OTHER_SITE = "https://app.example", "https://elsewhere.example"
KEY = "the-key-of-the-page-that-may"
CROSS_ORIGIN = {"Origin": APP, "Sec-Fetch-Site": "cross-site"}


@pytest.fixture(scope="module")
def client(model_dir: Path) -> FlaskClient:
    """Ask an open service that trusts one other origin."""
    return create_app(settings_of(model_dir, cors_origins=(APP,))).test_client()


@pytest.fixture(scope="module")
def guarded(model_dir: Path) -> FlaskClient:
    """Ask one that has a key."""
    settings = settings_of(model_dir, cors_origins=(APP, "http://localhost:8080"), api_keys=(KEY,))
    return create_app(settings).test_client()


def preflight(
    client: FlaskClient, path: str, origin: str = APP, method: str = "POST"
) -> TestResponse:
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    return client.options(path, headers=headers)


def cors_headers(answer: TestResponse) -> dict[str, str]:
    return {name: value for name, value in answer.headers if name.startswith("Access-Control-")}


def names_in(value: str) -> set[str]:
    return set(value.split(", "))


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/predict", "POST"),
        ("/what-if", "POST"),
        ("/decisions", "GET"),
        ("/decisions/00000000-0000-0000-0000-000000000000/outcome", "POST"),
        ("/monitoring", "GET"),
    ],
)
def test_a_browser_is_told_what_a_trusted_page_may_send(
    client: FlaskClient, guarded: FlaskClient, path: str, method: str
) -> None:
    # It asks without the key that the page would send.
    for service in (client, guarded):
        answer = preflight(service, path, method=method)

        assert answer.status_code == 200
        assert not answer.data
        cors = cors_headers(answer)
        assert cors["Access-Control-Allow-Origin"] == APP
        assert method in names_in(cors["Access-Control-Allow-Methods"])
        assert names_in(cors["Access-Control-Allow-Headers"]) == {
            "Authorization",
            "X-API-Key",
            "Idempotency-Key",
            "Content-Type",
        }
        assert int(cors["Access-Control-Max-Age"]) > 0
        assert "Access-Control-Allow-Credentials" not in cors
        assert "Origin" in answer.vary


def test_a_trusted_page_may_ask_and_read(
    client: FlaskClient, guarded: FlaskClient, example: dict[str, Any]
) -> None:
    without_key = client.post("/predict", json=example, headers=CROSS_ORIGIN)
    with_key = guarded.post("/predict", json=example, headers={**CROSS_ORIGIN, "X-API-Key": KEY})

    for answer in (without_key, with_key):
        decision_of(answer)
        assert cors_headers(answer)["Access-Control-Allow-Origin"] == APP
        exposed = names_in(answer.headers["Access-Control-Expose-Headers"])
        assert {"X-Request-ID", "Idempotent-Replayed", "Retry-After", "RateLimit"} <= exposed
        assert "Origin" in answer.vary


def test_a_trusted_page_reads_refusals_too(
    model_dir: Path, tmp_path: Path, guarded: FlaskClient, example: dict[str, Any]
) -> None:
    settings = settings_of(
        model_dir, cors_origins=(APP,), rate_limit=RateLimit(1, 3600), runtime_dir=tmp_path / "run"
    )
    limited = create_app(settings).test_client()
    limited.get("/model")

    answers = [
        (guarded.post("/predict", json=example, headers=CROSS_ORIGIN), 401),
        (guarded.get("/nowhere", headers=CROSS_ORIGIN), 404),
        (limited.get("/model", headers=CROSS_ORIGIN), 429),
    ]

    for answer, status in answers:
        problem_of(answer, status)
        assert answer.headers["Access-Control-Allow-Origin"] == APP


@pytest.mark.parametrize(
    "origin", [OTHER_SITE, "null", "http://app.example", f"{APP}.evil.example", f"{APP}:444", ""]
)
def test_no_other_page_may(client: FlaskClient, example: dict[str, Any], origin: str) -> None:
    preflight_answer = preflight(client, "/predict", origin)
    post_answer = client.post(
        "/predict", json=example, headers={"Origin": origin, "Sec-Fetch-Site": "cross-site"}
    )

    problem_of(post_answer, 403)
    for answer in (preflight_answer, post_answer):
        assert not cors_headers(answer)
        # Or a cache would give one page the answer to another.
        assert "Origin" in answer.vary


def test_without_trusted_pages_nothing_depends_on_the_origin(app: Any) -> None:
    answer = app.test_client().get("/openapi.json", headers={"Origin": APP})

    assert "Origin" not in answer.vary
    assert not cors_headers(answer)
