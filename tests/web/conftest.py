"""What the tests of routes and of pages share: a service that asks for the key."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from logged import KEY


@pytest.fixture
def guarded_app(build: Callable[..., Flask]) -> Flask:
    """A service with a log of its own, which asks for the key."""
    return build(api_keys=tuple(KEY.values()))


@pytest.fixture
def guarded(guarded_app: Flask) -> FlaskClient:
    """Ask that service."""
    return guarded_app.test_client()
