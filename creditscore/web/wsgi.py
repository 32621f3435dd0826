"""WSGI (PEP 3333): call an application with a whole request, as `asgi` does; read a body twice."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

#: Bytes of an answer that are sent at once, for which a client that reads slowly has its time.
PIECE = 64 * 1024

#: The header of an answer whose parts are sent as they come; nginx heeds it too.
UNBUFFERED = ("X-Accel-Buffering", "no")


class Answer(NamedTuple):
    """Status, headers, the body's first piece, and its other ones if that is a long one.

    All pieces but the last are at least `min_size` bytes long.
    """

    status: int
    headers: Sequence[tuple[str, str]]
    piece: bytes
    rest: Generator[bytes]
    min_size: int = PIECE


def answer_of(app: WSGIApplication, environ: WSGIEnvironment) -> Answer:
    """Call an application, and read the first piece of its answer."""
    start: list[Any] = []

    def start_response(*arguments: Any) -> Callable[[bytes], object]:
        start[:] = arguments
        return start.append

    body = app(environ, start_response)
    min_size = 1 if UNBUFFERED in start[1] else PIECE
    rest = pieces_of(body, min_size)
    first = next(rest)
    if len(first) < min_size:
        rest.close()
    return Answer(int(start[0][:3]), start[1], first, rest, min_size)


def pieces_of(body: Iterable[bytes], min_size: int = PIECE) -> Generator[bytes]:
    """Yield a WSGI body in pieces, all but the last, which may be empty, long; and close it."""
    try:
        parts, size = [], 0
        for part in body:
            parts.append(part)
            size += len(part)
            if size >= min_size:
                yield b"".join(parts)
                parts, size = [], 0
        yield b"".join(parts)
    finally:
        getattr(body, "close", lambda: None)()


def put_back(environ: WSGIEnvironment, body: bytes) -> None:
    """Let what reads the body next get it whole."""
    environ["wsgi.input"] = BytesIO(body)


def environ_of(scope: dict[str, Any], body: BytesIO) -> WSGIEnvironment:
    """Return what WSGI knows of a request (PEP 3333)."""
    path = scope["raw_path"]
    if not path.startswith(b"/"):  # a whole address, as proxies are asked for
        path = b"/" + path.partition(b"://")[2].partition(b"/")[2]
    environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": (scope.get("server") or ("", None))[0],
        "SERVER_PORT": str((scope.get("server") or ("", ""))[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": (scope.get("client") or ("",))[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").upper().replace("-", "_"), value.decode("latin-1")
        key = key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    return environ
