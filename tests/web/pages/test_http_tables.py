"""GET and POST /tables: a table is uploaded, checked, and comes back scored; none of it stays."""

from __future__ import annotations

import contextlib
import csv
import http.client
import io
import json
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from flask import Flask
from flask.testing import FlaskClient
from live_server import LiveServer, serving
from logged import KEY, logged_decisions
from pages import BROWSER
from service_settings import Build
from table_files import as_csv
from uploads import (
    counts,
    files_of,
    page_of,
    parts_of,
    rows_of,
    upload,
    words,
    zipped,
)
from waiting import wait_until
from workbooks import write_workbook

from creditscore.i18n.catalogue import PAGE_TEXTS
from creditscore.readers.csv_reader import MAX_ROW_LENGTH
from creditscore.readers.workbook_process import AT_A_TIME
from creditscore.schema import Schema
from creditscore.tables.table_check import MAX_REJECTED
from creditscore.web.pages import scored_files
from creditscore.web.service import NAME

Row = dict[str, Any]

#: What a script asks for.
PARTS = "multipart/form-data, application/json;q=0.9"


@pytest.fixture
def app(build: Build) -> Flask:
    """A service whose log is empty."""
    return build()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def people(schema: Schema) -> list[Row]:
    """Six people, each with a reference and a name; the last has a history."""
    base = {name: schema.fields[name].example for name in schema.base_fields}
    rows: list[Row] = [
        {"reference": f"A-{age}", "name": "Zoë", **base, "AGE": age} for age in range(30, 36)
    ]
    rows[-1] |= {name: field.example for name, field in schema.fields.items()}
    return rows


def predicted(client: FlaskClient, text: str) -> list[dict[str, str]]:
    answer = client.post("/predict", data=text, content_type="text/csv", buffered=True)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True), newline="")))


def without_names(row: dict[str, str]) -> dict[str, str]:
    """Leave out what no two decisions share."""
    return {k: v for k, v in row.items() if k not in {"decision_id", "decided_at"}}


def test_the_page_has_a_form_and_a_place_among_the_pages(
    client: FlaskClient, language: str
) -> None:
    page = page_of(client.get(f"/tables?lang={language}", headers=BROWSER))

    assert PAGE_TEXTS[language]["tables_lead"] in page
    assert 'name="table" type="file"' in page
    link = f'<a href="/tables?lang={language}"'
    assert f'{link} aria-current="page">' in page
    assert link in client.get(f"/?lang={language}").get_data(as_text=True)


def test_the_page_says_which_columns_belong_together_and_what_codes_mean(
    client: FlaskClient, schema: Schema, language: str
) -> None:
    text = words(page_of(client.get(f"/tables?lang={language}", headers=BROWSER)))

    for spec in list(schema.scorecards.values())[1:]:
        assert f": {', '.join(spec.added_fields)}." in text
    for field in schema.fields.values():
        for title in field.rule.labels.values():
            assert title[language] in text


def test_rows_get_the_numbers_of_predict_and_are_in_the_log(
    client: FlaskClient, people: list[Row]
) -> None:
    people[0]["name"] = "=1+1"
    text = as_csv(people)

    answer = upload(client, text)

    scored = rows_of(files_of(answer)["scored"])
    decided = logged_decisions(client)
    assert [row["decision_id"] for row in scored] == [
        entry.decision.decision_id for entry in decided
    ]
    assert [entry.decision.applicant.reference for entry in decided] == [
        f"A-{n}" for n in range(30, 36)
    ]
    assert [*map(without_names, scored)] == [*map(without_names, predicted(client, text))]
    assert scored[0]["name"] == "'=1+1"
    assert {"application", "behavioural"} == {row["scorecard"] for row in scored}
    numbers = counts(page_of(answer))
    assert numbers["rejected"] == 0
    for label in ("eligible", "not_eligible"):
        assert numbers[label] == [row["label"] for row in scored].count(label)
    assert 'id="by-scorecard"' in page_of(answer)


