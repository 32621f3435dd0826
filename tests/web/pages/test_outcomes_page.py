"""The page that takes many outcomes: each row's result, and what is wrong with a table."""

from __future__ import annotations

import base64
import csv
import html
import io
from pathlib import Path
from typing import Any

import pytest
from answers import problem_of
from flask import Flask
from flask.testing import FlaskClient
from logged import KEY, KEYS, decide_for
from pages import WITH_KEY, link, read_page, shown
from service_settings import Build
from table_files import as_csv
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse
from workbooks import write_workbook

from creditscore.decision_log.outcome_batch import STATES
from creditscore.i18n.catalogue import PAGE_TEXTS
from creditscore.tables.outcome_rows import REPORT
from creditscore.web.pages.outcomes_page import MAX_REPORT_BYTES, MAX_SHOWN_ROWS

MAX_BYTES = 200_000


@pytest.fixture
def app(build: Build) -> Flask:
    return build(api_keys=KEYS, max_csv_bytes=MAX_BYTES, max_json_bytes=MAX_BYTES)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def decide(client: FlaskClient, *references: str) -> list[str]:
    """Decide once for each reference; give the ids."""
    return [decision["decision_id"] for decision in decide_for(client, references)]


def upload(
    client: FlaskClient,
    content: str | bytes,
    *,
    language: str = "en",
    name: str = "outcomes.csv",
    headers: dict[str, str] | None = None,
    **fields: str,
) -> TestResponse:
    raw = content if isinstance(content, bytes) else content.encode()
    return client.post(
        f"/outcomes?lang={language}",
        data={"file": FileStorage(io.BytesIO(raw), name), **fields},
        content_type="multipart/form-data",
        headers=headers or WITH_KEY,
        buffered=True,
    )


def counts(text: str) -> dict[str, int]:
    """Give the counts that a page shows."""
    return {state: int(shown(text, f"count-{state}")) for state in STATES if f"-{state}" in text}


def report_of(text: str) -> list[dict[str, str]]:
    """Give the rows of the report that a page holds."""
    kind, _, content = link(text, id="report-csv").partition(",")
    assert kind == "data:text/csv;charset=utf-8;base64"
    return list(csv.DictReader(io.StringIO(base64.b64decode(content).decode())))


def outcome_of(client: FlaskClient, decision_id: str) -> Any:
    answer = client.get(f"/decisions/{decision_id}", headers=KEY)
    return answer.get_json()["outcome"]


def test_the_form_says_what_a_table_needs_and_its_example_is_taken(
    client: FlaskClient, language: str
) -> None:
    texts = PAGE_TEXTS[language]
    (decision_id,) = decide(client, "A-17")

    answer = client.get(f"/outcomes?lang={language}", headers=WITH_KEY)

    assert answer.status_code == 200
    assert answer.headers["Content-Language"] == language
    read_page(answer.text)
    for name in ("reference", "decision_id", "defaulted"):
        assert f"<code>{name}</code>" in answer.text
    assert texts["many_others"] in answer.text
    example = shown(answer.text, "example")
    assert counts(upload(client, example).text) == {"recorded": 1, "unknown": 1}
    assert outcome_of(client, decision_id)["defaulted"] is False


