"""The pages in a real Chromium, against a real server on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import (
    click,
    decide_in_form,
    element,
    fill,
    follow,
    now,
    set_value,
    sign_in,
    sign_out,
    text,
    type_in,
    wait_for,
)
from chromium import Browser, driving
from live_server import LiveServer, serving

from creditscore.i18n.catalogue import PAGE_TEXTS
from creditscore.schema import Schema

KEY = "the-key-of-the-browser-test"


@pytest.fixture(scope="module")
def server(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("browser")
    with serving(
        model_dir, folder, CREDITSCORE_API_KEYS=KEY, CREDITSCORE_OPEN_PREDICT="on"
    ) as running:
        yield running


@pytest.fixture(scope="module")
def closed(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A service that gives no decision without a key."""
    folder = tmp_path_factory.mktemp("closed")
    with serving(model_dir, folder, CREDITSCORE_API_KEYS=KEY) as running:
        yield running


def test_a_decision_comes_without_a_reload(
    browser: Browser, server: LiveServer, schema: Schema, example: dict[str, Any], language: str
) -> None:
    browser.get(f"{server.url}/?lang={language}")
    browser.execute_script("window.stayed = true")

    label = decide_in_form(browser, example)

    texts = PAGE_TEXTS[language]
    assert label in {texts["eligible"], texts["not_eligible"]}
    assert now(browser, "window.stayed")
    assert now(browser, "document.activeElement.id") == "result-title"
    assert now(browser, "document.querySelectorAll('#chart tbody tr').length") == (
        len(schema.base_fields) + 2
    )


def keys(browser: Browser, text: str) -> str:
    """Press keys in the field of the credit limit, one after the other; give what is there then."""
    field = browser.find_element("css selector", "#field-LIMIT_BAL")
    for key in text:
        field.send_keys(key)
    value: str = now(browser, "document.getElementById('field-LIMIT_BAL').value")
    return value


def caret(browser: Browser) -> int:
    position: int = now(browser, "document.getElementById('field-LIMIT_BAL').selectionStart")
    return position


@pytest.mark.parametrize(
    ("language", "group", "decimal"), [("en", ",", "."), ("id", ".", ",")], ids=["en", "id"]
)
def test_digits_are_grouped_as_one_types_and_the_caret_stays(
    browser: Browser, server: LiveServer, language: str, group: str, decimal: str
) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.get(f"{server.url}/?lang={language}")

    assert keys(browser, "1234567") == f"1{group}234{group}567"
    assert keys(browser, f"{decimal}5") == f"1{group}234{group}567{decimal}5"
    assert keys(browser, Keys.HOME + "9") == f"91{group}234{group}567{decimal}5"
    assert caret(browser) == 1
    assert keys(browser, Keys.ARROW_RIGHT * 2 + "0") == f"910{group}234{group}567{decimal}5"
    assert caret(browser) == 3
    assert keys(browser, Keys.BACKSPACE) == f"91{group}234{group}567{decimal}5"
    assert keys(browser, Keys.END + Keys.BACKSPACE * 6) == f"9{group}123"
    assert caret(browser) == len("9,123")


def test_a_separator_of_another_language_stays_as_it_was_typed_and_is_refused(
    browser: Browser, server: LiveServer, example: dict[str, Any]
) -> None:
    browser.get(f"{server.url}/?lang=en")
    fill(browser, example, LIMIT_BAL="")

    assert keys(browser, "1,5") == "1,5"
    click(browser, "button.primary")

    error = wait_for(browser, "document.getElementById('field-LIMIT_BAL-error').textContent")
    assert error.endswith("Thousands and decimals are written as in 30,000 and 1.5.")


@pytest.mark.parametrize(
    ("language", "typed", "pasted"), [("en", "30000", "30,000"), ("id", "30000", "30.000")]
)
def test_a_typed_amount_is_decided_on_as_it_reads_on_the_page(
    browser: Browser,
    server: LiveServer,
    example: dict[str, Any],
    language: str,
    typed: str,
    pasted: str,
) -> None:
    browser.get(f"{server.url}/?lang={language}")
    fill(browser, example, LIMIT_BAL="")

    assert keys(browser, typed) == pasted
    click(browser, "button.primary")

    assert '"LIMIT_BAL": 30000' in wait_for(browser, "document.getElementById('curl')?.textContent")


