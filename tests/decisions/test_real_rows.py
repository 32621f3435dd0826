"""The real 30,000 rows through the service: each decided on, the same alone as among others."""

from __future__ import annotations

import csv
import json
import os
import random
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from answers import Body, lasting
from flask import Flask
from werkzeug.test import run_wsgi_app

from creditscore.schema import Schema
from creditscore.schema.constraints import from_text

pytestmark = pytest.mark.slow


ROWS = 30_000
MAX_ARRAY = 1000
# Two thousandths of a second each: one by one, all take minutes. Continuous integration asks for
# all of them.
ALONE = ROWS if os.environ.get("CREDITSCORE_EVERY_ROW") else 3000


@pytest.fixture(scope="module")
def rows(uci_csv: Path, schema: Schema) -> list[Body]:
    """Read the real rows as JSON bodies, undocumented codes and all."""
    with uci_csv.open(encoding="utf-8", newline="") as file:
        return [
            {name: from_text(field.rule, row[name]) for name, field in schema.fields.items()}
            for row in csv.DictReader(file)
        ]


@pytest.fixture(scope="module")
def decide(app: Flask) -> Callable[[object], Any]:
    """Ask as a server does: Flask's test client would take half of the time."""

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
        answer = json.loads(b"".join(parts))
        assert status == "200 OK", answer
        return answer

    return ask


def in_arrays(decide: Callable[[object], Any], bodies: list[Body]) -> list[Body]:
    """Ask about bodies in arrays as large as may be; give what lasts of each decision."""
    arrays = (bodies[start : start + MAX_ARRAY] for start in range(0, len(bodies), MAX_ARRAY))
    return [lasting(decision) for array in arrays for decision in decide(array)]


@pytest.mark.parametrize("size", ["smallest", "largest"])
def test_every_real_row_gets_the_same_decision_among_others_and_alone(
    rows: list[Body], decide: Callable[[object], Any], schema: Schema, size: str
) -> None:
    spec = list(schema.scorecards.values())[0 if size == "smallest" else -1]
    bodies = [{name: row[name] for name in spec.fields} for row in rows]

    decisions = in_arrays(decide, bodies)

    assert len(decisions) == ROWS
    assert {decision["scorecard"] for decision in decisions} == {spec.name}
    for index in random.Random(1).sample(range(ROWS), ALONE):
        assert lasting(decide(bodies[index])) == decisions[index]
