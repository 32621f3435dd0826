"""Outcomes of many decisions over HTTP, on both databases: each row by itself, and reported."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from answers import TIME, Body, faults_of, problem_of
from flask.testing import FlaskClient
from logged import KEY, KEYS, count, database_of, decide, decide_for, run, schema_of
from service_settings import Build
from sqlalchemy import text

from creditscore.api_docs.examples import example_applicants, example_table
from creditscore.decision_log.outcome_batch import CHUNK_ROWS, STATES, count_references
from creditscore.decision_log.tables import outcomes
from creditscore.i18n.catalogue import LANGUAGES
from creditscore.readers import open_csv
from creditscore.schema.csv_cells import escape, to_line
from creditscore.tables.outcome_rows import COLUMNS, LOGGED_DEFAULTED, check_table
from creditscore.web.api.outcomes import MAX_ROWS

UNKNOWN = "019b7c8a-0000-7000-8000-000000000000"


def decide_by_table(client: FlaskClient, references: list[str]) -> list[str]:
    """Decide on an applicant once for each reference, in one table; give the ids."""
    header, row, *_ = example_table(schema_of(client))
    rows = [[*header, "reference"], *([*row, reference] for reference in references)]
    table = io.StringIO()
    csv.writer(table).writerows(rows)
    answer = client.post(
        "/predict", data=table.getvalue(), content_type="text/csv", headers=KEY, buffered=True
    )
    assert answer.status_code == 200, answer.text
    return [row["decision_id"] for row in csv.DictReader(io.StringIO(answer.text))]


def post(client: FlaskClient, body: object, **headers: str) -> Body:
    answer = client.post("/outcomes", json=body, headers={**KEY, **headers}, buffered=True)
    assert answer.status_code == 200, answer.text
    assert answer.content_length == len(answer.data)
    report: Body = answer.get_json()
    assert sum(report["counts"].values()) == len(report["outcomes"])
    return report


def post_table(client: FlaskClient, table: str | bytes) -> Body:
    answer = client.post(
        "/outcomes", data=table, content_type="text/csv", headers=KEY, buffered=True
    )
    assert answer.status_code == 200, answer.text
    report: Body = answer.get_json()
    return report


def states(report: Body) -> list[str]:
    return [row["state"] for row in report["outcomes"]]


def outcome_of(client: FlaskClient, decision_id: str) -> Any:
    answer = client.get(f"/decisions/{decision_id}", headers=KEY)
    assert answer.status_code == 200
    return answer.get_json()["outcome"]


def test_each_outcome_of_an_array_stands_by_itself(guarded: FlaskClient) -> None:
    first_id, second_id, *_ = decide_by_table(guarded, ["A-1", "A-2", "twice", "twice", "twice"])
    body = [
        {"decision_id": first_id, "defaulted": True},
        {"reference": " A-2 ", "defaulted": False},
        {"decision_id": first_id, "defaulted": True},
        {"decision_id": first_id, "defaulted": False},
        {"decision_id": UNKNOWN, "defaulted": True},
        {"reference": "unknown", "defaulted": True},
        {"reference": "twice", "defaulted": True},
        {"decision_id": first_id, "reference": "A-2", "defaulted": True},
        {"decision_id": second_id, "reference": "A-2", "defaulted": False},
        {"reference": "A-1"},
    ]

    report = post(guarded, body)

    assert states(report) == [
        "recorded", "recorded", "known", "conflict", "unknown", "unknown", "ambiguous", "unknown",
        "known", "invalid",
    ]  # fmt: skip
    assert [row["decisions"] for row in report["outcomes"]] == [1, 1, 1, 1, 0, 0, 3, 0, 1, 0]
    assert [row["pointer"] for row in report["outcomes"]] == [
        f"/{position}" for position in range(10)
    ]
    assert report["counts"] == {
        "recorded": 2, "known": 2, "conflict": 1, "unknown": 3, "ambiguous": 1, "invalid": 1,
    }  # fmt: skip
    assert "3 decisions" in report["outcomes"][6]["detail"]
    assert outcome_of(guarded, first_id) == report["outcomes"][0]["outcome"]
    assert outcome_of(guarded, first_id)["defaulted"] is True
    assert outcome_of(guarded, second_id)["defaulted"] is False
    assert count(database_of(guarded.application), outcomes) == 2


def test_an_outcome_says_who_recorded_it_and_when(guarded: FlaskClient) -> None:
    (decision_id,) = decide_by_table(guarded, ["A-1"])

    (row,) = post(guarded, [{"reference": "A-1", "defaulted": True}])["outcomes"]

    logged = guarded.get(f"/decisions/{decision_id}", headers=KEY).get_json()
    assert row["decision_id"] == decision_id
    assert row["outcome"]["key_id"] == logged["key_id"]
    assert TIME.fullmatch(row["outcome"]["recorded_at"])
    assert row["detail"] is None
    assert run(guarded.application, "verify").exit_code == 0


def test_sent_again_all_is_known_and_nothing_is_written(guarded: FlaskClient) -> None:
    ids = decide_by_table(guarded, ["A-1", "A-2", "A-3"])
    body = [
        {"decision_id": decision_id, "defaulted": position == 0}
        for position, decision_id in enumerate(ids)
    ]
    first = post(guarded, body)

    again = post(guarded, body)

    assert states(first) == ["recorded"] * 3
    assert states(again) == ["known"] * 3
    assert [e["outcome"] for e in again["outcomes"]] == [e["outcome"] for e in first["outcomes"]]


def test_a_single_outcome_and_one_of_many_are_the_same(guarded: FlaskClient) -> None:
    first_id, second_id = decide_by_table(guarded, ["A-1", "A-2"])
    guarded.post(f"/decisions/{first_id}/outcome", json={"defaulted": True}, headers=KEY)

    body = [
        {"decision_id": decision_id, "defaulted": False} for decision_id in (first_id, second_id)
    ]
    report = post(guarded, body)

    assert states(report) == ["conflict", "recorded"]
    assert report["outcomes"][0]["outcome"]["defaulted"] is True
    single = guarded.post(f"/decisions/{second_id}/outcome", json={"defaulted": True}, headers=KEY)
    problem_of(single, 409)


def test_a_row_that_is_not_valid_spoils_no_other(guarded: FlaskClient) -> None:
    decide_by_table(guarded, ["A-1"])
    wrong = [
        {"decision_id": UNKNOWN},
        {"defaulted": True},
        {"decision_id": None, "reference": "  ", "defaulted": True},
        {"decision_id": "A-17", "defaulted": True},
        {"decision_id": UNKNOWN, "defaulted": "true"},
        {"decision_id": UNKNOWN, "defaulted": 1},
        {"decision_id": 17, "defaulted": True},
        {"reference": 17, "defaulted": True},
        {"reference": "A" * 101, "defaulted": True},
        {"reference": "A\x00", "defaulted": True},
        {"decision_id": UNKNOWN, "defaulted": True, "surplus": 1},
        [UNKNOWN, True],
        None,
        "A-17",
    ]

    report = post(guarded, [*wrong, {"reference": "A-1", "defaulted": False}])

    assert states(report) == ["invalid"] * len(wrong) + ["recorded"]
    for language in LANGUAGES:
        again = post(guarded, wrong, **{"Accept-Language": language})
        assert all(row["detail"] for row in again["outcomes"])


def test_a_body_that_is_no_array_of_outcomes_is_refused(guarded: FlaskClient) -> None:
    bodies: list[object] = [[], {}, {"defaulted": True}, "A-17", None, 3]
    for body in bodies:
        answer = guarded.post(
            "/outcomes", data=json.dumps(body), content_type="application/json", headers=KEY
        )

        assert faults_of(answer, 422)[0][0] == ""


def test_the_limits_are_those_of_the_other_arrays_and_tables(
    build: Build,
) -> None:
    app = build(api_keys=KEYS, max_applicants=2, max_json_bytes=200, max_csv_bytes=300)
    client, row = app.test_client(), {"reference": "A", "defaulted": True}

    faults = faults_of(client.post("/outcomes", json=[row] * 3, headers=KEY), 422)
    large = client.post("/outcomes", json=[{**row, "reference": "A" * 300}], headers=KEY)
    table = "reference,defaulted\n" + "A,1\n" * 100
    large_table = client.post("/outcomes", data=table, content_type="text/csv", headers=KEY)

    assert faults == [("", "too_many")]
    problem_of(large, 413)
    problem_of(large_table, 413)


def test_outcomes_need_a_key(build: Build) -> None:
    body = [{"reference": "A", "defaulted": True}]
    for app in (build(), build(api_keys=KEYS, open_predict=True)):
        problem_of(app.test_client().post("/outcomes", json=body), 401)
        assert count(database_of(app), outcomes) == 0


# Tables


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_table_may_have_other_columns_and_any_separator(
    guarded: FlaskClient, separator: str
) -> None:
    first_id, second_id, third_id = decide_by_table(guarded, ["A-1", "A-2", "A-3"])
    rows = [
        ["name", "defaulted", "reference", "decision_id"],
        ["x", "yes", "", first_id],
        ["x", "0", "A-2", ""],
        [],
        ["x", "FALSE", "", third_id.upper()],
        ["x", "1", "", ""],
        ["x", "perhaps", "A-3", ""],
        ["x", "1"],
    ]
    table = "".join(f"{separator.join(row)}\r\n" for row in rows)

    report = post_table(guarded, table)

    assert [(row["line"], row["state"]) for row in report["outcomes"]] == [
        (2, "recorded"), (3, "recorded"), (5, "recorded"), (6, "invalid"), (7, "invalid"),
        (8, "invalid"),
    ]  # fmt: skip
    assert [outcome_of(guarded, item)["defaulted"] for item in (first_id, second_id, third_id)] == [
        True, False, False,
    ]  # fmt: skip


def test_yes_and_no_are_read_in_either_language(guarded: FlaskClient) -> None:
    meant: dict[str, bool | None] = {
        **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "1", "1.0", "ya"), True),
        **dict.fromkeys(("false", "no", "NO", "0", " 0 ", "0,0", "Tidak", "SALAH"), False),
        **dict.fromkeys(("", "2", "-1", "y", "n", "null", "default", "10")),
    }
    decide_by_table(guarded, [f"A-{number}" for number in range(len(meant))])
    rows = "".join(f'A-{number};"{text}"\n' for number, text in enumerate(meant))

    answered_rows = post_table(guarded, f"reference;defaulted\n{rows}")["outcomes"]

    values = {
        text: None if row["state"] == "invalid" else row["outcome"]["defaulted"]
        for text, row in zip(meant, answered_rows, strict=True)
    }
    assert values == meant


def test_a_scored_table_with_a_column_for_the_outcome_is_read(guarded: FlaskClient) -> None:
    header, *rows = example_table(schema_of(guarded))
    # A reference that a table writes with an apostrophe, as a spreadsheet would compute it.
    lines = [[*header, "reference"], *([*row, f"=A{at}"] for at, row in enumerate(rows))]
    table = "".join(f"{','.join(map(str, line))}\n".replace("None", "") for line in lines)
    scored = guarded.post(
        "/predict", data=table, content_type="text/csv", headers=KEY, buffered=True
    ).text.splitlines()

    report = post_table(
        guarded, "\n".join([f"{scored[0]},defaulted", *(f"{s},no" for s in scored[1:])])
    )

    assert set(states(report)) == {"recorded"}
    assert len(report["outcomes"]) == len(scored) - 1


#: References of which one is written as another one looks in a table.
LIKE_FORMULAS = ("=1+1", "'=1+1", "''=1+1", "@A", "-A-1", "'quoted'", "O'Brien", "+62 812")


def test_a_reference_like_a_formula_comes_back_from_the_table_of_decisions(
    guarded: FlaskClient,
) -> None:
    decide_for(guarded, LIKE_FORMULAS)
    table = guarded.get("/decisions?format=csv", headers=KEY).text
    rows = list(csv.DictReader(io.StringIO(table)))
    stated = "".join(f"{row['reference']},no\n" for row in rows)

    report = post_table(guarded, f"reference,defaulted\n{stated}")

    assert set(states(report)) == {"recorded"}
    assert {row["reference"] for row in report["outcomes"]} == set(LIKE_FORMULAS)
    references = {row["decision_id"]: row["reference"] for row in report["outcomes"]}
    for decision_id, reference in references.items():
        logged = guarded.get(f"/decisions/{decision_id}", headers=KEY).get_json()
        assert logged["reference"] == reference


def test_a_reference_like_a_formula_is_logged_the_same_when_its_scored_table_is_scored_again(
    guarded: FlaskClient,
) -> None:
    header, row, *_ = example_table(schema_of(guarded))
    cells = [escape(reference) for reference in LIKE_FORMULAS]
    lines = [[*header, "reference"], *([*row, cell] for cell in cells)]
    table = "".join(f"{to_line(line)}\n" for line in lines)

    for _ in range(2):
        scored = guarded.post(
            "/predict", data=table, content_type="text/csv", headers=KEY, buffered=True
        ).text
        rows = list(csv.reader(io.StringIO(scored)))
        assert [row[len(header)] for row in rows[1:]] == cells
        # Without the cells of the decision, it is a table of applicants again.
        table = "".join(f"{to_line(row[: len(header) + 1])}\n" for row in rows)

    listed = guarded.get("/decisions?limit=500", headers=KEY).get_json()["decisions"]
    assert [row["reference"] for row in listed] == [*LIKE_FORMULAS[::-1]] * 2


def test_a_table_that_cannot_be_read_is_refused_and_nothing_of_it_recorded(
    guarded: FlaskClient,
) -> None:
    decide_by_table(guarded, ["A-1"])
    tables: dict[str | bytes, str] = {
        "reference\nA\n": "column_missing",
        "defaulted\n1\n": "column_missing",
        "reference,defaulted,defaulted\nA,1,1\n": "column_twice",
        "reference,defaulted\n": "no_rows",
        "": "no_header",
        'reference,defaulted\nA-1,1\nA-1,"1\n': "not_csv",
        b"reference,defaulted\nA-1,1\n\xff,1\n": "not_utf8",
    }

    for table, code in tables.items():
        answer = guarded.post("/outcomes", data=table, content_type="text/csv", headers=KEY)
        assert faults_of(answer, 422)[0][1] == code

    assert count(database_of(guarded.application), outcomes) == 0


def test_a_table_with_too_many_rows_is_refused_and_nothing_of_it_recorded(
    guarded: FlaskClient,
) -> None:
    decide_by_table(guarded, ["A-1"])
    table = "reference,defaulted\nA-1,1\n" + ",\n" * MAX_ROWS

    answer = guarded.post("/outcomes", data=table, content_type="text/csv", headers=KEY)

    assert faults_of(answer, 422) == [("", "too_many_rows")]
    assert "more than 200,000 rows" in answer.text
    assert count(database_of(guarded.application), outcomes) == 0


@pytest.mark.parametrize("max_rows", [2, None])
def test_as_many_rows_as_a_table_may_have_are_read(max_rows: int | None) -> None:
    table = open_csv(io.BytesIO(b"reference,defaulted\nA,1\nB,1\n"))

    assert check_table(table, max_rows=max_rows) == 2


def test_the_report_comes_as_csv_where_it_is_asked_for(guarded: FlaskClient) -> None:
    (decision_id,) = decide_by_table(guarded, ["=A"])
    headers = {**KEY, "Accept": "text/csv"}
    table = f"decision_id,reference,defaulted\n,=A,yes\n{UNKNOWN},,no\n"

    from_table = guarded.post(
        "/outcomes", data=table, content_type="text/csv", headers=headers, buffered=True
    )
    body = [{"decision_id": decision_id, "defaulted": True}]
    from_array = guarded.post("/outcomes", json=body, headers=headers, buffered=True)

    first, second = csv.DictReader(io.StringIO(from_table.text))
    assert (first["line"], first["state"], first["decision_id"]) == ("2", "recorded", decision_id)
    assert first["reference"] == "'=A"
    assert (second["line"], second["state"], second["defaulted"]) == ("3", "unknown", "false")
    assert second["detail"]
    (repeated,) = csv.DictReader(io.StringIO(from_array.text))
    assert (repeated["line"], repeated["state"]) == ("1", "known")
    assert repeated["recorded_at"] == first["recorded_at"]


# Many


def test_many_rows_are_recorded_in_a_few_transactions(guarded: FlaskClient) -> None:
    references = [f"A-{number}" for number in range(3 * CHUNK_ROWS)]
    decide_by_table(guarded, references)
    table = "reference,defaulted\n" + "".join(
        f"{name},{at % 2}\n" for at, name in enumerate(references)
    )

    report = post_table(guarded, table)

    assert report["counts"]["recorded"] == len(references)
    assert count(database_of(guarded.application), outcomes) == len(references)
    times = {row["outcome"]["recorded_at"] for row in report["outcomes"]}
    assert len(times) <= 3
    assert set(states(post_table(guarded, table))) == {"known"}


def test_references_are_counted_by_their_index_alone(guarded: FlaskClient) -> None:
    database = database_of(guarded.application)
    decide_by_table(guarded, [f"A-{number}" for number in range(200)])
    with database.writing() as connection:
        if not database.is_sqlite:
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        query = count_references([f"A-{number}" for number in range(150)]).compile(
            connection, compile_kwargs={"literal_binds": True}
        )
        explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
        plan = str(connection.execute(text(f"{explain} {query}")).all())

    assert "decisions_by_reference" in plan
    assert "SCAN" not in plan
    assert "Seq Scan" not in plan


def test_a_row_for_every_state_is_described(guarded: FlaskClient) -> None:
    described = guarded.get("/openapi.json").get_json()["components"]["schemas"]

    assert list(described["OutcomeCounts"]["properties"]) == list(STATES)
    assert described["OutcomeReport"]["properties"]["state"]["enum"] == list(STATES)


# The command


def test_the_command_reports_each_row_and_exits_with_1_unless_all_are_in_the_log(
    guarded: FlaskClient, tmp_path: Any
) -> None:
    decision_id, _ = decide_by_table(guarded, ["A-1", "Ünit 2"])
    file, report = tmp_path / "outcomes.csv", tmp_path / "report.csv"
    file.write_bytes("reference;defaulted\r\nA-1;ya\r\nÜnit 2;tidak\r\nA-3;ya\r\n".encode("cp1252"))

    result = run(guarded.application, "outcomes", str(file), "--report", str(report))

    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0] == f"line 2\trecorded\t{decision_id}"
    assert lines[2].startswith("line 4\tunknown\tA-3\t")
    assert lines[-1] == "3 rows: 2 recorded, 1 unknown"
    rows = list(csv.DictReader(io.StringIO(report.read_text("utf-8"))))
    assert [row["state"] for row in rows] == ["recorded", "recorded", "unknown"]
    assert outcome_of(guarded, decision_id) == {
        **outcome_of(guarded, decision_id),
        "defaulted": True,
        "key_id": None,
    }
    file.write_text("reference,defaulted\nA-1,1\nÜnit 2,0\n", "utf-8")
    again = run(guarded.application, "outcomes", str(file))
    assert (again.exit_code, again.stdout.splitlines()[-1]) == (0, "2 rows: 2 known")


def test_the_command_refuses_a_file_that_it_cannot_read_in_one_line(
    guarded: FlaskClient, tmp_path: Any
) -> None:
    decide_by_table(guarded, ["A-1"])
    file = tmp_path / "outcomes.csv"
    for content in ("", "reference\nA\n", 'reference,defaulted\nA-1,1\n"'):
        file.write_text(content)

        result = run(guarded.application, "outcomes", str(file))

        assert result.exit_code == 1
        assert "outcomes.csv" in result.output
        assert "Traceback" not in result.output
    assert count(database_of(guarded.application), outcomes) == 0


def test_outcomes_by_id_reach_decisions_of_every_scorecard(guarded: FlaskClient) -> None:
    ids = decide(guarded.application, **KEY)

    report = post(
        guarded, [{"decision_id": decision_id, "defaulted": False} for decision_id in ids]
    )

    assert len(ids) == len(example_applicants(schema_of(guarded)))
    assert set(states(report)) == {"recorded"}


def test_the_help_of_the_command_names_every_column_that_is_read(guarded: FlaskClient) -> None:
    text = " ".join(run(guarded.application, "outcomes", "--help").output.split())

    assert all(name in text for name in (*COLUMNS, LOGGED_DEFAULTED))
    assert "called defaulted whatever the schema file calls the outcome" in text
