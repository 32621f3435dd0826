"""Who may ask: API keys, sessions of those who signed in with one, and pages of other sites."""

from __future__ import annotations

import hmac
import math
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from time import monotonic

from flask import Request

from creditscore.decision_log.database import Database, seconds_left, within
from creditscore.errors import DatabaseUnavailable
from creditscore.i18n.catalogue import say
from creditscore.settings import Settings
from creditscore.web.api_keys import ApiKey, digest_of, read_keys
from creditscore.web.problems import CrossSite, ForeignForm, KeyNeeded, NoSessions
from creditscore.web.sign_in import TOKEN_FIELD, TOKEN_HEADER, Sessions
from creditscore.web.wsgi import put_back

#: Seconds to look a key up. What follows waits for the database too, and all together must stay
#: below the five that an answer may take.
LOOKUP_TIMEOUT_S = 2.0

#: Seconds that the keys of the database are remembered: so long a revoked one may still open.
REMEMBERED_S = 0.5

#: Headers that a key is shown in, as WSGI names them.
KEY_HEADERS = ("HTTP_AUTHORIZATION", "HTTP_X_API_KEY")

#: All headers that may say who asks.
CREDENTIALS = frozenset({*KEY_HEADERS, "HTTP_COOKIE"})

#: Methods that change nothing.
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

#: Content types of a browser's forms.
FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})

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
        a client must not open the service to everybody.
    key_failed : bool
        Whether one was shown that is not accepted.
    key_name : str
        What the key is called; empty for none.
    cookie : str
        That of the session, of a client that has signed in; empty for others.
    signing_in : bool
        Whether the session begins with this very request, which shows the key itself.
    """

    key_id: str | None
    keys_exist: bool
    key_failed: bool = False
    key_name: str = ""
    cookie: str = ""
    signing_in: bool = False


class Keys:
    """The API keys: those of the settings, and those of the database.

    A new key is accepted at once; one that is revoked is refused within half a second, in every
    process. Looking at each request would cost as much as deciding on it, and one look serves all
    who wait for it: each with a connection of its own, they would leave none to log decisions.

    Attributes
    ----------
    sessions : Sessions
        Of those who signed in with a key.
    """

    def __init__(
        self,
        from_settings: Iterable[str],
        database: Database,
        *,
        sessions: Sessions,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._settings_keys = {_id_of(digest): digest for digest in map(digest_of, from_settings)}
        self.sessions = sessions
        self._database = database
        self._clock = clock
        self._snapshot: tuple[float, Sequence[ApiKey]] = (-math.inf, ())
        self._lock = threading.Lock()

    def look_at(self, request: Request) -> Caller:
        """Authenticate a request once, by key or else cookie; errors as of `authenticate`."""
        environ = request.environ
        if CALLER not in environ:
            if shows_key(request) or "HTTP_COOKIE" not in environ:
                key = presented_key(*(environ.get(name, "") for name in KEY_HEADERS))
                environ[CALLER] = self.authenticate(key)
            else:
                environ[CALLER] = self._look_at_cookie(self.sessions.cookie_of(request))
        caller: Caller = environ[CALLER]
        return caller

    def sign_in(self, request: Request, key: str) -> Caller:
        """Begin a session with a key that was typed into a form; errors as of `authenticate`.

        Raises
        ------
        NoSessions
            If there is no secret to sign the cookie with.
        """
        caller = self.authenticate(key)
        if caller.key_id is not None:
            try:
                cookie = self.sessions.issue(caller.key_id)
            except OSError as error:
                raise NoSessions(say("no_sessions")) from error
            caller = replace(caller, cookie=cookie, signing_in=True)
        request.environ[CALLER] = caller
        return caller

    def authenticate(self, key: str) -> Caller:
        """Return whose key is shown; none is shown where the text is empty.

        Raises
        ------
        DatabaseUnavailable
            If the keys cannot be read.
        """
        caller = self._find(key, ())
        if caller.key_id is not None:
            # Of the settings: /metrics answers Prometheus while the database is away.
            return caller
        now = self._clock()
        caller = self._find(key, self._read_since(now - REMEMBERED_S))
        if key and caller.key_id is None:
            # It may have been made this moment.
            caller = self._find(key, self._read_since(now))
        return caller

    def _look_at_cookie(self, cookie: str) -> Caller:
        """Return whose session it is; no one's where the key is accepted no longer."""
        key_id, now = self.sessions.key_of(cookie) if cookie else None, self._clock()
        for earliest in (now - REMEMBERED_S, now):
            stored_keys = self._read_since(earliest)
            accepted = self._accepted_keys(stored_keys)
            if key_id is None or key_id in accepted:
                break
        caller = Caller(None, bool(self._settings_keys or stored_keys))
        if key_id is None or key_id not in accepted:
            return caller
        return replace(caller, key_id=key_id, key_name=accepted[key_id][0], cookie=cookie)

    def name_of(self, key_id: str | None) -> str:
        """Return what a key is called, also one that was revoked; its id where it has no name.

        Raises
        ------
        DatabaseUnavailable
            If the keys cannot be read.
        """
        stored_keys = self._read_since(self._clock() - REMEMBERED_S)
        return {key.key_id: key.name for key in stored_keys}.get(key_id or "", key_id or "")

    def exist(self) -> bool:
        """Tell whether there is any key.

        Raises
        ------
        DatabaseUnavailable
            If the keys cannot be read.
        """
        return bool(self._settings_keys or self._read_since(self._clock() - REMEMBERED_S))

    def _read_since(self, earliest: float) -> Sequence[ApiKey]:
        """Give the keys of the database as they were at that moment or later."""
        moment, stored_keys = self._snapshot
        if moment >= earliest:
            return stored_keys
        with within(LOOKUP_TIMEOUT_S):
            if not self._lock.acquire(timeout=seconds_left() or 0.0):
                raise DatabaseUnavailable("is busy with the look for others' keys")
            try:
                moment, stored_keys = self._snapshot
                if moment < earliest:
                    moment, stored_keys = self._clock(), read_keys(self._database)
                    self._snapshot = moment, stored_keys
                return stored_keys
            finally:
                self._lock.release()

    def _find(self, key: str, stored_keys: Sequence[ApiKey]) -> Caller:
        keys_exist = bool(self._settings_keys or stored_keys)
        if not key:
            return Caller(None, keys_exist)
        digest = digest_of(key)
        # Every hash is compared, each in constant time, so that time tells nothing of the keys.
        matches = [
            (key_id, name)
            for key_id, (name, key_digest) in self._accepted_keys(stored_keys).items()
            if hmac.compare_digest(digest, key_digest)
        ]
        key_id, name = next(iter(matches), (None, ""))
        return Caller(key_id, keys_exist, key_failed=not matches, key_name=name)

    def _accepted_keys(self, stored_keys: Sequence[ApiKey]) -> dict[str, tuple[str, bytes]]:
        """Return name and hash of every key that is accepted, by its id.

        A key of the settings has no name but its id.
        """
        settings_keys = {key_id: (key_id, digest) for key_id, digest in self._settings_keys.items()}
        accepted = {
            key.key_id: (key.name, key.digest) for key in stored_keys if key.revoked_at is None
        }
        return settings_keys | accepted


