"""Which names of hosts a service answers to: a web site can give any address a name of its own.

A page of that site is of the same origin as the service then, for its visitor's browser, and could
ask whatever the visitor's machine can reach (DNS rebinding). Only the name tells.
"""

from __future__ import annotations

from flask import Request

from creditscore.i18n.catalogue import say
from creditscore.schema.constraints import describe_value
from creditscore.web.problems import WrongHost
from creditscore.web.service import Service
from creditscore.web.startup_checks import is_own


def check_host(request: Request, svc: Service) -> None:
    """Let a request pass that is for this service by its name, or raise.

    Raises
    ------
    WrongHost
        If it is for another one.
    DatabaseUnavailable
        If the keys cannot be read.
    """
    # Browsers always send it; old probes of load balancers do not.
    host = request.environ.get("HTTP_HOST", "")
    if not host or is_own((name := _without_port(host)).strip("[]")):
        return
    if svc.settings.hosts:
        wrong = name not in svc.settings.hosts
    else:
        wrong = svc.loopback and not svc.keys.exist()
    if wrong:
        raise WrongHost(say("wrong_host", got=describe_value(host)))


def _without_port(host: str) -> str:
    """Return the name in a Host header, as the settings write it."""
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdigit() else host.lower()
