"""What the tests of routes and of pages share: a service that asks for the key."""

from __future__ import annotations

import pytest
from answers import Body, decision_of
from flask import Flask
from flask.testing import FlaskClient
from logged import KEY, KEYS
from service_settings import Build


@pytest.fixture
def guarded_app(build: Build) -> Flask:
    """A service with a log of its own, which asks for the key."""
    return build(api_keys=KEYS)


@pytest.fixture
def guarded(guarded_app: Flask) -> FlaskClient:
    """Ask that service."""
    return guarded_app.test_client()


@pytest.fixture
def decided(guarded: FlaskClient, applicants: list[Body]) -> Body:
    """A decision of that service."""
    return decision_of(guarded.post("/predict", json=applicants[0], headers=KEY))
