"""What a client is told when the log or too much work fails it, whatever route it asked."""

from __future__ import annotations

import logging

import pytest
from flask import Flask
from flask.testing import FlaskClient

from creditscore.errors import (
    CreditScoreError,
    DatabaseUnavailable,
    KeyReused,
    NoOverride,
    OutcomeConflict,
    Overloaded,
    OverrideConflict,
    UnknownDecision,
)
from creditscore.i18n.catalogue import MESSAGES
from creditscore.web import headers, metrics, problems
from creditscore.web.pages import show_refusal
from creditscore.web.service import current_request, store

CASES = [
    (DatabaseUnavailable, 503, "log_unavailable"),
    (Overloaded, 503, "overloaded"),
    (KeyReused, 422, "key_reused"),
    (UnknownDecision, 404, "unknown_decision"),
    (OutcomeConflict, 409, "outcome_conflict"),
    (OverrideConflict, 409, "override_conflict"),
    (NoOverride, 409, "no_override"),
]


def failing_with(error: CreditScoreError) -> FlaskClient:
    """Give a client of a service whose only route fails."""
    app = Flask(__name__)
    problems.register(app, show_refusal)

    @app.before_request
    def begin() -> None:
        headers.begin(current_request(), store())

    @app.get("/")
    def fail() -> str:
        raise error

    return app.test_client()


@pytest.mark.parametrize(("kind", "status", "sentence"), CASES)
def test_a_failure_is_a_problem_in_the_clients_language(
    kind: type[CreditScoreError], status: int, sentence: str, language: str
) -> None:
    client = failing_with(kind("what only the operator may know"))

    answer = client.get("/", headers={"Accept-Language": language})

    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json()["detail"] == MESSAGES[language][sentence]
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert "operator" not in answer.get_data(as_text=True)


@pytest.mark.parametrize(("kind", "status", "sentence"), CASES)
def test_a_failure_is_counted_by_its_kind(
    kind: type[CreditScoreError], status: int, sentence: str
) -> None:
    client = failing_with(kind())
    before = times_counted(sentence)

    assert client.get("/").status_code == status

    assert times_counted(sentence) == before + 1


def times_counted(kind: str) -> float:
    registry = metrics.instruments().registry
    return registry.get_sample_value("creditscore_errors_total", {"kind": kind}) or 0.0


def test_the_cause_of_a_failing_database_is_for_the_operator(
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = failing_with(DatabaseUnavailable("database is locked"))

    with caplog.at_level(logging.ERROR):
        client.get("/", headers={"X-Request-ID": "r-77"})

    assert caplog.messages == ["request r-77: the database failed: database is locked"]
