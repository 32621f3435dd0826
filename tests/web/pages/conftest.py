"""Pages show what the log gives them; tests of the log and of routes ask both databases."""

from __future__ import annotations

import pytest


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The address of an empty database of the usual kind."""
    return sqlite_url
