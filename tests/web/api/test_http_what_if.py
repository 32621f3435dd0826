"""POST /what-if: the answer of /predict, and nothing of it in the log."""

from __future__ import annotations

import pytest
from answers import Body, problem_of
from flask.testing import FlaskClient
from logged import KEY, KEYS
from service_settings import Build


def test_it_has_no_id_and_nothing_of_it_is_in_the_log(
    guarded: FlaskClient, applicant: Body
) -> None:
    headers = {**KEY, "Idempotency-Key": "once"}

    explored = guarded.post("/what-if", json=applicant, headers=headers).get_json()

    assert "decision_id" not in explored
    assert guarded.get("/decisions", headers=headers).get_json()["decisions"] == []
    # The key of a repetition is not spent either.
    decided = guarded.post("/predict", json={**applicant}, headers=headers)
    assert "Idempotent-Replayed" not in decided.headers
    assert len(guarded.get("/decisions", headers=headers).get_json()["decisions"]) == 1


def test_it_asks_for_a_key_exactly_where_a_decision_does(
    build: Build, guarded: FlaskClient, applicant: Body
) -> None:
    opened = build(api_keys=KEYS, open_predict=True).test_client()

    problem_of(guarded.post("/what-if", json=applicant), 401)
    assert guarded.post("/what-if", json=applicant, headers=KEY).status_code == 200
    assert opened.post("/what-if", json=applicant).status_code == 200


def test_a_page_of_another_site_may_not_explore(client: FlaskClient, applicant: Body) -> None:
    answer = client.post("/what-if", json=applicant, headers={"Sec-Fetch-Site": "cross-site"})

    problem_of(answer, 403)


@pytest.mark.parametrize(("body", "status"), [("[", 400), ("[]", 422), ('{"x":1}', 422)])
def test_it_refuses_what_a_decision_refuses(client: FlaskClient, body: str, status: int) -> None:
    explored, decided = (
        client.post(route, data=body).get_json() for route in ("/what-if", "/predict")
    )

    assert explored == decided
    assert explored["status"] == status
