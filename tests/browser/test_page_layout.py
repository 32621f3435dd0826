"""Where things are on the pages in a real Chromium: first screen, result, and unbroken numbers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browsing import click, element, follow, now, place_of, send, text
from chromium import LAPTOP, PHONE, Browser, driving, set_screen
from live_server import LiveServer

from creditscore.i18n import write_moment

#: The numbers of a page that are on more than one line, code and what is folded aside.
BROKEN_NUMBERS = r"""
document.querySelectorAll("details").forEach((each) => { each.open = true; });
const broken = [];
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const text = walk.currentNode;
  if (text.parentElement.closest("code, pre, .unseen, a[href^='/decisions/'], option")) continue;
  for (const match of text.data.matchAll(/(?<!\w)[-+\u2212]?\d[\d.,]*%?/g)) {
    const range = document.createRange();
    range.setStart(text, match.index);
    range.setEnd(text, match.index + match[0].length);
    const tops = [...range.getClientRects()].map((each) => Math.round(each.top));
    if (new Set(tops).size > 1) broken.push(text.data.trim());
  }
}
return broken;
"""
#: Words of the chart's head that are broken over two lines.
BROKEN_WORDS = """
const broken = [];
for (const head of document.querySelectorAll("#chart thead th")) {
  for (const match of head.textContent.matchAll(/\\S+/g)) {
    const range = document.createRange();
    range.setStart(head.firstChild, match.index);
    range.setEnd(head.firstChild, match.index + match[0].length);
    const tops = [...range.getClientRects()].map((each) => Math.round(each.top));
    if (new Set(tops).size > 1) broken.push(match[0]);
  }
}
return broken;
"""


#: What the notice of the bundled model says before it is unfolded.
VERDICTS = {"en": "This model is for learning only.", "id": "Model ini hanya untuk belajar."}


@pytest.fixture(scope="module", params=[True, False], ids=["javascript", "plain"])
def browser(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    with driving(tmp_path_factory.mktemp("profile"), javascript=request.param) as driver:
        yield driver


@pytest.mark.parametrize("screen", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_the_first_field_is_on_the_first_screen_under_a_notice_of_one_line(
    browser: Browser, server: LiveServer, language: str, screen: tuple[int, int]
) -> None:
    set_screen(browser, screen)

    browser.get(f"{server.url}/?lang={language}")

    assert place_of(browser, "#field-LIMIT_BAL")["bottom"] < screen[1]
    closed = place_of(browser, ".notice")["height"]
    assert closed < 50
    assert text(browser, ".notice summary").endswith(VERDICTS[language])
    summary = "document.querySelector('.notice summary')"
    assert now(browser, f"{summary}.scrollWidth <= {summary}.clientWidth")
    click(browser, ".notice summary")
    assert place_of(browser, ".notice")["height"] > closed + 40


def test_fields_are_in_two_columns_on_a_laptop_and_in_one_on_a_phone(
    browser: Browser, server: LiveServer
) -> None:
    first, second = "#field-LIMIT_BAL", "#field-SEX"
    set_screen(browser, LAPTOP)
    browser.get(server.url)

    assert place_of(browser, second)["left"] > place_of(browser, first)["right"]
    assert place_of(browser, second)["top"] == place_of(browser, first)["top"]
    set_screen(browser, PHONE)
    assert place_of(browser, second)["left"] == place_of(browser, first)["left"]


@pytest.mark.parametrize("screen", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_an_example_is_one_click_and_its_decision_one_more_and_in_view(
    browser: Browser, server: LiveServer, screen: tuple[int, int]
) -> None:
    set_screen(browser, screen)
    browser.get(f"{server.url}/?lang=en")

    follow(browser, "#examples a:last-of-type")
    send(browser, "#form button.primary")

    element(browser, "#label")
    assert place_of(browser, "#label")["top"] >= 0
    assert place_of(browser, "#label")["bottom"] < screen[1]


def test_what_is_wrong_is_in_view_after_a_refused_form(
    browser: Browser, server: LiveServer
) -> None:
    set_screen(browser, PHONE)
    browser.get(f"{server.url}/?lang=en")

    send(browser, "#form button.primary")

    element(browser, "[aria-invalid]")
    error = place_of(browser, "#field-LIMIT_BAL-error")
    assert 0 <= error["top"] < error["bottom"] < PHONE[1]


def test_times_are_written_alike_with_and_without_javascript(
    browser: Browser, server: LiveServer, language: str
) -> None:
    browser.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "UTC"})

    browser.get(f"{server.url}/model?lang={language}")

    time = element(browser, "#versions time")
    assert time.get_attribute("textContent") == write_moment(
        time.get_attribute("datetime"), language
    )


@pytest.mark.parametrize("screen", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_no_number_is_broken_over_two_lines_and_no_page_scrolls_sideways(
    browser: Browser, server: LiveServer, language: str, screen: tuple[int, int]
) -> None:
    set_screen(browser, screen)
    browser.get(f"{server.url}/?lang={language}&example=behavioural")
    send(browser, "#form button.primary")
    element(browser, "#label")

    for page in ("", f"/model?lang={language}", f"/model?lang={language}&part=validation"):
        if page:
            browser.get(f"{server.url}{page}")
        assert browser.execute_script(BROKEN_NUMBERS) == []
        width = browser.execute_script("return document.documentElement.scrollWidth")
        assert width <= screen[0]


@pytest.mark.parametrize("screen", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_no_word_over_the_chart_of_a_decision_is_broken(
    browser: Browser, server: LiveServer, language: str, screen: tuple[int, int]
) -> None:
    set_screen(browser, screen)

    browser.get(f"{server.url}/?example=application&lang={language}")
    send(browser, "#form button[type=submit]")

    element(browser, "#chart thead")
    assert browser.execute_script(BROKEN_WORDS) == []


@pytest.mark.parametrize("screen", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_the_contents_of_the_model_stay_in_view_open_a_part_and_hide_no_title(
    browser: Browser, server: LiveServer, screen: tuple[int, int]
) -> None:
    set_screen(browser, screen)
    browser.get(f"{server.url}/model?lang=en")

    element(browser, "details:not([open]) > #fields")
    click(browser, ".contents a[href='#fields']")

    # The link has opened the part, with and without JavaScript.
    element(browser, "details[open] > #fields")
    contents = place_of(browser, ".contents")
    assert contents["top"] == 0
    title = place_of(browser, "#fields-title")
    assert contents["bottom"] < title["top"] < screen[1]
