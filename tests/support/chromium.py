"""A real Chromium without a window, and the screens that pages are looked at on."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from skips import skip_or_fail

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip

#: Width and height in pixels of a phone and of a small laptop.
PHONE, LAPTOP = (390, 844), (1280, 800)

#: Selenium's driver; untyped here, as the package may be missing.
Browser = Any


@contextlib.contextmanager
def driving(profile: Path, *, javascript: bool = True) -> Iterator[Browser]:
    """Run Chromium with a profile of its own until the block ends; skip where there is none.

    The driver has an attribute `javascript`: whether pages can run scripts.
    """
    programs = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if not all(programs):
        skip_or_fail("chromium", "no Chromium with its driver: the page is not tested in a browser")
    try:
        from selenium import webdriver
    except ImportError:
        skip_or_fail("chromium", "selenium is not installed: no browser can be driven")
    options = webdriver.ChromeOptions()
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    if not javascript:
        blocked = {"profile.managed_default_content_settings.javascript": 2}
        options.add_experimental_option("prefs", blocked)
    options.binary_location = str(programs[0])
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(str(programs[1]))
    driver: Browser = webdriver.Chrome(options=options, service=service)
    driver.javascript = javascript
    try:
        yield driver
    finally:
        driver.quit()


def start_afresh(browser: Browser) -> None:
    """Forget the cookies, the console, and the screen that a test has left."""
    for command, values in (
        ("Network.clearBrowserCookies", {}),
        ("Emulation.clearDeviceMetricsOverride", {}),
        ("Emulation.setEmulatedMedia", {"media": "", "features": []}),
        ("Emulation.setTimezoneOverride", {"timezoneId": ""}),
    ):
        browser.execute_cdp_cmd(command, values)
    for kind in ("browser", "performance"):
        browser.get_log(kind)


def allow_scripts(browser: Browser, *, allowed: bool) -> None:
    """Let the pages that are opened from now on run their scripts, or not."""
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not allowed})
    browser.javascript = allowed


def set_screen(browser: Browser, screen: tuple[int, int], *, scheme: str = "light") -> None:
    """Give the pages a screen of so many pixels, light or dark."""
    width, height = screen
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
