"""A lender whose applicants leave fields out: from the file to served and replayed decisions."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from answers import Body, lasting
from flask.testing import FlaskClient
from service_settings import settings_of
from sqlalchemy import select
from table_files import as_csv

from creditscore.cli import score, train
from creditscore.decision_log.log import DecisionLog
from creditscore.decision_log.replay import IDENTICAL, replay
from creditscore.decision_log.tables import decisions
from creditscore.scorecard import artifact
from creditscore.scorecard.model import Model
from creditscore.web import create_app
from creditscore.web.service import NAME

SCHEMA_FILE = Path(__file__).resolve().parents[1] / "data" / "gaps.toml"

ROWS = 1500

KEY = "a-key-of-the-lender-0123456789"


#: Three ways to write the same applicant, whose income and job are not stated.
WAYS: Sequence[Body] = (
    {"debt": 10},
    {"income": None, "debt": 10, "job": None},
    {"income": "NA", "debt": 10.0, "job": "?"},
)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Draw loans: who does not state an income pays worst, who has no record pays best."""
    draw = np.random.default_rng(5)
    path = tmp_path_factory.mktemp("gaps") / "loans.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["income", "debt", "job", "paid"])
        for _ in range(ROWS):
            income, debt = int(draw.integers(500, 9000)), int(draw.integers(0, 101))
            gap = draw.random()
            cell = "NA" if gap < 0.1 else "" if gap < 0.15 else "-8" if gap < 0.25 else str(income)
            owes = "" if draw.random() < 0.1 else str(debt)
            job = draw.choice(["clerk", "driver", "other", "pilot", "?", ""])
            risk = {"NA": 0.9, "": 0.9, "-8": 0.9}.get(cell, 0.5 - income / 20_000)
            risk += debt / 400 if owes else 0
            writer.writerow([cell, owes, job, "no" if draw.random() < risk else "yes"])
    return path


@pytest.fixture(scope="module")
def model_folder(table: Path) -> Path:
    """Train as a user does."""
    folder = table.parent / "model"
    options = ["--data", str(table), "--schema", str(SCHEMA_FILE), "--model-dir", str(folder)]
    assert train.main([*options, "--no-plots", "--quick"]) == 0
    return folder


@pytest.fixture(scope="module")
def lender_model(model_folder: Path) -> Model:
    return artifact.load(model_folder)


@pytest.fixture(scope="module")
def log_url(table: Path) -> str:
    return f"sqlite:///{table.parent}/decisions.sqlite"


@pytest.fixture(scope="module")
def lender(model_folder: Path, lender_model: Model, log_url: str) -> Iterator[FlaskClient]:
    settings = settings_of(
        model_folder, database_url=log_url, api_keys=(KEY,), open_predict=True, rate_limit=None
    )
    app = create_app(settings, lender_model)
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {KEY}"
    yield client
    app.extensions[NAME].log.database.close()


def log_of(lender: FlaskClient) -> DecisionLog:
    log: DecisionLog = lender.application.extensions[NAME].log
    return log


def ask(lender: FlaskClient, body: object, route: str = "/predict") -> Any:
    answer = lender.post(route, json=body)
    assert answer.status_code == 200, answer.json
    return answer.json


def logged(lender: FlaskClient, number: int) -> list[Body]:
    """Return the rows that were logged last, oldest first."""
    query = select(decisions).order_by(decisions.c.number.desc()).limit(number)
    with log_of(lender).database.reading() as connection:
        return [dict(row) for row in connection.execute(query).mappings()][::-1]


def test_every_way_to_leave_a_value_out_is_the_same_applicant(
    lender: FlaskClient, model_folder: Path, log_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = lasting(ask(lender, WAYS[0]))

    assert [lasting(ask(lender, way)) for way in WAYS] == [first] * 3
    assert [lasting(decision) for decision in ask(lender, list(WAYS))] == [first] * 3
    assert ask(lender, WAYS[1], "/what-if")["probability"] == first["probability"]
    assert lender.post("/", data={"debt": "10", "income": "", "job": ""}).status_code == 200
    table = as_csv([{"income": cell, "debt": 10, "job": "?"} for cell in ("", "NA", -7)])
    with lender.post("/predict", data=table, content_type="text/csv") as answer:
        over_http = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))
    assert {row["probability"] for row in over_http} == {repr(first["probability"])}
    rows = logged(lender, 10)
    assert {row["inputs"] for row in rows} == {'{"income":null,"debt":10,"job":null}'}
    assert len({(row["impacts"], row["reasons"], row["bins"]) for row in rows}) == 1
    monkeypatch.setenv("CREDITSCORE_MODEL_DIR", str(model_folder))
    monkeypatch.setenv("CREDITSCORE_DATABASE_URL", log_url)
    source, target = model_folder.parent / "in.csv", model_folder.parent / "out.csv"
    source.write_text(table, encoding="utf-8")
    for options in ([], ["--log"]):
        assert score.main([str(source), str(target), *options]) == 0
        scored = list(csv.DictReader(io.StringIO(target.read_text(encoding="utf-8"))))
        assert {row["probability"] for row in scored} == {repr(first["probability"])}