def test_each_row_of_an_upload_is_shown_with_its_state_counted_and_reported(
    client: FlaskClient, language: str
) -> None:
    texts = PAGE_TEXTS[language]
    first, second, *_ = decide(client, "A-1", "A-2", "twice", "twice", "=1+1")
    table = (
        "reference;defaulted;note\n"
        "A-1;ya;x\nA-2;no;y\nA-1;yes;\nA-1;0;\nnobody's;1;\ntwice;1;\nA-2;maybe;\n"
        ";1;\n=1+1;true;\n"
    )

    answer = upload(client, table, language=language)

    text = answer.text
    assert answer.status_code == 200, text
    read_page(text)
    assert counts(text) == {
        "recorded": 3, "known": 1, "conflict": 1, "unknown": 1, "ambiguous": 1, "invalid": 2,
    }  # fmt: skip
    for state in STATES:
        assert texts[f"many_state_{state}"] in text
    report = report_of(text)
    assert tuple(report[0]) == REPORT
    assert [row["line"] for row in report] == [str(line) for line in range(2, 11)]
    assert [row["state"] for row in report] == [
        "recorded", "recorded", "known", "conflict", "unknown", "ambiguous", "invalid", "invalid",
        "recorded",
    ]  # fmt: skip
    assert report[8]["reference"] == "'=1+1"
    assert outcome_of(client, first)["defaulted"] is True
    assert outcome_of(client, second)["defaulted"] is False
    # What was not recorded comes first, with its line and why.
    faulty, _, fine = text.partition("<details")
    assert html.escape(texts["many_faulty"]) in faulty
    for row in report[3:8]:
        assert f">{row['line']}<" in faulty
        assert row["detail"] in html.unescape(faulty)
    assert f"/decisions/{first}?lang={language}" in fine


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        ("reference,defaulted\nCafé Zoë,yes\n", "utf-8-sig"),
        ("reference;defaulted\r\nCafé Zoë;ya\r\n", "cp1252"),
        ("reference\tdefaulted\nCafé Zoë\t1\n", "utf-16"),
    ],
)
def test_a_file_as_excel_saves_it_is_read(client: FlaskClient, raw: str, encoding: str) -> None:
    (decision_id,) = decide(client, "Café Zoë")

    answer = upload(client, raw.encode(encoding))

    assert counts(answer.text) == {"recorded": 1}
    assert outcome_of(client, decision_id)["defaulted"] is True


def test_pasted_cells_count_where_there_is_no_file(client: FlaskClient) -> None:
    (decision_id,) = decide(client, "A-1")

    answer = upload(client, "", name="", table="reference\tdefaulted\r\nA-1\tno\r\n")

    assert counts(answer.text) == {"recorded": 1}
    assert PAGE_TEXTS["en"]["many_faulty_none"] in answer.text
    assert outcome_of(client, decision_id)["defaulted"] is False


#: A table, the line at which it is refused, and what its fault names.
UNREADABLE = [
    ("reference,bad\nA-1,no\n", 1, "defaulted"),
    ("defaulted\nno\n", 1, "reference"),
    ("reference,defaulted\n", 1, ""),
    ("reference,reference,defaulted\nA-1,A-1,no\n", 1, "reference"),
    ('reference,defaulted\nA-1,no\n"A-2,no\n', 3, ""),
]


def test_a_table_that_cannot_be_read_is_refused_whole_with_its_line(
    client: FlaskClient, language: str
) -> None:
    (decision_id,) = decide(client, "A-1")

    for table, line, column in UNREADABLE:
        answer = upload(client, table, language=language)

        assert answer.status_code == 422
        problem = answer.text.partition('id="problem"')[2].partition("</div>")[0]
        assert PAGE_TEXTS[language]["many_line"].partition("{")[0] + str(line) in problem, table
        assert column in problem
        assert 'id="upload"' in answer.text
        assert 'id="report"' not in answer.text
        assert outcome_of(client, decision_id) is None
        read_page(answer.text)


def test_a_workbook_is_refused_with_what_to_do(
    client: FlaskClient, tmp_path: Path, language: str
) -> None:
    rows = [["reference", "defaulted"], ["A-1", "no"]]
    path = write_workbook(tmp_path / "outcomes.xlsx", {"Sheet1": rows})

    answer = upload(client, path.read_bytes(), language=language, name=path.name)

    assert answer.status_code == 422
    assert "CSV (UTF-8)" in answer.text


def test_nothing_sent_and_too_much_sent_are_said_on_the_page(
    client: FlaskClient, language: str
) -> None:
    texts = PAGE_TEXTS[language]
    nothing = upload(client, b"", name="", language=language)
    much = upload(client, b"x" * (MAX_BYTES + 1), language=language)

    assert nothing.status_code == 415
    assert texts["many_none"] in nothing.text
    assert much.status_code == 413
    size = "0.191" if language == "en" else "0,191"
    problem = much.text.partition('id="problem"')[2].partition("</div>")[0]
    assert f"{size} MB" in problem
    for answer in (nothing, much):
        assert 'id="upload"' in answer.text
        read_page(answer.text)


