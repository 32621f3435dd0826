"""Overrides over HTTP, on both databases: logged once, read with the decision, never changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from answers import TIME, Body, faults_of, problem_of
from flask.testing import FlaskClient
from logged import KEY, count, database_of, other_label, run

from creditscore.decision_log.overrides import MAX_REASON_LENGTH
from creditscore.decision_log.tables import overrides
from creditscore.errors import DatabaseUnavailable


def path_of(decision: Body) -> str:
    return f"/decisions/{decision['decision_id']}"


def read(client: FlaskClient, decision: Body) -> Body:
    logged: Body = client.get(path_of(decision), headers=KEY).get_json()
    return logged


def test_an_override_stands_beside_the_decision_which_stays(
    guarded: FlaskClient, decided: Body
) -> None:
    stated = {"label": other_label(decided), "reason": "  a guarantor ", "decided_by": "A. Officer"}

    answer = guarded.post(f"{path_of(decided)}/override", json=stated, headers=KEY)

    assert answer.status_code == 200, answer.text
    answer_body = answer.get_json()
    assert TIME.fullmatch(answer_body.pop("recorded_at"))
    assert answer_body.pop("key_id").startswith("env-")
    assert answer_body == {"decision_id": decided["decision_id"], **stated, "reason": "a guarantor"}
    logged = read(guarded, decided)
    assert logged["label"] == decided["label"]
    assert logged["override"]["reason"] == "a guarantor"
    page = guarded.get("/decisions", headers=KEY).get_json()
    assert [decision["override"] for decision in page["decisions"]] == [logged["override"]]


def test_the_same_override_changes_nothing_and_another_is_refused(
    guarded: FlaskClient, decided: Body
) -> None:
    path = f"{path_of(decided)}/override"
    stated = {"label": other_label(decided), "reason": "first"}

    answers = [guarded.post(path, json=stated, headers=KEY) for _ in range(2)]
    conflict = guarded.post(path, json={**stated, "reason": "second"}, headers=KEY)
    by_another = guarded.post(path, json={**stated, "decided_by": "B. Officer"}, headers=KEY)

    assert answers[0].get_json() == answers[1].get_json()
    problem_of(conflict, 409)
    problem_of(by_another, 409)
    assert read(guarded, decided)["override"]["reason"] == "first"


def test_the_label_of_the_model_is_no_override(guarded: FlaskClient, decided: Body) -> None:
    stated = {"label": decided["label"], "reason": "I agree"}

    answer = guarded.post(f"{path_of(decided)}/override", json=stated, headers=KEY)

    assert "the other one" in problem_of(answer, 409)["detail"]
    assert read(guarded, decided)["override"] is None


#: What is changed in a sound override, and the faults that are named.
WRONG: list[tuple[Body, list[tuple[str, str]]]] = [
    ({"label": "perhaps"}, [("/label", "not_a_label")]),
    ({"label": ["eligible"]}, [("/label", "not_a_label")]),
    ({"label": 1, "reason": ""}, [("/label", "not_a_label"), ("/reason", "missing")]),
    ({"reason": " "}, [("/reason", "missing")]),
    ({"reason": None}, [("/reason", "missing")]),
    ({"reason": 7}, [("/reason", "wrong_type")]),
    ({"reason": "a\nb"}, [("/reason", "not_allowed")]),
    ({"reason": "x" * (MAX_REASON_LENGTH + 1)}, [("/reason", "too_long")]),
    ({"decided_by": "x" * 101}, [("/decided_by", "too_long")]),
    ({"decided_by": True}, [("/decided_by", "wrong_type")]),
    ({"Label": "eligible"}, [("", "not_an_override")]),
]


def test_what_is_no_override_is_refused(guarded: FlaskClient, decided: Body) -> None:
    sound, path = {"label": other_label(decided), "reason": "a guarantor"}, path_of(decided)

    for change, faults in WRONG:
        answer = guarded.post(f"{path}/override", json={**sound, **change}, headers=KEY)
        assert faults_of(answer, 422) == faults, change
    for body in ("[]", "{}", '{"label": "eligible"}', "1"):
        answer = guarded.post(f"{path}/override", data=body, headers=KEY)
        assert faults_of(answer, 422) == [("", "not_an_override")], body

    assert read(guarded, decided)["override"] is None


def test_the_longest_reason_is_taken_in_any_script(guarded: FlaskClient, decided: Body) -> None:
    stated = {"label": other_label(decided), "reason": "\N{GRINNING FACE}" * MAX_REASON_LENGTH}

    answer = guarded.post(f"{path_of(decided)}/override", json=stated, headers=KEY)

    assert answer.get_json()["reason"] == stated["reason"]


def test_of_overrides_at_the_same_moment_one_counts(guarded: FlaskClient, decided: Body) -> None:
    def override(number: int) -> int:
        stated = {"label": other_label(decided), "reason": f"reason {number}"}
        path = f"{path_of(decided)}/override"
        # A client keeps its cookies for one thread at a time.
        client = guarded.application.test_client()
        return client.post(path, json=stated, headers=KEY).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(override, range(8)))

    assert sorted(statuses) == [200] + [409] * 7
    assert count(database_of(guarded.application), overrides) == 1


def test_the_database_refuses_to_change_an_override(guarded: FlaskClient, decided: Body) -> None:
    stated = {"label": other_label(decided), "reason": "a guarantor"}
    guarded.post(f"{path_of(decided)}/override", json=stated, headers=KEY)
    database = database_of(guarded.application)

    for statement in (overrides.update().values(reason="none"), overrides.delete()):
        with pytest.raises(DatabaseUnavailable), database.writing() as connection:
            connection.execute(statement)

    assert read(guarded, decided)["override"]["reason"] == "a guarantor"


def test_verify_finds_that_the_guards_of_overrides_are_gone(guarded: FlaskClient) -> None:
    database = database_of(guarded.application)
    assert run(guarded.application, "verify").exit_code == 0

    with database.writing() as connection:
        on = "" if database.is_sqlite else " ON overrides"
        connection.exec_driver_sql(f"DROP TRIGGER overrides_keep{on}")

    result = run(guarded.application, "verify")
    assert result.exit_code != 0
    assert "overrides_keep" in result.output
