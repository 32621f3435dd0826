"""What a person does in a browser, with JavaScript or without, and waiting until it is done.

A click returns before the next page is there: what is read then may be of the page that is left.
`follow` is for what leads to another page, `send` for a form that scripts send without a reload,
and `click` for what stays on the page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chromium import Browser
from waiting import wait_until

from creditscore.i18n.catalogue import PAGE_TEXTS


def now(browser: Browser, script: str) -> Any:
    """Return the value of a JavaScript expression as it is now."""
    return browser.execute_script(f"return {script}")


def wait_for(browser: Browser, script: str) -> Any:
    """Wait until a JavaScript expression is true, and return its value."""
    return _wait(lambda: now(browser, script), script)


def element(browser: Browser, selector: str) -> Any:
    """Wait until the page has an element, and return it."""
    return _wait(lambda: browser.find_elements("css selector", selector), selector)[0]


def text(browser: Browser, selector: str) -> str:
    """Wait until the page has an element, and return what it shows."""
    content: str = element(browser, selector).text
    return content


def place_of(browser: Browser, selector: str) -> dict[str, float]:
    """Return where an element is, in pixels of the screen."""
    box: dict[str, float] = browser.execute_script(
        "return arguments[0].getBoundingClientRect().toJSON()", element(browser, selector)
    )
    return box


def type_in(browser: Browser, selector: str, typed: str) -> None:
    """Press keys in a control, or choose a file in it."""
    element(browser, selector).send_keys(typed)


def set_value(browser: Browser, name: str, value: str) -> None:
    """Put a value into the control with an id, in place of what is there."""
    browser.execute_script(
        "const it = document.getElementById(arguments[0]); it.value = arguments[1];"
        "it.dispatchEvent(new Event('input', {bubbles: true}));",
        name,
        value,
    )


def fill(browser: Browser, example: Mapping[str, Any], **changes: str) -> None:
    """Put an applicant into the form, with some values changed."""
    for name, value in {**example, **changes}.items():
        set_value(browser, f"field-{name}", str(value))


def click(browser: Browser, selector: str) -> None:
    """Click on what stays on the page."""
    target = element(browser, selector)
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", target)
    target.click()


def follow(browser: Browser, selector: str) -> None:
    """Click on what leads to another page, and wait until that is there with all its parts."""
    from selenium.common.exceptions import WebDriverException

    old_page = element(browser, "html")

    def is_there() -> bool:
        try:
            page = browser.find_element("css selector", "html")
            return bool(page != old_page and now(browser, "document.readyState") == "complete")
        except WebDriverException:
            # The driver has several names for a page that is just being replaced.
            return False

    click(browser, selector)
    _wait(is_there, f"the page behind {selector}")


def send(browser: Browser, selector: str) -> None:
    """Click on the button of a form that scripts, where they run, send without a reload.

    Where they run, wait for the answer after it.
    """
    (click if browser.javascript else follow)(browser, selector)


def sign_in(browser: Browser, key: str) -> None:
    """Send the form that takes a key, on the page that asks for one."""
    type_in(browser, "#api-key", key)
    follow(browser, "main button.primary")


def sign_out(browser: Browser) -> None:
    """End the session, as every page offers."""
    follow(browser, "#account button")
    element(browser, "#sign-in")


def decide_in_form(browser: Browser, example: Mapping[str, Any]) -> str:
    """Fill in the form on the page, send it, and return the label that is shown."""
    fill(browser, example)
    send(browser, "#form button.primary")
    return text(browser, "#label")


def complaints(browser: Browser, *refusals: int) -> list[str]:
    """Return what the browser has complained of since the last time, but for refused requests.

    Chromium notes an answer of 4xx to a form as if it were a mistake of the page.
    """
    messages = [entry["message"] for entry in browser.get_log("browser")]
    statuses = set(map(str, refusals))
    return [message for message in messages if not statuses & set(message.split())]


class Visitor:
    """A person on the pages, whose clicks are counted."""

    def __init__(self, browser: Browser, url: str, language: str = "en") -> None:
        self.browser, self.texts, self.clicks = browser, PAGE_TEXTS[language], 0
        browser.get(f"{url}/?lang={language}")

    def click(self, selector: str) -> None:
        """Count a click on what stays on the page."""
        self.clicks += 1
        click(self.browser, selector)

    def follow(self, selector: str) -> None:
        """Count a click on what leads to another page."""
        self.clicks += 1
        follow(self.browser, selector)

    def send(self, selector: str) -> None:
        """Count a click on what scripts send without a reload."""
        self.clicks += 1
        send(self.browser, selector)

    def choose(self, selector: str, file: str) -> None:
        """Count the click that opens the window of files, which no page can open by itself."""
        self.clicks += 1
        type_in(self.browser, selector, file)

    def type(self, selector: str, typed: str) -> None:
        """Press keys in a control."""
        type_in(self.browser, selector, typed)

    def text(self, selector: str) -> str:
        """Return what an element shows."""
        return text(self.browser, selector)


def _wait(look: Callable[[], Any], description: str) -> Any:
    result: Any = None

    def is_found() -> bool:
        nonlocal result
        result = look()
        return bool(result)

    assert wait_until(is_found), f"never there: {description}"
    return result
