"""The route of monitoring, on both databases: its window, its key, its figures, their course."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from answers import Body, decisions_of, faults_of, problem_of
from flask.testing import FlaskClient
from logged import KEY, KEYS, decide_alike
from pages import BROWSER
from service_settings import Build


@pytest.fixture
def decisions(guarded: FlaskClient, applicants: list[Body]) -> list[Body]:
    """Decide on twenty applicants, ten for each scorecard."""
    return decisions_of(guarded.post("/predict", json=applicants * 10, headers=KEY))


def look(client: FlaskClient, path: str = "/monitoring") -> Body:
    answer = client.get(path, headers=KEY)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    report: Body = answer.get_json()
    return report


def test_it_counts_decisions_and_their_outcomes(
    guarded: FlaskClient, decisions: list[Body]
) -> None:
    for decision in decisions[:4]:
        path = f"/decisions/{decision['decision_id']}/outcome"
        assert guarded.post(path, json={"defaulted": True}, headers=KEY).status_code == 200

    report = look(guarded)

    assert report["decisions"] == 20
    for name, figures in report["scorecards"].items():
        scorecard_decisions = [decision for decision in decisions if decision["scorecard"] == name]
        assert figures["decisions"] == len(scorecard_decisions) == 10
        assert figures["model_version"] == scorecard_decisions[0]["model_version"]
        share = sum(decision["label"] == "eligible" for decision in scorecard_decisions) / 10
        assert figures["approval_rate"]["value"] == share
        assert figures["outcomes"]["matured"] == figures["outcomes"]["defaults"]["observed"] == 2


def test_the_window_is_of_thirty_days_unless_another_is_asked_for(
    guarded: FlaskClient, decisions: list[Body]
) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)

    report = look(guarded)

    since, until = (datetime.fromisoformat(report[name]) for name in ("since", "until"))
    assert until - since == timedelta(days=30)
    assert before <= until <= datetime.now(UTC)


def test_a_window_holds_its_own_decisions(guarded: FlaskClient, decisions: list[Body]) -> None:
    for query, count in (
        ("since=2020-01-01&until=2020-02-01", 0),
        ("until=2020-02-01T00:00:00Z&days=3660", 0),
        ("since=2020-01-01&until=9999-12-31", 20),
    ):
        assert look(guarded, f"/monitoring?{query}")["decisions"] == count


def test_a_window_that_cannot_be_is_told_at_its_parameter(guarded: FlaskClient) -> None:
    for query, pointer in (
        ("days=0", "/days"),
        ("days=3661", "/days"),
        ("since=2026-01-01T00:00:00", "/since"),
        ("since=2026-01-01&until=2026-01-01", "/since"),
        ("since=9999-12-31", "/since"),
        ("days=7&since=2026-01-01", "/days"),
        ("until=0001-01-01", "/until"),
        ("window=7", ""),
    ):
        answer = guarded.get(f"/monitoring?{query}", headers=KEY)

        assert [fault_pointer for fault_pointer, _ in faults_of(answer, 422)] == [pointer], query


def test_it_needs_a_key_whether_or_not_there_is_one(build: Build) -> None:
    for keys in [(), KEYS]:
        answer = build(api_keys=keys).test_client().get("/monitoring")

        problem_of(answer, 401)


# The course of the days, weeks and months


def test_json_has_the_course_by_the_period_that_is_asked_for(guarded: FlaskClient) -> None:
    decide_alike(guarded, 300)
    client = guarded

    by_itself = client.get("/monitoring", headers=KEY).get_json()
    by_month = client.get("/monitoring?by=month&format=json", headers=KEY).get_json()

    assert (by_itself["by"], by_month["by"]) == ("day", "month")
    assert by_itself["verdict"] == by_month["verdict"] == "fails"
    (month,) = by_month["scorecards"]["application"]["series"]
    assert month["from"].endswith("-01")
    assert month["decisions"] == 300
    for query in ("by=year", "by=", "format=xml"):
        answer = client.get(f"/monitoring?{query}", headers=KEY)
        assert [pointer for pointer, _ in faults_of(answer, 422)] == [f"/{query.split('=')[0]}"]


@pytest.mark.parametrize(
    ("query", "accept"),
    [("?format=csv", "*/*"), ("?format=csv", BROWSER["Accept"]), ("", "text/csv, */*;q=0.1")],
)
def test_the_course_comes_as_csv(guarded: FlaskClient, query: str, accept: str) -> None:
    decide_alike(guarded, 300)

    answer = guarded.get(f"/monitoring{query}", headers={**KEY, "Accept": accept})

    assert answer.status_code == 200
    assert answer.content_type == "text/csv; charset=utf-8"
    assert "Accept" in answer.headers["Vary"]
    assert "monitoring.csv" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    (age,) = [row for row in rows if row["field"] == "AGE" and row["scorecard"] == "application"]
    assert (age["figure"], age["verdict"]) == ("field_psi", "fails")
    assert float(age["value"]) > 0.25


def test_csv_needs_a_key_as_json_does(guarded: FlaskClient) -> None:
    client = guarded
    program, browser = (
        client.get("/monitoring?format=csv", headers=headers)
        for headers in ({"Accept": "text/csv"}, BROWSER)
    )

    problem_of(program, 401)
    # A browser gets the page to sign in.
    assert browser.status_code == 401
    assert 'name="api-key"' in browser.text