def test_slider_and_field_show_the_same_amount(browser: Browser, server: LiveServer) -> None:
    browser.get(f"{server.url}/?lang=id&example=application")
    click(browser, "#live")
    slider = "document.querySelector('[data-for=field-LIMIT_BAL]')"
    assert now(browser, f"{slider}.value") == "30000"

    set_value(browser, "field-LIMIT_BAL", "250.000")
    assert now(browser, f"{slider}.value") == "250000"

    browser.execute_script(
        f"{slider}.value = 120000; {slider}.dispatchEvent(new Event('input', {{bubbles: true}}))"
    )
    assert now(browser, "document.getElementById('field-LIMIT_BAL').value") == "120.000"


def test_an_error_stands_at_its_field_which_gets_the_focus(
    browser: Browser, server: LiveServer, schema: Schema, example: dict[str, Any]
) -> None:
    browser.get(server.url)
    wrong = schema.base_fields[-1]
    fill(browser, example, **{wrong: "nothing"})

    click(browser, "button.primary")

    assert wait_for(browser, f"document.getElementById('field-{wrong}-error').textContent")
    assert now(browser, "document.activeElement.id") == f"field-{wrong}"


def test_a_group_says_that_it_is_incomplete_until_it_is_filled_in(
    browser: Browser, server: LiveServer, schema: Schema
) -> None:
    browser.get(f"{server.url}/?example=behavioural&lang=en")
    late = list(schema.scorecards.values())[-1].added_fields[-1]
    error = "document.querySelector('.group > .error').textContent"
    set_value(browser, f"field-{late}", "")

    click(browser, "button.primary")

    assert "needs the marked fields" in wait_for(browser, error)
    set_value(browser, f"field-{late}", "0")
    click(browser, "button.primary")
    wait_for(browser, f"{error} === ''")


def test_a_history_folds_out_and_a_value_moved_in_it_moves_the_decision_unlogged(
    browser: Browser, server: LiveServer, schema: Schema, example: dict[str, Any]
) -> None:
    browser.get(server.url)
    assert not now(browser, "document.querySelector('details.group').open")
    click(browser, "details.group summary")
    assert now(browser, "document.querySelector('details.group').open")
    browser.get(f"{server.url}/?example=behavioural")
    click(browser, "#live")
    before = wait_for(browser, "document.getElementById('probability')?.textContent")
    late = list(schema.scorecards.values())[-1].added_fields[0]

    set_value(browser, f"field-{late}", "-1")

    wait_for(browser, f"document.getElementById('probability').textContent !== '{before}'")
    assert now(browser, "document.getElementById('decision-id')") is None
    assert now(browser, "document.querySelector('details.group').open")
    assert not now(browser, "document.querySelector('.slider').hidden")


def logged(server: LiveServer, example: dict[str, Any]) -> str:
    """Have a decision logged; give its id."""
    answer = server.ask("POST", "/predict", json.dumps(example).encode())
    decision_id: str = answer.json["decision_id"]
    return decision_id


def test_a_moved_cutoff_moves_who_is_approved(
    browser: Browser, server: LiveServer, language: str
) -> None:
    browser.get(f"{server.url}/model?lang={language}")
    assert browser.title.startswith(PAGE_TEXTS[language]["model_title"])
    before = wait_for(browser, "document.getElementById('cut_approved').textContent")

    set_value(browser, "cutoff-slider", "12")

    wait_for(browser, f"document.getElementById('cut_approved').textContent !== '{before}'")
    assert now(browser, "document.getElementById('cutoff').value") == "12"
    assert now(browser, "document.getElementById('cutoff-now').dataset.percent")


