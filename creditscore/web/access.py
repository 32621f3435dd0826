"""Who may ask: API keys, and pages of other sites."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from flask import Request

from creditscore.web.problems import CrossSite, KeyNeeded


class Keys:
    """The API keys that are accepted, as hashes."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._hashes = [_digest(key) for key in keys]

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return bool(self._hashes)

    def accept(self, request: Request) -> bool:
        """Tell whether a request shows one of them."""
        shown = _digest(_shown(request))
        # Every hash is compared, each in constant time, so that time tells nothing of the keys.
        matches = [hmac.compare_digest(shown, known) for known in self._hashes]
        return any(matches)


def check_predict(request: Request, keys: Keys, *, open_predict: bool) -> None:
    """Let a request for a decision pass, or raise.

    Raises
    ------
    KeyNeeded
        If there are keys, and it shows none of them.
    CrossSite
        If a browser sent it from another site's page: any page could, without its user knowing.
    """
    if keys.accept(request):
        return
    if keys and not open_predict:
        raise KeyNeeded
    if _from_another_site(request):
        raise CrossSite


def _shown(request: Request) -> str:
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    return request.headers.get("X-API-Key", "")


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def _from_another_site(request: Request) -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "cross-site"
    # Browsers from before Sec-Fetch-Site still tell the origin.
    origin = request.headers.get("Origin")
    return origin is not None and origin.partition("://")[2] != request.host
