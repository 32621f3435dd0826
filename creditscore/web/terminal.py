"""What a person at a terminal reads: log lines as text, and the address to open."""

from __future__ import annotations

import logging
import sys
from typing import IO, Any

import click

#: Addresses that stand for all of a machine's, for which no browser asks.
EVERY_ADDRESS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}


class TextLines(logging.Formatter):
    """Writes time, level and message on a line, below it a traceback, indented.

    Control characters are escaped: what is in an event begins no line of its own and commands no
    terminal.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Write one event."""
        members = getattr(record, "members", None)
        message = _request(members) if members else record.getMessage()
        lines = [f"{self.formatTime(record)} {record.levelname:<7} {message}"]
        if record.exc_info:
            lines += [f"  {line}" for line in self.formatException(record.exc_info).splitlines()]
        return "\n".join(map(_printable, lines))


def is_terminal(stream: IO[str]) -> bool:
    """Tell whether a person reads a stream."""
    return hasattr(stream, "isatty") and stream.isatty()


def show_address(host: str, port: int, *, tls: bool = False) -> None:
    """Print where to open the service, if it was started in a terminal."""
    if is_terminal(sys.stderr):
        host = EVERY_ADDRESS.get(host, host)
        name = f"[{host}]" if ":" in host else host
        scheme = "https" if tls else "http"
        click.echo(f"\nOpen {scheme}://{name}:{port} - Ctrl+C stops", err=True)


def _request(members: dict[str, Any]) -> str:
    """Write what was asked and answered first, all else behind it with its name."""
    rest = dict(members)
    first = [str(rest.pop(name)) for name in ("method", "route", "status") if name in rest]
    return " ".join([*first, *(f"{name}={value}" for name, value in rest.items())])


def _printable(text: str) -> str:
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
