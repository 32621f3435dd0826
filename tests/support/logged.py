"""A log with decisions of a real model, and ways to change it behind the service's back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from answers import Body
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Table, func, select, text

from creditscore.api_docs.examples import example_applicants
from creditscore.decision_log.database import Database
from creditscore.decision_log.log import DecisionLog
from creditscore.decision_log.migrations import MIGRATIONS
from creditscore.decision_log.tables import decisions
from creditscore.decisions.record import LoggedDecision, content_hash
from creditscore.schema import Schema
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import ELIGIBLE, NOT_ELIGIBLE, Policy
from creditscore.web.service import NAME

#: How the tests show the key of a service that asks for one.
KEY = {"X-API-Key": "the-key-of-the-tests"}

#: The keys of a service that takes this one.
KEYS = tuple(KEY.values())


#: A loss-to-margin ratio with which other applicants are eligible.
OTHER_RATIO = 4


def assembled(model: Model, **parts: Any) -> Model:
    """Assemble a copy of a model with some of its parts replaced."""
    names = ("schema", "scorecards", "policy", "manifest", "card")
    return Model.assemble(**{name: getattr(model, name) for name in names} | parts)


def successor(model: Model) -> Model:
    """Give a model that decides otherwise, so that it has other versions."""
    policy = Policy.from_ratio(OTHER_RATIO)
    manifest = {**model.manifest, "policy": policy.to_dict()}
    return assembled(model, policy=policy, manifest=manifest)


def database_of(app: Flask) -> Database:
    database: Database = app.extensions[NAME].log.database
    return database


def schema_of(client: FlaskClient) -> Schema:
    """Give the schema of the model in service."""
    schema: Schema = client.application.extensions[NAME].assessor.model.schema
    return schema


def decide(app: Flask, **headers: str) -> list[str]:
    """Have each scorecard decide on an example; give the ids of the decisions."""
    applicants = example_applicants(app.extensions[NAME].assessor.model.schema)
    answer = app.test_client().post("/predict", json=list(applicants.values()), headers=headers)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [decision["decision_id"] for decision in answer.get_json()]


def decide_for(client: FlaskClient, references: Iterable[str | None]) -> list[Body]:
    """Decide on the same applicant once for each reference; give the decisions."""
    applicant, *_ = example_applicants(schema_of(client)).values()
    body = [{**applicant, "reference": reference} for reference in references]
    answer = client.post("/predict", json=body, headers=KEY)
    assert answer.status_code == 200, answer.text
    decisions: list[Body] = answer.get_json()
    return decisions


def decide_alike(client: FlaskClient, count: int) -> list[str]:
    """Have a service decide so many times on the same applicant: nothing like training."""
    return [decision["decision_id"] for decision in decide_for(client, [None] * count)]


def other_label(decision: Body) -> str:
    return NOT_ELIGIBLE if decision["label"] == ELIGIBLE else ELIGIBLE


def logged_decisions(client: FlaskClient) -> list[LoggedDecision]:
    """Read the whole log, the oldest decision first."""
    log: DecisionLog = client.application.extensions[NAME].log
    return list(reversed(log.page(limit=1000).decisions))


def run(app: Flask, *arguments: str, typed: str | None = None) -> Result:
    """Run `flask decisions` with some arguments."""
    return app.test_cli_runner().invoke(args=["decisions", *arguments], input=typed)


def row_of(database: Database, decision_id: str) -> dict[str, Any]:
    with database.reading() as connection:
        row = connection.execute(select(decisions).where(decisions.c.id == decision_id)).one()
    return row._asdict()


def count(database: Database, table: Table) -> int:
    with database.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


@contextmanager
def unguarded(database: Database) -> Iterator[Connection]:
    """Give a connection to a database whose triggers are gone until the block ends."""
    triggers = [
        statement
        for step in MIGRATIONS[database.kind]
        for statement in step
        if "CREATE TRIGGER" in statement
    ]
    names = [trigger.split()[2] for trigger in triggers]
    tables = ("decisions", "outcomes", "overrides", "tombstones")
    with database.writing() as connection:
        for name in names:
            on = "" if database.is_sqlite else f" ON {name.rpartition('_')[0]}"
            connection.execute(text(f"DROP TRIGGER {name}{on}"))
        assert database.is_sqlite or {name.rpartition("_")[0] for name in names} == set(tables)
        yield connection
        for statement in triggers:
            connection.exec_driver_sql(statement)


def edit(database: Database, decision_id: str, *, rehash: bool = False, **changes: Any) -> None:
    """Change a logged decision behind the service's back, with its hash if asked."""
    row = row_of(database, decision_id) | changes
    if rehash:
        changes["content_hash"] = content_hash(row)
    with unguarded(database) as connection:
        condition = decisions.c.id == decision_id
        connection.execute(decisions.update().where(condition).values(**changes))
