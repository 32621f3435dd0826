"""A day's tasks on the pages in a real Chromium, with and without JavaScript, clicks counted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from chromium import LAPTOP, PHONE, Browser, driving, set_screen
from live_server import PROJECT, LiveServer, serving
from skips import skip_or_fail
from waiting import wait_until

from creditscore.i18n.catalogue import LANGUAGES, PAGE_TEXTS

KEY = "the-key-of-the-log-pages-test"
AXE = PROJECT / "tests" / "node" / "node_modules" / "axe-core" / "axe.min.js"
REFERENCE = "A-17 & 20%"

#: Seven hours before UTC's midnight it is the next day there.
ZONE = "Asia/Jakarta"

#: Clicks that a newcomer may need for a task.
MOST_CLICKS = 5


@pytest.fixture(scope="module")
def server(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("log-pages")
    with serving(model_dir, folder, CREDITSCORE_API_KEYS=KEY) as running:
        yield running


@pytest.fixture(scope="module", params=[True, False], ids=["javascript", "plain"])
def browser(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    """A browser that shows the key with each request."""
    with driving(tmp_path_factory.mktemp("profile"), javascript=request.param) as driver:
        driver.execute_cdp_cmd("Network.enable", {})
        driver.execute_cdp_cmd("Network.setExtraHTTPHeaders", {"headers": {"X-API-Key": KEY}})
        driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": ZONE})
        driver.javascript = request.param
        yield driver


class Visitor:
    """Somebody who uses the pages, and whose clicks are counted."""

    def __init__(self, browser: Browser, server: LiveServer, language: str = "en") -> None:
        self.browser, self.texts, self.clicks = browser, PAGE_TEXTS[language], 0
        browser.get(f"{server.url}/?lang={language}")

    def element(self, selector: str) -> Any:
        """Wait until the page has an element, and give it."""
        from selenium.webdriver.support.ui import WebDriverWait

        found: Any = WebDriverWait(self.browser, 20).until(
            lambda it: it.find_elements("css selector", selector)
        )
        return found[0]

    def click(self, selector: str) -> None:
        self.clicks += 1
        element = self.element(selector)
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def follow(self, selector: str) -> None:
        """Click on what leads to another page, and wait for that."""
        from selenium.common.exceptions import WebDriverException

        page = self.element("html")

        def is_left() -> bool:
            try:
                return not page.is_enabled()
            except WebDriverException:
                # Usually a stale element, but the driver has other names for it too.
                return True

        self.click(selector)
        assert wait_until(is_left)

    def type(self, selector: str, text: str) -> None:
        self.element(selector).send_keys(text)

    def height(self, selector: str) -> float:
        """Give the height of an element, also of what paper shows of a closed part."""
        script = "return arguments[0].getBoundingClientRect().height"
        height: float = self.browser.execute_script(script, self.element(selector))
        return height

    def text(self, selector: str) -> str:
        said: str = self.element(selector).text
        return said


@pytest.fixture(params=[PHONE, LAPTOP], ids=["phone", "laptop"])
def screen(request: pytest.FixtureRequest, browser: Browser) -> tuple[int, int]:
    chosen: tuple[int, int] = request.param
    set_screen(browser, chosen)
    return chosen


def decide(server: LiveServer, example: dict[str, Any], reference: str = REFERENCE) -> str:
    """Have a decision logged; give its id."""
    body = json.dumps({**example, "reference": reference}).encode()
    answer = server.ask("POST", "/predict", body, {"X-API-Key": KEY})
    found: str = answer.json["decision_id"]
    return found


def outcome_of(server: LiveServer, decision_id: str) -> Any:
    return server.ask("GET", f"/decisions/{decision_id}", headers={"X-API-Key": KEY}).json[
        "outcome"
    ]


def find_by_reference(visitor: Visitor, reference: str) -> None:
    visitor.follow("nav a[href^='/decisions']")
    visitor.type("#search", reference)
    visitor.follow("#filters button")


def test_a_decision_is_made_in_five_clicks(
    browser: Browser, server: LiveServer, example: dict[str, Any], screen: tuple[int, int]
) -> None:
    visitor = Visitor(browser, server)
    reference = f"form {screen} {browser.javascript}"

    visitor.follow("a[href*='example=application']")
    visitor.type("[name=reference]", reference)
    visitor.click("#form button.primary")

    visitor.element("#result [data-label]")
    assert visitor.clicks <= MOST_CLICKS
    asked = server.ask(
        "GET", f"/decisions?reference={quote(reference)}", headers={"X-API-Key": KEY}
    )
    assert len(asked.json["decisions"]) == 1


def test_a_table_is_uploaded_and_comes_back_scored_in_five_clicks(
    browser: Browser,
    server: LiveServer,
    example: dict[str, Any],
    screen: tuple[int, int],
    tmp_path: Path,
) -> None:
    table = tmp_path / f"applicants-{screen[0]}-{browser.javascript}.csv"
    row = ",".join(str(value) for value in example.values())
    table.write_text(f"{','.join(example)}\n{row}\n")
    behaviour = {"behavior": "allow", "downloadPath": str(tmp_path)}
    browser.execute_cdp_cmd("Page.setDownloadBehavior", behaviour)
    visitor = Visitor(browser, server)

    visitor.follow("nav a[href^='/tables']")
    visitor.clicks += 1  # To choose the file, in a window that no page can open by itself.
    visitor.type("[name=table]", str(table))
    visitor.click("button[value=score]")
    visitor.click("#file-scored")

    scored = tmp_path / f"{table.stem}-{visitor.texts['file_scored']}.csv"
    assert wait_until(scored.is_file)
    assert "decision_id" in scored.read_text(encoding="utf-8-sig").splitlines()[0]
    assert visitor.clicks <= MOST_CLICKS


def test_a_decision_is_overridden_in_five_clicks(
    browser: Browser, server: LiveServer, example: dict[str, Any], screen: tuple[int, int]
) -> None:
    made = decide(server, example, reference := f"override {screen} {browser.javascript}")
    visitor = Visitor(browser, server)

    find_by_reference(visitor, reference)
    visitor.follow(".rows tbody a")
    visitor.click("#override-part summary")
    visitor.type("#override-reason-typed", "A guarantor with a steady income")
    visitor.follow("#override-form button")

    assert visitor.text("#override-reason") == "A guarantor with a steady income"
    assert visitor.clicks <= MOST_CLICKS
    asked = server.ask("GET", f"/decisions/{made}", headers={"X-API-Key": KEY})
    assert asked.json["override"]["reason"] == "A guarantor with a steady income"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_decision_is_found_again_by_its_reference_in_five_clicks(
    browser: Browser,
    server: LiveServer,
    example: dict[str, Any],
    screen: tuple[int, int],
    language: str,
) -> None:
    made = decide(server, example, reference := f"{REFERENCE} {language} {screen}")
    visitor = Visitor(browser, server, language)

    find_by_reference(visitor, reference)
    visitor.follow(".rows tbody a")

    assert visitor.text("#decision-id") == made
    assert visitor.text("#reference") == reference
    assert visitor.clicks <= MOST_CLICKS


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_outcome_is_entered_in_five_clicks(
    browser: Browser,
    server: LiveServer,
    example: dict[str, Any],
    screen: tuple[int, int],
    language: str,
) -> None:
    made = decide(server, example, reference := f"one {language} {screen} {browser.javascript}")
    visitor = Visitor(browser, server, language)

    find_by_reference(visitor, reference)
    visitor.follow(".rows td a")
    visitor.click("#outcome_bad")
    visitor.follow("#outcome-form button")

    visitor.element("#outcome-recorded")
    assert visitor.texts["outcome_bad"].partition(":")[0] in visitor.text("#outcome")
    assert outcome_of(server, made)["defaulted"] is True
    assert visitor.clicks <= MOST_CLICKS


@pytest.mark.parametrize("language", LANGUAGES)
def test_many_outcomes_are_entered_in_five_clicks_and_their_report_downloaded(
    browser: Browser,
    server: LiveServer,
    example: dict[str, Any],
    screen: tuple[int, int],
    language: str,
    tmp_path: Path,
) -> None:
    names = [f"{each} {language} {screen[0]} {browser.javascript}" for each in ("m1", "m2", "m3")]
    made = [decide(server, example, name) for name in names[:2]]
    table = tmp_path / "outcomes.csv"
    table.write_text("reference,defaulted\n" + "".join(f"{name},no\n" for name in names))
    behaviour = {"behavior": "allow", "downloadPath": str(tmp_path)}
    browser.execute_cdp_cmd("Page.setDownloadBehavior", behaviour)
    visitor = Visitor(browser, server, language)

    visitor.follow("nav a[href^='/decisions']")
    visitor.follow(".tools a[href^='/outcomes']")
    visitor.clicks += 1  # To choose the file, in a window that no page can open by itself.
    visitor.type("#file", str(table))
    visitor.follow("#upload button.primary")

    assert (visitor.text("#count-recorded"), visitor.text("#count-unknown")) == ("2", "1")
    assert [outcome_of(server, each)["defaulted"] for each in made] == [False, False]
    assert visitor.clicks <= MOST_CLICKS
    visitor.click("#report-csv")
    report = tmp_path / "outcomes-report.csv"
    assert wait_until(report.is_file)
    assert [line.split(",")[4] for line in report.read_text().splitlines()[1:]] == [
        "recorded",
        "recorded",
        "unknown",
    ]


def test_what_is_filtered_is_what_the_link_downloads(
    browser: Browser, server: LiveServer, example: dict[str, Any]
) -> None:
    reference = f"download {browser.javascript}"
    made = [decide(server, example, reference) for _ in range(3)]
    visitor = Visitor(browser, server)

    find_by_reference(visitor, reference)

    # Asked for here: the headers that show the key here are left out of downloads by Chromium.
    address = visitor.element(".tools a[download]").get_attribute("href")
    table = server.ask("GET", address.removeprefix(server.url), headers={"X-API-Key": KEY})
    assert [line.split(",")[0] for line in table.body.decode().splitlines()[1:]] == made[::-1]


def test_times_and_days_are_those_of_the_reader_and_of_utc_without_javascript(
    browser: Browser, server: LiveServer, example: dict[str, Any]
) -> None:
    reference = f"time {browser.javascript}"
    made = decide(server, example, reference)
    at = server.ask("GET", f"/decisions/{made}", headers={"X-API-Key": KEY}).json["decided_at"]
    visitor = Visitor(browser, server)
    find_by_reference(visitor, reference)

    said = visitor.text(".rows time")

    hour = (int(at[11:13]) + (7 if browser.javascript else 0)) % 24
    assert f"at {hour:02}:{at[14:16]} {'GMT+7' if browser.javascript else 'UTC'}" in said
    visitor.type("#from", "01012026")
    visitor.follow("#filters button")
    visitor.element(".rows")
    zone = re.search("zone=([^&]*)", browser.current_url)
    assert zone is not None
    assert zone[1] == ("%2B07%3A00" if browser.javascript else "")


def test_a_conflict_is_said_beside_the_outcome_that_stays(
    browser: Browser, server: LiveServer, example: dict[str, Any]
) -> None:
    made = decide(server, example)
    visitor = Visitor(browser, server)
    browser.get(f"{server.url}/decisions/{made}?lang=en")
    visitor.element("#outcome-form")
    stated = json.dumps({"defaulted": True}).encode()
    server.ask("POST", f"/decisions/{made}/outcome", stated, {"X-API-Key": KEY})

    visitor.click("#outcome_good")
    visitor.follow("#outcome-form button")

    assert visitor.text("#outcome-problem") == visitor.texts["outcome_conflicts"]
    assert visitor.text("#outcome").startswith("Bad: Missed")


def test_a_printed_decision_has_the_notice_and_a_place_to_sign_and_no_controls(
    browser: Browser, server: LiveServer, example: dict[str, Any]
) -> None:
    made = decide(server, example)
    visitor = Visitor(browser, server)
    browser.get(f"{server.url}/decisions/{made}?lang=en")
    hidden = ("#outcome-form", "#print", ".top")
    assert visitor.height(".printed") == 0

    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})

    try:
        for selector in (".printed .notice p", ".signatures dd", "#label", "#chart"):
            assert visitor.height(selector) > 0, selector
        for selector in hidden:
            assert visitor.height(selector) == 0, selector
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def pages(server: LiveServer, example: dict[str, Any]) -> Iterator[str]:
    """Give the addresses of pages in each of their states."""
    known, unknown = decide(server, example), decide(server, example)
    stated = json.dumps({"defaulted": True}).encode()
    server.ask("POST", f"/decisions/{known}/outcome", stated, {"X-API-Key": KEY})
    yield from ("/decisions", "/decisions?search=nothing", "/outcomes")
    yield from (f"/decisions/{each}" for each in (known, unknown))


@pytest.fixture(scope="module")
def examined(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser that runs axe-core, and can leave out the pages' own scripts."""
    with driving(tmp_path_factory.mktemp("profile")) as driver:
        driver.execute_cdp_cmd("Network.enable", {})
        driver.execute_cdp_cmd("Network.setExtraHTTPHeaders", {"headers": {"X-API-Key": KEY}})
        yield driver


