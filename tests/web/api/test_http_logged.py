"""POST /predict and the log: nothing is answered that is not logged, a repetition is answered once.

Over HTTP on both databases; that a commit comes before its answer is for the drills to prove.
"""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from answers import Answer, Body, decision_of, decisions_of, problem_of
from flask import Flask
from flask.testing import FlaskClient
from live_server import serving
from logged import KEY, KEYS, logged_decisions
from service_settings import Build

from creditscore.decision_log.database import Database, within
from creditscore.decision_log.log import DecisionLog

ONCE = {"Idempotency-Key": "once"}


@pytest.fixture
def app(build: Build) -> Flask:
    return build()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_a_refused_request_leaves_no_row(client: FlaskClient, applicants: list[Body]) -> None:
    problem_of(client.post("/predict", json=[*applicants, {}]), 422)
    problem_of(client.post("/predict", data=b"{"), 400)
    problem_of(client.post("/predict", data=b"{}", content_type="application/xml"), 415)

    assert logged_decisions(client) == []


# Repetitions


def test_a_request_that_comes_again_gets_its_first_answer_and_no_row(
    client: FlaskClient, applicants: list[Body]
) -> None:
    for number, body in enumerate([applicants, applicants[0]]):
        key = {"Idempotency-Key": f"key-{number}".ljust(255, "~")}
        first = client.post("/predict", json=body, headers=key)
        count = len(logged_decisions(client))

        again = client.post("/predict", json=body, headers=key)

        assert again.data == first.data
        assert again.headers["Idempotent-Replayed"] == "true"
        assert "Idempotent-Replayed" not in first.headers
        assert len(logged_decisions(client)) == count


def test_a_repetition_may_ask_for_another_language(
    client: FlaskClient, applicants: list[Body]
) -> None:
    first = decision_of(client.post("/predict", json=applicants[0], headers=ONCE))

    again = decision_of(
        client.post("/predict", json=applicants[0], headers={**ONCE, "Accept-Language": "id"})
    )

    assert again["decision_id"] == first["decision_id"]
    assert again["reasons"][0]["text"] != first["reasons"][0]["text"]


def test_another_body_under_the_same_key_is_refused(
    client: FlaskClient, applicants: list[Body]
) -> None:
    client.post("/predict", json=applicants[0], headers=ONCE)

    problem = problem_of(client.post("/predict", json=applicants, headers=ONCE), 422)

    assert "Idempotency-Key" in problem["detail"]
    assert len(logged_decisions(client)) == 1


@pytest.mark.parametrize("content_type", ["application/json", "text/csv"])
def test_without_an_api_key_each_network_has_keys_of_its_own(
    build: Build, example: Body, content_type: str
) -> None:
    app = build(api_keys=KEYS, open_predict=True)
    client = app.test_client()
    table = f"{','.join(example)}\n{','.join(map(str, example.values()))}\n"
    bodies = {"application/json": json.dumps(example), "text/csv": table}

    def ask(address: str, **headers: str) -> str:
        with client.post(
            "/predict",
            data=bodies[content_type],
            headers={**ONCE, "Content-Type": content_type, **headers},
            environ_overrides={"REMOTE_ADDR": address},
        ) as answer:
            assert answer.status_code == 200
            return answer.get_data(as_text=True)

    first, neighbour = ask("203.0.113.7"), ask("203.0.113.8")
    network = ask("2001:db8:1:2::1")
    with_key = ask("203.0.113.7", **KEY)

    assert len({first, neighbour, network, with_key}) == 4
    assert ask("203.0.113.7") == ask("::ffff:203.0.113.7") == first
    assert ask("2001:db8:1:2::2") == network
    assert ask("203.0.113.9", **KEY) == with_key
    assert len(logged_decisions(client)) == 4


def test_the_log_holds_a_key_and_no_address(client: FlaskClient, example: Body) -> None:
    for number in range(1, 200):
        client.post(
            "/predict",
            json=example,
            headers=ONCE,
            environ_overrides={"REMOTE_ADDR": f"203.0.113.{number}"},
        )

    keys = {decision.idempotency_key or "" for decision in logged_decisions(client)}
    assert len(keys) == 199
    assert all(re.fullmatch("once [0-9a-f]{6}", key) for key in keys)


