"""A real gunicorn on loopback, and a client that may send whatever bytes it likes."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from answers import PROJECT, Answer
from service_settings import log_in
from waiting import wait_until


class LiveServer:
    """A running service, and what it prints."""

    def __init__(self, port: int, log: Path, process: subprocess.Popen[bytes]) -> None:
        self.port = port
        self._process = process
        self.url = f"http://127.0.0.1:{port}"
        self._log = log

    def printed(self) -> str:
        """Give all that it printed so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def pid(self) -> int:
        """Give the number of its first process."""
        return self._process.pid

    def signal(self, number: int) -> None:
        """Send a signal to its first process."""
        self._process.send_signal(number)

    def status(self) -> int:
        """Wait for its end, and give its exit status."""
        return self._process.wait(timeout=45)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send a request as a library does."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers or {})
            return read_response(connection.getresponse())

    def send(self, *pieces: bytes, hang_up: bool = False) -> Answer | None:
        """Send bytes in pieces, and give the answer; None if the server says nothing.

        With `hang_up` no more bytes can follow, as after a client has died.
        """
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            # A server may answer, and close, before it has everything.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                for piece in pieces:
                    connection.sendall(piece)
                if hang_up:
                    connection.shutdown(socket.SHUT_WR)
            response = http.client.HTTPResponse(connection)
            try:
                response.begin()
            except ConnectionResetError:
                # Among them is the library's own error for an end without a word.
                return None
            return read_response(response)


@contextlib.contextmanager
def serving(
    model_dir: Path,
    folder: Path,
    *,
    port: int | None = None,
    host: str = "127.0.0.1",
    command: Sequence[str] = (),
    cwd: Path = PROJECT,
    **variables: str,
) -> Iterator[LiveServer]:
    """Run the service until the block ends: as manage.py does, or with another command.

    It is on a free port, unless the command names one. At the end it is killed: to wait until each
    client has been told would take two seconds a service, and no test is about that.
    """
    if os.name == "nt" and not command:
        pytest.skip("gunicorn does not run on Windows")
    port = free_port() if port is None else port
    log = folder / f"{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command or gunicorn(sys.executable, f"{host}:{port}"),
            cwd=cwd,
            env={**variables_of(model_dir, folder), **variables},
            stdout=output,
            stderr=output,
            process_group=None if command else 0,
        )
    server = LiveServer(port, log, process)
    try:
        _wait(server, process)
        yield server
    finally:
        if not command and process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def gunicorn(python: str, address: str) -> list[str]:
    """Give the command that manage.py ends with."""
    return [python, "-m", "gunicorn", "-c", "gunicorn.conf.py", "--bind", address, "app:app"]


def variables_of(model_dir: Path, folder: Path) -> dict[str, str]:
    """Give the environment of a service: its model, its log in a folder, and no other settings."""
    inherited = {name: value for name, value in os.environ.items() if "CREDITSCORE" not in name}
    return inherited | {
        "CREDITSCORE_MODEL_DIR": str(model_dir),
        "CREDITSCORE_DATABASE_URL": log_in(folder),
        "CREDITSCORE_RUNTIME_DIR": str(folder / "run"),
        "CREDITSCORE_RATE_LIMIT": "off",
        "CREDITSCORE_WHAT_IF_RATE_LIMIT": "off",
    }


def free_port() -> int:
    """Give a port that is free."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _wait(server: LiveServer, process: subprocess.Popen[bytes]) -> None:
    def ended_or_well() -> bool:
        with contextlib.suppress(ConnectionError):
            return process.poll() is not None or server.ask("GET", "/health").status == 200
        return False

    if not wait_until(ended_or_well) or process.poll() is not None:
        pytest.fail(f"the server did not start:\n{server.printed()}")


def read_response(response: http.client.HTTPResponse) -> Answer:
    """Take over an answer of the standard library's client."""
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, response.read())
