"""What the service says about itself: GET /health, /model, /openapi.json and /."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from answers import Body, decision_of
from flask.testing import FlaskClient

from creditscore.i18n.catalogue import LEGAL_SENTENCE
from creditscore.schema import Schema

ROUTES = ["/health", "/model", "/openapi.json"]


def card_of(client: FlaskClient, **headers: str) -> Body:
    answer = client.get("/model", headers=headers)
    assert answer.status_code == 200
    card: Body = answer.get_json()
    return card


@pytest.mark.parametrize("route", ROUTES)
def test_programs_get_json_that_is_not_cached(client: FlaskClient, route: str) -> None:
    answer = client.get(route, headers={"X-Request-ID": "mine"})

    assert (answer.status_code, answer.content_type) == (200, "application/json")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Request-ID"] == "mine"


def test_health_names_the_model_that_decides(
    client: FlaskClient, schema: Schema, example: Body
) -> None:
    decision = decision_of(client.post("/predict", json=example))

    health = client.get("/health").get_json()

    assert health["status"] == "ok"
    assert health["model"]["versions"][decision["scorecard"]] == decision["model_version"]
    assert health["model"]["versions"].keys() == schema.scorecards.keys()
    assert health["database"] == {"status": "ok", "kind": "sqlite"}


def test_the_model_says_what_it_is_and_is_not(client: FlaskClient, schema: Schema) -> None:
    card = card_of(client)

    assert card["title"] == schema.title["en"]
    assert card["notice"] == schema.notice["en"]
    assert card["notice"]
    assert card["policy"]["cutoff"] == 1 / (1 + card["policy"]["loss_to_margin"])
    assert card["label"]["column"] == schema.label.column
    assert len(card["data"]["sha256"]) == 64
    assert card["data"]["rows"] >= 3_000
    assert 0 < card["data"]["bad_rate"] < 1
    assert {"python", "numpy", "scikit-learn"} <= card["software"].keys()


def test_the_model_names_what_its_decisions_depend_on(client: FlaskClient, schema: Schema) -> None:
    card = card_of(client)

    assert card["scorecards"].keys() == schema.scorecards.keys()
    for name, scorecard in card["scorecards"].items():
        fields = schema.scorecards[name].fields
        protected = [field for field in fields if schema.fields[field].protected]
        assert scorecard["predictors"] == list(fields)
        assert scorecard["monitored_attributes"] == []
        assert scorecard["protected_predictors"] == protected
        assert 0.5 < scorecard["performance"]["scorecard"]["auc"]["value"] < 1
    assert card["legal"] == LEGAL_SENTENCE["en"]


def test_the_model_describes_every_field_in_the_language_asked_for(
    client: FlaskClient, schema: Schema
) -> None:
    for language in ("en", "id"):
        card = card_of(client, **{"Accept-Language": language})

        assert card["title"] == schema.title[language]
        assert list(card["fields"]) == list(schema.fields)
        for name, field in schema.fields.items():
            assert card["fields"][name]["title"] == field.title[language]
            assert card["fields"][name]["accepted"] == field.rule.allowed[language]
            assert card["fields"][name]["protected"] == field.protected


def test_the_model_gives_no_applicant_away(client: FlaskClient, model_dir: Path) -> None:
    golden = json.loads((model_dir / "manifest.json").read_text(encoding="utf-8"))["golden"]
    text = client.get("/model").get_data(as_text=True)

    assert golden
    assert "golden" not in text
    for entry in golden:
        assert repr(entry["probability_of_default"]) not in text
    assert str(model_dir) not in text
    assert "sources" not in json.loads(text)


def test_head_answers_as_get_does_but_without_a_body(client: FlaskClient) -> None:
    for route in [*ROUTES, "/docs", "/"]:
        get_answer, head_answer = client.get(route), client.head(route)

        assert (head_answer.status_code, head_answer.data) == (200, b"")
        assert head_answer.headers["Content-Type"] == get_answer.headers["Content-Type"]
