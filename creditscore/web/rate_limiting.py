"""Rate limits: a client that asks too often is refused, and every answer says how much is left.

A client is known by its API key, else by its network.

A token bucket for each client: it holds the limit, fills up evenly, and each request takes one.
The buckets lie in a small file that all processes map into memory, so that more workers allow no
more requests. It names no client: each is a keyed hash, whose key is made with the file.
"""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import logging
import math
import mmap
import os
import secrets
import struct
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from flask import Request, Response, g
from flask.ctx import _AppCtxGlobals

from creditscore.errors import DatabaseUnavailable
from creditscore.files import describe_access
from creditscore.settings import RateLimit, Settings
from creditscore.web.authentication import CREDENTIALS, Keys
from creditscore.web.problems import TooManyRequests

try:
    import fcntl
except ImportError:  # Windows, where one process serves
    fcntl = None  # type: ignore[assignment]


#: Bits of an IPv6 address that a network shares: everybody has more addresses there than could be
#: counted.
NETWORK_BITS = 64

#: Buckets of a group, one of which is a client's, and groups. Where more clients ask at the same
#: moment than there are buckets, the one that was longest untouched is given away.
WAYS, GROUPS = 8, 4096

BUCKET = struct.Struct("<Qdd")
SECRET_BYTES = 32
GROUP_BYTES = WAYS * BUCKET.size
FILE_BYTES = SECRET_BYTES + GROUPS * GROUP_BYTES

NAME = "rate_limits"


class RateLimitResult(NamedTuple):
    """What the account says of one request.

    Attributes
    ----------
    allowed : bool
        Whether it may pass.
    remaining : int
        Requests that may follow at once.
    reset : float
        Seconds until the bucket is full again.
    wait : float
        Seconds until another one may pass; 0 if it may now.
    """

    allowed: bool
    remaining: int
    reset: float
    wait: float


class Limits:
    """The limits of a service: of all requests, and of explorations among them."""

    def __init__(self, settings: Settings, keys: Keys) -> None:
        self._keys = keys
        self._all, self._what_if = settings.rate_limit, settings.what_if_rate_limit
        self._account = _open(settings.runtime_dir) if self._all or self._what_if else None

    def admit(self, request: Request, values: _AppCtxGlobals) -> None:
        """Let a request pass, or raise `TooManyRequests`."""
        self._judge("all", self._all, request, values)

    def admit_what_if(self, request: Request) -> None:
        """Let an exploration pass, or raise `TooManyRequests`."""
        self._judge("what-if", self._what_if, request, g)

    def _judge(
        self, name: str, limit: RateLimit | None, request: Request, values: _AppCtxGlobals
    ) -> None:
        if self._account is None or limit is None:
            return
        client = self._key(request) or client_network(request)
        result = self._account.take(f"{name} {client}", limit, now=time.time())
        # draft-ietf-httpapi-ratelimit-headers
        values.rate_headers = [
            ("RateLimit-Policy", f'"{name}";q={limit.requests};w={limit.seconds}'),
            ("RateLimit", f'"{name}";r={result.remaining};t={math.ceil(result.reset)}'),
        ]
        if not result.allowed:
            raise TooManyRequests(str(limit), result.wait)

    def _key(self, request: Request) -> str | None:
        """Return the id of the API key; none for a wrong one, which counts for its address."""
        if CREDENTIALS.isdisjoint(request.environ):
            return None
        try:
            return self._keys.look_at(request).key_id
        except DatabaseUnavailable:
            # Routes that need no key can do without; the others will say what is wrong.
            return None


def client_network(request: Request) -> str:
    """Return the network that a request comes from: an IPv4 address, or a number for IPv6."""
    address: str = request.environ.get("REMOTE_ADDR", "")
    # Some proxies name a port behind it: 192.0.2.1:50123, [2001:db8::1]:50123.
    bracketed, _, _ = address.removeprefix("[").partition("]")
    address = address.partition(":")[0] if address.count(":") == 1 else bracketed
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
    answer.headers.extend(values.get("rate_headers", ()))


