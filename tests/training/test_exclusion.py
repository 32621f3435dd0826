"""What is excluded is monitored, changes nothing, and need not be told where the schema says so."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from carded import by_command
from drawing import applicants, bundled_rows, write_rows
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from invented import write_quick_schema
from jsonschema import Draft202012Validator
from service_settings import settings_of

from creditscore.api_docs.examples import example_applicants
from creditscore.cli import train
from creditscore.errors import InvalidApplicants, SchemaError
from creditscore.schema import Schema
from creditscore.schema.descriptions import applicant_schema
from creditscore.schema.reader import read_schema
from creditscore.scorecard import artifact
from creditscore.scorecard.model import Model
from creditscore.web import create_app

EXCLUDED = ("SEX", "MARRIAGE", "AGE")
SCORECARDS = ("application", "behavioural")

#: One whole applicant per scorecard, the excluded fields included.
Bodies = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def fair_dir(schema: Schema, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train without protected attributes, through the command, on every sixth row."""
    folder = tmp_path_factory.mktemp("fair")
    rows = bundled_rows().rows(np.arange(0, len(bundled_rows()), 6))
    csv = write_rows(folder / "rows.csv", rows, schema)
    by_command(csv, write_quick_schema(folder / "schema.toml"), folder, "--exclude", *EXCLUDED)
    return folder


@pytest.fixture(scope="module")
def fair(fair_dir: Path) -> Model:
    return artifact.load(fair_dir)


@pytest.fixture(scope="module")
def fair_client(fair_dir: Path) -> FlaskClient:
    return create_app(settings_of(fair_dir)).test_client()


@pytest.fixture(scope="module")
def bodies(schema: Schema) -> Bodies:
    return {name: dict(body) for name, body in example_applicants(schema).items()}


@pytest.mark.parametrize("scorecard", SCORECARDS)
@given(data=st.data())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_applicants_who_differ_in_what_is_excluded_get_the_same_bits(
    fair: Model, scorecard: str, data: st.DataObject
) -> None:
    card = fair.scorecards[scorecard]
    applicant, stranger = (data.draw(applicants(fair.schema, card)) for _ in range(2))
    values = {**stranger.values, **{name: applicant.values[name] for name in card.predictors}}
    twin = fair.schema.parse(values)

    first, second = (fair.schema.matrix([person], card.predictors) for person in (applicant, twin))

    assert card.probability_of_default(first) == card.probability_of_default(second)
    assert card.impacts(first).tobytes() == card.impacts(second).tobytes()


def test_what_is_excluded_is_listed_as_monitored(fair: Model, fair_client: FlaskClient) -> None:
    card = fair_client.get("/model").get_json()

    for name in SCORECARDS:
        for section in (card["scorecards"][name], fair.manifest["scorecards"][name]):
            assert section["monitored_attributes"] == list(EXCLUDED)
            assert section["protected_predictors"] == []
            assert not set(section["predictors"]) & set(EXCLUDED)
    assert card["legal"] is None


@pytest.mark.parametrize("scorecard", SCORECARDS)
def test_what_is_excluded_may_be_left_out(
    fair_client: FlaskClient, bodies: Bodies, scorecard: str
) -> None:
    complete = bodies[scorecard]
    less = {name: value for name, value in complete.items() if name not in EXCLUDED}

    with_it, without = fair_client.post("/predict", json=[complete, less]).get_json()

    assert without["scorecard"] == scorecard
    for name in ("label", "probability_of_default", "score", "reasons", "model_version"):
        assert without[name] == with_it[name]


def test_the_form_asks_for_it_without_insisting(fair_client: FlaskClient) -> None:
    page = fair_client.get("/").text

    inputs = dict(re.findall(r'<(?:input|select) id="field-[A-Z_0-9]+" name="(.+?)"([^>]*)>', page))
    assert {"LIMIT_BAL", *EXCLUDED} <= inputs.keys()
    assert 'aria-required="true"' in inputs["LIMIT_BAL"]
    assert not [name for name in EXCLUDED if "aria-required" in inputs[name]]


