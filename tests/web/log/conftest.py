"""What the tests of routes and pages over the log share: a service that asks for the key."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from logged import KEY


@pytest.fixture
def app(build: Callable[..., Flask]) -> Flask:
    return build(api_keys=tuple(KEY.values()))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
