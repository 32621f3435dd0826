"""POST /predict with a table: CSV in, CSV out, all of it logged or nothing."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable

import pytest
from answers import Body, problem_of
from flask.testing import FlaskClient
from logged import logged_decisions
from service_settings import Build
from table_files import as_csv
from werkzeug.test import TestResponse

from creditscore.settings import Settings


def read(answer: TestResponse) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.mimetype == "text/csv"
    text = answer.get_data(as_text=True)
    assert len(answer.get_data()) == answer.content_length
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def post(client: FlaskClient, text: str | bytes, **headers: str) -> TestResponse:
    header_names = {name.replace("_", "-"): value for name, value in headers.items()}
    # Like a server, it closes the answer when it has read it.
    return client.post(
        "/predict", data=text, content_type="text/csv", headers=header_names, buffered=True
    )


def test_the_header_may_stand_in_any_order(client: FlaskClient, example: Body) -> None:
    people = [example | {"AGE": age} for age in range(20, 70)]
    names = list(people[0])

    usual = read(post(client, as_csv(people)))
    for seed in range(5):
        random.Random(seed).shuffle(names)
        shuffled = read(
            post(client, as_csv({n: applicant[n] for n in names} for applicant in people))
        )
        assert [row["probability"] for row in shuffled] == [row["probability"] for row in usual]


def test_other_columns_are_passed_through_in_front(client: FlaskClient, example: Body) -> None:
    person = example
    row = {"customer": "C-1", **person, "note": 'said "yes", twice\nor so', "é": "ö"}
    # What looks like a formula, but is none.
    row |= {"whole": "-1", "power": "-2e5", "day": "2026-11-23", "text": "a=b", "space": " -5"}

    (given_back,) = read(post(client, as_csv([row])))

    assert list(given_back)[: len(row)] == list(row)
    assert {name: given_back[name] for name in row} == {n: str(v) for n, v in row.items()}


@pytest.mark.parametrize(
    "cell",
    [
        *("=1+1", "+1", "-1+2", "-1.2.3", "@SUM(A1)", "\t1", " =1", "  -1+2", "\xa0@A1"),
        *("\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20SUM(A1)", " \uff1d1"),
    ],
)
def test_no_text_cell_is_a_formula_for_a_spreadsheet(
    client: FlaskClient, example: Body, cell: str
) -> None:
    text = as_csv([{"note": cell, **example, cell: "x"}])

    answer = read(post(client, text))

    assert answer[0]["note"] == f"'{cell}"
    assert f"'{cell}" in answer[0]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("inner", [",", ";", "\t", "|"])
def test_no_part_of_a_cell_is_a_formula_for_a_spreadsheet(
    client: FlaskClient, example: Body, separator: str, inner: str
) -> None:
    person = example
    row = {**person, "note": f"x{inner}=1+1", "place": f"6.2{inner} -106.8", "sum": f"1{inner}-"}
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows([[*row], [*row.values()]])

    answer = post(client, text.getvalue()).get_data(as_text=True)

    header, cells = csv.reader(io.StringIO(answer), delimiter=separator)
    given_back = dict(zip(header, cells, strict=True))
    assert given_back["note"] == f"x{inner}'=1+1"
    assert [given_back[name] for name in ("place", "sum")] == [row["place"], row["sum"]]


def test_every_fault_is_named_with_its_line(client: FlaskClient, example: Body) -> None:
    good = example
    text = as_csv([good, good | {"AGE": 130}, good, good | {"SEX": "", "AGE": "old"}])

    problem = problem_of(post(client, f"{text}1,2\n"), 422)

    width = len(good)
    assert [(error["line"], error["pointer"], error["code"]) for error in problem["errors"]] == [
        (3, "/AGE", "out_of_range"),
        (5, "/AGE", "wrong_type"),
        (5, "/SEX", "missing"),
        (6, "", "wrong_cells"),
    ]
    assert problem["errors"][0]["detail"].endswith("got 130")
    assert problem["errors"][3]["detail"] == f"the row has 2 cells, the header has {width}"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda text: "", "no_header"),
        (lambda text: text.splitlines()[0], "no_rows"),
        (lambda text: text.replace(",AGE", ",AEG", 1), "column_missing"),
        (lambda text: text.replace(",AGE", ",SEX", 1), "column_twice"),
        (lambda text: text.replace(",AGE", ",AGE,label", 1), "column_taken"),
        (lambda text: text.replace("\n", '\n"', 1), "not_csv"),
        (lambda text: text.encode("utf-16"), "not_utf8"),
        (lambda text: text + "é".encode("latin-1").decode("latin-1"), "wrong_cells"),
    ],
)
def test_what_is_no_table_is_refused(
    client: FlaskClient, example: Body, change: Callable[[str], str | bytes], code: str
) -> None:
    problem = problem_of(post(client, change(as_csv([example]))), 422)

    assert code in [error["code"] for error in problem["errors"]]
    assert all(error["line"] >= 1 for error in problem["errors"])


def test_a_misspelt_column_is_named(client: FlaskClient, example: Body) -> None:
    text = as_csv([example]).replace("LIMIT_BAL", "limit_ball", 1)

    (fault,) = problem_of(post(client, text), 422)["errors"]

    assert fault["pointer"] == "/LIMIT_BAL"
    assert 'did you mean it by "limit_ball"?' in fault["detail"]


def test_a_table_beyond_a_limit_of_its_own_is_refused(build: Build, example: Body) -> None:
    assert Settings().max_csv_bytes == 16 * 1024 * 1024
    text = as_csv([example])
    app = build(max_csv_bytes=len(text))

    assert post(app.test_client(), text).status_code == 200
    problem_of(post(app.test_client(), f"{text}\n"), 413)


def test_of_a_table_with_a_bad_row_nothing_is_logged(build: Build, example: Body) -> None:
    client = build().test_client()
    people = [example | {"AGE": age} for age in range(20, 80)]

    problem_of(post(client, as_csv([*people, example | {"AGE": 5}])), 422)

    assert logged_decisions(client) == []


def test_the_same_key_gets_the_first_answer_again(build: Build, example: Body) -> None:
    app = build()
    client = app.test_client()
    rows = [{"id": age, **example, "AGE": age} for age in range(20, 80)] * 12
    text = as_csv(rows)

    first = post(client, text, Idempotency_Key="table-1")
    again = post(client, text, Idempotency_Key="table-1")

    assert again.get_data() == first.get_data()
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(read(again)) == len(rows)
    problem_of(post(client, f"{text}\n", Idempotency_Key="table-1"), 422)


def test_a_table_larger_than_a_piece_keeps_its_order(build: Build, example: Body) -> None:
    app = build()
    rows = [
        {"customer": f"{number:0100}", **example, "AGE": 18 + number % 83} for number in range(6000)
    ]

    answers = read(post(app.test_client(), as_csv(rows)))

    assert [row["customer"] for row in answers] == [row["customer"] for row in rows]
    assert len({row["decision_id"] for row in answers}) == 6000
    assert len({row["probability"] for row in answers if row["AGE"] == "30"}) == 1


def test_words_follow_the_language_that_is_asked_for(client: FlaskClient, example: Body) -> None:
    text = as_csv([example | {"LIMIT_BAL": 10000}])

    answer = post(client, text, Accept_Language="id")

    assert answer.headers["Content-Language"] == "id"
    assert read(answer)[0]["reasons.1.text"].startswith(
        "Limit kredit: 10.000 dolar Taiwan Baru menaikkan"
    )


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        ("utf-16", "utf-16"), ("windows-1252", "cp1252"), ("latin-1", "latin-1"), ("UTF8", "utf-8"),
        ("utf-16", "utf-8"), ("windows-1252", "utf-8"), ("latin-1", "utf-8"),
    ],
)  # fmt: skip
def test_a_table_is_read_in_the_charset_that_is_announced_and_utf_8_whatever_is(
    client: FlaskClient, example: Body, charset: str, encoding: str
) -> None:
    raw = as_csv([{"name": "Zoë", **example}]).encode(encoding)
    content_type = f"text/csv; charset={charset}"

    answer = client.post("/predict", data=raw, content_type=content_type, buffered=True)

    assert read(answer)[0]["name"] == "Zoë"
    assert answer.content_type == "text/csv; charset=utf-8; header=present"


@pytest.mark.parametrize("charset", ["utf-7", "punycode", "rot13", "base64", "x", "cp037"])
def test_a_table_in_another_charset_is_refused(
    client: FlaskClient, example: Body, charset: str
) -> None:
    text = as_csv([example])

    problem_of(client.post("/predict", data=text, content_type=f"text/csv; charset={charset}"), 415)


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_the_answer_is_separated_as_the_table_is(
    client: FlaskClient, example: Body, separator: str
) -> None:
    person = {"note": f'a{separator}"b,', **example}
    with_commas = read(post(client, as_csv([person])))[0]
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\n").writerows(
        [person.keys(), person.values()]
    )

    answer = post(client, text.getvalue())

    rows = csv.DictReader(
        io.StringIO(answer.get_data(as_text=True), newline=""), delimiter=separator, strict=True
    )
    (given_back,) = rows
    assert given_back.keys() == with_commas.keys()
    own_columns = {"decision_id", "decided_at"}
    assert {k: v for k, v in given_back.items() if k not in own_columns} == {
        k: v for k, v in with_commas.items() if k not in own_columns
    }


def test_a_decimal_comma_is_answered_with_decimal_commas(
    client: FlaskClient, example: Body
) -> None:
    names = list(example)
    cells = [str(value) for value in (example | {"LIMIT_BAL": "30.000,50"}).values()]
    text = "".join(f"{';'.join(line)}\n" for line in (names, cells))
    plain = read(post(client, as_csv([example | {"LIMIT_BAL": 30000.5}])))[0]

    head, row = post(client, text).get_data(as_text=True).splitlines()

    values = dict(zip(head.split(";"), row.split(";"), strict=True))
    assert values["probability"] == plain["probability"].replace(".", ",")
    assert values["reasons.1.impact"] == plain["reasons.1.impact"].replace(".", ",")


def test_what_windows_browsers_call_a_csv_file_is_one(client: FlaskClient, example: Body) -> None:
    content_type = "application/vnd.ms-excel"
    text = as_csv([example])

    answer = client.post("/predict", data=text, content_type=content_type, buffered=True)

    assert len(read(answer)) == 1
    workbook = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)
    problem = problem_of(client.post("/predict", data=workbook, content_type=content_type), 422)
    assert "this is an old Excel workbook (.xls)" in problem["errors"][0]["detail"]
