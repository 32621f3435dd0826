"""What all drills share: the service under gunicorn, its database, the command line, the report."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import IO, Any
from urllib.request import urlopen

import psutil
from client_journal import LogComparison, compare_with_log
from clients import Clients
from database_servers import PostgresServer, running_postgres, schema_of_its_own
from live_server import free_port
from nginx_proxy import NAME, NoNginx, nginx_before

from creditscore.errors import DatabaseUnavailable

PROJECT = Path(__file__).resolve().parent.parent

WORKERS = 2

#: What the guide to operations tells a service of the proxy in front.
BEHIND_NGINX = {"CREDITSCORE_PROXIES": "1", "CREDITSCORE_HOSTS": NAME}

#: Seconds that a start may take, whatever else the machine does.
START_SECONDS = 60.0

#: Where Linux keeps files in memory, and the free bytes there that a drill needs.
MEMORY, MIN_FREE_BYTES = Path("/dev/shm"), 4 * 1024**3


class NoService(Exception):
    """The service does not come up."""


class Service:
    """The service under gunicorn, and who starts it again when it has died.

    Parameters
    ----------
    model_dir : Path
        Folder of a trained model.
    database_url : str
        Where it logs.
    fault : str or None
        A planted one.
    variables : mapping
        More of its environment.
    behind_nginx : bool
        Whether nginx stands in front, as the guide to operations has it: `port` is nginx's then.
    """

    def __init__(
        self,
        model_dir: Path,
        database_url: str,
        *,
        fault: str | None = None,
        variables: Mapping[str, str] | None = None,
        behind_nginx: bool = False,
    ) -> None:
        self._own_port = self.port = free_port()
        self.database_url = database_url
        self._fault = fault
        self._door = f"fault_injection:create_faulty_app({fault!r})" if fault else "app:app"
        # What it counts and limits is its own, and gone with it.
        self._runtime = tempfile.TemporaryDirectory(prefix="service-")
        self._variables = {
            **{name: value for name, value in os.environ.items() if "CREDITSCORE" not in name},
            "CREDITSCORE_MODEL_DIR": str(model_dir),
            "CREDITSCORE_DATABASE_URL": database_url,
            "CREDITSCORE_RUNTIME_DIR": self._runtime.name,
            "CREDITSCORE_RATE_LIMIT": "off",
            "CREDITSCORE_WHAT_IF_RATE_LIMIT": "off",
            **(BEHIND_NGINX if behind_nginx else {}),
            **(variables or {}),
        }
        self._behind_nginx = behind_nginx
        self._in_front = contextlib.ExitStack()
        self._master: psutil.Popen | None = None
        self._known_processes: set[psutil.Process] = set()
        self._printed: list[bytes] = []

    def __enter__(self) -> Service:
        """Start it."""
        try:
            if self._behind_nginx:
                folder = Path(self._runtime.name) / "nginx"
                folder.mkdir()
                self.port = self._in_front.enter_context(nginx_before(self._own_port, folder))
            self.start()
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it, orderly if it is able to, and leave no process of it."""
        if self._master is not None and self._master.is_running():
            self._master.terminate()
            with contextlib.suppress(psutil.TimeoutExpired):
                self._master.wait(timeout=20)
        self._leave()
        for line in self.printed().splitlines():
            if '"level": "error"' in line or not line.startswith("{"):
                print(line)

    def start(self) -> None:
        """Start it, as often as it takes, and wait until it has all its workers and answers.

        Raises
        ------
        NoService
            If it does not.
        """
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._master is None or self._master.poll() is not None:
                self._launch()
            if len(self.workers()) >= WORKERS and self.answers():
                return
            time.sleep(0.05)
        raise NoService(f"the service did not start:\n{self.printed()[-2000:]}")

    def answers(self) -> bool:
        """Tell whether it says that it can decide."""
        return bool(self.health())

    def health(self) -> dict[str, Any]:
        """Give what it says of itself; nothing if it is not well."""
        url = f"http://127.0.0.1:{self.port}/health"
        # Whatever goes wrong on the way, or in the answer, is an OSError or an HTTPException.
        with contextlib.suppress(OSError, HTTPException), urlopen(url, timeout=10) as answer:
            health: dict[str, Any] = json.loads(answer.read())
            return health
        return {}

    def master(self) -> psutil.Process:
        """Give gunicorn's first process."""
        assert self._master is not None
        return psutil.Process(self._master.pid)

    def workers(self) -> list[psutil.Process]:
        """Give the processes that answer."""
        if self._master is None or self._master.poll() is not None:
            return []
        workers: list[psutil.Process] = self._master.children()
        self._known_processes.update(workers)
        return workers

    def processes(self) -> list[psutil.Process]:
        """Give all its living processes, also those whose master has died."""
        workers = self.workers()
        masters = [self.master()] if workers else []
        orphans = self._known_processes - set(workers)
        return [process for process in (*masters, *workers, *orphans) if _lives(process)]

    def kill(self, processes: Sequence[psutil.Process]) -> None:
        """Kill processes at once, and wait until they are dead."""
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        while any(_lives(process) for process in processes):
            time.sleep(0.005)

    def kill_all(self) -> None:
        """Kill every process of it, as a machine does that loses its power."""
        while processes := self.processes():
            self.kill(processes)

    def printed(self) -> str:
        """Give what it printed so far."""
        return b"".join(self._printed).decode(errors="replace")

    def _leave(self) -> None:
        """Leave no process of it, and no file."""
        self.kill_all()
        self._in_front.close()
        self._runtime.cleanup()

    def _launch(self) -> None:
        command = ["gunicorn", "-c", "gunicorn.conf.py", "--bind", f"127.0.0.1:{self._own_port}"]
        command += ["--workers", str(WORKERS), "--pythonpath", "drills,tests/support"]
        if self._fault == "threads":
            # gunicorn's usual way: each slow client takes a thread.
            command += ["--worker-class", "gthread", "--threads", "8"]
        command += [self._door]
        self._master = psutil.Popen(
            [sys.executable, "-m", *command],
            cwd=PROJECT,
            env=self._variables,
            # A pipe, not a file: a drill may limit the size of the files that it writes.
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._known_processes.add(self.master())
        threading.Thread(target=self._keep, args=(self._master.stdout,), daemon=True).start()

    def _keep(self, output: IO[bytes]) -> None:
        with output:
            for line in output:
                self._printed.append(line)


def _lives(process: psutil.Process) -> bool:
    """Tell whether a process can still do something, which one that nobody reaped cannot."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@dataclass(frozen=True)
class Drill:
    """What a drill was asked for, and what is removed after it: a folder, perhaps PostgreSQL."""

    options: argparse.Namespace
    folder: Path
    database_url: str
    server: PostgresServer | None = None

    def service(self, **variables: str) -> Service:
        """Make the service that is drilled."""
        options = self.options
        return Service(
            options.model_dir,
            self.database_url,
            fault=options.fault,
            variables=variables,
            behind_nginx=options.behind == "nginx",
        )

    def applicants(self) -> list[dict[str, Any]]:
        """Give the applicants that every model brings along."""
        manifest = json.loads((self.options.model_dir / "manifest.json").read_text("utf-8"))
        return [golden["applicant"] for golden in manifest["golden"]]

    def bodies(self) -> list[bytes]:
        """Give a request about each of them."""
        return [json.dumps(applicant).encode() for applicant in self.applicants()]

    def clients(self, service: Service) -> Clients:
        """Make clients who ask about them."""
        return Clients(service.port, self.applicants(), seed=self.options.seed)

    def finish(self, clients: Clients, figures: str, *, fine: bool = True) -> int:
        """Hold the log against the answers, and report it with what else was measured."""
        comparison: LogComparison | str
        try:
            comparison = compare_with_log(clients.requests, self.database_url)
            fine = fine and comparison.holds
        except DatabaseUnavailable as error:
            comparison, fine = f"the log cannot be read: {error}", False
        return self.report(f"{figures}; {comparison}", fine=fine)

    def report(self, figures: str, *, fine: bool) -> int:
        """Print the last line, and give the exit status."""
        print(f"{'holds' if fine else 'FAILS'}, seed {self.options.seed}, {figures}")
        return 0 if fine else 1


def parser(
    description: str | None,
    *,
    faults: Sequence[str],
    databases: Sequence[str] = ("sqlite",),
    proxies: Sequence[str] = (),
) -> argparse.ArgumentParser:
    """Make a command line with the options that all drills have.

    Parameters
    ----------
    description : str or None
        What the drill does.
    faults, databases, proxies : sequence of str
        What may be planted, where the service may log, and what it may stand behind.
    """
    command_line = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    command_line.add_argument("--database", choices=databases, default=databases[0])
    command_line.add_argument("--model-dir", type=Path, default=PROJECT / "model")
    command_line.add_argument("--seed", type=int, default=1)
    command_line.add_argument("--fault", choices=faults, help="plant this one: the drill must fail")
    command_line.set_defaults(behind=None)
    if proxies:
        command_line.add_argument(
            "--behind", choices=proxies, help="set up in front as the guide has it"
        )
    return command_line


def run(
    drill: Callable[[Drill], int],
    options: argparse.Namespace,
    *,
    own_server: bool = False,
    in_memory: bool = False,
) -> int:
    """Run a drill with an empty database, and give the exit status.

    Parameters
    ----------
    own_server : bool
        Whether PostgreSQL is to be one that nobody else uses, though TEST_DATABASE_URL names one.
    in_memory : bool
        Whether SQLite's file is kept in memory where there is room for it. On a disk that others
        keep busy one write can take longer than a request may, whatever the drill does.
    """
    parent = MEMORY if in_memory and _has_room(MEMORY) else None
    server_url = "" if own_server else os.environ.get("TEST_DATABASE_URL", "")
    try:
        with _prepared(options, server_url, parent) as prepared:
            return drill(prepared)
    except (NoService, NoNginx) as error:
        print(f"FAILS, seed {options.seed}: {error}")
        return 1


@contextlib.contextmanager
def _prepared(options: argparse.Namespace, server_url: str, parent: Path | None) -> Iterator[Drill]:
    with contextlib.ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="drill-", dir=parent))
        folder = Path(name)
        if options.database == "sqlite":
            yield Drill(options, folder, f"sqlite:///{folder}/log/decisions.sqlite")
            return
        if server_url:
            url = stack.enter_context(schema_of_its_own(server_url))
            yield Drill(options, folder, url)
        else:
            server = stack.enter_context(running_postgres())
            yield Drill(options, folder, server.url, server)


def _has_room(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        return shutil.disk_usage(folder).free >= MIN_FREE_BYTES
    return False
