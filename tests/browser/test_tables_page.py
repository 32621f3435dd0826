"""The page for tables in a real Chromium, with and without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import Visitor, place_of, send, text, type_in
from chromium import LAPTOP, PHONE, Browser, driving, set_screen
from live_server import LiveServer, serving
from table_files import as_csv
from uploads import rows_of
from waiting import wait_until

from creditscore.schema import Schema

#: Clicks from the first page to a result.
MAX_CLICKS = 5

SCREENS = pytest.mark.parametrize("screen", [PHONE, LAPTOP], ids=["phone", "laptop"])


@pytest.fixture(scope="module")
def server(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serving(
        model_dir, tmp_path_factory.mktemp("tables"), CREDITSCORE_MAX_CSV_BYTES="300000"
    ) as running:
        yield running


@pytest.fixture(scope="module")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module", params=[True, False], ids=["javascript", "plain"])
def browser(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, downloads: Path
) -> Iterator[Browser]:
    with driving(tmp_path_factory.mktemp("profile"), javascript=request.param) as driver:
        allowed = {"behavior": "allow", "downloadPath": str(downloads)}
        driver.execute_cdp_cmd("Browser.setDownloadBehavior", allowed)
        yield driver


@pytest.fixture
def table(schema: Schema, tmp_path: Path) -> Path:
    """A table with two faulty rows, and people of both scorecards."""
    base: dict[str, Any] = {name: schema.fields[name].example for name in schema.base_fields}
    rows = [{"reference": f"A-{age}", "name": "Zoë", **base, "AGE": age} for age in range(16, 30)]
    rows[-1] |= {name: field.example for name, field in schema.fields.items()}
    path = tmp_path / "March.csv"
    path.write_bytes(as_csv(rows).replace(",", ";").encode("cp1252"))
    return path


def upload(browser: Browser, table: Path, task: str) -> None:
    """Choose a table, and click a button of the form."""
    type_in(browser, "#table", str(table))
    send(browser, f"button[value={task}]")


@SCREENS
def test_a_newcomer_has_a_scored_table_after_few_clicks(
    browser: Browser, server: LiveServer, table: Path, downloads: Path, screen: tuple[int, int]
) -> None:
    set_screen(browser, screen)
    visitor = Visitor(browser, server.url)
    for old in downloads.iterdir():
        old.unlink()

    visitor.follow("nav a[href^='/tables']")
    visitor.choose("#table", str(table))
    visitor.send("button[value=score]")
    assert place_of(browser, "#answer-title")["top"] >= 0
    visitor.click("#file-scored")

    assert visitor.clicks <= MAX_CLICKS
    file = downloads / "March-scored.csv"
    assert wait_until(file.exists)
    rows = rows_of(file.read_bytes(), ";")
    assert [row["reference"] for row in rows] == [f"A-{age}" for age in range(18, 30)]
    assert {row["name"] for row in rows} == {"Zoë"}
    assert all(row["decision_id"] for row in rows)
    visitor.click("#file-rejected")
    assert wait_until((downloads / "March-rejected.csv").exists)


def test_a_table_that_is_too_large_is_refused_in_words(
    browser: Browser, server: LiveServer, tmp_path: Path, language: str
) -> None:
    large = tmp_path / "large.csv"
    large.write_bytes(b"LIMIT_BAL,AGE\n" + b"1,2\n" * 100_000)
    browser.get(f"{server.url}/tables?lang={language}")

    upload(browser, large, "score")

    problem_text = text(browser, "#answer .problems")
    number = "0.286" if language == "en" else "0,286"
    assert f"{number} MB" in problem_text
    assert "score.py" in problem_text


def test_what_is_wrong_with_a_table_is_in_view(
    browser: Browser, server: LiveServer, tmp_path: Path
) -> None:
    set_screen(browser, PHONE)
    path = tmp_path / "wrong.csv"
    path.write_text("LIMIT_BALL,SEX\n1,2\n")
    browser.get(f"{server.url}/tables?lang=en")

    upload(browser, path, "check")

    assert 'did you mean it by "LIMIT_BALL"?' in text(browser, "#problems")
    assert 0 <= place_of(browser, "#problems")["top"] < PHONE[1]