def test_a_refused_request_does_not_use_up_its_key(
    client: FlaskClient, applicants: list[Body]
) -> None:
    problem_of(client.post("/predict", json={}, headers=ONCE), 422)

    answer = client.post("/predict", json=applicants[0], headers=ONCE)

    decision_of(answer)
    assert "Idempotent-Replayed" not in answer.headers


def test_a_repetition_is_answered_though_the_service_has_changed_since(
    build: Build, client: FlaskClient, applicants: list[Body]
) -> None:
    first = client.post("/predict", json=applicants, headers=ONCE)
    changed = build(max_applicants=1, cutoff=0.9).test_client()

    assert changed.post("/predict", json=applicants, headers=ONCE).data == first.data
    problem_of(changed.post("/predict", json=applicants), 422)


@pytest.mark.parametrize("key", ["", "x" * 256, "with space", "k\té", "\u00e9"])
def test_an_idempotency_key_that_is_none_is_refused(
    client: FlaskClient, applicants: list[Body], key: str
) -> None:
    answer = client.post("/predict", json=applicants[0], headers={"Idempotency-Key": key})

    problem_of(answer, 400)
    assert logged_decisions(client) == []


def test_repetitions_that_arrive_at_once_on_several_workers_leave_one_row(
    model_dir: Path, tmp_path: Path, database_url: str, applicants: list[Body]
) -> None:
    rounds, clients = 10, 8
    answers: list[list[Answer]] = [[] for _ in range(rounds)]
    with serving(model_dir, tmp_path, CREDITSCORE_DATABASE_URL=database_url) as server:
        barrier = threading.Barrier(clients)

        def ask() -> None:
            for index in range(rounds):
                headers = {"Idempotency-Key": f"round-{index}", "Content-Type": "application/json"}
                barrier.wait()
                body = json.dumps(applicants).encode()
                answers[index].append(server.ask("POST", "/predict", body, headers))

        with ThreadPoolExecutor(clients) as pool:
            for client in [pool.submit(ask) for _ in range(clients)]:
                client.result()

    for round_answers in answers:
        assert [answer.status for answer in round_answers] == [200] * clients
        assert len({answer.body for answer in round_answers}) == 1
        assert (
            sum("idempotent-replayed" in answer.headers for answer in round_answers) == clients - 1
        )
    database = Database(database_url)
    log = DecisionLog(database, now=lambda: pytest.fail("only read"))
    assert len(log.page(limit=1000).decisions) == rounds * len(applicants)
    database.close()


# A log that fails


@pytest.fixture
def blocking_connection(database_url: str) -> Iterator[sqlite3.Connection]:
    """Hold the file of the log, as a program does that writes into it for long."""
    path = database_url.removeprefix("sqlite:///")
    connection = sqlite3.connect(path, isolation_level=None)
    yield connection
    connection.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("lock", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_no_decision_is_given_that_cannot_be_logged_and_soon_they_are_again(
    client: FlaskClient,
    applicants: list[Body],
    blocking_connection: sqlite3.Connection,
    lock: str,
) -> None:
    blocking_connection.execute(lock)

    for headers in ({}, ONCE, {"X-API-Key": "x"}):
        # Its own deadlines are longer: test_database.py tests them.
        with within(0.5):
            answer = client.post("/predict", json=applicants, headers=headers)
        problem = problem_of(answer, 503)
        assert "log" in problem["detail"]
        assert int(answer.headers["Retry-After"]) > 0
    with within(0.5):
        problem_of(client.get("/health"), 503)

    blocking_connection.execute("ROLLBACK")
    decisions_of(client.post("/predict", json=applicants, headers=ONCE))
    assert client.get("/health").status_code == 200
    assert len(logged_decisions(client)) == len(applicants)


def test_health_names_the_database_without_saying_where_it_is_or_logging_anything(
    client: FlaskClient, database_url: str
) -> None:
    health = client.get("/health").get_json()

    kind = "sqlite" if database_url.startswith("sqlite") else "postgresql"
    assert health["database"] == {"status": "ok", "kind": kind}
    assert logged_decisions(client) == []