def check_predict(request: Request, keys: Keys, settings: Settings) -> str | None:
    """Let a request for a decision pass, or raise; give the id of the key that it shows.

    Raises
    ------
    KeyNeeded
        If there are keys, and it shows none of them.
    CrossSite
        If a browser sent it from another site's page: any page could, without its user knowing.
    ForeignForm
        If it relies on a session, and none of its pages sent it.
    """
    caller = keys.look_at(request)
    check_form(request, caller, keys)
    if caller.key_id is None and caller.keys_exist and not settings.open_predict:
        raise KeyNeeded
    if caller.key_id is None and _from_another_site(request, settings.cors_origins):
        raise CrossSite(say("cross_site"))
    return caller.key_id


def check_key(request: Request, keys: Keys) -> str:
    """Let a request pass that shows a key, or raise; give the key's id.

    Raises
    ------
    KeyNeeded
        If it shows none. Where there is none yet, it says how to make one.
    ForeignForm
        If it relies on a session, would change something, and no page of the session sent it.
    """
    caller = keys.look_at(request)
    check_form(request, caller, keys)
    if caller.key_id is None:
        raise KeyNeeded(keys_exist=caller.keys_exist)
    return caller.key_id


def check_own_page(request: Request) -> None:
    """Let a request pass that signs in: another site could sign a user in with its own key.

    Raises
    ------
    CrossSite
        If a page of another site sent it.
    """
    if _from_another_site(request, ()):
        raise CrossSite(say("cross_site"))


def check_form(request: Request, caller: Caller, keys: Keys) -> None:
    """Let a request pass that shows its key, changes nothing, or was sent by a page of its session.

    Raises
    ------
    ForeignForm
        If it is none of these.
    """
    if not caller.cookie or caller.signing_in or request.method in SAFE_METHODS:
        return
    if _from_another_site(request, ()) or not keys.sessions.is_token(
        caller.cookie, _token_in(request)
    ):
        raise ForeignForm(say("foreign_form"))


def _token_in(request: Request) -> str:
    """Return the token that a request carries, in a header or in its form; empty for none."""
    token = request.headers.get(TOKEN_HEADER)
    if token is not None or request.mimetype not in FORM_TYPES:
        return token or ""
    if request.mimetype != "multipart/form-data":
        # What reads the form after this gets it whole.
        put_back(request.environ, request.get_data())
    return request.form.get(TOKEN_FIELD, "")


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
