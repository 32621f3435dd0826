"""What the routes work with, put together once at start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app

from creditscore.assessment import Assessor
from creditscore.config import Settings
from creditscore.decision_log import DecisionLog
from creditscore.web.access import Keys

NAME = "creditscore"


@dataclass(frozen=True)
class Service:
    """The parts of a running service.

    Attributes
    ----------
    settings : Settings
        As chosen by the host.
    keys : Keys
        The API keys.
    assessor : Assessor
        Decides on applicants.
    log : DecisionLog
        Keeps what was decided.
    openapi : dict
        The description of its routes.
    """

    settings: Settings
    keys: Keys
    assessor: Assessor
    log: DecisionLog
    openapi: dict[str, Any]


def service() -> Service:
    """Give the running service."""
    found: Service = current_app.extensions[NAME]
    return found
