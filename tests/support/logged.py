"""A log with decisions of a real model, and ways to change it behind the service's back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from click.testing import Result
from flask import Flask
from sqlalchemy import Connection, Table, func, select, text

from creditscore.api_docs.examples import example_applicants
from creditscore.decision_log.database import Database
from creditscore.decision_log.migrations import MIGRATIONS
from creditscore.decision_log.tables import decisions
from creditscore.decisions.record import content_hash
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import Policy
from creditscore.web.service import NAME

#: How the tests show the key of a service that asks for one.
KEY = {"X-API-Key": "the-key-of-the-tests"}

#: A loss-to-margin ratio with which other applicants are eligible.
OTHER_RATIO = 4


def successor(model: Model) -> Model:
    """Give a model that decides otherwise, so that it has other versions."""
    policy = Policy.from_ratio(OTHER_RATIO)
    return Model.assemble(
        schema=model.schema,
        scorecards=model.scorecards,
        policy=policy,
        manifest={**model.manifest, "policy": policy.to_dict()},
        card=model.card,
    )


def database_of(app: Flask) -> Database:
    database: Database = app.extensions[NAME].log.database
    return database


def decide(app: Flask, **headers: str) -> list[str]:
    """Have each scorecard decide on an example; give the ids of the decisions."""
    applicants = example_applicants(app.extensions[NAME].assessor.model.schema)
    answer = app.test_client().post("/predict", json=list(applicants.values()), headers=headers)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [decision["decision_id"] for decision in answer.get_json()]


def decide_alike(app: Flask, count: int) -> list[str]:
    """Have a service decide so many times on the same applicant: nothing like training."""
    schema = app.extensions[NAME].assessor.model.schema
    applicant = dict(next(iter(example_applicants(schema).values())))
    answer = app.test_client().post("/predict", json=[applicant] * count, headers=KEY)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [decision["decision_id"] for decision in answer.get_json()]


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
