"""The OpenAPI description: valid, complete, and true of what the service really answers."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from answers import Answer, Body, read
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from openapi_spec_validator import validate
from service_settings import settings_of
from strategies import BUNDLED, applicants, bounds, broken_applicants

from creditscore.api_docs.openapi import PLACEHOLDER, read_template, template_values
from creditscore.errors import InvalidApplicants
from creditscore.schema import Schema
from creditscore.schema.constraints import CodeList, Rule
from creditscore.schema.reference import REFERENCE
from creditscore.scorecard.model import Model
from creditscore.settings import Settings
from creditscore.web import create_app

KEY = "the-key-of-the-openapi-test"
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture(scope="module")
def description(client: FlaskClient) -> Body:
    document: Body = client.get("/openapi.json").get_json()
    return document


@pytest.fixture(scope="module")
def guarded(model_dir: Path, model: Model) -> FlaskClient:
    """Ask a service with an API key."""
    settings = settings_of(model_dir, api_keys=(KEY,))
    return create_app(settings, model).test_client()


@pytest.fixture(scope="module")
def applicant_check(description: Body) -> jsonschema.Draft202012Validator:
    """Check applicants as a client does that has the description only."""
    return checker(description, {"$ref": "#/components/schemas/Applicant"})


def checker(description: Body, schema: Body) -> jsonschema.Draft202012Validator:
    """Check values against a schema of the description, formats included."""
    full_schema = {**schema, "components": description["components"]}
    return jsonschema.Draft202012Validator(
        full_schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )


def resolve(description: Body, node: Body) -> Body:
    """Return what a reference leads to, or what is there in its place."""
    if "$ref" not in node:
        return node
    _, _, kind, name = node["$ref"].split("/")
    component: Body = description["components"][kind][name]
    return component


def operations(description: Body) -> Iterator[tuple[str, str, Body]]:
    for path, item in description["paths"].items():
        for method, operation in item.items():
            yield path, method.upper(), operation


def conforms(description: Body, path: str, method: str, answer: Answer) -> None:
    """Check an answer's status, media type, headers and body against the description."""
    responses = description["paths"][path][method.lower()]["responses"]
    described = responses.get(str(answer.status), responses.get("default"))
    assert described is not None, f"{method} {path} may not answer {answer.status}"
    described = resolve(description, described)
    for name, header in described.get("headers", {}).items():
        assert name.lower() in answer.headers or not resolve(description, header)["required"]
    if "content" not in described:
        return
    media_type = answer.headers["content-type"].partition(";")[0]
    assert media_type in described["content"]
    schema = described["content"][media_type]["schema"]
    if "json" in media_type:
        checker(description, schema).validate(answer.json)


def test_it_is_valid_openapi_3_1(description: Body) -> None:
    assert re.fullmatch(r"3\.1\.[0-9]+", description["openapi"])
    validate(description)


def test_every_route_is_described_and_every_described_route_exists(
    app: Flask, description: Body
) -> None:
    routes = {
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule), method)
        for rule in app.url_map.iter_rules()
        for method in METHODS & (rule.methods or set())
        # The files of the pages, not for programs.
        if rule.endpoint != "static"
    }

    assert {(path, method) for path, method, _ in operations(description)} == routes


def test_the_template_has_a_place_for_each_value(schema: Schema) -> None:
    places = set(PLACEHOLDER.findall(json.dumps(read_template())))

    assert places == template_values(schema, Settings(), {}, key_needed=True).keys()


def test_operations_are_grouped_under_the_names_that_the_page_shows(description: Body) -> None:
    declared = [tag["name"] for tag in description["tags"]]
    tag_lists = [operation["tags"] for _, _, operation in operations(description)]

    assert [tags for tags in tag_lists if len(tags) != 1] == []
    assert list(dict.fromkeys(tag for tags in tag_lists for tag in tags)) == declared


def test_only_operations_that_ask_for_a_key_say_so(guarded: FlaskClient) -> None:
    description = guarded.get("/openapi.json").get_json()

    for path, method, operation in operations(description):
        # Its key is typed into the form.
        signs_in = (path, method) == ("/sign-in", "POST")
        security = operation.get("security", [])
        assert ("401" in operation["responses"]) == (bool(security) or signs_in)
        # One that is taken but not needed would be drawn as a closed padlock.
        assert {} not in security
    assert "security" not in description


