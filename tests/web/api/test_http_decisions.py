"""POST /predict as a client meets it: from applicants to decisions."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from answers import Body, decision_of, decisions_of, faults_of, lasting, problem_of
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from service_settings import settings_of
from strategies import BUNDLED, Broken, applicants, broken_applicants
from werkzeug.test import TestResponse

from creditscore.schema import Schema
from creditscore.schema.constraints import CodeList
from creditscore.web import create_app

JSON_TYPES = [
    'Application/JSON; charset="UTF-8"',
    "text/json",
    "application/vnd.lender.applicant+json",
    "text/plain",
    "application/x-www-form-urlencoded",
    None,
]
NO_JSON_TYPES = [
    "application/xml",
    "multipart/form-data; boundary=x",
    "application/jsonp",
    "application/json, text/plain",
    "application/json; charset=latin-1",
    'text/plain; charset="x"',
    "json",
]


def post(client: FlaskClient, body: object, **headers: str) -> TestResponse:
    return client.post(
        "/predict", data=json.dumps(body), content_type="application/json", headers=headers
    )


# One applicant


@settings(max_examples=200)
@given(applicant=applicants(BUNDLED))
def test_a_valid_applicant_gets_a_decision_with_all_that_the_contract_promises(
    client: FlaskClient, schema: Schema, applicant: Body
) -> None:
    decision = decision_of(post(client, applicant))

    assert schema.scorecards[decision["scorecard"]].fields == tuple(
        name for name in schema.fields if name in applicant
    )


@pytest.mark.parametrize("media_type", JSON_TYPES)
def test_json_is_read_whatever_curl_or_postman_call_it(
    client: FlaskClient, example: Body, media_type: str | None
) -> None:
    raw = json.dumps(example).encode()

    for body in (raw, b"\xef\xbb\xbf" + raw):
        decision_of(client.post("/predict", data=body, content_type=media_type))


@settings(max_examples=100)
@given(applicant=applicants(BUNDLED))
def test_how_a_number_is_written_and_the_order_of_members_change_nothing(
    client: FlaskClient, applicant: Body
) -> None:
    rewritten = {
        name: float(value)
        if isinstance(value, int)
        else int(value)
        if value == int(value)
        else value
        for name, value in sorted(applicant.items())
    }

    plain = decision_of(post(client, applicant))
    rewritten_decision = decision_of(post(client, rewritten))

    assert lasting(rewritten_decision) == lasting(plain)


@settings(max_examples=100)
@given(applicant=applicants(BUNDLED))
def test_the_score_restates_the_probability_on_the_scale_that_the_model_names(
    client: FlaskClient, applicant: Body
) -> None:
    scale = client.get("/model").get_json()["policy"]
    decision = decision_of(post(client, applicant))

    risk = min(max(decision["probability_of_default"], 1e-6), 1 - 1e-6)
    doublings = math.log2((1 - risk) / risk / scale["base_odds"])

    points = scale["base_points"] + scale["points_to_double_odds"] * doublings
    assert abs(decision["score"] - points) <= 0.5 + 1e-9


@settings(max_examples=200)
@given(applicant=applicants(BUNDLED))
def test_a_value_that_training_never_saw_is_answered_with_a_warning_and_no_other(
    client: FlaskClient, schema: Schema, applicant: Body
) -> None:
    decision = decision_of(post(client, applicant))

    card = client.get("/model").get_json()["scorecards"][decision["scorecard"]]
    unseen = [
        name
        for name, training_range in card["training_ranges"].items()
        if not was_seen(schema, name, applicant[name], training_range)
    ]

    # One that is about no field says that the probability is near the cut-off.
    warned = {
        warning["field"]: warning
        for warning in decision["warnings"]
        if warning["code"] != "near_cutoff"
    }
    assert list(warned) == unseen
    assert all(warned[name]["value"] == applicant[name] for name in unseen)
    assert all(schema.fields[name].title["en"] in warned[name]["text"] for name in unseen)


def was_seen(schema: Schema, name: str, value: Any, training_range: Sequence[Any]) -> bool:
    if isinstance(schema.fields[name].rule, CodeList):
        return value in training_range
    return bool(training_range[0] <= value <= training_range[1])


def test_a_host_can_choose_the_cutoff_and_only_below_it_is_eligible(
    client: FlaskClient, model_dir: Path, example: Body
) -> None:
    probability = decision_of(post(client, example))["probability_of_default"]

    for cutoff, label in (
        (probability, "not_eligible"),
        (math.nextafter(probability, 1), "eligible"),
    ):
        strict_client = create_app(settings_of(model_dir, cutoff=cutoff)).test_client()
        decision = decision_of(post(strict_client, example))

        assert (decision["cutoff"], decision["label"]) == (cutoff, label)
        assert strict_client.get("/model").get_json()["policy"]["cutoff"] == cutoff


# Several applicants


def test_a_thousand_applicants_are_decided_on_or_as_many_as_the_host_says_and_no_more(
    client: FlaskClient, model_dir: Path, example: Body
) -> None:
    small_client = create_app(settings_of(model_dir, max_applicants=2)).test_client()
    for test_client, limit in ((client, 1000), (small_client, 2)):
        array = [example] * limit

        ids = {decision["decision_id"] for decision in decisions_of(post(test_client, array))}
        assert len(ids) == limit
        assert faults_of(post(test_client, [*array, *array[:1]]), 422) == [("", "too_many")]


@settings(max_examples=100)
@given(
    before=st.lists(applicants(BUNDLED), max_size=3),
    broken=broken_applicants(BUNDLED),
    after=st.lists(applicants(BUNDLED), max_size=3),
)
def test_one_bad_applicant_fails_the_whole_array_and_is_named(
    client: FlaskClient, before: list[Body], broken: Broken, after: list[Body]
) -> None:
    answer = post(client, [*before, broken.body, *after])

    assert faults_of(answer, 422) == [(f"/{len(before)}{broken.pointer}", broken.code)]


# What is no applicant


@settings(max_examples=400)
@given(broken=broken_applicants(BUNDLED))
def test_a_single_broken_field_is_the_only_one_named(client: FlaskClient, broken: Broken) -> None:
    problem = problem_of(post(client, broken.body), 422)

    (fault,) = problem["errors"]
    assert (fault["pointer"], fault["code"]) == (broken.pointer, broken.code)
    assert problem["detail"] == fault["detail"]


@pytest.mark.parametrize("value", [3, "text", None, True, 1.5, "", []])
def test_what_is_no_object_is_refused_as_a_body_and_in_an_array(
    client: FlaskClient, example: Body, value: object
) -> None:
    code = "empty_array" if value == [] else "not_applicants"

    assert faults_of(post(client, value), 422) == [("", code)]
    assert faults_of(post(client, [example, value]), 422) == [("/1", "not_an_object")]


@pytest.mark.parametrize("media_type", NO_JSON_TYPES)
def test_what_is_not_announced_as_json_is_refused(
    client: FlaskClient, example: Body, media_type: str
) -> None:
    answer = client.post("/predict", data=json.dumps(example), content_type=media_type)

    problem_of(answer, 415)


@pytest.mark.parametrize("coding", ["gzip", "BR", "identity, gzip", "x" * 500])
def test_a_content_coding_is_refused(client: FlaskClient, example: Body, coding: str) -> None:
    problem_of(post(client, example, **{"Content-Encoding": coding}), 415)


# Languages and headers


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        (None, "en"),
        ("id", "id"),
        ("ID", "id"),
        ("en;q=0.5, id-ID;q=0.8, id;q=0.1", "id"),
        ("fr, id;q=0.5", "id"),
        ("id;q=0, fr", "en"),
        ("*", "en"),
        ("", "en"),
        (";;q=,=,", "en"),
        ("id;q=nan", "en"),
        ("x" * 5000, "en"),
    ],
)
def test_texts_come_in_the_language_that_is_asked_for(
    client: FlaskClient, example: Body, accepted: str | None, language: str
) -> None:
    headers = {} if accepted is None else {"Accept-Language": accepted}

    refused = post(client, {}, **headers)
    decided = post(client, example, **headers)

    first = next(iter(example))
    missing = {"en": f"{first} is missing", "id": f"{first} tidak ada"}[language]
    assert problem_of(refused, 422)["errors"][0]["detail"].startswith(missing)
    decision_of(decided)
    for answer in (refused, decided):
        assert answer.headers["Content-Language"] == language
        assert answer.headers["Vary"] == "Accept-Language"


def test_a_warning_comes_in_indonesian_too(
    client: FlaskClient, schema: Schema, example: Body
) -> None:
    card = next(iter(client.get("/model").get_json()["scorecards"].values()))
    for name, (_, highest, *_) in card["training_ranges"].items():
        rule = schema.fields[name].rule
        if not isinstance(rule, CodeList) and rule.high is not None and rule.high > highest:
            body = {**example, name: rule.high}
            (warning,) = decision_of(post(client, body, **{"Accept-Language": "id"}))["warnings"]

            assert "di luar rentang data pelatihan" in warning["text"]
            return
    pytest.fail("training saw everything that the schema allows")


@pytest.mark.parametrize(
    "request_id", ["", "x" * 65, "a b", "<b>", "%0A", "ä", "\N{FULLWIDTH DIGIT ONE}", "a\tb"]
)
def test_any_other_request_id_is_replaced(
    client: FlaskClient, example: Body, request_id: str
) -> None:
    answer = post(client, example, **{"X-Request-ID": request_id})

    decision_of(answer)
    assert answer.headers["X-Request-ID"] != request_id
    assert answer.headers["X-Request-ID"].isalnum()


@pytest.mark.parametrize("request_id", ["a", "A-z_0.9", "x" * 64])
def test_a_sane_request_id_is_echoed_and_a_decision_neither_cached_nor_sniffed(
    client: FlaskClient, example: Body, request_id: str
) -> None:
    answer = post(client, example, **{"X-Request-ID": request_id})

    assert answer.headers["X-Request-ID"] == request_id
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
