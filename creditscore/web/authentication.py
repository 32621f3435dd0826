"""Who may ask: API keys, and pages of other sites."""

from __future__ import annotations

import hmac
import math
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from time import monotonic

from flask import Request

from creditscore.decision_log.database import Database, seconds_left, within
from creditscore.errors import DatabaseUnavailable
from creditscore.settings import Settings
from creditscore.web.api_keys import ApiKey, digest_of, read_keys
from creditscore.web.problems import CrossSite, KeyNeeded

#: Seconds to look a key up. What follows waits for the database too, and all together must stay
#: below the five that an answer may take.
SECONDS = 1.0

#: Seconds that the keys of the database are remembered: so long a revoked one may still open.
REMEMBERED = 0.5

#: Headers that a key is shown in, as WSGI names them.
KEY_HEADERS = ("HTTP_AUTHORIZATION", "HTTP_X_API_KEY")

#: Key of the WSGI environment that holds the caller, once authenticated.
CALLER = "creditscore.caller"


@dataclass(frozen=True)
class Caller:
    """Who asks.

    Attributes
    ----------
    key_id : str or None
        The key that was shown; None for none, or none that is accepted.
    keys_exist : bool
        Whether anybody needs one. Also true when all were revoked: taking the last key away from
        somebody must not open the service to everybody.
    key_failed : bool
        Whether one was shown that is not accepted.
    """

    key_id: str | None
    keys_exist: bool
    key_failed: bool = False


class Keys:
    """The API keys: those of the settings, and those of the database.

    A new key is accepted at once; one that is revoked is refused within half a second, in every
    process. Looking at each request would cost as much as deciding on it, and one look serves all
    who wait for it: each with a connection of its own, they would leave none to log decisions.
    """

    def __init__(
        self,
        from_settings: Iterable[str],
        database: Database,
        *,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._settled = {_id_of(digest): digest for digest in map(digest_of, from_settings)}
        self._database = database
        self._clock = clock
        self._seen: tuple[float, Sequence[ApiKey]] = (-math.inf, ())
        self._looking = threading.Lock()

    def look_at(self, request: Request) -> Caller:
        """Authenticate a request's key, once for each request; errors as of `authenticate`."""
        environ = request.environ
        if CALLER not in environ:
            shown = presented_key(*(environ.get(name, "") for name in KEY_HEADERS))
            environ[CALLER] = self.authenticate(shown)
        caller: Caller = environ[CALLER]
        return caller

    def authenticate(self, shown: str) -> Caller:
        """Tell whose key it is that somebody shows; none is shown where the text is empty.

        Raises
        ------
        DatabaseUnavailable
            If the keys cannot be read.
        """
        visitor = self._find(shown, ())
        if visitor.key_id is not None:
            # Of the settings: /metrics answers Prometheus while the database is away.
            return visitor
        now = self._clock()
        visitor = self._find(shown, self._seen_since(now - REMEMBERED))
        if shown and visitor.key_id is None:
            # It may have been made this moment.
            visitor = self._find(shown, self._seen_since(now))
        return visitor

    def exist(self) -> bool:
        """Tell whether there is any key.

        Raises
        ------
        DatabaseUnavailable
            If the keys cannot be read.
        """
        return bool(self._settled or self._seen_since(self._clock() - REMEMBERED))

    def _seen_since(self, earliest: float) -> Sequence[ApiKey]:
        """Give the keys of the database as they were at that moment or later."""
        moment, kept = self._seen
        if moment >= earliest:
            return kept
        with within(SECONDS):
            if not self._looking.acquire(timeout=seconds_left() or 0.0):
                raise DatabaseUnavailable("is busy with the look for others' keys")
            try:
                moment, kept = self._seen
                if moment < earliest:
                    moment, kept = self._clock(), read_keys(self._database)
                    self._seen = moment, kept
                return kept
            finally:
                self._looking.release()

    def _find(self, shown: str, kept: Sequence[ApiKey]) -> Caller:
        keys_exist = bool(self._settled or kept)
        if not shown:
            return Caller(None, keys_exist)
        accepted = {key.key_id: key.digest for key in kept if key.revoked_at is None}
        digest = digest_of(shown)
        # Every hash is compared, each in constant time, so that time tells nothing of the keys.
        matches = [
            key_id
            for key_id, known in (self._settled | accepted).items()
            if hmac.compare_digest(digest, known)
        ]
        return Caller(next(iter(matches), None), keys_exist, key_failed=not matches)


def check_predict(request: Request, keys: Keys, settings: Settings) -> str | None:
    """Let a request for a decision pass, or raise; give the id of the key that it shows.

    Raises
    ------
    KeyNeeded
        If there are keys, and it shows none of them.
    CrossSite
        If a browser sent it from another site's page: any page could, without its user knowing.
    """
    visitor = keys.look_at(request)
    if lacks_key(visitor, open_predict=settings.open_predict):
        raise KeyNeeded
    if visitor.key_id is None and _from_another_site(request, settings.cors_origins):
        raise CrossSite
    return visitor.key_id


def lacks_key(visitor: Caller, *, open_predict: bool) -> bool:
    """Tell whether somebody would have to show a key to get a decision, and has shown none."""
    return visitor.key_id is None and visitor.keys_exist and not open_predict


def check_what_if(request: Request, keys: Keys, settings: Settings) -> str | None:
    """Let a request pass that explores, or raise as `check_predict` does."""
    return check_predict(request, keys, settings)


def check_key(request: Request, keys: Keys) -> str:
    """Let a request pass that shows a key, or raise; give the key's id.

    Raises
    ------
    KeyNeeded
        If it shows none. Where there is none yet, it says how to make one.
    """
    visitor = keys.look_at(request)
    if visitor.key_id is None:
        raise KeyNeeded(keys_exist=visitor.keys_exist)
    return visitor.key_id


def shows_key(request: Request) -> bool:
    """Return whether a request carries a key, right or wrong."""
    return any(name in request.environ for name in KEY_HEADERS)


def presented_key(authorization: str, x_api_key: str) -> str:
    """Give the key that a request shows in one of its two headers; empty for none."""
    scheme, _, credentials = authorization.partition(" ")
    return credentials.strip() if scheme.lower() == "bearer" else x_api_key


def _id_of(digest: bytes) -> str:
    """Name a key of the settings in the log: the same name as long as it is the same key."""
    return f"env-{digest.hex()[:8]}"


def _from_another_site(request: Request, trusted: Collection[str]) -> bool:
    """Tell whether a browser sent a request from a page that is neither ours nor trusted."""
    origin = request.headers.get("Origin")
    if origin in trusted:
        return False
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        # Another port of this host, or another host of its domain, is "same-site".
        return site not in {"same-origin", "none"}
    # Browsers from before Sec-Fetch-Site still tell the origin.
    return origin is not None and origin.partition("://")[2] != request.host