@pytest.mark.parametrize("keys_exist", [False, True])
@pytest.mark.parametrize("open_predict", [False, True])
def test_a_decision_is_described_with_a_key_only_where_it_needs_one(
    model_dir: Path, model: Model, keys_exist: bool, open_predict: bool
) -> None:
    keys = (KEY,) if keys_exist else ()
    settings = settings_of(model_dir, api_keys=keys, open_predict=open_predict)
    client = create_app(settings, model).test_client()

    description = client.get("/openapi.json").get_json()

    is_refused = client.post("/predict", data="{}").status_code == 401
    for path in ("/predict", "/what-if", "/tables", "/"):
        assert bool(description["paths"][path]["post"]["security"]) == is_refused, path
    assert is_refused == (keys_exist and not open_predict)
    assert description["paths"]["/decisions"]["get"]["security"]


def test_it_can_be_read_while_the_database_is_away(
    model_dir: Path, model: Model, tmp_path: Path
) -> None:
    file = tmp_path / "decisions.sqlite"
    settings = settings_of(model_dir, database_url=f"sqlite:///{file}")
    client = create_app(settings, model).test_client()
    file.unlink()
    assert client.get("/").status_code == 503

    answer = client.get("/openapi.json")

    assert answer.status_code == 200
    assert answer.get_json()["paths"]["/predict"]["post"]["security"]


def test_every_component_is_used(description: Body) -> None:
    references = set(re.findall("#/components/([a-z]+)/([A-Za-z-]+)", json.dumps(description)))
    declared = {
        (kind, name)
        for kind, components in description["components"].items()
        for name in components
        if kind != "securitySchemes"
    }

    assert references == declared


def test_every_example_is_valid_against_its_schema(description: Body) -> None:
    checked = 0
    for _, _, operation in operations(description):
        for part in [operation.get("requestBody", {}), *operation["responses"].values()]:
            for content in resolve(description, part).get("content", {}).values():
                values = [example["value"] for example in content.get("examples", {}).values()]
                values += [content["example"]] if "example" in content else []
                for value in values:
                    checker(description, content["schema"]).validate(value)
                    checked += 1
    for name, described in description["components"]["schemas"]["Applicant"]["properties"].items():
        for value in described["examples"]:
            jsonschema.validate(value, described)
        assert described["examples"], name

    assert checked >= 10


def test_every_refusal_is_shown_as_it_looks(description: Body) -> None:
    for status, answer in description["paths"]["/predict"]["post"]["responses"].items():
        if status.startswith("4"):
            refusal = resolve(description, answer)
            example = refusal["content"]["application/problem+json"]["example"]
            assert example["status"] == int(status)
            assert example["title"] == HTTPStatus(int(status)).phrase


def test_every_example_request_is_decided_on_as_its_example_answer_says(
    client: FlaskClient, description: Body
) -> None:
    operation = description["paths"]["/predict"]["post"]
    answers = operation["responses"]["200"]["content"]["application/json"]["examples"]
    for name, example in operation["requestBody"]["content"]["application/json"][
        "examples"
    ].items():
        answer = client.post("/predict", json=example["value"])

        assert answer.status_code == 200
        if name in answers:
            varying = {"decision_id", "decided_at"}
            expected = answers[name]["value"]
            assert answer.json is not None
            assert answer.json.keys() == expected.keys()
            assert all(answer.json[key] == expected[key] for key in expected.keys() - varying)


