"""The routes over the log, on both databases: read, explained, paged, followed up; never open."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from answers import TIME, Body, decision_of, decisions_of, faults_of, problem_of
from flask import Flask
from flask.testing import FlaskClient
from service_settings import Build

from creditscore.decision_log.log import DecisionLog
from creditscore.decisions.record import RequestOrigin
from creditscore.i18n.catalogue import LANGUAGES
from creditscore.schema import Schema
from creditscore.web.service import NAME

KEY = "the-key-of-the-log-test"
OTHER_KEY = "another-key-of-the-log-test"
ADDED = {"inputs", "impacts", "request_id", "key_id", "outcome", "override"}
UNKNOWN = "019b7c8a-0000-7000-8000-000000000000"


class Asker:
    """Asks a service, with a key."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.headers = {"X-API-Key": KEY}

    def get(self, path: str, **headers: str) -> Any:
        """Give the JSON of an answer that must be good, and kept by no cache."""
        answer = self.client.get(path, headers={**self.headers, **headers})
        assert answer.status_code == 200, answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.get_json()

    def predict(self, body: object) -> list[Body]:
        """Give the decisions on an array."""
        return decisions_of(self.client.post("/predict", json=body, headers=self.headers))

    def pages(self, path: str) -> Iterator[list[Body]]:
        """Follow the pages from a path on, as the Link header tells."""
        following: str | None = path
        while following:
            answer = self.client.get(following, headers=self.headers)
            assert answer.status_code == 200, answer.text
            page = answer.get_json()
            yield page["decisions"]
            link = re.fullmatch('<(/[^>]*)>; rel="next"', answer.headers.get("Link", ""))
            following = link and link[1]
            assert following == page["next"]


@pytest.fixture
def app(build: Build) -> Flask:
    return build(api_keys=(KEY, OTHER_KEY))


@pytest.fixture
def ask(app: Flask) -> Asker:
    return Asker(app.test_client())


def ids(decisions: list[Body]) -> list[str]:
    return [decision["decision_id"] for decision in decisions]


# One decision


def test_a_decision_is_read_back_as_it_was_answered_with_its_inputs(
    ask: Asker, applicants: list[Body]
) -> None:
    for language in LANGUAGES:
        headers = {**ask.headers, "Accept-Language": language, "X-Request-ID": "r-77"}
        for applicant in applicants:
            decision = decision_of(ask.client.post("/predict", json=applicant, headers=headers))

            logged = ask.get(
                f"/decisions/{decision['decision_id']}", **{"Accept-Language": language}
            )

            assert {name: logged[name] for name in decision} == decision
            assert logged.keys() - decision.keys() == ADDED
            assert logged["inputs"] == applicant
            assert logged["request_id"] == "r-77"
            assert logged["key_id"].startswith("env-")
            assert logged["outcome"] is None
            assert logged["override"] is None
            total = decision["baseline"] + sum(logged["impacts"].values())
            assert total == pytest.approx(decision["probability_of_default"], abs=1e-12)


def test_an_unknown_id_is_a_404(ask: Asker) -> None:
    names = [UNKNOWN, "6b326bd0-37a6-423b-ab89-09e6bee25bea", f"{{{UNKNOWN}}}", "%00", "a" * 300]
    stated = {
        "/outcome": {"defaulted": True},
        "/override": {"label": "eligible", "reason": "a guarantor"},
    }
    for name, rest in itertools.product(names, ["", "/explanation", *stated]):
        answer = ask.client.open(
            f"/decisions/{name}{rest}",
            method="POST" if rest in stated else "GET",
            json=stated.get(rest),
            headers=ask.headers,
        )

        assert "no decision" in problem_of(answer, 404)["detail"]


# Why


def test_an_explanation_gives_every_field_in_words_the_worst_first(
    ask: Asker, applicants: list[Body], schema: Schema, language: str
) -> None:
    for decision in ask.predict(applicants):
        path = f"/decisions/{decision['decision_id']}/explanation"

        explanation = ask.get(path, **{"Accept-Language": language})

        shared = set(explanation) & set(decision)
        assert {name: explanation[name] for name in shared} == {
            name: decision[name] for name in shared
        }
        impacts = [row["impact"] for row in explanation["impacts"]]
        assert impacts == sorted(impacts, reverse=True)
        fields = [row["field"] for row in explanation["impacts"]]
        assert sorted(fields) == sorted(schema.scorecards[decision["scorecard"]].fields)
        assert explanation["baseline"] + sum(impacts) == pytest.approx(
            decision["probability_of_default"], abs=1e-12
        )
        for row in explanation["impacts"]:
            assert row["text"].startswith(schema.fields[row["field"]].title[language])
        assert [row["field"] for row in decision["reasons"]] == fields[: len(decision["reasons"])]


