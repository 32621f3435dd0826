"""The browser of tests that look at pages with scripts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chromium import Browser, driving, start_afresh


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with driving(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture
def browser(chromium: Browser) -> Browser:
    """The browser of a file of tests, without what another test has left in it."""
    start_afresh(chromium)
    return chromium