@pytest.mark.parametrize(
    ("separator", "encoding", "format_text"),
    [
        (",", "utf-8", "separated by commas, UTF-8, column names in line 1"),
        (",", "utf-8-sig", "separated by commas, UTF-8, column names in line 1"),
        (";", "cp1252", "separated by semicolons, Windows-1252, column names in line 1"),
        ("\t", "utf-16", "separated by tabs, UTF-16, column names in line 1"),
    ],
)
def test_separator_and_encoding_are_found_and_said(
    client: FlaskClient, people: list[Row], separator: str, encoding: str, format_text: str
) -> None:
    raw = as_csv(people).replace(",", separator).encode(encoding)

    checked = page_of(upload(client, raw, task="check"))
    scored = rows_of(files_of(upload(client, raw))["scored"], separator)

    assert format_text in words(checked)
    assert counts(checked) == {"valid": 6, "rejected": 0}
    assert [row["name"] for row in scored] == ["Zoë"] * 6


def workbook(folder: Path, people: list[Row]) -> bytes:
    """Write people on the second sheet of a workbook, under a title."""
    names = list(people[-1])
    table: list[list[Any]] = [
        ["Report of March"],
        names,
        *([row.get(name) for name in names] for row in people),
    ]
    path = write_workbook(folder / "people.xlsx", {"Notes": [["nothing"]], "People": table})
    return path.read_bytes()


def test_a_workbook_is_read_from_the_sheet_that_has_the_columns(
    client: FlaskClient, people: list[Row], tmp_path: Path
) -> None:
    pytest.importorskip("python_calamine")
    raw = workbook(tmp_path, people)

    checked = page_of(upload(client, raw, task="check", name="people.xlsx"))
    answer = upload(client, raw, name="people.xlsx")

    assert "sheet “People”, column names in row 2" in words(checked)
    assert counts(checked) == {"valid": 6, "rejected": 0}
    scored = rows_of(files_of(answer)["scored"])
    usual = predicted(client, as_csv(people))
    assert [row["probability"] for row in scored] == [row["probability"] for row in usual]
    assert 'download="people-scored.csv"' in page_of(answer)


@pytest.mark.parametrize("task", ["check", "score"])
def test_who_sends_a_workbook_beside_many_others_is_told_to_come_later(
    client: FlaskClient, people: list[Row], tmp_path: Path, task: str
) -> None:
    pytest.importorskip("python_calamine")

    with AT_A_TIME, AT_A_TIME:
        answer = upload(client, workbook(tmp_path, people), task=task)

    assert "try again in a few seconds" in page_of(answer, 503)
    assert answer.headers["Retry-After"]
    assert logged_decisions(client) == []


@pytest.mark.parametrize("task", ["check", "score"])
def test_a_workbook_with_an_endless_row_is_refused_by_its_number(
    client: FlaskClient, people: list[Row], tmp_path: Path, task: str
) -> None:
    pytest.importorskip("python_calamine")
    people[-1]["name"] = "x" * (MAX_ROW_LENGTH + 1)

    page = page_of(upload(client, workbook(tmp_path, people), task=task), 422)

    assert "Line 8: the row holds more than 1048576 characters" in words(page)
    assert logged_decisions(client) == []


def test_a_text_of_a_workbook_is_read_as_one_of_csv(
    client: FlaskClient, people: list[Row], tmp_path: Path
) -> None:
    pytest.importorskip("python_calamine")
    people[0]["LIMIT_BAL"], people[1]["LIMIT_BAL"] = "30.000", 30_000.125

    answer = upload(client, workbook(tmp_path, people), name="people.xlsx")

    assert len(rows_of(files_of(answer)["scored"])) == len(people) - 1
    (rejected,) = rows_of(files_of(answer)["rejected"])
    assert "30.000, which can mean 30 or 30000" in rejected["faults"]


def test_a_workbook_comes_back_as_excel_reads_csv_in_the_language(
    client: FlaskClient, people: list[Row], tmp_path: Path
) -> None:
    pytest.importorskip("python_calamine")

    answer = upload(client, workbook(tmp_path, people), name="x.xlsx", language="id")

    row, *_ = rows_of(files_of(answer)["scored"], ";")
    assert re.fullmatch(r"0,\d+", row["probability"])
    assert 'download="x-hasil.csv"' in page_of(answer)


