"""Rate limits: whoever asks too often is told so, and everybody how much is left.

A client is known by its API key, else by its address, of which only the network counts in IPv6:
everybody has more addresses there than there are buckets.
"""

from __future__ import annotations

import ipaddress
import logging
import math
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from flask import Request, Response, g
from flask.ctx import _AppCtxGlobals

from creditscore.errors import DatabaseUnavailable
from creditscore.file_access import describe_access
from creditscore.settings import RateLimit, Settings
from creditscore.web.authentication import Keys
from creditscore.web.content_negotiation import shows_key
from creditscore.web.problems import TooManyRequests
from creditscore.web.token_buckets import RateLimitResult, RateLimits

#: Bits of an IPv6 address that a network shares.
NETWORK_BITS = 64


class RateDecision(NamedTuple):
    """Whether a request is within its limit, and what is left."""

    name: str
    limit: RateLimit
    result: RateLimitResult

    def headers(self) -> list[tuple[str, str]]:
        """Tell what is left (draft-ietf-httpapi-ratelimit-headers)."""
        name, limit, result = self
        left = f"r={result.remaining};t={math.ceil(result.reset)}"
        return [
            ("RateLimit-Policy", f'"{name}";q={limit.requests};w={limit.seconds}'),
            ("RateLimit", f'"{name}";{left}'),
        ]


class Limits:
    """The limits of a service: of all requests, and of explorations among them."""

    def __init__(self, settings: Settings, keys: Keys) -> None:
        self._keys = keys
        self._all, self._what_if = settings.rate_limit, settings.what_if_rate_limit
        self._account = _open(settings.runtime_dir) if self._all or self._what_if else None

    def admit(self, request: Request, values: _AppCtxGlobals) -> None:
        """Let a request pass, or raise `TooManyRequests`; those for static files all pass."""
        if request.endpoint != "static":
            self._judge("all", self._all, request, values)

    def admit_what_if(self, request: Request) -> None:
        """Let an exploration pass, or raise `TooManyRequests`."""
        self._judge("what-if", self._what_if, request, g)

    def _judge(
        self, name: str, limit: RateLimit | None, request: Request, values: _AppCtxGlobals
    ) -> None:
        if self._account is None or limit is None:
            return
        client = self._key(request) or _network(request.environ.get("REMOTE_ADDR", ""))
        result = self._account.take(f"{name} {client}", limit, now=time.time())
        values.rate = RateDecision(name, limit, result)
        if not result.allowed:
            raise TooManyRequests(str(limit), result.wait)

    def _key(self, request: Request) -> str | None:
        """Return the id of the API key; none for a wrong one, which counts for its address."""
        if not shows_key(request):
            return None
        try:
            return self._keys.look_at(request).key_id
        except DatabaseUnavailable:
            # Routes that need no key can do without; the others will say what is wrong.
            return None


def _network(address: str) -> str:
    if ":" not in address:
        return address
    try:
        parsed = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    mapped = parsed.ipv4_mapped
    return str(mapped) if mapped else str(int(parsed) >> (128 - NETWORK_BITS))


def finish(answer: Response, values: _AppCtxGlobals) -> None:
    """Add to an answer what is left of the limit."""
    decision: RateDecision | None = values.get("rate")
    if decision is not None:
        answer.headers.extend(decision.headers())


def _open(folder: Path) -> RateLimits:
    try:
        return RateLimits(folder)
    except OSError as error:
        # Processes that fork from this one still share it.
        other = Path(tempfile.mkdtemp(prefix="creditscore-"))
        logging.getLogger(__name__).warning(
            "rate limits are kept in %s, as %s cannot be used: %s",
            other,
            folder,
            describe_access(folder) or error.strerror,
        )
        return RateLimits(other)