def test_live_answers_are_as_described(
    client: FlaskClient, example: Body, description: Body
) -> None:
    bodies: list[Any] = [example, [example, example], {}, [{}], [], 3, {"x": None}]
    refused = ["[", "", "[" * 9, '{"a":1,"a":1}']

    for path, method, operation in operations(description):
        # Those over the log, which need a key, have a test of their own.
        if method == "GET" and "security" not in operation:
            conforms(description, path, method, read(client.get(path)))
    for body in [*map(json.dumps, bodies), *refused]:
        for path in ("/predict", "/what-if"):
            conforms(description, path, "POST", read(client.post(path, data=body)))
    for headers in (
        {"Content-Type": "text/csv"},
        {"Content-Encoding": "gzip"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Accept-Language": "id"},
    ):
        for path in ("/predict", "/what-if"):
            answer = client.post(path, data=json.dumps(example), headers=headers)
            conforms(description, path, "POST", read(answer))


def test_live_answers_over_the_log_are_as_described(
    guarded: FlaskClient, example: Body, description: Body
) -> None:
    answers = set()

    def ask(method: str, path: str, name: str = "", key: str = KEY, **options: Any) -> Answer:
        url = path.replace("{decision_id}", name)
        answer = guarded.open(url, method=method, headers={"X-API-Key": key}, **options)
        conforms(description, path, method, read(answer))
        answers.add((path, method, answer.status_code))
        return read(answer)

    decision_ids = [ask("POST", "/predict", json=example).json["decision_id"] for _ in range(3)]
    decision_path = "/decisions/{decision_id}"
    for query in ["", "limit=1", "limit=0", "label=eligible&scorecard=x"]:
        ask("GET", "/decisions", query_string=query)
    for body in ['{"defaulted": true}', '{"defaulted": false}', "[]", "{"]:
        ask("POST", f"{decision_path}/outcome", decision_ids[0], data=body)
    ask("POST", f"{decision_path}/outcome", decision_ids[0], data="x" * 2000)
    ask("POST", f"{decision_path}/outcome", decision_ids[0], data="x", content_type="text/csv")
    for label in ("eligible", "not_eligible", "x"):
        ask(
            "POST",
            f"{decision_path}/override",
            decision_ids[0],
            json={"label": label, "reason": "a guarantor"},
        )
    ask("POST", f"{decision_path}/override", decision_ids[0], data="{")
    ask("POST", f"{decision_path}/override", decision_ids[0], data="x" * 20_000)
    ask("POST", f"{decision_path}/override", decision_ids[0], data="x", content_type="text/csv")
    ask("POST", f"{decision_path}/override", "nobodys", json={"label": "eligible", "reason": "x"})
    ask("POST", f"{decision_path}/override", decision_ids[0], key="wrong")
    for name in (decision_ids[0], decision_ids[1], "nobodys"):
        for path in (decision_path, f"{decision_path}/explanation"):
            ask("GET", path, name)
        ask("POST", f"{decision_path}/outcome", name, json={"defaulted": True})
    for path, method in [
        (decision_path, "GET"),
        (f"{decision_path}/explanation", "GET"),
        ("/decisions", "GET"),
    ]:
        ask(method, path, decision_ids[0], key="wrong")
    ask("POST", f"{decision_path}/outcome", decision_ids[0], key="wrong")
    for query in ("", "days=0"):
        ask("GET", "/monitoring", query_string=query)
    ask("GET", "/monitoring", key="wrong")

    described = {
        (path, method, int(status))
        for path, method, operation in operations(description)
        for status in operation["responses"]
        if path.startswith(("/decisions", "/monitoring"))
        and status not in {"default", "408", "429", "503"}
    }
    assert described <= answers


@settings(max_examples=50)
@given(group=st.lists(applicants(BUNDLED), min_size=1, max_size=3))
def test_decisions_are_as_described(
    client: FlaskClient, description: Body, group: list[Body]
) -> None:
    for body in (group, group[0]):
        conforms(description, "/predict", "POST", read(client.post("/predict", json=body)))


@settings(max_examples=300)
@given(
    body=st.one_of(
        applicants(BUNDLED),
        broken_applicants(BUNDLED).map(lambda broken: broken.body),
        st.none(),
        st.integers(),
        st.lists(st.none(), max_size=1),
        st.dictionaries(
            st.sampled_from([*BUNDLED.fields, "x"]),
            st.one_of(st.integers(-3, 200), st.none(), st.booleans(), st.floats(0, 5)),
            max_size=len(BUNDLED.fields),
        ),
    )
)
def test_service_and_json_schema_agree_on_anything(
    applicant_check: jsonschema.Draft202012Validator, schema: Schema, body: object
) -> None:
    assert applicant_check.is_valid(body) == accepts(schema, body)


def edges(rule: Rule) -> list[Any]:
    """Give the values where a rule's mind changes, and those next to them."""
    if isinstance(rule, CodeList):
        codes = [*rule.labels, *rule.merged_codes]
        numbers = [code for code in codes if isinstance(code, int)]
        return [*codes, *(n + step for n in numbers for step in (-1, -0.5, 0.0, 0.5, 1)), ""]
    values: list[Any] = []
    for bound in bounds(rule):
        values += [bound + step for step in (-1, -0.5, 0, 0.0, 0.5, 1)]
        values += [math.nextafter(bound, way) for way in (-math.inf, math.inf)]
    return values


@pytest.mark.parametrize("name", BUNDLED.fields)
def test_service_and_json_schema_agree_at_every_bound(
    applicant_check: jsonschema.Draft202012Validator, schema: Schema, name: str
) -> None:
    largest = list(schema.scorecards.values())[-1].fields
    example = {field: schema.fields[field].example for field in largest}
    verdicts = set()

    for value in edges(schema.fields[name].rule):
        body = {**example, name: value}
        verdicts.add(accepts(schema, body))
        assert applicant_check.is_valid(body) == accepts(schema, body), value

    assert verdicts == {True, False}


def accepts(schema: Schema, body: object) -> bool:
    try:
        schema.parse(body)
    except InvalidApplicants:
        return False
    return True


def test_texts_name_every_field_and_limit(description: Body, schema: Schema) -> None:
    schemas = description["components"]["schemas"]
    properties = schemas["Applicant"]["properties"]

    assert list(properties) == [*schema.fields, REFERENCE]
    assert schemas["Problem"]["properties"]["errors"]["maxItems"] == 100
    for name, field in schema.fields.items():
        assert properties[name]["title"] == field.title["en"]
