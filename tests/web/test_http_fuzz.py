"""Ten thousand generated bodies, none of which may surprise the service."""

from __future__ import annotations

import random
from collections import Counter

from answers import read
from bad_bodies import bad_bodies, check_answer
from flask.testing import FlaskClient

from creditscore.schema import Schema

COUNT = 10_000


def test_generated_bad_bodies_get_a_problem_or_a_decision(
    client: FlaskClient, schema: Schema
) -> None:
    statuses: Counter[int] = Counter()

    for body in bad_bodies(schema, random.Random(1), COUNT):
        statuses[check_answer(read(client.post("/predict", data=body)), body)] += 1

    # Else the generator would test only one of them.
    assert statuses.total() == COUNT
    assert min(statuses[200], statuses[400], statuses[422]) > COUNT // 100, statuses
