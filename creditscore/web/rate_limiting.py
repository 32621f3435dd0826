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

from flask import Flask, Request, Response, g, request

from creditscore.errors import DatabaseUnavailable
from creditscore.settings import RateLimit, Settings
from creditscore.web.authentication import Keys
from creditscore.web.problems import TooManyRequests
from creditscore.web.token_buckets import RateLimits, Verdict

#: Bits of an IPv6 address that a network shares.
NETWORK_BITS = 64


#: Where in a request's environment stands what was found for it before Flask got it.
FOUND = "creditscore.rate"


class Found(NamedTuple):
    """What was found for a request."""

    name: str
    limit: RateLimit
    verdict: Verdict

    def headers(self) -> list[tuple[str, str]]:
        """Tell what is left (draft-ietf-httpapi-ratelimit-headers)."""
        name, limit, verdict = self
        left = f"r={verdict.remaining};t={math.ceil(verdict.reset)}"
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

    def register(self, app: Flask) -> None:
        """Count every request of an app but those for its files."""
        app.before_request(self._admit)
        app.after_request(_tell)

    def admit_what_if(self) -> None:
        """Let an exploration pass, or raise `TooManyRequests`."""
        self._judge(self._find_here("what-if", self._what_if))

    def look(self, key_id: str | None, address: str) -> Found | None:
        """Count a request of somebody; None where there is no limit."""
        return self._find("all", self._all, key_id or _network(address))

    def _admit(self) -> None:
        if request.endpoint == "static":
            return
        known: Found | None = request.environ.get(FOUND)
        self._judge(known or self._find_here("all", self._all))

    def _find_here(self, name: str, limit: RateLimit | None) -> Found | None:
        return None if limit is None else self._find(name, limit, self._client())

    def _find(self, name: str, limit: RateLimit | None, client: str) -> Found | None:
        if self._account is None or limit is None:
            return None
        verdict = self._account.take(f"{name} {client}", limit, now=time.time())
        return Found(name, limit, verdict)

    def _judge(self, found: Found | None) -> None:
        if found is None:
            return
        g.rate = found
        if not found.verdict.allowed:
            raise TooManyRequests(str(found.limit), found.verdict.wait)

    def _client(self) -> str:
        if "client" not in g:
            g.client = self._key(request) or _network(request.remote_addr or "")
        client: str = g.client
        return client

    def _key(self, asked: Request) -> str | None:
        """Give the key that a request shows; a wrong one is none, and counts for its address."""
        if "Authorization" not in asked.headers and "X-API-Key" not in asked.headers:
            return None
        try:
            return self._keys.look_at(asked).key_id
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


def _tell(answer: Response) -> Response:
    found: Found | None = g.get("rate")
    if found is not None:
        answer.headers.extend(found.headers())
    return answer


def _open(folder: Path) -> RateLimits:
    try:
        return RateLimits(folder)
    except OSError as error:
        # Processes that fork from this one still share it.
        other = Path(tempfile.mkdtemp(prefix="creditscore-"))
        logging.getLogger(__name__).warning(
            "rate limits are kept in %s, as %s cannot be used: %s", other, folder, error.strerror
        )
        return RateLimits(other)