def test_a_moved_ratio_moves_the_cutoff_and_a_wrong_one_is_told(
    browser: Browser, server: LiveServer
) -> None:
    browser.get(f"{server.url}/model?lang=en")

    set_value(browser, "ratio", "9")
    wait_for(browser, "document.getElementById('cutoff').value === '10'")
    set_value(browser, "ratio", "much")

    assert wait_for(browser, "document.getElementById('ratio-error').textContent")
    assert now(browser, "document.getElementById('cutoff').value") == "10"


def test_a_key_opens_monitoring_and_the_decision_until_its_session_is_ended(
    browser: Browser, server: LiveServer, example: dict[str, Any]
) -> None:
    decision_id = logged(server, example)
    browser.get(f"{server.url}/monitoring?lang=en")
    sign_in(browser, "wrong")
    assert text(browser, "#api-key-error") == PAGE_TEXTS["en"]["key_wrong"]
    assert now(browser, "document.activeElement.id") == "api-key"

    sign_in(browser, KEY)
    assert element(browser, "table.drift")
    assert now(browser, "location.pathname + location.search") == "/monitoring?lang=en"

    browser.get(f"{server.url}/decisions/{decision_id}?lang=en")
    assert now(browser, "document.getElementById('decision-id').textContent") == decision_id
    # No script of a page can read what the browser signs in with.
    assert now(browser, "document.cookie") == ""
    assert now(browser, "localStorage.length + sessionStorage.length") == 0

    sign_out(browser)
    browser.get(f"{server.url}/decisions/{decision_id}?lang=en")
    assert now(browser, "document.getElementById('api-key') !== null")
    assert now(browser, "document.getElementById('decision-id')") is None


def test_who_has_signed_in_decides_explores_and_tries_requests_of_the_description(
    browser: Browser, server: LiveServer, example: dict[str, Any]
) -> None:
    browser.get(f"{server.url}/sign-in?lang=en")
    sign_in(browser, KEY)
    assert text(browser, "#signed-in").startswith("env-")

    assert decide_in_form(browser, example)
    decision_id = now(browser, "document.getElementById('decision-id').textContent")
    answer = server.ask("GET", f"/decisions/{decision_id}", headers={"X-API-Key": KEY})
    assert answer.json["key_id"] == now(browser, "document.getElementById('signed-in').textContent")

    browser.get(f"{server.url}/docs?lang=en")
    wait_for(browser, "document.querySelectorAll('.opblock').length > 5")
    for selector in (".opblock-post .opblock-summary-control", ".try-out__btn", ".execute"):
        click(browser, selector)
    status = text(browser, ".live-responses-table tbody .response-col_status")
    assert status.startswith("200")


def test_the_form_takes_a_key_and_keeps_its_values_without_a_reload(
    browser: Browser, closed: LiveServer, example: dict[str, Any], language: str
) -> None:
    texts = PAGE_TEXTS[language]
    browser.get(f"{closed.url}/?lang={language}")
    browser.execute_script("window.stayed = true")
    fill(browser, example)
    click(browser, "#form button.primary")
    error = "document.getElementById('api-key-error').textContent"
    assert wait_for(browser, error) == texts["key_missing"]
    type_in(browser, "#api-key", "not-ours")
    click(browser, "#form button.primary")
    wait_for(browser, f"{error} === '{texts['key_wrong']}'")
    assert now(browser, "document.activeElement.id") == "api-key"

    type_in(browser, "#api-key", KEY)
    click(browser, "#form button.primary")

    assert wait_for(browser, "document.getElementById('label')?.textContent")
    assert now(browser, "window.stayed")
    assert now(browser, "document.getElementById('api-key')") is None
    assert now(browser, "document.getElementById('signed-in').textContent").startswith("env-")
    assert now(browser, "document.getElementById('problems').textContent.trim()") == ""
    first = now(browser, "document.getElementById('decision-id').textContent")
    click(browser, "#form button.primary")
    wait_for(browser, f"document.getElementById('decision-id').textContent !== '{first}'")


