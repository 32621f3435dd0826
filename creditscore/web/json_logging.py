"""Log lines as JSON, one to an event: whatever is in it, it cannot begin a line of its own."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import g, has_request_context

from creditscore.decisions.assessor import timestamp
from creditscore.web.authentication import CALLER, Caller
from creditscore.web.headers import REQUEST_ID, ROUTE
from creditscore.web.metrics import METHODS
from creditscore.web.terminal import TextLines, is_terminal

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class JsonLines(logging.Formatter):
    """Writes time, level, who says it and what; of a request its id, of a surprise its traceback.

    A record's attribute `members` becomes members of the line, as those of the access log.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Write one line."""
        moment = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": timestamp(moment),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        members = getattr(record, "members", None)
        line |= members or {"message": record.getMessage()}
        if "request_id" not in line and has_request_context() and "request_id" in g:
            line["request_id"] = g.request_id
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


def log_request(environ: WSGIEnvironment, status: int, seconds: float) -> None:
    """Log a request, if gunicorn is to, by its route: a path may hold what its client likes.

    Of its API key the line has the id, or that it is none of ours; never the key.
    """
    access = logging.getLogger("gunicorn.access")
    if access.handlers:
        method = environ["REQUEST_METHOD"]
        members = {
            "request_id": environ.get(REQUEST_ID, ""),
            "method": method if method in METHODS else "other",
            "route": environ.get(ROUTE, "other"),
            "status": status,
            "milliseconds": int(seconds * 1000),
        }
        # Absent where no route, and no limit, had to know.
        caller: Caller | None = environ.get(CALLER)
        if caller is not None and caller.key_id is not None:
            members["key_id"] = caller.key_id
        elif caller is not None and caller.key_failed:
            members["key_failed"] = True
        access.info("", extra={"members": members})


def format_lines(logger: logging.Logger) -> None:
    """Choose how a logger's own handlers, or one that it gets, write: JSON, on a terminal text."""
    if not logger.handlers:
        logger.addHandler(logging.StreamHandler())
    for handler in logger.handlers:
        terminal = isinstance(handler, logging.StreamHandler) and is_terminal(handler.stream)
        handler.setFormatter(TextLines() if terminal else JsonLines())
