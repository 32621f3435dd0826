"""A client's own reference: logged with the decision, which can be found by it."""

from __future__ import annotations

import csv
import io

from answers import Body, faults_of
from flask.testing import FlaskClient
from logged import KEY, database_of, edit, row_of, run, schema_of
from werkzeug.test import TestResponse

from creditscore.api_docs.examples import example_table
from creditscore.schema.csv_cells import to_line
from creditscore.schema.reference import MAX_REFERENCE_LENGTH


def table(client: FlaskClient, references: list[str], *, column: str = "reference") -> str:
    """Return a table of one applicant, as often as there are references."""
    header, row, *_ = example_table(schema_of(client))
    rows = [[*header, column], *([*row, reference] for reference in references)]
    return "".join(f"{to_line(line)}\n" for line in rows)


def post_table(client: FlaskClient, text: str) -> TestResponse:
    # Read to its end, so that the spooled file behind it is closed.
    return client.post("/predict", data=text, content_type="text/csv", headers=KEY, buffered=True)


def find_ids(client: FlaskClient, reference: str) -> list[str]:
    answer = client.get("/decisions", query_string={"reference": reference}, headers=KEY)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [decision["decision_id"] for decision in answer.get_json()["decisions"]]


def test_a_decision_is_found_by_the_reference_that_came_with_it(
    guarded: FlaskClient, applicants: list[Body]
) -> None:
    body = [{**applicant, "reference": f"  A-{n} "} for n, applicant in enumerate(applicants)]

    answers = guarded.post("/predict", json=body, headers=KEY).get_json()

    assert [decision["reference"] for decision in answers] == [f"A-{n}" for n in range(len(body))]
    assert find_ids(guarded, "A-0") == [answers[0]["decision_id"]]
    assert find_ids(guarded, " A-1 ") == [answers[1]["decision_id"]]
    assert find_ids(guarded, "A-") == []
    logged = guarded.get(f"/decisions/{answers[0]['decision_id']}", headers=KEY).get_json()
    assert logged["reference"] == "A-0"
    assert "reference" not in logged["inputs"]


def test_a_reference_changes_nothing_of_a_decision(guarded: FlaskClient, example: Body) -> None:
    plain = guarded.post("/what-if", json=example, headers=KEY).get_json()
    body = {**example, "reference": "A-17"}
    referred = guarded.post("/what-if", json=body, headers=KEY).get_json()

    assert referred.pop("reference") == "A-17"
    assert "reference" not in plain
    assert {**plain, "decided_at": ""} == {**referred, "decided_at": ""}


def test_an_empty_reference_is_none_and_a_wrong_one_is_refused_beside_other_faults(
    guarded: FlaskClient, example: Body
) -> None:
    for nothing in (None, "", "  "):
        body = {**example, "reference": nothing}
        answer = guarded.post("/predict", json=body, headers=KEY)
        assert answer.status_code == 200
        assert "reference" not in answer.get_json()
    for wrong in (17, True, ["A"], "A" * (MAX_REFERENCE_LENGTH + 1), "A\n1", "\x00A"):
        body = {**example, "reference": wrong, "surplus": 1}
        answer = guarded.post("/predict", json=body, headers=KEY)
        pointers = [pointer for pointer, _ in faults_of(answer, 422)]
        assert sorted(pointers) == ["/reference", "/surplus"], wrong


def test_rows_of_a_table_have_references_of_their_own(guarded: FlaskClient) -> None:
    references = ["A-1", "A-2", "", " A-1 "]

    answer = post_table(guarded, table(guarded, references))

    assert answer.status_code == 200, answer.get_data(as_text=True)
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))
    assert [row["reference"].strip() for row in rows] == ["A-1", "A-2", "", "A-1"]
    ids = [row["decision_id"] for row in rows]
    assert find_ids(guarded, "A-1") == [ids[3], ids[0]]
    assert find_ids(guarded, "A-2") == [ids[1]]
    assert row_of(database_of(guarded.application), ids[2])["reference"] is None
    assert run(guarded.application, "verify").stdout.endswith("4 verified: 0 with faults\n")


def test_a_table_with_a_wrong_reference_is_refused_at_its_line(guarded: FlaskClient) -> None:
    body = table(guarded, ["A-1", "A" * (MAX_REFERENCE_LENGTH + 1)])

    answer = post_table(guarded, body)

    assert answer.status_code == 422
    (fault,) = answer.get_json()["errors"]
    assert (fault["line"], fault["pointer"]) == (3, "/reference")


def test_logged_references_verify_replay_and_are_exported(
    guarded: FlaskClient, example: Body
) -> None:
    body = {**example, "reference": "Ünit 7: é"}
    decision_id = guarded.post("/predict", json=body, headers=KEY).get_json()["decision_id"]

    assert run(guarded.application, "verify").exit_code == 0
    assert run(guarded.application, "replay", decision_id).exit_code == 0
    exported = run(guarded.application, "export", "--format", "csv", "--output", "-").stdout
    (row,) = csv.DictReader(io.StringIO(exported))
    assert row["reference"] == "Ünit 7: é"


def test_the_form_logs_a_reference_and_shows_it(guarded: FlaskClient, example: Body) -> None:
    typed = {**example, "reference": "A-17"}

    page = guarded.post("/", data=typed, headers=KEY).get_data(as_text=True)

    assert '<dd id="reference">A-17</dd>' in page
    assert len(find_ids(guarded, "A-17")) == 1


def test_the_form_keeps_a_wrong_reference_and_says_what_is_wrong(
    guarded: FlaskClient, example: Body
) -> None:
    long = "A" * (MAX_REFERENCE_LENGTH + 1)

    answer = guarded.post("/", data={**example, "reference": long}, headers=KEY)

    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert f'value="{long}"' in page
    assert '<p class="error" id="field-reference-error">reference must be text' in page


def test_a_repeated_request_is_answered_with_its_reference(
    guarded: FlaskClient, example: Body
) -> None:
    headers = {**KEY, "Idempotency-Key": "application-17"}
    body = {**example, "reference": "A-17"}

    first, again = (guarded.post("/predict", json=body, headers=headers) for _ in range(2))
    conflict = guarded.post("/predict", json={**body, "reference": "A-18"}, headers=headers)

    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.get_json() == first.get_json()
    assert again.get_json()["reference"] == "A-17"
    assert conflict.status_code == 422
    assert len(find_ids(guarded, "A-17")) == 1
    assert find_ids(guarded, "A-18") == []


def test_a_reference_of_as_many_characters_as_allowed_is_logged(
    guarded: FlaskClient, example: Body
) -> None:
    longest = "é" * MAX_REFERENCE_LENGTH

    guarded.post("/predict", json={**example, "reference": longest}, headers=KEY)

    assert len(find_ids(guarded, longest)) == 1


def test_an_edited_reference_is_found(guarded: FlaskClient, example: Body) -> None:
    body = {**example, "reference": "A-17"}
    decision_id = guarded.post("/predict", json=body, headers=KEY).get_json()["decision_id"]

    edit(database_of(guarded.application), decision_id, reference="A-18")

    result = run(guarded.application, "verify")
    assert result.exit_code == 1
    assert "does not fit its content hash" in result.stdout


def test_the_description_knows_the_reference(guarded: FlaskClient) -> None:
    described = guarded.get("/openapi.json").get_json()

    applicant = described["components"]["schemas"]["Applicant"]
    assert applicant["properties"]["reference"]["maxLength"] == MAX_REFERENCE_LENGTH
    parameters = described["paths"]["/decisions"]["get"]["parameters"]
    assert "reference" in [parameter.get("name") for parameter in parameters]