def test_a_change_that_is_named_would_really_change_the_decision(
    ask: Asker, schema: Schema, applicants: list[Body]
) -> None:
    count = 0
    # For each field that an applicant may lower, a high value.
    worse = [
        {**applicants[-1], name: 4}
        for name, field in schema.fields.items()
        if field.change is not None and field.change.direction == "decrease"
    ]
    for applicant, decision in zip(worse, ask.predict(worse), strict=True):
        recourse = ask.get(f"/decisions/{decision['decision_id']}/explanation")["recourse"]
        assert recourse["text"]
        if recourse["possible"]:
            changed = {
                **applicant,
                **{change["field"]: change["to"] for change in recourse["changes"]},
            }
            (after,) = ask.predict([changed])
            assert after["label"] == "eligible"
            assert after["probability_of_default"] == recourse["probability_of_default"]
            count += decision["label"] == "not_eligible"

    assert count


def test_of_a_model_that_has_gone_the_impacts_stay_and_the_rest_is_said_plainly(
    app: Flask, ask: Asker, applicants: list[Body]
) -> None:
    (decision,) = ask.predict(applicants[:1])
    before = ask.get(f"/decisions/{decision['decision_id']}/explanation")
    log: DecisionLog = app.extensions[NAME].log
    (now,) = log.page(limit=1).decisions
    older = now.decision._replace(decision_id=str(uuid4()), model_version="application-00000000")
    log.record([older], RequestOrigin(request_id="of-last-year"))

    explanation = ask.get(f"/decisions/{older.decision_id}/explanation")

    assert explanation["impacts"] == before["impacts"]
    assert explanation["recourse"]["possible"] is None
    assert "Another model" in explanation["recourse"]["text"]


# Pages


def test_pages_give_each_decision_once_newest_first_while_more_arrive(
    ask: Asker, applicants: list[Body]
) -> None:
    decision_ids = ids(ask.predict(applicants * 4))

    listed_ids = []
    for page in ask.pages("/decisions?limit=3"):
        listed_ids += ids(page)
        assert page[0] == ask.get(f"/decisions/{page[0]['decision_id']}")
        ask.predict(applicants)

    assert listed_ids == decision_ids[::-1]


def test_filters_can_be_combined_and_stay_on_the_next_page(
    ask: Asker, applicants: list[Body]
) -> None:
    decisions = ask.predict(applicants * 3)
    first, last = decisions[0], decisions[-1]
    expected = [decision for decision in decisions if decision["scorecard"] == first["scorecard"]]
    query = f"scorecard={first['scorecard']}&label={first['label']}&limit=2"

    pages = list(ask.pages(f"/decisions?{query}&since={first['decided_at']}"))

    assert [ids(page) for page in pages] == [ids(expected[:0:-1]), ids(expected[:1])]
    assert not ask.get(f"/decisions?until={first['decided_at']}")["decisions"]
    assert not ask.get("/decisions?since=2999-01-01")["decisions"]
    assert len(ask.get("/decisions?since=2000-01-01&until=2999-01-01")["decisions"]) == len(
        decisions
    )
    assert last["decided_at"] >= first["decided_at"]


def test_a_wrong_query_is_refused_naming_all_that_is_wrong(ask: Asker) -> None:
    wrong = {
        "limit=0": ["/limit"],
        "limit=501": ["/limit"],
        "limit=%D9%A3": ["/limit"],
        "limit=1&limit=2": ["/limit"],
        "cursor=0": ["/cursor"],
        "cursor=9223372036854775808": ["/cursor"],
        "label=ELIGIBLE": ["/label"],
        "scorecard=x%00": ["/scorecard"],
        "since=yesterday": ["/since"],
        "since=2026-11-22T23:30:05": ["/since"],
        "since=2026-11-22T23:30:05%2B99:00": ["/since"],
        "lable=eligible&limit=0&until=x": ["", "/limit", "/until"],
        "_external=1": [""],
    }

    pointers = {
        query: [
            pointer
            for pointer, _ in faults_of(
                ask.client.get(f"/decisions?{query}", headers=ask.headers), 422
            )
        ]
        for query in wrong
    }

    assert pointers == wrong


