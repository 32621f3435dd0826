"""The tool that takes the pictures takes them, of the right page, size and time."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from skips import skip_or_fail

from creditscore.web import app as web
from tools.take_screenshots import HISTORY, PICTURES, Browser, browsing, serving, take

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def url(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a model with an empty log as the tool serves the demo."""
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "model").symlink_to(model_dir)
    with serving(folder) as url:
        yield url


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        skip_or_fail("chromium", "no Chromium with its driver: no picture is taken")
    pytest.importorskip("selenium")
    with browsing(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.mark.parametrize("name", ["decision.id", "decision-phone"])
def test_a_picture_shows_a_decision_in_its_size(
    url: str, browser: Browser, tmp_path: Path, name: str
) -> None:
    (picture,) = (candidate for candidate in PICTURES if candidate.name == name)

    path = take(picture, url, browser, tmp_path)

    assert struct.unpack(">II", path.read_bytes()[16:24]) == picture.size
    assert browser.execute_script("return document.documentElement.lang") == picture.language
    assert browser.execute_script(
        "return document.querySelector('#result h2, #result h3') !== null"
    )


def test_pages_behind_a_key_are_shown_as_of_the_demos_end(
    url: str, browser: Browser, tmp_path: Path
) -> None:
    (picture,) = (candidate for candidate in PICTURES if candidate.name == "monitoring")

    # An empty log has no scorecards.
    take(replace(picture, top="#window"), url, browser, tmp_path)

    window_text = browser.find_element("id", "window").text
    assert f"{HISTORY.until:%B} {HISTORY.until.day}, {HISTORY.until.year}" in window_text


def test_the_clock_goes_right_afterwards(model_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "model").symlink_to(model_dir)
    before = web.now

    with serving(tmp_path):
        assert web.now is not before
        assert web.now() == HISTORY.until

    assert web.now is before