def test_a_long_table_is_recorded_whole_though_the_page_shows_its_first_rows(
    client: FlaskClient,
) -> None:
    (decision_id,) = decide(client, "A-1")
    unknown = "".join(f"N-{at},no\n" for at in range(MAX_SHOWN_ROWS + 5))

    answer = upload(client, f"reference,defaulted\n{unknown}A-1,yes\n")

    assert counts(answer.text) == {"recorded": 1, "unknown": MAX_SHOWN_ROWS + 5}
    assert answer.text.count("<tr>") == MAX_SHOWN_ROWS + 1 + 2
    assert PAGE_TEXTS["en"]["many_first"].format(count=MAX_SHOWN_ROWS) in answer.text
    assert len(report_of(answer.text)) == MAX_SHOWN_ROWS + 6
    assert outcome_of(client, decision_id)["defaulted"] is True


def test_a_report_that_no_link_can_hold_is_left_out(guarded: FlaskClient) -> None:
    rows = MAX_REPORT_BYTES // 50
    table = "reference,defaulted\n" + "".join(f"N-{at},no\n" for at in range(rows))

    answer = upload(guarded, table)

    assert answer.status_code == 200
    assert shown(answer.text, "count-unknown") == f"{rows:,}"
    assert 'id="report-csv"' not in answer.text
    assert 'id="report-long"' in answer.text


def test_programs_may_send_a_file_too_and_get_their_own_answers(client: FlaskClient) -> None:
    (decision_id,) = decide(client, "A-1")

    report = upload(client, "reference,defaulted\nA-1,no\n", headers=KEY).get_json()
    table = upload(client, "reference,defaulted\nA-1,no\n", headers={**KEY, "Accept": "text/csv"})
    wrong = upload(client, "x\n1\n", headers=KEY)

    assert report["outcomes"][0]["decision_id"] == decision_id
    assert report["outcomes"][0]["line"] == 2
    assert table.text.splitlines()[1].startswith(f"2,{decision_id},A-1,false,known,")
    problem_of(wrong, 422)
    problem_of(upload(client, b"x" * (MAX_BYTES + 1), headers=KEY), 413)
    problem_of(upload(client, "", headers=KEY), 415)


def test_the_decisions_without_an_outcome_come_back_as_a_table_to_fill_in(
    client: FlaskClient,
) -> None:
    ids = decide(client, "A-1", "A-2", "=1+1")
    upload(client, "reference,defaulted\nA-1,no\n")
    text = client.get("/outcomes", headers=WITH_KEY).text
    table = client.get(link(text, id="missing"), headers=WITH_KEY).text
    header, *lines = table.splitlines()

    wider = upload(client, "\n".join([f"{header},defaulted", *(f"{line},no" for line in lines)]))

    assert len(lines) == 2
    assert counts(wider.text) == {"recorded": 2}
    assert [outcome_of(client, decision_id)["defaulted"] for decision_id in ids] == [False] * 3


def test_the_logs_own_column_may_be_filled_in_for_some_of_the_decisions(
    client: FlaskClient, language: str
) -> None:
    *earlier_ids, latest_id = decide(client, "A-1", "A-2", "A-3")
    table = client.get("/decisions?outcome=missing&format=csv", headers=WITH_KEY).text
    rows = list(csv.DictReader(io.StringIO(table)))
    empty = upload(client, as_csv(rows), language=language)
    rows[0]["outcome.defaulted"] = "ya"

    answer = upload(client, as_csv(rows), language=language)
    page = client.get(f"/outcomes?lang={language}", headers=WITH_KEY)

    assert empty.status_code == 422
    assert "outcome.defaulted" in empty.text.partition('id="problem"')[2].partition("</div>")[0]
    assert counts(answer.text) == {"recorded": 1}
    assert outcome_of(client, latest_id)["defaulted"] is True
    assert [outcome_of(client, decision_id) for decision_id in earlier_ids] == [None, None]
    assert "outcome.defaulted" in page.text
