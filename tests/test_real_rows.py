"""The real 30,000 rows through the service: every one decided on, alone as among others."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from answers import lasting
from flask import Flask
from werkzeug.test import run_wsgi_app

from creditscore.rule import Codes, from_text
from creditscore.schema import Field, Schema

Body = dict[str, Any]

ROWS = 30_000
MOST = 1000


@pytest.fixture(scope="module")
def rows(uci_csv: Path, schema: Schema) -> list[Body]:
    """Read the real rows as JSON bodies, undocumented codes folded as the schema says."""
    with uci_csv.open(encoding="utf-8", newline="") as file:
        return [
            {name: folded(field, row[name]) for name, field in schema.fields.items()}
            for row in csv.DictReader(file)
        ]


def folded(field: Field, cell: str) -> object:
    value = from_text(field.rule, cell)
    if isinstance(field.rule, Codes) and isinstance(value, int | str):
        return field.fold.get(value, value)
    return value


@pytest.fixture(scope="module")
def decide(app: Flask) -> Callable[[object], Any]:
    """Ask as a server does: thirty thousand times through Flask's test client takes minutes."""

    def ask(body: object) -> Any:
        raw = json.dumps(body).encode()
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/predict",
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(raw)),
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(raw),
        }
        parts, status, _ = run_wsgi_app(app.wsgi_app, environ)
        decided = json.loads(b"".join(parts))
        assert status == "200 OK", decided
        return decided

    return ask


def groups(bodies: list[Body]) -> Iterator[list[Body]]:
    for start in range(0, len(bodies), MOST):
        yield bodies[start : start + MOST]


@pytest.mark.parametrize("size", ["smallest", "largest"])
def test_every_real_row_gets_the_same_decision_alone_and_in_an_array(
    rows: list[Body], decide: Callable[[object], Any], schema: Schema, size: str
) -> None:
    spec = list(schema.scorecards.values())[0 if size == "smallest" else -1]
    bodies = [{name: row[name] for name in spec.fields} for row in rows]

    together = [decision for group in groups(bodies) for decision in decide(group)]

    assert len(together) == ROWS
    assert {decision["scorecard"] for decision in together} == {spec.name}
    # One of each pair of twins is enough: about a third of the smallest bodies differ.
    alone: dict[str, Body] = {}
    for body, decision in zip(bodies, together, strict=True):
        key = json.dumps(body)
        if key not in alone:
            alone[key] = lasting(decide(body))
        assert lasting(decision) == alone[key]
