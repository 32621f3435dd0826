"""The page for tables in a real Chromium, with and without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import LAPTOP, PHONE, Browser, driving, set_screen
from live_server import PROJECT, LiveServer, serving
from skips import skip_or_fail
from table_files import as_csv
from uploads import rows_of
from waiting import wait_until

from creditscore.i18n.catalogue import PAGE_TEXTS
from creditscore.schema import Schema

AXE = PROJECT / "tests" / "node" / "node_modules" / "axe-core" / "axe.min.js"

#: Clicks from the first page to a result.
MOST_CLICKS = 5

SCREENS = pytest.mark.parametrize("screen", [PHONE, LAPTOP], ids=["phone", "laptop"])
LANGUAGES = pytest.mark.parametrize("language", PAGE_TEXTS)


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
def javascript(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(scope="module")
def browser(
    javascript: bool, tmp_path_factory: pytest.TempPathFactory, downloads: Path
) -> Iterator[Browser]:
    with driving(tmp_path_factory.mktemp("profile"), javascript=javascript) as driver:
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


def wait_for(browser: Browser, selector: str) -> Any:
    """Wait until the page has an element, and return it."""
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(browser, 30).until(lambda it: it.find_elements("css selector", selector))
    return browser.find_element("css selector", selector)


def send(browser: Browser, table: Path, task: str) -> None:
    """Choose a table, and click a button of the form."""
    browser.find_element("css selector", "#table").send_keys(str(table))
    browser.find_element("css selector", f"button[value={task}]").click()


def complaints(browser: Browser) -> list[str]:
    """Return what the browser complained of, but for the page's own refusals."""
    return [
        entry["message"]
        for entry in browser.get_log("browser")
        if "status of 422" not in entry["message"] and "status of 413" not in entry["message"]
    ]


def violations(browser: Browser) -> list[tuple[str, str]]:
    """Let axe-core look at the page."""
    if not AXE.is_file():
        skip_or_fail("chromium", "axe-core is not installed: accessibility is not tested")
    browser.execute_script(AXE.read_text(encoding="utf-8"))
    found = browser.execute_async_script("axe.run().then(arguments[0])")
    assert len(found["passes"]) > 10
    return [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]]


@SCREENS
@LANGUAGES
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_form_check_and_result_are_accessible_and_the_console_is_clean(
    browser: Browser,
    javascript: bool,
    server: LiveServer,
    table: Path,
    language: str,
    screen: tuple[int, int],
    scheme: str,
) -> None:
    set_screen(browser, screen, scheme=scheme)
    browser.get(f"{server.url}/tables?lang={language}")

    for task, element in (("", "#form"), ("check", "#count-valid"), ("score", "#count-eligible")):
        if task:
            send(browser, table, task)
        wait_for(browser, element)
        # Axe-core cannot wait in a page without JavaScript, which has the same elements.
        assert not javascript or violations(browser) == []
        width = browser.execute_script("return document.documentElement.scrollWidth")
        assert width <= screen[0]

    assert complaints(browser) == []


@SCREENS
def test_a_newcomer_has_a_scored_table_after_few_clicks(
    browser: Browser, server: LiveServer, table: Path, downloads: Path, screen: tuple[int, int]
) -> None:
    set_screen(browser, screen)
    browser.get(f"{server.url}/?lang=en")
    for old in downloads.iterdir():
        old.unlink()

    browser.find_element("link text", PAGE_TEXTS["en"]["nav_tables"]).click()
    # Choosing a file takes a click as well.
    clicks = ["Tables", "Choose file", "Score", "Download"]
    send(browser, table, "score")
    title = wait_for(browser, "#answer-title")
    assert browser.execute_script("return arguments[0].getBoundingClientRect().top", title) >= 0
    wait_for(browser, "#file-scored").click()

    assert len(clicks) <= MOST_CLICKS
    file = downloads / "March-scored.csv"
    assert wait_until(file.exists)
    rows = rows_of(file.read_bytes(), ";")
    assert [row["reference"] for row in rows] == [f"A-{age}" for age in range(18, 30)]
    assert {row["name"] for row in rows} == {"Zoë"}
    assert all(row["decision_id"] for row in rows)
    wait_for(browser, "#file-rejected").click()
    assert wait_until((downloads / "March-rejected.csv").exists)


@LANGUAGES
def test_a_table_that_is_too_large_is_refused_in_words(
    browser: Browser, server: LiveServer, tmp_path: Path, language: str
) -> None:
    large = tmp_path / "large.csv"
    large.write_bytes(b"LIMIT_BAL,AGE\n" + b"1,2\n" * 100_000)
    browser.get(f"{server.url}/tables?lang={language}")

    send(browser, large, "score")

    said = wait_for(browser, "#answer .problems").text
    number = "0.286" if language == "en" else "0,286"
    assert f"{number} MB" in said
    assert "score.py" in said


def test_what_is_wrong_with_a_table_is_in_view(
    browser: Browser, server: LiveServer, tmp_path: Path
) -> None:
    set_screen(browser, PHONE)
    path = tmp_path / "wrong.csv"
    path.write_text("LIMIT_BALL,SEX\n1,2\n")
    browser.get(f"{server.url}/tables?lang=en")

    send(browser, path, "check")

    problems = wait_for(browser, "#problems")
    assert 'did you mean it by "LIMIT_BALL"?' in problems.text
    place = "return arguments[0].getBoundingClientRect().top"
    assert 0 <= browser.execute_script(place, problems) < PHONE[1]
