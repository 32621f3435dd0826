"""The schema is data: a lender with other fields gets the same service without a line of code."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from answers import PROJECT
from flask.testing import FlaskClient
from invented import Row, invent, write_csv
from markupsafe import escape
from openapi_spec_validator import validate
from service_settings import settings_of

from creditscore.i18n.number_format import FORMATS
from creditscore.schema.reader import load_schema
from creditscore.scorecard import artifact
from creditscore.web import create_app
from tools.generate_docs import ExampleService
from tools.postman import Answer, build_collection, to_text
from tools.postman_requests import Call

SCHEMA_FILE = PROJECT / "tests" / "data" / "kleinkredit.toml"
SCHEMA = load_schema(SCHEMA_FILE)
ROWS = 900

KEY = "a-key-of-the-lender-0123456789"

#: Words of the outcome in data/schema.toml.
BUNDLED_OUTCOME = r"payment|missed|missing a|pembayaran|melewatkan|terlewat|menunggak|ditunggak"

NEW = {"einkommen": 2150.5, "wohnung": "eigentum", "schuldenquote": 0.35}
HOLDER = NEW | {"monate": 18, "ruecklagen": 800}
REPORTED = HOLDER | {"eintraege": 0}


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """Rows with a customer number, and with homes that nobody documented."""
    invented = invent(SCHEMA, count=ROWS, seed=1)
    rows: list[Row] = [
        {"kunde": f"K-{number:04}, Nord", **row} for number, row in enumerate(invented)
    ]
    for row in rows[:7]:
        row["wohnung"] = "unbekannt"
    return rows


@pytest.fixture(scope="module")
def folder(rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train as a user does, from another folder."""
    work_dir = tmp_path_factory.mktemp("kleinkredit")
    write_csv(work_dir / "kredite.csv", rows)
    command = [sys.executable, str(PROJECT / "train.py"), "--data=kredite.csv"]
    result = subprocess.run(
        [
            *command,
            f"--schema={SCHEMA_FILE}",
            "--model-dir=modell",
            "--loss-to-margin=4",
            "--quick",
        ],
        cwd=work_dir,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    assert "wohnung: 7 rows with undocumented codes" in result.stdout
    assert "kunde" not in result.stdout
    return work_dir / "modell"


@pytest.fixture(scope="module")
def lender(folder: Path) -> FlaskClient:
    return create_app(settings_of(folder)).test_client()


def ask(lender: FlaskClient, body: object, status: int = 200) -> Any:
    answer = lender.post("/predict", json=body)
    assert answer.status_code == status, answer.json
    assert "LIMIT_BAL" not in answer.text
    return answer.json


def details(lender: FlaskClient, body: object) -> dict[str, str]:
    problem = ask(lender, body, status=422)
    return {fault["pointer"]: fault["detail"] for fault in problem["errors"]}


@pytest.mark.parametrize(
    ("applicant", "scorecard"), [(NEW, "antrag"), (HOLDER, "konto"), (REPORTED, "auskunft")]
)
def test_the_largest_scorecard_whose_fields_are_given_answers(
    lender: FlaskClient, applicant: Row, scorecard: str
) -> None:
    decision = ask(lender, applicant)

    assert decision["scorecard"] == scorecard
    assert decision["model_version"].startswith(f"{scorecard}-")
    assert decision["cutoff"] == 0.2
    assert 0 < decision["probability_of_default"] < 1
    assert decision["warnings"] == []


def test_a_home_that_training_merges_is_answered_as_what_it_counts_as(lender: FlaskClient) -> None:
    unknown, rents = ask(lender, [NEW | {"wohnung": "unbekannt"}, NEW | {"wohnung": "miete"}])

    (warning,) = unknown["warnings"]
    assert (warning["code"], warning["value"]) == ("folded", "unbekannt")
    assert warning["text"] == "Home unbekannt counts as miete (rents)"
    assert unknown["probability_of_default"] == rents["probability_of_default"]


def test_the_model_learned_from_the_rows(lender: FlaskClient) -> None:
    """In the rows it is mostly the smallest incomes that stopped paying."""
    poor, rich = ask(lender, [NEW | {"einkommen": 300}, NEW | {"einkommen": 19_000.75}])

    assert poor["probability_of_default"] > 0.5 > rich["probability_of_default"]
    assert (poor["label"], rich["label"]) == ("not_eligible", "eligible")
    assert poor["score"] < rich["score"]


def test_many_get_the_bits_of_one(lender: FlaskClient) -> None:
    many = ask(lender, [NEW, HOLDER, REPORTED] * 5)

    assert [decision["probability_of_default"] for decision in many] == [
        ask(lender, applicant)["probability_of_default"] for applicant in (NEW, HOLDER, REPORTED)
    ] * 5


@pytest.mark.parametrize(
    ("change", "pointer", "detail"),
    [
        (
            {"wohnung": "Miete"},
            "/wohnung",
            "wohnung must be one of miete (rents), eigentum (owns), "
            "bei Eltern, frei (with parents), or unbekannt (counted as miete), "
            'got the text "Miete"',
        ),
        (
            {"schuldenquote": 1.5},
            "/schuldenquote",
            "schuldenquote must be a number from 0 to less than 1.5, got 1.5",
        ),
        (
            {"einkommen": 0},
            "/einkommen",
            "einkommen must be a number greater than 0 and at most 20,000 euros, got 0",
        ),
        ({"Wohnung": 1}, "/Wohnung", '"Wohnung" is not a field, did you mean "wohnung"?'),
        ({"kunde": 1}, "/kunde", '"kunde" is not a field'),
        ({"ausfall": "nein"}, "/ausfall", '"ausfall" is not a field'),
    ],
)
def test_mistakes_are_told_in_the_lenders_own_terms(
    lender: FlaskClient, change: Row, pointer: str, detail: str
) -> None:
    assert details(lender, NEW | change) == {pointer: detail}


def test_each_step_of_the_scorecards_is_asked_for_whole(lender: FlaskClient) -> None:
    assert details(lender, NEW | {"monate": 18}) == {
        "/ruecklagen": "ruecklagen is missing; it must be a number from -5,000 to 50,000 euros: "
        "give all of monate, ruecklagen (Account holders), or none of them"
    }
    assert list(details(lender, NEW | {"eintraege": 1})) == ["/monate", "/ruecklagen"]


def test_the_description_is_valid_openapi_of_these_fields(lender: FlaskClient) -> None:
    document = lender.get("/openapi.json").json
    assert document is not None

    validate(document)

    applicant = document["components"]["schemas"]["Applicant"]
    assert list(applicant["properties"]) == [*SCHEMA.fields, "reference"]
    assert applicant["properties"]["wohnung"]["enum"] == [
        *("miete", "eigentum", "bei Eltern, frei"),
        "unbekannt",
    ]
    assert "LIMIT_BAL" not in json.dumps(document)


def test_the_collection_for_postman_can_be_built(folder: Path, tmp_path: Path) -> None:
    calls: list[tuple[Call, int]] = []
    service = ExampleService(artifact.load(folder), tmp_path)

    def answer(call: Call) -> Answer:
        reply = service.answer(call)
        calls.append((call, reply.code))
        return reply

    text = to_text(build_collection(SCHEMA, answer))

    assert [status for _, status in calls] == [call.status for call, _ in calls]
    assert "einkommen" in text
    assert "LIMIT_BAL" not in text


def test_the_pages_call_the_outcome_as_the_schema_file_does(folder: Path, language: str) -> None:
    client = create_app(settings_of(folder, api_keys=(KEY,), open_predict=True)).test_client()
    client.environ_base |= {"HTTP_ACCEPT_LANGUAGE": language, "HTTP_AUTHORIZATION": f"Bearer {KEY}"}
    decision_id = ask(client, NEW | {"einkommen": 300})["decision_id"]
    client.post(f"/decisions/{decision_id}/outcome", json={"defaulted": True})

    typed = {
        name: FORMATS[language].exact(value) if isinstance(value, int | float) else str(value)
        for name, value in NEW.items()
    }
    pages = {
        "home": client.post("/", data=typed),
        "model": client.get("/model", headers={"Accept": "text/html"}),
        "decision": client.get(f"/decisions/{decision_id}", headers={"Accept": "text/html"}),
        "monitoring": client.get("/monitoring", headers={"Accept": "text/html"}),
        "explanation": client.get(f"/decisions/{decision_id}/explanation"),
        "card": client.get("/model"),
        "description": client.get("/openapi.json"),
    }

    event = {"en": 'the outcome is "Stopped paying"', "id": 'hasilnya adalah "Stopped paying"'}
    for name, answer in pages.items():
        assert answer.status_code == 200, name
        assert not re.search(BUNDLED_OUTCOME, answer.text, re.IGNORECASE), name
    for name in ("home", "model", "decision"):
        assert escape(event[language]) in pages[name].text, name
    explanation = pages["explanation"].json
    assert explanation is not None
    for impact in explanation["impacts"]:
        assert event[language] in impact["text"]
    assert pages["description"].text.count('the outcome is \\"Stopped paying\\"')


def test_the_card_calls_the_outcome_as_the_schema_file_does(folder: Path) -> None:
    text = (folder / "model_card.md").read_text(encoding="utf-8")

    assert "- Outcome: Stopped paying (`ausfall` = ja)." in text
    assert 'is the probability that the outcome is "Stopped paying".' in text
    assert not re.search(BUNDLED_OUTCOME, text, re.IGNORECASE)


def test_the_model_card_is_about_these_data(lender: FlaskClient) -> None:
    card = lender.get("/model").json
    assert card is not None

    assert card["title"] == "Small loans"
    assert list(card["fields"]) == list(SCHEMA.fields)
    assert card["label"]["bad"] == "ja"
    assert card["data"]["rows"] == ROWS
    assert card["data"]["folded_rows"] == {"wohnung": 7}
    assert list(card["scorecards"]) == ["antrag", "konto", "auskunft"]


def test_nothing_of_the_customers_is_in_the_model(folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    # A start adds the archive, of the same model.
    assert len([path for path in files if "archive" not in path.parts]) == 4 + 7 * 3
    for path in files:
        assert b"K-0" not in path.read_bytes()
    assert artifact.load(folder).schema.ignored_columns == ("kunde",)