def test_without_javascript_one_signs_in_decides_sees_the_decision_and_signs_out(
    closed: LiveServer, tmp_path: Path
) -> None:
    with driving(tmp_path / "profile", javascript=False) as browser:
        browser.get(f"{closed.url}/monitoring?lang=en")
        sign_in(browser, "wrong")
        assert text(browser, "#api-key-error") == PAGE_TEXTS["en"]["key_wrong"]
        sign_in(browser, KEY)
        assert browser.title.startswith(PAGE_TEXTS["en"]["watch_title"])
        follow(browser, "nav a[href^='/?']")
        follow(browser, "#examples a")
        follow(browser, "#form button.primary")
        assert text(browser, "#label")
        decision_id = text(browser, "#decision-id")
        follow(browser, f"a[href*='/decisions/{decision_id}']")
        assert text(browser, "#decision-id") == decision_id
        assert text(browser, "#key-name").startswith("env-")
        sign_out(browser)
        browser.get(f"{closed.url}/decisions/{decision_id}")
        assert element(browser, "#api-key").is_displayed()


def test_text_is_copied_also_where_a_page_gets_no_clipboard(
    browser: Browser, server: LiveServer, example: dict[str, Any]
) -> None:
    browser.get(f"{server.url}/?lang=en")
    decide_in_form(browser, example)
    # As under HTTP on another machine.
    browser.execute_script(
        "Object.defineProperty(navigator, 'clipboard', {value: undefined});"
        "window.copied = '';"
        "document.addEventListener('copy', () => { copied = getSelection().toString(); });"
    )

    # Only a click of a person's may copy.
    click(browser, "details.programs summary")
    click(browser, "button.copy[data-from=curl]")

    assert "curl" in wait_for(browser, "window.copied")
    # The decision was told in the same place.
    assert wait_for(browser, "document.getElementById('status').textContent === 'Copied.'")
    click(browser, "button.copy[data-from=decision-id]")
    copied = wait_for(browser, "window.copied.includes('curl') ? '' : window.copied")
    assert copied == text(browser, "#decision-id")


def test_no_page_asks_another_host(
    browser: Browser, server: LiveServer, example: dict[str, Any]
) -> None:
    browser.get(f"{server.url}/?lang=en")
    decide_in_form(browser, example)
    for address in ("/tables", "/model", "/docs"):
        browser.get(f"{server.url}{address}?lang=en")
    wait_for(browser, "document.querySelectorAll('.opblock').length > 5")

    addresses = addresses_asked(browser)
    assert len(addresses) > 10
    assert [url for url in addresses if not url.startswith(f"{server.url}/")] == []


def addresses_asked(browser: Browser) -> list[str]:
    """Return what the browser has asked over the network since the last time."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    addresses = [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
    # Chromium's own pages, such as that of a new tab, go over no network.
    return [url for url in addresses if not url.startswith(("chrome", "data:"))]


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", "November 2, 2026 at 00:30 GMT+7"), ("id", "2 November 2026 pukul 00.30 WIB")],
)
def test_times_are_in_the_readers_zone_with_utc_in_their_titles(
    browser: Browser, server: LiveServer, language: str, expected: str
) -> None:
    browser.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Jakarta"})
    browser.get(f"{server.url}/model?lang={language}")
    utc = now(browser, "document.querySelector('time').title")

    browser.execute_script(
        "const it = document.querySelector('time');"
        "it.dateTime = '2026-11-01T17:30:00Z';"
        "return import('/static/times.js').then((times) => times.showLocalTimes(document))"
    )

    assert utc.endswith(" UTC")
    assert now(browser, "document.querySelector('time').textContent") == expected


def test_a_decisions_time_is_written_as_soon_as_it_is_shown(
    browser: Browser, server: LiveServer, example: dict[str, Any]
) -> None:
    browser.get(f"{server.url}/?lang=en")

    decide_in_form(browser, example)

    time = now(browser, "document.querySelector('#result time')")
    assert time.get_attribute("title").endswith(" UTC")
    assert time.get_attribute("textContent") == now(
        browser,
        "new Intl.DateTimeFormat('en', {year: 'numeric', month: 'long', day: 'numeric', "
        "hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZoneName: 'short'})"
        ".format(new Date(document.querySelector('#result time').dateTime))",
    )
