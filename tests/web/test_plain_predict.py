"""The usual request for a decision is answered without Flask, and as Flask would answer it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from answers import decision_of, problem_of
from flask import Flask
from flask.testing import FlaskClient
from logged import database_of
from service_settings import settings_of
from werkzeug.test import Client, TestResponse

from creditscore.schema import Schema
from creditscore.settings import RateLimit
from creditscore.web import create_app
from creditscore.web.plain_predict import LARGEST, PlainPredict

KEY = "the-key-of-the-test"

JSON = {"Content-Type": "application/json"}

#: What is the answer's own, every time.
FRESH = re.compile(rb'"decision_id":"[^"]+","decided_at":"[^"]+"')

PLAIN: list[dict[str, str]] = [
    JSON,
    {},
    {"Content-Type": "application/x-www-form-urlencoded"},
    {"Content-Type": "application/json; charset=utf-8"},
    {**JSON, "Accept-Language": "id"},
    {**JSON, "Accept-Language": "en;q=0.1, id;q=0.5"},
    {**JSON, "Accept-Language": "\u00e9;q=x,,"},
    {**JSON, "Accept": "text/html"},
    {**JSON, "Host": "elsewhere.example:81"},
    {**JSON, "Host": "no host"},
    {**JSON, "X-API-Key": "wrong"},
    {**JSON, "X-API-Key": KEY},
    {**JSON, "Authorization": f"Bearer {KEY}"},
    {**JSON, "X-Forwarded-For": "198.51.100.7"},
    {**JSON, "Cookie": "a=b"},
]
SPECIAL: list[dict[str, str]] = [
    {"Content-Type": "text/plain"},
    {"Content-Type": "APPLICATION/JSON"},
    {"Content-Type": "application/json; charset=utf-16"},
    {"Content-Type": "text/csv"},
    {"Content-Type": "image/png"},
    {**JSON, "Content-Encoding": "gzip"},
    {**JSON, "Idempotency-Key": "once"},
    {**JSON, "Idempotency-Key": "not one"},
    {**JSON, "Origin": "https://elsewhere.example"},
    {**JSON, "Sec-Fetch-Site": "cross-site"},
    {**JSON, "Sec-Fetch-Site": "same-origin"},
]
BODIES: list[bytes] = [
    b"",
    b" ",
    b"{",
    b"{}",
    b"[]",
    b"null",
    b"3",
    b"\xff",
    b'{"AGE": 25, "AGE": 25}',
    b'{"AGE": "25"}',
    b'{"NO_FIELD": 1}',
    b"[" * 20,
    b'{"AGE": ' + b"9" * 400 + b"}",
    b" " * LARGEST + b"1",
]


class OfFlask(Exception):
    """Flask was asked."""


@pytest.fixture
def example(schema: Schema) -> dict[str, Any]:
    return {name: schema.fields[name].example for name in schema.base_fields}


@pytest.fixture
def make(model_dir: Path) -> Callable[..., Flask]:
    return lambda **changes: create_app(settings_of(model_dir, **changes))


def door(app: Flask) -> PlainPredict:
    """Give what stands before Flask."""
    found = app.wsgi_app
    assert isinstance(found, PlainPredict)
    return found


def both(app: Flask) -> tuple[FlaskClient, Client]:
    """Give a client of the service, and one of its Flask alone."""
    return app.test_client(), Client(door(app).otherwise, TestResponse)


def said(answer: TestResponse) -> tuple[str, list[tuple[str, str]], bytes]:
    """Give what must be the same both ways."""
    return answer.status, list(answer.headers), FRESH.sub(b"", answer.data)


@pytest.fixture
def alone(app: Flask, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """Give a client of a service whose Flask fails."""

    def fail(*_: object) -> NoReturn:
        raise OfFlask

    monkeypatch.setattr(door(app), "otherwise", fail)
    return app.test_client()


@pytest.mark.parametrize("headers", PLAIN)
def test_plain_requests_never_reach_flask(
    alone: FlaskClient, example: dict[str, Any], headers: dict[str, str]
) -> None:
    answer = alone.post("/predict", data=json.dumps(example), headers=headers)

    assert answer.status_code == 200


@pytest.mark.parametrize("headers", SPECIAL)
def test_special_requests_do(
    alone: FlaskClient, example: dict[str, Any], headers: dict[str, str]
) -> None:
    with pytest.raises(OfFlask):
        alone.post("/predict", data=json.dumps(example), headers=headers)


@pytest.mark.parametrize("settled", [{}, {"api_keys": (KEY,)}], ids=["open", "keys"])
@pytest.mark.parametrize("headers", PLAIN + SPECIAL)
def test_both_ways_give_the_same_answer(
    make: Callable[..., Flask],
    example: dict[str, Any],
    headers: dict[str, str],
    settled: dict[str, Any],
) -> None:
    sent = {**headers, "X-Request-ID": "the-same"}
    raw = json.dumps(example)

    one, other = (
        client.post("/predict", data=raw, headers=sent) for client in both(make(**settled))
    )

    # With an idempotency key the second one is the first one's again.
    other.headers.pop("Idempotent-Replayed", None)
    assert said(one) == said(other)


@pytest.mark.parametrize("raw", BODIES)
def test_both_ways_refuse_the_same_bodies_alike(app: Flask, raw: bytes) -> None:
    sent = {**JSON, "X-Request-ID": "the-same"}

    one, other = (client.post("/predict", data=raw, headers=sent) for client in both(app))

    assert one.status_code >= 400
    assert said(one) == said(other)


@pytest.mark.parametrize("announced", ["0", "-1", "x", "+9", "1_0", "\u00b2", "99999", "9" * 30])
def test_both_ways_read_a_false_length_alike(
    app: Flask, example: dict[str, Any], announced: str
) -> None:
    sent = {**JSON, "X-Request-ID": "the-same"}

    one, other = (
        client.post(
            "/predict",
            data=json.dumps(example),
            headers=sent,
            environ_overrides={"CONTENT_LENGTH": announced},
        )
        for client in both(app)
    )

    assert said(one) == said(other)


@pytest.mark.parametrize("path", ["/predict/", "//predict", "/Predict", "/what-if", "/"])
def test_other_addresses_reach_flask(
    alone: FlaskClient, example: dict[str, Any], path: str
) -> None:
    with pytest.raises(OfFlask):
        alone.post(path, json=example)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT"])
def test_other_methods_reach_flask(alone: FlaskClient, method: str) -> None:
    with pytest.raises(OfFlask):
        alone.open("/predict", method=method)


def test_a_request_counts_once_whoever_answers_it(
    make: Callable[..., Flask], example: dict[str, Any], tmp_path: Path
) -> None:
    client = make(rate_limit=RateLimit(3, 3600), runtime_dir=tmp_path / "run").test_client()

    answers = [client.post("/predict", json=body) for body in (example, {}, example, example)]

    left = [re.search("r=([0-9]+)", answer.headers["RateLimit"]) for answer in answers]
    assert [answer.status_code for answer in answers] == [200, 422, 200, 429]
    assert [int(found[1]) for found in left if found] == [2, 1, 0, 0]


def test_a_decision_that_cannot_be_logged_is_refused_once(
    make: Callable[..., Flask],
    example: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    sqlite_url: str,
) -> None:
    app = make(database_url=sqlite_url)
    path = database_of(app).path
    assert path is not None
    decision_of(app.test_client().post("/predict", json=example))
    path.rename(path.with_suffix(".away"))
    caplog.clear()

    answer = app.test_client().post("/predict", json=example, headers={"X-Request-ID": "lost"})

    problem_of(answer, 503)
    assert answer.headers["X-Request-ID"] == "lost"
    assert [record.getMessage()[:13] for record in caplog.records] == ["request lost:"]


def test_a_surprise_is_answered_by_flask_with_the_same_name(
    make: Callable[..., Flask],
    example: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = make()
    service = app.extensions["creditscore"]
    tried = []

    def fail(*asked: object) -> NoReturn:
        tried.append(asked)
        raise ZeroDivisionError

    monkeypatch.setattr(type(service.log), "record", fail)

    answer = app.test_client().post("/predict", json=example, headers={"X-Request-ID": "odd"})

    problem_of(answer, 500)
    assert len(tried) == 1
    assert any(record.exc_info for record in caplog.records)
    assert caplog.records[-1].getMessage() == "request odd failed"


def test_limits_that_fail_are_a_surprise_like_others(
    app: Flask, example: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> NoReturn:
        raise OSError

    monkeypatch.setattr(type(app.extensions["creditscore"].limits), "look", fail)

    problem_of(app.test_client().post("/predict", json=example), 500)


def test_a_body_that_breaks_off_is_refused(app: Flask, example: dict[str, Any]) -> None:
    raw = json.dumps(example).encode()

    answer = app.test_client().post(
        "/predict",
        data=raw,
        headers=JSON,
        environ_overrides={"CONTENT_LENGTH": str(len(raw) + 1), "wsgi.input_terminated": True},
    )

    problem_of(answer, 400)