def test_where_workbooks_cannot_be_read_the_page_says_so(
    monkeypatch: pytest.MonkeyPatch,
    client: FlaskClient,
    people: list[Row],
    tmp_path: Path,
    language: str,
) -> None:
    monkeypatch.setitem(sys.modules, "python_calamine", None)

    form = page_of(client.get(f"/tables?lang={language}", headers=BROWSER))
    refused = page_of(upload(client, workbook(tmp_path, people), language=language), 422)

    assert PAGE_TEXTS[language]["tables_file_help_csv"].format(most="16") in form
    assert ".xlsx" not in form
    assert "extra excel" in words(refused)


def faulty(people: list[Row]) -> list[Row]:
    """Put two faults into one row, and one into another."""
    rows = [dict(row) for row in people]
    rows[1] |= {"AGE": 17, "SEX": ""}
    rows[3] |= {"reference": "x" * 101, "name": "=SUM(A1)"}
    return rows


def test_cells_with_faults_are_marked_and_explained(client: FlaskClient, people: list[Row]) -> None:
    page = page_of(upload(client, as_csv(faulty(people)), task="check"))

    assert counts(page) == {"valid": 4, "rejected": 2}
    wrong = re.findall(r'<td class="wrong"><span aria-hidden="true">✕ </span>([^<]*)</td>', page)
    assert wrong == ["", "17", f"{'x' * 40}…"]
    page_words = words(page)
    assert "AGE must be a whole number from 18 to 100 years, got 17" in page_words
    assert "SEX is missing" in page_words
    assert "reference must be text of up to 100 characters" in page_words
    assert logged_decisions(client) == []


def test_faults_are_explained_in_the_language_of_the_page(
    client: FlaskClient, people: list[Row]
) -> None:
    answer = upload(client, as_csv(faulty(people)), language="id")

    assert "AGE harus" in words(page_of(answer))
    rejected = rows_of(files_of(answer)["rejected"])
    assert rejected[0]["faults"].startswith("AGE harus")
    assert answer.headers["Content-Language"] == "id"


def test_valid_rows_are_decided_and_the_others_listed_with_their_faults(
    client: FlaskClient, people: list[Row]
) -> None:
    answer = upload(client, as_csv(faulty(people)))

    files = files_of(answer)
    scored, rejected = rows_of(files["scored"]), rows_of(files["rejected"])
    assert [row["reference"] for row in scored] == ["A-30", "A-32", "A-34", "A-35"]
    assert [entry.decision.decision_id for entry in logged_decisions(client)] == [
        row["decision_id"] for row in scored
    ]
    assert counts(page_of(answer))["rejected"] == 2
    assert [row["line"] for row in rejected] == ["3", "5"]
    assert "AGE must be" in rejected[0]["faults"]
    assert "; SEX is missing" in rejected[0]["faults"]
    assert rejected[0]["AGE"] == "17"
    # No cell is a formula for a spreadsheet.
    assert rejected[1]["name"] == "'=SUM(A1)"


def test_rejected_rows_can_be_corrected_and_uploaded_again(
    client: FlaskClient, people: list[Row]
) -> None:
    rejected = files_of(upload(client, as_csv(faulty(people))))["rejected"].decode("utf-8-sig")

    corrected = rejected.replace(",17,", ",71,", 1).replace("x" * 101, "A-33")
    corrected = corrected.replace(",,2,", ",1,2,", 1)
    page = page_of(upload(client, corrected, task="check"))

    assert counts(page) == {"valid": 2, "rejected": 0}, words(page)


def test_without_a_valid_row_nothing_is_logged(client: FlaskClient, people: list[Row]) -> None:
    answer = upload(client, as_csv([row | {"AGE": 5} for row in people]))

    assert PAGE_TEXTS["en"]["tables_none_decided"] in words(page_of(answer))
    assert [*files_of(answer)] == ["rejected"]
    assert logged_decisions(client) == []


def test_of_a_row_the_first_ten_faults_are_told_and_how_many_more(
    client: FlaskClient, schema: Schema
) -> None:
    text = f"{','.join(schema.fields)}\n{','.join('x' for _ in schema.fields)}\n"

    page_words = words(page_of(upload(client, text, task="check")))
    (row,) = rows_of(files_of(upload(client, text))["rejected"])

    faults = row["faults"].split("; ")
    assert len(faults) == 11
    assert faults[-1] == f"and {len(schema.fields) - 10} more"
    assert all(fault in page_words for fault in faults)


