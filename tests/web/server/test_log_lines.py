"""What the service writes of itself: text for a person at a terminal, JSON for all others."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from answers import PROJECT
from live_server import LiveServer, free_port, gunicorn, variables_of
from terminal import in_terminal
from waiting import wait_until

from creditscore.web.json_logging import format_lines

TEXT_LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (INFO|WARNING|ERROR) +\S")


class Screen(io.StringIO):
    """A stream that says of itself that it is a terminal."""

    def isatty(self) -> bool:
        return True


def logger_on(stream: io.StringIO) -> logging.Logger:
    """Return a logger that writes to a stream."""
    logger = logging.Logger("the service")
    logger.addHandler(logging.StreamHandler(stream))
    format_lines(logger)
    return logger


@pytest.mark.parametrize("server", ["gunicorn", "app.py"])
def test_a_start_in_a_terminal_is_told_in_text_and_ends_with_the_address_to_open(
    server: str, model_dir: Path, tmp_path: Path
) -> None:
    port = free_port()
    command = gunicorn(sys.executable, f"127.0.0.1:{port}")
    if server == "app.py":
        command = [sys.executable, "app.py", "--port", str(port)]

    with in_terminal(command, cwd=PROJECT, variables=variables_of(model_dir, tmp_path)) as terminal:
        output = terminal.read_until("stops\n")

    *log, empty, last = output.splitlines()
    assert last == f"Open http://127.0.0.1:{port} - Ctrl+C stops"
    assert empty == ""
    assert log
    assert all(TEXT_LINE.match(line) for line in log), log
    assert terminal.output.count("Ctrl+C stops") == 1


def test_where_there_is_no_terminal_every_line_is_json(server: LiveServer) -> None:
    server.ask("GET", "/health", headers={"X-Request-ID": "of-the-test-of-lines"})
    assert wait_until(lambda: "of-the-test-of-lines" in server.printed())

    lines = [json.loads(line) for line in server.printed().splitlines()]
    assert all({"time", "level"} <= line.keys() for line in lines)
    assert "Ctrl+C" not in server.printed()


def test_a_request_is_one_line_of_text() -> None:
    stream = Screen()
    members = {"request_id": "r-1", "method": "GET", "route": "/x", "status": 200, "caller": "k"}

    logger_on(stream).info("", extra={"members": members})

    assert stream.getvalue().endswith(" INFO    GET /x 200 request_id=r-1 caller=k\n")


def test_an_event_begins_no_line_of_its_own_and_commands_no_terminal() -> None:
    stream = Screen()

    try:
        raise ValueError("a\n2026-01-01 forged\x1b[2J")
    except ValueError:
        logger_on(stream).exception("b\r\n2026-01-01 forged \x1b]0;title\x07 ké")

    first, *traceback_lines = stream.getvalue().splitlines()
    assert first.endswith(r"b\r\n2026-01-01 forged \x1b]0;title\x07 ké")
    assert all(line.startswith("  ") for line in traceback_lines)
    assert "\x1b" not in stream.getvalue()


def test_a_wildcard_address_is_shown_as_one_that_a_browser_opens(tmp_path: Path) -> None:
    code = "from creditscore.web.terminal import show_address as a; a('::', 1); a('0.0.0.0', 2)"

    with in_terminal(
        [sys.executable, "-c", code], cwd=PROJECT, variables={**os.environ}
    ) as terminal:
        output = terminal.read_all()
    piped = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, check=True
    )

    assert re.findall(r"http://\S+", output) == ["http://[::1]:1", "http://127.0.0.1:2"]
    assert piped.stderr == b""
