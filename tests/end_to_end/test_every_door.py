"""Whichever way an applicant comes in: the same numbers, reasons, warnings and row of the log."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from answers import Body, lasting
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from service_settings import settings_of
from sqlalchemy import select
from strategies import BUNDLED, applicants, values
from table_files import as_csv

from creditscore.cli import score
from creditscore.decision_log.log import DecisionLog
from creditscore.decision_log.replay import IDENTICAL, POLICY_CHANGED, replay
from creditscore.decision_log.tables import decisions
from creditscore.decisions.record import ADDED, CONTENT
from creditscore.i18n.catalogue import LANGUAGES
from creditscore.i18n.number_format import FORMATS
from creditscore.schema.constraints import CodeList
from creditscore.scorecard.model import Model
from creditscore.web import create_app
from creditscore.web.service import NAME

#: Columns that are new with each decision or each request.
FLEETING = {"id", "decided_at", "request_id", "key_id", "idempotency_key"}

RUNS = count()


@st.composite
def groups(draw: DrawFn) -> list[Body]:
    """Draw applicants of one scorecard or of both, two of them alike but for one field."""
    applicant = st.one_of([applicants(BUNDLED, name) for name in BUNDLED.scorecards])
    people = draw(st.lists(applicant, min_size=1, max_size=3))
    name = draw(st.sampled_from(list(people[0])))
    return [*people, {**people[0], name: draw(values(BUNDLED.fields[name].rule))}]


class Service:  # Not a dataclass, of which Hypothesis would print every field.
    """A service with a log of its own, and a folder for the files of score.py."""

    def __init__(self, app: Flask, model: Model, folder: Path) -> None:
        self.client, self.model, self.folder = app.test_client(), model, folder
        self.log: DecisionLog = app.extensions[NAME].log

    def rows(self, number: int) -> list[Body]:
        """Return the rows that were logged last, oldest first."""
        query = select(decisions).order_by(decisions.c.number.desc()).limit(number)
        with self.log.database.reading() as connection:
            return [dict(row) for row in connection.execute(query).mappings()][::-1]

    def contents(self, number: int) -> list[Body]:
        """Return what lasts of these rows."""
        return [
            {name: row[name] for name in (*CONTENT, *ADDED) if name not in FLEETING}
            for row in self.rows(number)
        ]


@pytest.fixture(scope="module")
def service(
    model: Model, model_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("doors")
    url = f"sqlite:///{folder}/decisions.sqlite"
    app = create_app(settings_of(model_dir, database_url=url), model)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CREDITSCORE_MODEL_DIR", str(model_dir))
        environment.setenv("CREDITSCORE_DATABASE_URL", url)
        yield (service := Service(app, model, folder))
    service.log.database.close()


@settings(max_examples=50)
@given(people=groups(), language=st.sampled_from(LANGUAGES))
def test_every_door_gives_the_same_decisions_and_logs_the_same_rows(
    service: Service, people: list[Body], language: str
) -> None:
    check_every_door(service, people, language)


def test_every_door_warns_of_whoever_is_close_to_the_cutoff_in_force(
    model: Model, model_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, example: Body
) -> None:
    matrix = BUNDLED.matrix([BUNDLED.parse(example)], model.scorecards["application"].predictors)
    cutoff = float(model.scorecards["application"].probability_of_default(matrix)[0])
    url = f"sqlite:///{tmp_path}/decisions.sqlite"
    for name, value in (("MODEL_DIR", model_dir), ("DATABASE_URL", url), ("CUTOFF", cutoff)):
        monkeypatch.setenv(f"CREDITSCORE_{name}", str(value))
    app = create_app(settings_of(model_dir, database_url=url, cutoff=cutoff), model)
    service = Service(app, model, tmp_path)

    check_every_door(service, [example], "en", replayed_as=POLICY_CHANGED)

    (warning,) = post(service.client, "/predict", example)["warnings"]
    assert (warning["code"], warning["field"], warning["value"]) == ("near_cutoff", None, None)
    assert "training again could change the label" in service.client.post("/", data=example).text
    service.log.database.close()


def check_every_door(
    service: Service, people: list[Body], language: str, replayed_as: str = IDENTICAL
) -> None:
    """Send applicants through every door, and compare what comes out and what is logged."""
    client, number = service.client, len(people)
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
    expected = [post(client, "/predict", person) for person in people]
    rows = service.contents(number)

    assert post(client, "/predict", people) == expected
    assert service.contents(number) == rows
    assert post(client, "/what-if", people[0]) == {"what_if": True, **expected[0]}
    assert post(client, "/what-if", people) == [{"what_if": True, **body} for body in expected]
    assert table_over_http(client, people) == list(map(as_columns, expected))
    assert service.contents(number) == rows
    for person, row in zip(people, rows, strict=True):
        fill_in_form(client, person, language)
        assert service.contents(1) == [row]
    for options in ([], ["--log", "--run", str(next(RUNS))]):
        scored = score_file(service.folder, people, "--language", language, *options)
        assert scored == list(map(as_columns, expected))
    assert service.contents(number) == rows
    replayed = replay(service.rows(5 * number), lambda version: service.model)
    assert {result.kind for result in replayed} == {replayed_as}


# The doors


def post(client: FlaskClient, route: str, body: object) -> Any:
    answer = client.post(route, json=body).get_json()
    return [lasting(body) for body in answer] if isinstance(answer, list) else lasting(answer)


def table_over_http(client: FlaskClient, people: Sequence[Body]) -> list[Body]:
    answer = client.post("/predict", data=as_csv(people), content_type="text/csv")
    with answer:
        return read_columns(answer.text)


def fill_in_form(client: FlaskClient, person: Body, language: str) -> None:
    """Type an applicant as a person does in a language: 30,000.5 or 30.000,5."""
    typed = {
        name: as_text(value)
        if isinstance(BUNDLED.fields[name].rule, CodeList)
        else FORMATS[language].exact(value)
        for name, value in person.items()
    }
    assert client.post("/", data=typed).status_code == 200


def score_file(folder: Path, people: Sequence[Body], *options: str) -> list[Body]:
    (folder / "in.csv").write_text(as_csv(people), encoding="utf-8")
    assert score.main([f"{folder}/in.csv", f"{folder}/out.csv", *options]) == 0
    return read_columns((folder / "out.csv").read_text(encoding="utf-8"))


# Tables


def as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def as_columns(answer: Body) -> Body:
    """Return an answer as the columns of a table: texts, with every digit."""
    lists = {"reasons", "strengths", "warnings"}
    columns = {n: as_text(v) for n, v in answer.items() if n not in lists}
    for rank, reason in enumerate(answer["reasons"], start=1):
        columns |= {f"reasons.{rank}.{n}": as_text(reason[n]) for n in ("code", "impact", "text")}
    columns["warnings"] = "; ".join(
        w["code"] if w["field"] is None else f"{w['field']} {w['code']}" for w in answer["warnings"]
    )
    return columns


def read_columns(text: str) -> list[Body]:
    """Read the decision's columns, without empty reasons."""
    leave_out = {*BUNDLED.fields, "decision_id", "decided_at"}
    return [
        {
            name: cell
            for name, cell in row.items()
            if name not in leave_out and (cell or not name.startswith("reasons."))
        }
        for row in csv.DictReader(io.StringIO(text, newline=""))
    ]