@pytest.mark.parametrize("task", ["check", "score"])
@pytest.mark.parametrize("accept", [BROWSER["Accept"], PARTS])
def test_a_table_with_too_many_rejected_rows_is_not_read_to_its_end(
    client: FlaskClient, people: list[Row], task: str, accept: str, language: str
) -> None:
    # Valid ones come first, and none of them is logged.
    text = as_csv(people) + "x\n" * (MAX_REJECTED + 1)

    answer = upload(client, text, task=task, accept=accept, language=language)

    if is_parts := answer.mimetype == "multipart/form-data":
        page = parts_of(answer)[1]["page"].decode()
    else:
        page = page_of(answer, 422)
    limit, cells = {"en": ("10,000", "has 1 cells"), "id": ("10.000", "berisi 1 sel")}[language]
    assert limit in words(page)
    assert cells in words(page)
    assert is_parts == (task == "score" and accept == PARTS)
    assert logged_decisions(client) == []


def test_as_many_rejected_rows_as_a_table_may_have_are_listed(
    client: FlaskClient, people: list[Row]
) -> None:
    answer = upload(client, as_csv(people) + "x\n" * MAX_REJECTED)

    assert len(rows_of(files_of(answer)["rejected"])) == MAX_REJECTED


@pytest.mark.parametrize("task", ["check", "score"])
@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda text: text.replace(",AGE", ",AEG", 1), 'no column "AGE", did you mean it by "AEG"'),
        (lambda text: text.replace(",AGE", ",SEX", 1), "the column SEX appears twice"),
        (lambda text: text.replace("name", "label", 1), "the column label must be renamed"),
        (lambda text: text.splitlines()[0], "a header but no rows"),
        (lambda text: "\n\n", "the table is empty"),
        (lambda text: text + '"', "Line 8: this is not CSV"),
        (lambda text: b"PAR1" + bytes(100), "this is a Parquet file"),
        (lambda text: b"PK\x03\x04" + bytes(100), "this is a ZIP archive"),
        (lambda text: bytes(range(256)) * 9, "this is a binary file"),
        (lambda text: b"PK\x03\x04xl/" + bytes(100), "cannot be read"),
    ],
)
def test_what_is_no_table_is_refused_in_words(
    client: FlaskClient, people: list[Row], change: Any, complaint: str, task: str
) -> None:
    page = page_of(upload(client, change(as_csv(people)), task=task), 422)

    assert complaint in words(page)
    assert PAGE_TEXTS["en"]["tables_wrong"] in words(page)
    assert logged_decisions(client) == []


@pytest.mark.parametrize(
    ("raw", "key"), [(None, "no_file"), (b"", "empty_file")], ids=["none", "empty"]
)
def test_a_form_without_a_table_says_so(client: FlaskClient, raw: bytes | None, key: str) -> None:
    messages = {"no_file": "Choose a file first.", "empty_file": "The file is empty."}

    page_words = words(page_of(upload(client, raw), 422))

    assert messages[key] in page_words
    assert (PAGE_TEXTS["en"]["tables_wrong"] in page_words) == (key == "empty_file")


def test_a_misspelt_optional_column_is_asked_after(client: FlaskClient, people: list[Row]) -> None:
    text = as_csv(people[:2]).replace("name", "PAY1", 1)

    page = page_of(upload(client, text, task="check"))

    assert "did you mean PAY_1?" in words(page)


def test_a_table_over_the_limit_gets_a_page_that_says_what_to_do(
    build: Build, people: list[Row]
) -> None:
    text = as_csv(people * 30)
    client = build(max_csv_bytes=len(text.encode())).test_client()

    assert counts(page_of(upload(client, text)))["rejected"] == 0
    for more in (text + "\n", text * 50):
        page_words = words(page_of(upload(client, more), 413))
        assert re.search(r"larger than 0\.00\d MB", page_words)
        assert "score.py" in page_words


