"""Bodies that JSON readers and servers are known to trip over, each refused by name.

Most have an applicant inside that would be decided on if the trap went unnoticed. That the reader
takes all of JSON and nothing else is held by test_json_parser.py; here it is what a client is told.
"""

from __future__ import annotations

import json

import pytest
from answers import faults_of, problem_of
from flask.testing import FlaskClient

from creditscore.schema import Schema
from creditscore.schema.constraints import CodeList

DEEP = 100_000
HALVES = ["\\ud800", "\\udfff", "x\\uDBFFx", "\\udc00\\ud800"]


def applicant(schema: Schema, **written: str) -> bytes:
    """Write an example applicant as JSON, some fields with these very characters."""
    members = {name: json.dumps(schema.fields[name].example) for name in schema.base_fields}
    pairs = (f'"{name}": {text}' for name, text in {**members, **written}.items())
    return f"{{{', '.join(pairs)}}}".encode()


def post(client: FlaskClient, body: bytes) -> list[tuple[str, str]]:
    """Send a body that must be refused; give the faults."""
    answer = client.post("/predict", data=body)
    return faults_of(answer, 422 if answer.status_code == 422 else 400)


@pytest.fixture
def number(schema: Schema) -> str:
    """Name a field that takes any number of its range."""
    return next(
        name
        for name, field in schema.fields.items()
        if not isinstance(field.rule, CodeList) and not field.rule.integral
    )


@pytest.fixture
def coded(schema: Schema) -> str:
    """Name a field that has 1 as a code, which true is in Python."""
    return next(
        name
        for name, field in schema.fields.items()
        if isinstance(field.rule, CodeList) and 1 in field.rule.labels
    )


# The body as a whole


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 9 + b"]" * 9,
        b"[" * DEEP,
        b'[{"a":' * (DEEP // 2) + b"1" + b"}]" * (DEEP // 2),
    ],
)
def test_deep_nesting_is_refused(client: FlaskClient, body: bytes) -> None:
    assert post(client, body) == [("", "too_deep")]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"[" * 8 + b"]" * 8, ("/0", "not_an_object")),
        (b'[[{"a": {"b": 1, "b": 1}}]]', ("", "duplicate_key")),
        (b"", ("", "empty")),
        (b"\xef\xbb\xbf\r\n\t ", ("", "empty")),
        (b'"\xff"', ("", "not_utf8")),
        (b'{"a": NaN}', ("", "not_json")),
        (b"{}{}", ("", "not_json")),
    ],
)
def test_it_is_refused_by_name(client: FlaskClient, body: bytes, fault: tuple[str, str]) -> None:
    assert post(client, body) == [fault]


def test_a_number_of_5000_digits_is_refused_where_an_object_belongs(client: FlaskClient) -> None:
    assert post(client, b"1" * 5000) == [("", "not_applicants")]


def test_a_form_is_no_applicant(client: FlaskClient, schema: Schema) -> None:
    fields = {name: str(schema.fields[name].example) for name in schema.base_fields}

    problem_of(client.post("/predict", data=fields), 415)
    problem_of(client.post("/predict", query_string=fields), 400)


def test_the_place_of_a_mistake_is_told(client: FlaskClient) -> None:
    problem = problem_of(client.post("/predict", data=b'{\n"a": 1,\n  b}'), 400)

    assert "line 3, column 3" in problem["detail"]


# A field


@pytest.mark.parametrize("written", ["-1e400", "1" * 5000])
def test_a_number_that_nothing_can_hold_is_refused(
    client: FlaskClient, schema: Schema, number: str, coded: str, written: str
) -> None:
    assert post(client, applicant(schema, **{number: written})) == [(f"/{number}", "out_of_range")]
    ((pointer, _),) = post(client, applicant(schema, **{coded: written}))
    assert pointer == f"/{coded}"


# True is 1 in Python.
@pytest.mark.parametrize("written", ["true", "false", '"24"', '" 24"', '"nan"', '""'])
def test_what_python_takes_for_a_number_is_none(
    client: FlaskClient, schema: Schema, coded: str, number: str, written: str
) -> None:
    for name in (coded, number):
        assert post(client, applicant(schema, **{name: written})) == [(f"/{name}", "wrong_type")]


def test_a_name_that_stands_twice_is_refused(client: FlaskClient, schema: Schema) -> None:
    for name in schema.base_fields:
        escaped = f"\\u{ord(name[0]):04x}{name[1:]}"
        for written in (name, escaped):
            twice = b'{"%s": 1, %s' % (written.encode(), applicant(schema)[1:])

            assert post(client, twice) == [("", "duplicate_key")]
            assert post(client, b"[%s]" % twice) == [("", "duplicate_key")]


@pytest.mark.parametrize("half", HALVES)
def test_half_a_character_is_refused_as_value_and_as_name(
    client: FlaskClient, schema: Schema, half: str
) -> None:
    as_value = applicant(schema, **{schema.base_fields[0]: f'"{half}"'})

    for body in (as_value, b"[%s]" % as_value, applicant(schema, **{half: "1"})):
        assert post(client, body) == [("", "not_unicode")]


def test_what_is_repeated_from_a_request_is_cut_short(
    client: FlaskClient, schema: Schema, number: str
) -> None:
    long = "x" * 100_000
    bodies = [
        applicant(schema, **{number: f'"{long}"'}),
        applicant(schema, **{long: "1"}),
        applicant(schema, **{long: "1"})[:-1] + f', "{long}": 1}}'.encode(),
        f'"{long}"'.encode(),
    ]

    for body in bodies:
        assert len(client.post("/predict", data=body).data) < 2000