def test_decisions_on_what_is_missing_are_replayed_to_the_last_bit(
    lender: FlaskClient, lender_model: Model
) -> None:
    ask(lender, [*WAYS, {"income": -8, "debt": None}, {"income": 900, "job": "pilot"}])

    replayed = replay(logged(lender, 5), lambda version: lender_model)

    assert [result.kind for result in replayed] == [IDENTICAL] * 5


def test_every_row_of_the_training_file_is_decided_on(lender: FlaskClient, table: Path) -> None:
    with lender.post("/predict", data=table.read_bytes(), content_type="text/csv") as answer:
        rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))

    assert len(rows) == ROWS
    assert all(row["label"] for row in rows)


def test_reasons_say_that_a_value_is_not_stated(lender: FlaskClient) -> None:
    decision = ask(lender, WAYS[0])

    assert decision["label"] == "not_eligible"
    reason = decision["reasons"][0]
    assert (reason["code"], reason["value"]) == ("income_MISSING", None)
    assert reason["actionable"] is False
    assert reason["text"].startswith("Income is not stated, which raised the estimated risk by ")
    indonesian = lender.post("/predict", json=WAYS[0], headers={"Accept-Language": "id"}).get_json()
    assert indonesian["reasons"][0]["text"].startswith("Penghasilan tidak diisi")
    special = ask(lender, {"income": -8, "debt": 10})
    assert special["reasons"][0]["code"] == "income_NO_RECORD"
    assert special["reasons"][0]["value"] == -8


def test_recourse_never_advises_to_leave_something_out(lender: FlaskClient) -> None:
    """Nor to state what is not stated: nobody knows what the value would be."""
    possible = []
    for body in (*WAYS, {"income": 600, "debt": 95}, {"income": 600}, {"income": -8, "debt": 99}):
        decision = ask(lender, body)
        explanation = lender.get(f"/decisions/{decision['decision_id']}/explanation").get_json()
        changes = {change["field"]: change["to"] for change in explanation["recourse"]["changes"]}
        possible += [explanation["recourse"]["possible"]]
        assert all(body.get(name) not in (None, "NA", "?", -8) for name in changes)
        assert None not in changes.values()
        if explanation["recourse"]["possible"]:
            after = ask(lender, body | changes, "/what-if")
            assert after["label"] == "eligible"
            assert (
                after["probability_of_default"] == explanation["recourse"]["probability_of_default"]
            )
    assert set(possible) == {True, False}


def test_known_values_stay_monotone_beside_missing_ones(lender_model: Model) -> None:
    card = lender_model.scorecards["loan"]
    draw = np.random.default_rng(1)
    column = card.predictors.index("debt")
    for income in (np.nan, *draw.uniform(0, 9000, 20)):
        matrix = np.full((101, 3), np.nan, dtype=np.float32)
        matrix[:, card.predictors.index("income")] = income
        matrix[:, column] = np.arange(101)
        assert (np.diff(card.probability_of_default(matrix)) >= -1e-12).all()


def test_monitoring_has_a_bin_for_missing_values(lender: FlaskClient) -> None:
    watched = lender.get("/monitoring").get_json()["scorecards"]["loan"]["fields"]

    for name in ("income", "debt", "job"):
        last = watched[name]["bins"][-1]
        assert last["label"] == "not stated"
        assert last["training"] > 0.05
        assert last["live"] > 0


def test_a_model_that_never_saw_a_value_missing_warns(lender: FlaskClient, table: Path) -> None:
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    full = [row | {"job": row["job"] if len(row["job"]) > 1 else "clerk"} for row in rows]
    source, folder = table.parent / "full.csv", table.parent / "full"
    source.write_text(as_csv(full), encoding="utf-8")
    options = ["--data", str(source), "--schema", str(SCHEMA_FILE), "--model-dir", str(folder)]
    assert train.main([*options, "--no-plots", "--quick"]) == 0

    app = create_app(settings_of(folder))
    (warning,) = ask(app.test_client(), {"income": 900, "debt": 3})["warnings"]

    assert warning["code"] == "missing_unseen"
    assert (warning["field"], warning["value"]) == ("job", None)
    assert "Job is not stated" in warning["text"]


def test_a_code_that_nobody_listed_is_decided_on_with_a_warning(lender: FlaskClient) -> None:
    unlisted, pilot = ask(lender, [{"income": 900, "job": job} for job in ("other", "pilot")])

    assert pilot["probability"] == unlisted["probability"]
    assert [(w["code"], w["value"]) for w in pilot["warnings"]] == [("counted_as_other", "pilot")]


def test_the_page_offers_to_leave_a_field_empty(lender: FlaskClient) -> None:
    page = lender.get("/", headers={"Accept": "text/html"}).text

    assert "aria-required" not in page
    described = lender.get("/openapi.json").get_json()
    assert json.dumps(described).count('"required": ["income"') == 0