def test_another_type_of_body_is_refused(client: FlaskClient) -> None:
    answer = client.post("/tables", data="a=1", content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 415


@pytest.mark.parametrize("form_id", ["one", "\N{SNOWMAN} and 300 others" + 300 * "x"])
def test_a_form_that_is_sent_twice_logs_once(
    client: FlaskClient, people: list[Row], form_id: str
) -> None:
    text = as_csv(faulty(people))

    first, again = (files_of(upload(client, text, form_id=form_id)) for _ in range(2))
    assert again == first
    assert len(logged_decisions(client)) == 4
    other_files = files_of(upload(client, as_csv(people), form_id=form_id))
    assert len(logged_decisions(client)) == 10
    assert files_of(upload(client, text, form_id="two")) != first
    assert len(logged_decisions(client)) == 14
    assert len(rows_of(other_files["scored"])) == 6


def test_a_repeated_key_answers_no_decision_that_is_not_the_logged_one(
    build: Build, people: list[Row]
) -> None:
    text, key = as_csv(people), {"Idempotency-Key": "one"}
    lenient, strict = (build(cutoff=cutoff).test_client() for cutoff in (0.99, 0.01))

    ids = {}
    for client in (lenient, lenient, strict):
        file = files_of(upload(client, text, headers=key))["scored"]
        decisions = {
            entry.decision.decision_id: entry.decision for entry in logged_decisions(client)
        }
        for row in rows_of(file):
            ids[row["decision_id"]] = row["label"]
            assert decisions[row["decision_id"]].label == row["label"]
    assert sorted(ids.values()) == ["eligible"] * 6 + ["not_eligible"] * 6

    # Elsewhere it is another key.
    options = {"content_type": "text/csv", "buffered": True}
    answer = lenient.post("/predict", data=text, headers=key, **options)
    assert "Idempotent-Replayed" not in answer.headers


def test_a_script_gets_progress_page_and_files_in_one_answer(
    client: FlaskClient, people: list[Row]
) -> None:
    text = as_csv(faulty(people))

    answer = upload(client, text, accept=PARTS, form_id="one")

    progress, parts = parts_of(answer)
    states = [json.loads(line) for line in progress.splitlines()]
    assert states[-1] == {"rows": 6, "share": 1.0}
    assert counts(parts["page"].decode())["rejected"] == 2
    assert 'href="#"' in parts["page"].decode()
    assert {name: parts[name] for name in ("scored", "rejected")} == files_of(
        upload(client, text, form_id="one")
    )
    assert len(logged_decisions(client)) == 4


def test_a_script_is_told_what_goes_wrong_on_the_way(
    client: FlaskClient, people: list[Row]
) -> None:
    answer = upload(client, as_csv(people) + '"', accept=PARTS)

    _, parts = parts_of(answer)
    assert [*parts] == ["page"]
    assert "Line 8: this is not CSV" in words(parts["page"].decode())
    assert logged_decisions(client) == []


def test_a_script_is_told_that_the_log_cannot_be_used(
    client: FlaskClient, people: list[Row]
) -> None:
    database = client.application.extensions[NAME].log.database
    with database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE decisions RENAME TO hidden")

    _, parts = parts_of(upload(client, as_csv(people), accept=PARTS))

    assert "a decision that cannot be logged is not given" in words(parts["page"].decode())


def test_long_results_come_as_an_archive(
    monkeypatch: pytest.MonkeyPatch, client: FlaskClient, people: list[Row]
) -> None:
    text = as_csv(faulty(people))
    usual = files_of(upload(client, text, form_id="one"))
    monkeypatch.setattr(scored_files, "MAX_IN_PAGE", 1000)

    answer = upload(client, text, name="Mar/ch <1>.csv", form_id="one")

    assert answer.mimetype == "application/zip"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="ch _1_-scored.zip"'
    assert zipped(answer) == {
        "ch _1_-scored.csv": usual["scored"],
        "ch _1_-rejected.csv": usual["rejected"],
    }


def test_a_name_of_a_file_is_shown_as_text(client: FlaskClient, people: list[Row]) -> None:
    page = page_of(upload(client, as_csv(people), name="<b>x&y.csv", task="check"))

    assert "<b>x" not in page
    assert "<b>x&y.csv" in words(page)


def test_where_keys_exist_a_table_needs_one(guarded: FlaskClient, people: list[Row]) -> None:
    assert upload(guarded, as_csv(people)).status_code == 401
    assert upload(guarded, as_csv(people), headers=KEY).status_code == 200
    (key_id,) = {entry.key_id for entry in logged_decisions(guarded)}
    assert key_id is not None


def test_a_page_of_another_site_cannot_upload(client: FlaskClient, people: list[Row]) -> None:
    client.environ_base["HTTP_SEC_FETCH_SITE"] = "cross-site"

    assert upload(client, as_csv(people)).status_code == 403


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of all that the service writes: its log, what runs, and temporary files."""
    folder = tmp_path_factory.mktemp("tables")
    for name in ("service", "tmp"):
        (folder / name).mkdir()
    return folder


@pytest.fixture(scope="module")
def server(model_dir: Path, home: Path) -> Iterator[LiveServer]:
    with serving(model_dir, home / "service", TMPDIR=str(home / "tmp"), HOME=str(home)) as running:
        yield running


def form_of(raw: bytes) -> tuple[bytes, dict[str, str]]:
    """Return the form with a table as bytes, and its headers."""
    fields = {"task": b"score", 'table"; filename="a.csv': raw}
    body = b"".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"
        for name, value in fields.items()
    )
    return body + b"--b--\r\n", {"Content-Type": "multipart/form-data; boundary=b"}


def files_below(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def open_for_writing(server: LiveServer) -> set[Path]:
    """Return the files that the processes of a service can write, wherever they are."""
    first = psutil.Process(server.pid)
    return {
        Path(file.path)
        for process in (first, *first.children(recursive=True))
        for file in process.open_files()
        if file.mode != "r"
    }


def test_nothing_of_a_table_stays_on_the_disk_but_the_log(
    server: LiveServer, home: Path, people: list[Row]
) -> None:
    secret = "Wirosableng-the-secret-name"
    rows = [row | {"name": secret} for row in people] * 2000
    body, headers = form_of(as_csv(rows).encode())
    server.ask("POST", "/tables", *form_of(as_csv(people).encode()))
    before = files_below(home)

    answers = [
        server.ask("POST", "/tables", body, headers | extra) for extra in ({}, {"Accept": PARTS})
    ]
    _break_off(server, body, headers)

    assert [answer.status for answer in answers] == [200, 200]
    assert all(secret.encode() in answer.body for answer in answers[1:])
    assert wait_until(lambda: server.ask("GET", "/health").status == 200)
    # The counters of a process are in the folder of what runs.
    new = {path.name for path in files_below(home) - before if "run" not in path.parts}
    assert new <= {"decisions.sqlite-wal", "decisions.sqlite-shm"}
    files = {path for path in files_below(home) if path.is_file()}
    assert open_for_writing(server) <= files
    assert [path for path in files if secret.encode() in path.read_bytes()] == []


def _break_off(server: LiveServer, body: bytes, headers: dict[str, str]) -> None:
    """Send a table and go away: once in the middle of it, once at the first line of the answer."""
    headers = headers | {"Host": "localhost", "Content-Length": str(len(body)), "Accept": PARTS}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"POST /tables HTTP/1.1\r\n{head}\r\n"
    for size in (len(body) // 2, len(body)):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
            connection.sendall(head.encode() + body[:size])
            if size == len(body):
                assert connection.recv(100).startswith(b"HTTP/1.1 200")


def test_progress_is_sent_before_the_table_is_scored(server: LiveServer, people: list[Row]) -> None:
    body, headers = form_of(as_csv(people * 5000).encode())
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

    with contextlib.closing(connection):
        connection.request("POST", "/tables", body, headers | {"Accept": PARTS})
        answer = connection.getresponse()
        # A piece as the server sent it: one line, and nothing of the result yet.
        first = json.loads(answer.read1(1_000_000))
        rest = answer.read()

    assert answer.headers["X-Accel-Buffering"] == "no"
    assert 0 < first["rows"] < 30_000
    lines = [json.loads(line) for line in rest.partition(b"\r\n--")[0].splitlines()]
    shares = [first["share"], *(line["share"] for line in lines)]
    assert shares == sorted(shares)
    assert shares[0] < 1 == shares[-1]
