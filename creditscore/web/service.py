"""The parts of a running service that routes use, put together once at start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from flask import Request, current_app, g, request
from flask.ctx import _AppCtxGlobals
from werkzeug.local import LocalProxy

from creditscore.decision_log.log import DecisionLog
from creditscore.decisions.assessor import Assessor, Decision
from creditscore.scorecard.scorecard import Scorecard
from creditscore.settings import Settings
from creditscore.web.authentication import Keys
from creditscore.web.rate_limiting import Limits

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
    openapi : mapping of bool to dict
        The description of its routes, by whether a decision needs a key.
    limits : Limits
        How often a client may ask.
    refused : str
        Why the last reload kept the model that was there; empty if it did not.
    reachable : bool
        Whether it listens where other machines can ask.
    loopback : bool
        Whether it listens on addresses of this machine alone; False where that is not known, and
        where it listens on the file of a socket, which no browser can ask.
    """

    settings: Settings
    keys: Keys
    assessor: Assessor
    log: DecisionLog
    openapi: Mapping[bool, dict[str, Any]]
    limits: Limits
    refused: str = ""
    reachable: bool = False
    loopback: bool = False

    def scorecard_of(self, decision: Decision) -> Scorecard | None:
        """Return the scorecard that made a decision; None if it is no longer in service."""
        model, name = self.assessor.model, decision.applicant.scorecard
        if model.versions.get(name) != decision.model_version:
            return None
        return model.scorecards[name]


def current_request() -> Request:
    """Return the request itself: a look-up through Flask's proxy costs several times more."""
    return cast("LocalProxy[Request]", request)._get_current_object()


def store() -> _AppCtxGlobals:
    """Return `flask.g` itself, likewise."""
    return cast("LocalProxy[_AppCtxGlobals]", g)._get_current_object()


def service() -> Service:
    """Return the running service."""
    svc: Service = current_app.extensions[NAME]
    return svc
