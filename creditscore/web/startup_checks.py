"""Whether other machines can reach a service that asks for no key."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import replace

from flask import Flask

from creditscore.environment import COMMAND
from creditscore.errors import DatabaseUnavailable
from creditscore.web.service import NAME, Service

WARNING = (
    "Other machines can reach this service, and it has no API key: anyone can have decisions made "
    f"and logged. Make a key ({COMMAND} keys new --name NAME), or listen on 127.0.0.1."
)


def note_hosts(app: Flask, hosts: Iterable[str]) -> None:
    """Take note of where a service listens, and warn if everybody is let in.

    Called in the process that the others fork from: they know it too.
    """
    svc: Service = app.extensions[NAME]
    is_local = [is_own(host) for host in hosts]
    svc = replace(svc, reachable=not all(is_local), loopback=bool(is_local) and all(is_local))
    app.extensions[NAME] = svc
    try:
        if warning := warning_of(svc):
            app.logger.warning(warning)
    except DatabaseUnavailable:
        # The first request will say so.
        pass
    finally:
        # No process can share a connection with those that fork from it.
        svc.log.database.close()


def warning_of(svc: Service) -> str:
    """Tell who can come in, if that is everybody; else nothing.

    Raises
    ------
    DatabaseUnavailable
        If the keys cannot be read.
    """
    return WARNING if svc.reachable and not svc.keys.exist() else ""


def is_own(host: str) -> bool:
    """Tell whether only this machine can reach an address, or a name."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        # A name, or nothing, which is every address.
        return False
