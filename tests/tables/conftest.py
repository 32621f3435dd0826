"""What all tests of tables have in common."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _no_other_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away the variables of the tests themselves, which score.py would warn of."""
    for name in [name for name in os.environ if name.startswith("CREDITSCORE_")]:
        monkeypatch.delenv(name)