def _open(folder: Path) -> RateLimits:
    try:
        return RateLimits(folder)
    except OSError as error:
        # Processes that fork from this one still share it.
        temporary_folder = Path(tempfile.mkdtemp(prefix="creditscore-"))
        logging.getLogger(__name__).warning(
            "rate limits are kept in %s, as %s cannot be used: %s",
            temporary_folder,
            folder,
            describe_access(folder) or error.strerror,
        )
        return RateLimits(temporary_folder)


class RateLimits:
    """The buckets of all clients.

    Parameters
    ----------
    folder : Path
        Where the file is kept; made if it is not there.

    Raises
    ------
    OSError
        If the file cannot be had.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._guard = threading.Lock()
        self._process = 0
        self._open()

    def take(self, client: str, limit: RateLimit, *, now: float) -> RateLimitResult:
        """Take one request out of a client's bucket, if there is one left.

        Parameters
        ----------
        client : str
            The client, and what it asks for: each text has a bucket of its own.
        limit : RateLimit
            What the bucket holds.
        now : float
            Seconds of a clock that all processes share. Set back, it empties no bucket for longer
            than a full one takes to fill.
        """
        with self._guard:
            if self._process != os.getpid():
                self._open()
            digest = hashlib.blake2b(client.encode(), digest_size=8, key=self._secret).digest()
            name = int.from_bytes(digest, "little") or 1
            begin = SECRET_BYTES + name % GROUPS * GROUP_BYTES
            with _locked(self._file, begin):
                return self._take(begin, name, limit, now)

    def _take(self, begin: int, name: int, limit: RateLimit, now: float) -> RateLimitResult:
        """Take from one group. A bucket is what was in it, and when."""
        offsets = range(begin, begin + GROUP_BYTES, BUCKET.size)
        buckets = [BUCKET.unpack_from(self._map, offset) for offset in offsets]
        rate, tokens = limit.requests / limit.seconds, float(limit.requests)
        slot = next((i for i, (owner, _, _) in enumerate(buckets) if owner == name), None)
        if slot is None:
            slot = min(range(WAYS), key=lambda i: buckets[i][2])
        else:
            _, tokens_before, moment = buckets[slot]
            # A clock that was set back by more than a bucket takes to fill begins again.
            if now >= moment - limit.seconds:
                tokens = min(tokens, tokens_before + max(0.0, now - moment) * rate)
        # A hair's breadth, as sums of fractions miss the whole by one.
        allowed = tokens >= 1 - 1e-6
        if allowed:
            tokens = max(0.0, tokens - 1)
            BUCKET.pack_into(self._map, offsets[slot], name, tokens, now)
        reset = (limit.requests - tokens) / rate
        wait = 0.0 if allowed else (1 - tokens) / rate
        return RateLimitResult(allowed, math.floor(tokens + 1e-6), reset, wait)

    def _open(self) -> None:
        """Map the file; each process for itself, as a lock belongs to the one that opened it."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self._path.exists():
            _create(self._path)
        self._file = os.open(self._path, os.O_RDWR)
        weakref.finalize(self, os.close, self._file)
        if os.fstat(self._file).st_size != FILE_BYTES:
            raise OSError(0, "is not what was expected; delete it", str(self._path))
        self._map = mmap.mmap(self._file, FILE_BYTES)
        self._secret = self._map[:SECRET_BYTES]
        self._process = os.getpid()


@contextlib.contextmanager
def _locked(file: int, begin: int) -> Iterator[None]:
    """Keep the other processes from a group of buckets."""
    if fcntl is None:
        yield
        return
    fcntl.lockf(file, fcntl.LOCK_EX, GROUP_BYTES, begin)
    try:
        yield
    finally:
        fcntl.lockf(file, fcntl.LOCK_UN, GROUP_BYTES, begin)


def _create(path: Path) -> None:
    """Make an empty account; of two processes that do so at once, the first one's counts."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.") as file:
        file.write(secrets.token_bytes(SECRET_BYTES) + bytes(FILE_BYTES - SECRET_BYTES))
        file.flush()
        with contextlib.suppress(FileExistsError):
            os.link(file.name, path)
