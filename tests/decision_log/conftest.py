"""What the tests of the log share: a service with a log of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask


@pytest.fixture
def app(build: Callable[..., Flask]) -> Flask:
    """Build a service with a log of its own."""
    return build()
