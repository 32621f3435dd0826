"""Bodies that JSON readers and servers are known to trip over, each refused by name.

Most have an applicant inside that would be decided on if the trap went unnoticed.
"""

from __future__ import annotations

import json

import pytest
from answers import decision_of, faults_of, problem_of
from flask.testing import FlaskClient

from creditscore.schema import Schema
from creditscore.schema.constraints import CodeList

DEEP = 100_000


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


def test_what_these_traps_are_made_of_is_decided_on(client: FlaskClient, schema: Schema) -> None:
    decision_of(client.post("/predict", data=applicant(schema)))


@pytest.mark.parametrize(
    "body",
    [
        b"[" * DEEP,
        b"[" * DEEP + b"]" * DEEP,
        b'{"a":' * DEEP,
        b'{"a":' * DEEP + b"1" + b"}" * DEEP,
        b'[{"a":' * (DEEP // 2) + b"1" + b"}]" * (DEEP // 2),
    ],
)
def test_deep_nesting_is_refused(client: FlaskClient, body: bytes) -> None:
    assert post(client, body) == [("", "too_deep")]


def test_eight_levels_are_read_and_the_ninth_is_refused(client: FlaskClient) -> None:
    assert post(client, b"[" * 8 + b"]" * 8) == [("/0", "not_an_object")]
    assert post(client, b"[" * 9 + b"]" * 9) == [("", "too_deep")]


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_no_json(
    client: FlaskClient, schema: Schema, number: str, constant: str
) -> None:
    assert post(client, applicant(schema, **{number: constant})) == [("", "not_json")]


@pytest.mark.parametrize("written", ["1e400", "-1e400", "1" * 5000, "-" + "9" * 5000, "1e99999"])
def test_a_number_that_nothing_can_hold_is_out_of_range(
    client: FlaskClient, schema: Schema, number: str, written: str
) -> None:
    body = applicant(schema, **{number: written})

    assert post(client, body) == [(f"/{number}", "out_of_range")]


@pytest.mark.parametrize("written", ["1e400", "1" * 5000, "1" * 300])
def test_a_code_that_nothing_can_hold_is_refused(
    client: FlaskClient, schema: Schema, coded: str, written: str
) -> None:
    ((pointer, _),) = post(client, applicant(schema, **{coded: written}))

    assert pointer == f"/{coded}"


def test_a_number_of_5000_digits_is_refused_where_an_object_belongs(client: FlaskClient) -> None:
    assert post(client, b"1" * 5000) == [("", "not_applicants")]


@pytest.mark.parametrize("written", ["true", "false"])
def test_true_is_not_the_number_1(
    client: FlaskClient, schema: Schema, coded: str, number: str, written: str
) -> None:
    for name in (coded, number):
        assert post(client, applicant(schema, **{name: written})) == [(f"/{name}", "wrong_type")]


def test_a_name_that_stands_twice_is_refused(client: FlaskClient, schema: Schema) -> None:
    for name in schema.base_fields:
        twice = b'{"%s": 1, %s' % (name.encode(), applicant(schema)[1:])
        escaped = b'{"\\u%04x%s": 1, %s' % (
            ord(name[0]),
            name[1:].encode(),
            applicant(schema)[1:],
        )

        assert post(client, twice) == [("", "duplicate_key")]
        assert post(client, escaped) == [("", "duplicate_key")]
        assert post(client, b"[%s]" % twice) == [("", "duplicate_key")]


def test_a_duplicate_name_deep_inside_is_refused(client: FlaskClient) -> None:
    assert post(client, b'[[{"a": {"b": 1, "b": 1}}]]') == [("", "duplicate_key")]


@pytest.mark.parametrize("half", ["\\ud800", "\\udfff", "x\\uDBFFx", "\\udc00\\ud800"])
def test_half_a_character_is_refused_wherever_it_stands(
    client: FlaskClient, schema: Schema, half: str
) -> None:
    name = next(iter(schema.base_fields))
    as_value = applicant(schema, **{name: f'"{half}"'})
    as_name = applicant(schema, **{half: "1"})

    for body in (as_value, as_name, b"[%s]" % as_value, f'"{half}"'.encode()):
        assert post(client, body) == [("", "not_unicode")]


def test_a_whole_character_written_as_two_halves_is_read(
    client: FlaskClient, schema: Schema
) -> None:
    name = next(iter(schema.base_fields))

    answer = client.post("/predict", data=applicant(schema, **{name: '"\\ud83d\\ude00"'}))

    (fault,) = problem_of(answer, 422)["errors"]
    assert "\N{GRINNING FACE}" in fault["detail"]


@pytest.mark.parametrize("body", [b'"\xed\xa0\x80"', b'"\xff"', b"\xc0\x80", b'"\xf5\x80\x80\x80"'])
def test_what_is_no_utf_8_is_refused(client: FlaskClient, body: bytes) -> None:
    assert post(client, body) == [("", "not_utf8")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
def test_json_in_another_encoding_is_refused(
    client: FlaskClient, schema: Schema, encoding: str
) -> None:
    body = applicant(schema).decode().encode(encoding)

    ((pointer, code),) = post(client, body)

    assert (pointer, code) in {("", "not_utf8"), ("", "not_json")}


@pytest.mark.parametrize(
    "written",
    [
        "2_4",
        "\N{FULLWIDTH DIGIT TWO}\N{FULLWIDTH DIGIT FOUR}",
        "\N{ARABIC-INDIC DIGIT TWO}",
        "0x18",
        "0o30",
        "024",
        "+24",
        "24.",
        ".5",
        "2e",
        "24j",
        "24L",
        "1,5",
        "24 0",
        "--24",
        "None",
        "True",
        "nan",
        "inf",
        "undefined",
        "'24'",
    ],
)
def test_what_other_readers_take_for_a_number_is_no_json(
    client: FlaskClient, schema: Schema, number: str, written: str
) -> None:
    assert post(client, applicant(schema, **{number: written})) == [("", "not_json")]


@pytest.mark.parametrize(
    "written", ["24", "2_4", "\N{FULLWIDTH DIGIT TWO}", " 24", "24.0", "nan", "inf", "1e1", ""]
)
def test_a_number_in_quotes_is_no_number(
    client: FlaskClient, schema: Schema, number: str, coded: str, written: str
) -> None:
    for name in (number, coded):
        body = applicant(schema, **{name: f'"{written}"'})

        assert post(client, body) == [(f"/{name}", "wrong_type")]


def test_what_follows_the_json_is_refused(client: FlaskClient, schema: Schema) -> None:
    good = applicant(schema)

    for more in (b"x", good, b",", b"\x00", b"]", b"//", b"\xef\xbb\xbf", b"\x0b"):
        assert post(client, good + more) == [("", "not_json")]


def test_a_form_is_no_applicant(client: FlaskClient, schema: Schema) -> None:
    fields = {name: str(schema.fields[name].example) for name in schema.base_fields}

    problem_of(client.post("/predict", data=fields), 400)
    problem_of(client.post("/predict", query_string=fields), 400)


def test_the_place_of_a_mistake_is_told(client: FlaskClient) -> None:
    problem = problem_of(client.post("/predict", data=b'{\n"a": 1,\n  b}'), 400)

    assert "line 3, column 3" in problem["detail"]


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