def test_an_applicant_holds_what_was_told_and_no_more(fair: Model, bodies: Bodies) -> None:
    complete = bodies["application"]
    less = {name: value for name, value in complete.items() if name != "SEX"}

    assert fair.schema.parse(complete).values == complete
    assert fair.schema.parse(less).values == less


def test_what_is_excluded_is_still_checked_where_it_is_told(
    fair_client: FlaskClient, bodies: Bodies
) -> None:
    answer = fair_client.post("/predict", json={**bodies["application"], "AGE": 17})

    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == ["/AGE"]


@pytest.mark.parametrize(
    ("excluding", "field"),
    [(True, "LIMIT_BAL"), (True, "EDUCATION"), *((False, name) for name in EXCLUDED)],
)
def test_what_decisions_depend_on_stays_required(
    fair_client: FlaskClient, client: FlaskClient, bodies: Bodies, excluding: bool, field: str
) -> None:
    less = {name: value for name, value in bodies["application"].items() if name != field}

    answer = (fair_client if excluding else client).post("/predict", json=less)

    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [f"/{field}"]


def test_the_api_description_asks_for_no_more_than_the_model_needs(
    fair_client: FlaskClient, client: FlaskClient, bodies: Bodies
) -> None:
    described = {
        caller: caller.get("/openapi.json").get_json()["components"]["schemas"]["Applicant"]
        for caller in (fair_client, client)
    }

    assert described[fair_client]["required"] == ["LIMIT_BAL", "EDUCATION"]
    assert described[client]["required"] == list(bodies["application"])
    assert set(EXCLUDED) < set(described[fair_client]["properties"])
    for needed in described[fair_client]["dependentRequired"].values():
        assert not set(needed) & set(EXCLUDED)


@pytest.mark.parametrize("scorecard", SCORECARDS)
def test_parser_and_api_description_agree_on_every_choice_of_fields(
    fair: Model, bodies: Bodies, scorecard: str
) -> None:
    described = Draft202012Validator(applicant_schema(fair.schema))
    complete = bodies[scorecard]
    for count in (1, 2, 3):
        for missing in itertools.combinations(complete, count):
            body = {name: value for name, value in complete.items() if name not in missing}

            assert described.is_valid(body) == _is_accepted(fair.schema, body), missing


def test_examples_hold_no_more_than_the_model_needs(fair: Model) -> None:
    for name, example in example_applicants(fair.schema).items():
        assert set(example) == set(fair.scorecards[name].predictors)
        assert fair.schema.parse(example).scorecard == name


def test_only_fields_that_the_schema_makes_optional_may_be_left_out(schema: Schema) -> None:
    narrowed = schema.excluding(["EDUCATION", "SEX"])

    assert narrowed.optional == {"SEX"}
    assert schema.optional == frozenset()


def test_training_data_still_need_what_is_excluded(
    schema: Schema, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    csv = tmp_path / "rows.csv"
    names = [name for name in [*schema.fields, schema.label.column] if name != "SEX"]
    csv.write_text(f"{','.join(names)}\n{','.join('1' for _ in names)}\n", encoding="utf-8")

    status = train.main(
        ["--data", str(csv), "--model-dir", str(tmp_path), "--quick", "--exclude", "SEX"]
    )

    assert status == 1
    assert "SEX" in capsys.readouterr().err


def test_the_schema_key_is_true_or_false(schema: Schema) -> None:
    sex = {**schema.document["fields"]["SEX"], "optional_when_excluded": "yes"}
    document = {**schema.document, "fields": {**schema.document["fields"], "SEX": sex}}

    with pytest.raises(
        SchemaError, match=r"own\.toml: fields\.SEX\.optional_when_excluded must be true or false"
    ):
        read_schema(document, "own.toml")


def _is_accepted(schema: Schema, body: dict[str, Any]) -> bool:
    try:
        schema.parse(body)
    except InvalidApplicants:
        return False
    return True