def visit_all(
    browser: Browser, server: LiveServer, example: dict[str, Any], language: str
) -> Iterator[str]:
    """Open each page in each of its states, the report of an upload among them."""
    for address in pages(server, example):
        mark = "&" if "?" in address else "?"
        browser.get(f"{server.url}{address}{mark}lang={language}")
        yield address
    visitor = Visitor(browser, server, language)
    browser.get(f"{server.url}/outcomes?lang={language}")
    visitor.click("#upload details summary")
    visitor.type("#table", "reference,defaulted\nA-17 & 20%,no\nnobody's,no\nx,perhaps\n")
    visitor.follow("#upload button.primary")
    visitor.element("#report")
    yield "the report"


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_fit_the_screen_and_leave_the_console_empty(
    browser: Browser,
    server: LiveServer,
    example: dict[str, Any],
    screen: tuple[int, int],
    language: str,
) -> None:
    browser.get_log("browser")
    for page in visit_all(browser, server, example, language):
        width = browser.execute_script("return document.documentElement.scrollWidth")
        assert width <= screen[0], page
    assert browser.get_log("browser") == []


@pytest.mark.parametrize("scripts", [True, False], ids=["javascript", "plain"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_no_rule_of_accessibility_is_broken(
    examined: Browser,
    server: LiveServer,
    example: dict[str, Any],
    size: tuple[int, int],
    scheme: str,
    scripts: bool,
) -> None:
    blocked = [] if scripts else ["*.js"]
    examined.execute_cdp_cmd("Network.setBlockedURLs", {"urls": blocked})
    set_screen(examined, size, scheme=scheme)

    # Of each language once on each screen.
    language = LANGUAGES[(scheme == "dark") ^ scripts]
    for page in visit_all(examined, server, example, language):
        assert violations(examined) == [], page


def violations(browser: Browser) -> list[tuple[str, str]]:
    """Let axe-core look at the page."""
    if not AXE.is_file():
        skip_or_fail("chromium", "axe-core is not installed: accessibility is not tested")
    browser.execute_script(AXE.read_text(encoding="utf-8"))
    found = browser.execute_async_script("axe.run().then(arguments[0])")
    assert len(found["passes"]) > 12
    return [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]]
