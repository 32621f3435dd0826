"""Filters, search and CSV of the list of decisions over HTTP, on both databases."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator
from typing import Any, cast

import pytest
from answers import Body, faults_of
from flask.testing import FlaskClient
from logged import KEY, decide_for, run

from creditscore.decision_log.scan import PAGE_ROWS


@pytest.fixture
def decisions(guarded: FlaskClient, applicants: list[Body]) -> list[Body]:
    """Decisions of both scorecards, of both labels, with and without reference and outcome."""
    both_limits = [*applicants, *({**applicant, "LIMIT_BAL": 500000} for applicant in applicants)]
    body = [{**applicant, "reference": f"A-{at}"} for at, applicant in enumerate(both_limits * 2)]
    body.append(applicants[0])
    decisions: list[Body] = guarded.post("/predict", json=body, headers=KEY).get_json()
    for number, decision in enumerate(decisions):
        if number % 3:
            outcome = {"defaulted": number % 2 == 0}
            guarded.post(f"/decisions/{decision['decision_id']}/outcome", json=outcome, headers=KEY)
    listed: list[Body] = get(guarded)["decisions"]
    assert {decision["label"] for decision in listed} == {"eligible", "not_eligible"}
    return listed


def get(client: FlaskClient, **query: str | int) -> Any:
    answer = client.get("/decisions", query_string=query, headers=KEY)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def ids(decisions: list[Body]) -> list[str]:
    return [decision["decision_id"] for decision in decisions]


def table(client: FlaskClient, **query: str) -> list[dict[str, str]]:
    answer = client.get("/decisions", query_string={**query, "format": "csv"}, headers=KEY)
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "text/csv; charset=utf-8; header=present"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="decisions.csv"'
    assert answer.headers["Cache-Control"] == "no-store"
    return list(csv.DictReader(io.StringIO(answer.text)))


#: What each filter may ask for.
CHOICES = {
    "label": ("eligible", "not_eligible"),
    "scorecard": ("application", "behavioural"),
    "outcome": ("recorded", "missing"),
    "search": ("A-4",),
}


def fits(decision: Body, query: dict[str, str]) -> bool:
    """Return whether a decision is what a search is for."""
    state = "missing" if decision["outcome"] is None else "recorded"
    facts = {**decision, "outcome": state, "search": decision.get("reference")}
    return all(facts[name] == value for name, value in query.items())


def test_each_filter_and_each_combination_leaves_what_fits_all_of_them(
    guarded: FlaskClient, decisions: list[Body]
) -> None:
    for names in itertools.chain(*(itertools.combinations(CHOICES, n) for n in range(5))):
        for values in itertools.product(*(CHOICES[name] for name in names)):
            query = dict(zip(names, values, strict=True))
            expected = [decision for decision in decisions if fits(decision, query)]

            assert get(guarded, **query)["decisions"] == expected
            assert [row["decision_id"] for row in table(guarded, **query)] == ids(expected)


def test_the_table_is_what_the_export_writes_but_newest_first(
    guarded: FlaskClient, decisions: list[Body]
) -> None:
    exported = run(guarded.application, "export", "--format", "csv", "--output", "-")

    table_answer = guarded.get("/decisions", headers={**KEY, "Accept": "text/csv"})

    header, *lines = table_answer.text.splitlines()
    assert [header, *lines[::-1]] == exported.stdout.splitlines()
    assert len(lines) == len(decisions)
    assert "Accept" in table_answer.headers["Vary"]
    assert table(guarded, search="nothing") == []


def test_a_table_is_sent_while_it_is_read(guarded: FlaskClient, example: Body) -> None:
    count = PAGE_ROWS + 3
    for begin in range(0, count, 500):
        guarded.post("/predict", json=[example] * min(500, count - begin), headers=KEY)
    oldest = newest_first(guarded)[-1]

    with guarded.get("/decisions?format=csv", headers=KEY) as answer:
        pieces = cast("Iterator[bytes]", iter(answer.response))
        first = next(pieces)
        # What is logged of an older decision now is in the table: it has not been read yet.
        guarded.post(f"/decisions/{oldest}/outcome", json={"defaulted": True}, headers=KEY)
        rest = [next(pieces), *pieces]

    assert len(first.splitlines()) == 1
    assert [len(piece.splitlines()) for piece in rest] == [PAGE_ROWS, 3]
    rows = list(csv.DictReader(io.StringIO(b"".join([first, *rest]).decode())))
    assert [row["decision_id"] for row in rows if row["outcome.defaulted"]] == [oldest]


def newest_first(client: FlaskClient) -> list[str]:
    """Give the ids of all decisions."""
    page = get(client, limit=500)
    all_ids = ids(page["decisions"])
    while page["next"]:
        page = client.get(page["next"], headers=KEY).get_json()
        all_ids += ids(page["decisions"])
    return all_ids


def test_a_reference_that_a_spreadsheet_would_run_is_made_safe(guarded: FlaskClient) -> None:
    formulae = ["=1+1", "+1+1", "@SUM(A1)", "-1-1", '=HYPERLINK("http://x")']
    decide_for(guarded, formulae)

    assert [row["reference"] for row in table(guarded)] == [
        f"'{formula}" for formula in formulae[::-1]
    ]


def test_a_wrong_query_is_refused_before_anything_is_sent(guarded: FlaskClient) -> None:
    wrong = {
        "outcome=known": ["/outcome"],
        "outcome=": ["/outcome"],
        "search=": ["/search"],
        "search=" + "x" * 101: ["/search"],
        "search=a%0Ab": ["/search"],
        "format=xml": ["/format"],
        "format=csv&limit=5": [""],
        "format=csv&cursor=5": [""],
        "format=csv&since=never": ["/since"],
        "from=2026-01-01": [""],
    }

    for query, pointers in wrong.items():
        answer = guarded.get(f"/decisions?{query}", headers=KEY)
        assert [pointer for pointer, _ in faults_of(answer, 422)] == pointers, query
