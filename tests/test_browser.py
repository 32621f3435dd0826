"""The pages in a real Chromium, against a real server on loopback."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live_server import PROJECT, LiveServer, serving
from support import skip_or_fail

from creditscore.schema import Schema
from creditscore.web.page_texts import PAGE_TEXTS

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATIENCE = 20
KEY = "a-key-of-the-browser-test"
AXE = PROJECT / "tests" / "node" / "node_modules" / "axe-core" / "axe.min.js"

#: Selenium's driver; untyped here, as the package may be missing.
Browser = Any


@pytest.fixture(scope="module")
def server(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("browser")
    with serving(
        model_dir, folder, CREDITSCORE_API_KEYS=KEY, CREDITSCORE_OPEN_PREDICT="on"
    ) as running:
        yield running


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    programs = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if not all(programs):
        skip_or_fail("chromium", "no Chromium with its driver: the page is not tested in a browser")
    try:
        from selenium import webdriver
    except ImportError:
        skip_or_fail("chromium", "selenium is not installed: no browser can be driven")
    options = webdriver.ChromeOptions()
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.binary_location = str(programs[0])
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(programs[1])))
    yield driver
    driver.quit()


def wait_for(browser: Browser, script: str) -> Any:
    """Wait until a JavaScript expression is true, and give it."""
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(browser, PATIENCE).until(
        lambda driver: driver.execute_script(f"return {script}")
    )


def fill(browser: Browser, schema: Schema, **changes: str) -> None:
    """Type the example of the smallest scorecard, some of it changed."""
    for name in schema.base_fields:
        value = changes.get(name, str(schema.fields[name].example))
        browser.execute_script(
            "const it = document.getElementById(arguments[0]); it.value = arguments[1];"
            "it.dispatchEvent(new Event('input', {bubbles: true}));",
            f"field-{name}",
            value,
        )


def click(browser: Browser, selector: str) -> None:
    browser.execute_script("document.querySelector(arguments[0]).click()", selector)


@pytest.mark.parametrize("language", PAGE_TEXTS)
def test_a_decision_comes_without_a_reload(
    browser: Browser, server: LiveServer, schema: Schema, language: str
) -> None:
    browser.get(f"{server.url}/?lang={language}")
    browser.execute_script("window.stayed = true")
    fill(browser, schema)

    click(browser, "button.primary")

    label = wait_for(browser, "document.getElementById('label')?.textContent")
    texts = PAGE_TEXTS[language]
    assert label in {texts["eligible"], texts["not_eligible"]}
    assert browser.execute_script("return window.stayed")
    assert browser.execute_script("return document.activeElement.id") == "result-title"
    assert browser.execute_script("return document.querySelectorAll('#chart tbody tr').length") == (
        len(schema.base_fields) + 2
    )


def test_an_error_stands_at_its_field_which_gets_the_focus(
    browser: Browser, server: LiveServer, schema: Schema
) -> None:
    browser.get(server.url)
    wrong = schema.base_fields[-1]
    fill(browser, schema, **{wrong: "nothing"})

    click(browser, "button.primary")

    assert wait_for(browser, f"document.getElementById('field-{wrong}-error').textContent")
    assert browser.execute_script("return document.activeElement.id") == f"field-{wrong}"


def test_a_moved_value_moves_the_decision_and_nothing_is_logged(
    browser: Browser, server: LiveServer, schema: Schema
) -> None:
    browser.get(f"{server.url}/?example=behavioural")
    click(browser, "#live")
    before = wait_for(browser, "document.getElementById('probability')?.textContent")
    late = schema.added_fields(list(schema.scorecards.values())[-1])[0]

    browser.execute_script(
        "const it = document.getElementById(arguments[0]); it.value = '-1';"
        "it.dispatchEvent(new Event('input', {bubbles: true}));",
        f"field-{late}",
    )

    wait_for(browser, f"document.getElementById('probability').textContent !== '{before}'")
    assert browser.execute_script("return document.getElementById('decision-id')") is None
    assert browser.execute_script("return document.querySelector('details.group').open")
    assert not browser.execute_script("return document.querySelector('.slider').hidden")


def test_a_history_folds_out_by_hand(browser: Browser, server: LiveServer) -> None:
    browser.get(server.url)
    assert not browser.execute_script("return document.querySelector('details.group').open")

    browser.find_element("css selector", "details.group summary").click()

    assert browser.execute_script("return document.querySelector('details.group').open")


@pytest.mark.parametrize("language", PAGE_TEXTS)
def test_a_moved_cut_off_moves_what_it_would_do(
    browser: Browser, server: LiveServer, language: str
) -> None:
    browser.get(f"{server.url}/model?lang={language}")
    before = wait_for(browser, "document.getElementById('cut_approved')?.textContent")

    browser.execute_script(
        "const it = document.getElementById('cutoff-slider'); it.value = '10';"
        "it.dispatchEvent(new Event('input', {bubbles: true}));"
    )

    wait_for(browser, f"document.getElementById('cut_approved').textContent !== {before!r}")
    assert browser.execute_script("return document.getElementById('cutoff').value") == "10"


def give_key(browser: Browser, key: str = KEY) -> None:
    wait_for(browser, "document.getElementById('api-key') !== null")
    browser.execute_script("document.getElementById('api-key').value = arguments[0]", key)
    click(browser, "#key button")


def test_monitoring_asks_for_a_key_once_and_keeps_it_for_the_tab(
    browser: Browser, server: LiveServer, schema: Schema
) -> None:
    applicant = {name: schema.fields[name].example for name in schema.base_fields}
    answer = server.ask("POST", "/predict", json.dumps([applicant] * 5).encode())
    decision_id = json.loads(answer.body)[0]["decision_id"]
    outcome = json.dumps({"defaulted": True}).encode()
    server.ask("POST", f"/decisions/{decision_id}/outcome", outcome, {"X-API-Key": KEY})
    browser.get(f"{server.url}/monitoring?lang=en")

    give_key(browser, "a-wrong-key-of-the-test")
    assert wait_for(browser, "document.getElementById('key-error').textContent")
    give_key(browser)

    assert wait_for(browser, "document.querySelectorAll('#found section').length") == len(
        schema.scorecards
    )
    assert KEY not in browser.page_source
    # Another page of this tab needs no second time.
    browser.get(f"{server.url}/decisions/{decision_id}?lang=id")
    assert wait_for(browser, "document.getElementById('label')?.textContent")
    click(browser, "#key-forget")
    wait_for(browser, "!document.getElementById('gate').hidden")
    assert browser.execute_script("return sessionStorage.length") == 0


def test_the_description_for_programs_is_shown_by_its_own_files(
    browser: Browser, server: LiveServer
) -> None:
    browser.get(f"{server.url}/docs")

    assert wait_for(browser, "document.querySelectorAll('.opblock').length") > 8


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/?example=behavioural", "/model", "/monitoring"])
def test_no_rule_of_accessibility_is_broken(
    browser: Browser, server: LiveServer, scheme: str, path: str
) -> None:
    if not AXE.is_file():
        skip_or_fail("chromium", "axe-core is not installed: accessibility is not tested")
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    browser.get(f"{server.url}{path}")
    if path.startswith("/?"):
        click(browser, "button.primary")
        wait_for(browser, "document.getElementById('label')?.textContent")
    if path == "/monitoring":
        give_key(browser)
        wait_for(browser, "document.querySelectorAll('#found section').length")

    browser.execute_script(AXE.read_text(encoding="utf-8"))
    found = browser.execute_async_script("axe.run().then(arguments[0])")

    assert len(found["passes"]) > 20
    assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []


def test_no_page_complained_and_no_other_host_was_asked(
    browser: Browser, server: LiveServer
) -> None:
    # A form with faults and a wrong key are refused, which Chromium notes as if it were a mistake.
    expected = ("status of 422", "status of 401")
    complaints = [
        each
        for each in browser.get_log("browser")
        if not any(status in each["message"] for status in expected)
    ]
    assert complaints == []
    asked = [
        message["params"]["request"]["url"]
        for entry in browser.get_log("performance")
        if (message := json.loads(entry["message"])["message"])["method"]
        == "Network.requestWillBeSent"
    ]
    # Chromium's own pages, such as that of a new tab, go over no network.
    sent = [url for url in asked if not url.startswith(("chrome", "data:"))]
    assert len(sent) > 10
    assert [url for url in sent if not url.startswith(f"{server.url}/")] == []
