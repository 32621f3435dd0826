"""Signing in: a signed cookie that names an API key, and the token that forms carry with it.

The cookie holds no key: its id, a random text (nonce) and the time, signed. It is good for some
hours, and no longer than its key is accepted. Each form carries a token that only a page of this
service could know, as a browser may send a cookie along with a request that another page has made
(cross-site request forgery).

https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import secrets
from functools import cached_property
from pathlib import Path

from flask import Request
from itsdangerous import BadSignature, Signer, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from creditscore.files import atomic_write

#: What the name of the cookie begins with.
COOKIE = "creditscore_session"

#: Seconds after which the key has to be entered again, however busy the session was.
LIFETIME_S = 8 * 60 * 60

#: Where a request carries the token: a field of a form, or a header of a script's request.
TOKEN_FIELD, TOKEN_HEADER = "csrf_token", "X-CSRF-Token"

#: The file of the secret, if no setting has it; random bytes of the secret and of a nonce.
SECRET_NAME = "session_secret"
SECRET_BYTES, NONCE_BYTES = 32, 16

#: What the file holds: so many bytes in base64.
WRITTEN_SECRET = re.compile(r"[\w-]{43}\s*", re.ASCII)

#: What is signed or hashed: the three must not be mistaken for one another.
COOKIE_SALT, TOKEN_SALT, NAME_SALT = "creditscore.session", "creditscore.form", "creditscore.name"


class Sessions:
    """Issues and checks the cookies of those who have signed in.

    Parameters
    ----------
    secret : str or None
        That cookies are signed with; None to keep one in a file.
    folder : Path
        Where that file is made at the first sign-in. All processes of a service share it.
    """

    def __init__(self, secret: str | None, folder: Path) -> None:
        self._secret_setting, self._path = secret, folder / SECRET_NAME

    def issue(self, key_id: str) -> str:
        """Return the cookie of a new session.

        Raises
        ------
        OSError
            If the secret can neither be read nor made.
        """
        if not self._secret_setting and not self._path.exists():
            _make_secret(self._path)
        return str(self._cookies.dumps([key_id, secrets.token_urlsafe(NONCE_BYTES)]))

    @property
    def cookie_name(self) -> str:
        """The name of the cookie, by the secret; before there is one, no browser has the cookie.

        A browser sends a host's cookies to all of its ports (RFC 6265): with one name for all, who
        signs in to a service would be signed out of another one on the same machine.
        """
        try:
            return self._cookie_name
        except OSError:
            return COOKIE

    def cookie_of(self, request: Request) -> str:
        """Return the cookie that a request carries; empty for none."""
        return request.cookies.get(self.cookie_name, "")

    def key_of(self, cookie: str) -> str | None:
        """Return the id of the key that a cookie was issued for; None if it is not ours, or old."""
        try:
            key_id, _ = self._cookies.loads(cookie, max_age=LIFETIME_S)
        except (BadSignature, OSError):
            # Without the file of the secret, no cookie can be from here.
            return None
        return str(key_id)

    def token_of(self, cookie: str) -> str:
        """Return the token that the forms of a session carry."""
        return self._tokens.get_signature(cookie).decode()

    def is_token(self, cookie: str, token: str) -> bool:
        """Return whether a token is that of a session, in constant time."""
        return self._tokens.verify_signature(cookie, token.encode())

    @cached_property
    def _secret(self) -> str:
        secret = self._secret_setting or self._path.read_text(encoding="ascii", errors="replace")
        if not self._secret_setting and not WRITTEN_SECRET.fullmatch(secret):
            # Anyone could sign with that of an empty file.
            raise OSError(0, "holds no secret; delete it, and a new one is made", str(self._path))
        return secret

    @cached_property
    def _cookie_name(self) -> str:
        return f"{COOKIE}_{hashlib.sha256((NAME_SALT + self._secret).encode()).hexdigest()[:8]}"

    @cached_property
    def _cookies(self) -> URLSafeTimedSerializer:
        signing = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
        return URLSafeTimedSerializer(self._secret, salt=COOKIE_SALT, signer_kwargs=signing)

    @cached_property
    def _tokens(self) -> Signer:
        return Signer(
            self._secret, salt=TOKEN_SALT, key_derivation="hmac", digest_method=hashlib.sha256
        )


def _make_secret(path: Path) -> None:
    """Write a new secret; of two processes that do so at once, the first one's counts."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError), atomic_write(path, overwrite=False) as file:
        file.write(secrets.token_urlsafe(SECRET_BYTES).encode())


def set_cookie(answer: Response, request: Request, name: str, cookie: str) -> None:
    """Sign a browser in: its scripts cannot read the cookie, and no other site can send it.

    It ends with the browser, or when its time is over.
    """
    answer.set_cookie(name, cookie, httponly=True, samesite="Strict", secure=_is_encrypted(request))


def delete_cookie(answer: Response, request: Request, name: str) -> None:
    """Sign a browser out."""
    answer.delete_cookie(name, httponly=True, samesite="Strict", secure=_is_encrypted(request))


def _is_encrypted(request: Request) -> bool:
    """Return whether the browser uses HTTPS, perhaps up to a proxy in front."""
    return request.is_secure or request.headers.get("Origin", "").startswith("https://")


def local_path(text: str) -> str:
    """Return an address if it is a path of this service; the start page for any other.

    Browsers read `//host` and a backslash as another host, and skip control characters.
    """
    local = text.startswith("/") and not text.startswith("//") and "\\" not in text
    return text if local and text.isprintable() and " " not in text else "/"
