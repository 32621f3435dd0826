"""What the tests of the log share: a service with a log of its own."""

from __future__ import annotations

import pytest
from decided import NOON
from flask import Flask
from service_settings import Build

from creditscore.decision_log.database import Database
from creditscore.decision_log.log import DecisionLog


@pytest.fixture
def app(build: Build) -> Flask:
    """Build a service with a log of its own."""
    return build()


@pytest.fixture
def log(database: Database) -> DecisionLog:
    """A log without a service, at noon."""
    return DecisionLog(database, now=lambda: NOON)