def test_a_query_at_its_bounds_is_answered(ask: Asker) -> None:
    for query in (
        "limit=500",
        "cursor=9223372036854775807",
        "since=2026-11-22T23:30:05Z&until=2026-11-23T06:30:05.123456%2B07:00",
    ):
        assert ask.get(f"/decisions?{query}") == {"decisions": [], "next": None}


# What became of it


def test_an_outcome_is_told_once_and_may_be_repeated_but_not_changed(
    ask: Asker, applicants: list[Body]
) -> None:
    (decision,) = ask.predict(applicants[:1])
    path = f"/decisions/{decision['decision_id']}/outcome"

    answers = [
        ask.client.post(path, json={"defaulted": True}, headers={"X-API-Key": key})
        for key in (KEY, OTHER_KEY)
    ]

    assert [answer.status_code for answer in answers] == [200, 200]
    stated = answers[0].get_json()
    assert answers[1].get_json() == stated
    assert stated.keys() == {"decision_id", "defaulted", "recorded_at", "key_id"}
    assert (stated["decision_id"], stated["defaulted"]) == (decision["decision_id"], True)
    assert TIME.fullmatch(stated["recorded_at"])
    problem_of(ask.client.post(path, json={"defaulted": False}, headers=ask.headers), 409)
    logged = ask.get(f"/decisions/{decision['decision_id']}")
    assert logged["key_id"] == stated["key_id"]
    assert logged["outcome"] == {name: stated[name] for name in stated.keys() - {"decision_id"}}


def test_what_is_no_outcome_is_refused(ask: Asker, applicants: list[Body]) -> None:
    (decision,) = ask.predict(applicants[:1])
    path = f"/decisions/{decision['decision_id']}"

    for body, pointer in (
        ("[]", ""),
        ('{"defaulted": true, "x": 1}', ""),
        ('{"Defaulted": true}', ""),
        ('{"defaulted": 1}', "/defaulted"),
        ('{"defaulted": "true"}', "/defaulted"),
    ):
        answer = ask.client.post(f"{path}/outcome", data=body, headers=ask.headers)
        assert faults_of(answer, 422) == [(pointer, "not_an_outcome")], body
    for body in ("{", '{"defaulted": true, "defaulted": false}'):
        problem_of(ask.client.post(f"{path}/outcome", data=body, headers=ask.headers), 400)
    assert ask.get(path)["outcome"] is None


# Who may


GUARDED = [
    ("GET", "/decisions"),
    ("GET", f"/decisions/{UNKNOWN}"),
    ("GET", f"/decisions/{UNKNOWN}/explanation"),
    ("POST", f"/decisions/{UNKNOWN}/outcome"),
    ("POST", f"/decisions/{UNKNOWN}/override"),
]


def test_every_route_of_the_log_asks_for_a_key(ask: Asker) -> None:
    wrong = [{}, {"X-API-Key": "wrong"}, {"Authorization": f"Basic {KEY}"}]
    for (method, path), headers in itertools.product(GUARDED, wrong):
        answer = ask.client.open(path, method=method, json={"x": 1}, headers=headers)

        problem_of(answer, 401)
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_without_any_key_it_stays_closed_and_says_how_to_make_one(build: Build) -> None:
    client = build(open_predict=True).test_client()

    wrong = [{}, {"X-API-Key": ""}, {"X-API-Key": "any"}]
    for (method, path), headers in itertools.product(GUARDED, wrong):
        problem = problem_of(client.open(path, method=method, headers=headers), 401)

        assert "flask --app app keys new" in problem["detail"]
        assert "CREDITSCORE_API_KEYS" in problem["detail"]


def test_every_route_over_the_log_is_in_the_list_above(app: Flask) -> None:
    routes = {
        (method, rule.rule.replace("<decision_id>", UNKNOWN))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/decisions")
    }

    assert routes == set(GUARDED)
