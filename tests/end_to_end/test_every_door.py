"""Whichever way an applicant comes in: the same numbers, reasons, warnings and row of the log."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from service_settings import settings_of
from strategies import BUNDLED, applicants
from table_files import as_csv

import score
from creditscore.decision_log.log import DecisionLog
from creditscore.decision_log.replay import IDENTICAL, replay
from creditscore.decisions.assessor import Decision
from creditscore.decisions.record import COLUMNS, to_row
from creditscore.scorecard.model import Model
from creditscore.scorecard.reason_codes import MOST_REASONS
from creditscore.web import create_app
from creditscore.web.service import NAME

Body = dict[str, Any]

#: One applicant, several of one scorecard, or of both.
PEOPLE = st.lists(
    st.one_of([applicants(BUNDLED, name) for name in BUNDLED.scorecards]), min_size=1, max_size=4
)
RUNS = count()


class Service(NamedTuple):
    """A service with a log of its own, and the environment that score.py needs for the same."""

    app: Flask
    folder: Path
    environment: dict[str, str]

    @property
    def client(self) -> FlaskClient:
        return self.app.test_client()

    @property
    def log(self) -> DecisionLog:
        log: DecisionLog = self.app.extensions[NAME].log
        return log

    def logged(self, number: int) -> list[Decision]:
        """Return the decisions that were logged last, oldest first."""
        return [each.decision for each in self.log.page(limit=number).decisions][::-1]


@pytest.fixture(scope="module")
def service(
    model: Model, model_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("doors")
    url = f"sqlite:///{folder}/decisions.sqlite"
    app = create_app(settings_of(model_dir, database_url=url), model)
    environment = {"CREDITSCORE_MODEL_DIR": str(model_dir), "CREDITSCORE_DATABASE_URL": url}
    yield Service(app, folder, environment)
    app.extensions[NAME].log.database.close()


@settings(max_examples=25)
@given(people=PEOPLE)
def test_every_door_gives_the_same_decisions_and_the_same_rows(
    service: Service, model: Model, people: list[Body]
) -> None:
    expected = [one_by_one(service, person) for person in people]
    rows = [content(decision) for decision in service.logged(len(people))]

    assert array(service, people) == expected
    assert [content(decision) for decision in service.logged(len(people))] == rows
    assert what_if(service, people[0]) == expected[0]
    assert what_if(service, people) == expected
    columns = [as_columns(answer) for answer in expected]
    assert table_over_http(service, people) == columns
    assert [content(decision) for decision in service.logged(len(people))] == rows
    for person, row in zip(people, rows, strict=True):
        assert content(page_form(service, person)) == row
    assert score_file(service, people) == columns
    assert score_file(service, people, "--log", "--run", str(next(RUNS))) == columns
    assert [content(decision) for decision in service.logged(len(people))] == rows
    assert replayed(service, model, 4 * len(people)) == {IDENTICAL}


# The doors


def one_by_one(service: Service, person: Body) -> Body:
    return lasting(service.client.post("/predict", json=person).get_json())


def array(service: Service, people: Sequence[Body]) -> list[Body]:
    answers = service.client.post("/predict", json=people).get_json()
    return [lasting(answer) for answer in answers]


def what_if(service: Service, body: object) -> Any:
    answer = service.client.post("/what-if", json=body).get_json()
    return [lasting(one) for one in answer] if isinstance(answer, list) else lasting(answer)


def table_over_http(service: Service, people: Sequence[Body]) -> list[Body]:
    answer = service.client.post("/predict", data=as_csv(people), content_type="text/csv")
    with answer:
        assert answer.status_code == 200, answer.text
        return read_columns(answer.text)


def page_form(service: Service, person: Body) -> Decision:
    answer = service.client.post("/", data={name: as_text(value) for name, value in person.items()})
    assert answer.status_code == 200
    (decision,) = service.logged(1)
    return decision


def score_file(service: Service, people: Sequence[Body], *options: str) -> list[Body]:
    source, target = service.folder / "in.csv", service.folder / "out.csv"
    source.write_text(as_csv(people), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in service.environment.items():
            patch.setenv(name, value)
        assert score.main([str(source), str(target), *options]) == 0
    return read_columns(target.read_text(encoding="utf-8"))


def replayed(service: Service, model: Model, number: int) -> set[str]:
    found = [each.decision for each in service.log.page(limit=number).decisions]
    origin = {"request_id": "r", "key_id": None, "idempotency_key": None}
    rows = [dict(zip(COLUMNS, to_row(each, **origin), strict=True)) for each in found]  # type: ignore[arg-type]
    return {
        result.kind for result in replay([{"number": 1, **row} for row in rows], lambda _: model)
    }


# What is compared


def lasting(answer: Body) -> Body:
    """Leave out what is new with each decision."""
    fleeting = {"decision_id", "decided_at", "what_if"}
    return {name: value for name, value in answer.items() if name not in fleeting}


def content(decision: Decision) -> Body:
    """Return what the log says of a decision, but for its id and time."""
    row = to_row(decision, request_id="r", key_id=None, idempotency_key=None)
    values = dict(zip(COLUMNS, row, strict=True))
    names = ("inputs", "impacts", "reasons", "warnings")
    parts = {name: json.loads(str(values[name])) for name in names}
    fleeting = {"id", "decided_at", "content_hash"}
    return {name: value for name, value in {**values, **parts}.items() if name not in fleeting}


def as_columns(answer: Body) -> Body:
    """Return an answer as a table's columns have it."""
    names = ("label", "scorecard", "model_version")
    numbers = ("probability", "probability_of_default", "cutoff", "score", "baseline")
    columns: Body = {name: answer[name] for name in names}
    columns |= {name: float(answer[name]) for name in numbers}
    columns["reasons"] = [(reason["code"], reason["impact"]) for reason in answer["reasons"]]
    columns["warnings"] = "; ".join(f"{w['field']} {w['code']}" for w in answer["warnings"])
    return columns


def read_columns(text: str) -> list[Body]:
    rows = []
    for row in csv.DictReader(io.StringIO(text, newline="")):
        given = [place for place in range(1, 1 + MOST_REASONS) if row[f"reasons.{place}.code"]]
        answer = {
            **row,
            "reasons": [
                {"code": row[f"reasons.{n}.code"], "impact": float(row[f"reasons.{n}.impact"])}
                for n in given
            ],
            "warnings": [
                dict(zip(("field", "code"), warning.split(" "), strict=True))
                for warning in row["warnings"].split("; ")
                if warning
            ],
        }
        rows.append(as_columns(answer))
    return rows


def as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
