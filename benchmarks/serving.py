"""Time the service over HTTP, beside the naive design and beside Flask itself.

.venv/bin/python benchmarks/serving.py [--rounds 5] [--seconds 2] [--only NAME ...]

Needs wrk (Debian's package), a model in model/, and for PostgreSQL the test dependencies or
TEST_DATABASE_URL. Every service runs under gunicorn with the same gunicorn.conf.py, two processes;
rounds are interleaved; rates are means of them, times are medians. All share the machine with the
load, so only ratios mean something.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pickle
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import psutil
from database_servers import running_postgres, schema_of_its_own
from live_server import free_port
from sklearn.ensemble import RandomForestClassifier

from benchmarks.command_line import make_parser
from benchmarks.forests import grow_forest
from benchmarks.serving_apps import FIELDS, PICKLE
from benchmarks.serving_report import Figures, judge, report
from creditscore.folders import SAMPLE_DATA, SAMPLE_SCHEMA, WORKING_FOLDER
from creditscore.schema.reader import load_schema
from creditscore.training import dataset

APPLICANT = {"LIMIT_BAL": 30000, "SEX": 1, "EDUCATION": 2, "MARRIAGE": 2, "AGE": 25}

#: Applicants of the array that is sent, and how often it is in each round.
ARRAY_ROWS, ARRAYS = 1000, 10

#: What the log writes for each of them.
ROW_BYTES = 1500

NAMES = ("constant", "naive", "memory", "sqlite", "postgresql")

NAIVELY = ["--workers", "2", "--threads", "4", "--config", "python:benchmarks.no_config"]

DOORS = {
    "constant": "benchmarks.serving_apps:constant()",
    "naive": "benchmarks.serving_apps:naive()",
    "memory": "benchmarks.serving_apps:in_memory()",
}


@dataclass
class Service:
    """A service under gunicorn."""

    name: str
    variables: dict[str, str]
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it decides."""
        return f"http://127.0.0.1:{self.port}/predict"

    def start(self) -> float:
        """Start it, and give the seconds until its first decision."""
        start = time.perf_counter()
        command = ["gunicorn", "--bind", f"127.0.0.1:{self.port}", "--access-logfile", os.devnull]
        # The naive design as it is run: gunicorn's own way to start, as many workers and threads.
        floor = "benchmarks/floor_config.py" if self.name == "constant" else "gunicorn.conf.py"
        command += NAIVELY if self.name == "naive" else ["-c", floor]
        self.process = subprocess.Popen(
            [sys.executable, "-m", *command, DOORS.get(self.name, "app:app")],
            cwd=WORKING_FOLDER,
            env={**os.environ, **self.variables, "PYTHONDONTWRITEBYTECODE": ""},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while time.perf_counter() - start < 60:
            if self.process.poll() is not None:
                raise SystemExit(f"{self.name} did not start")
            try:
                self.ask(json.dumps(APPLICANT).encode())
            except HTTPError as error:
                text = error.read().decode(errors="replace")
                raise SystemExit(f"{self.name} answers {error.code}: {text}") from None
            except (URLError, ConnectionError):
                time.sleep(0.005)
            else:
                return time.perf_counter() - start
        raise SystemExit(f"{self.name} does not answer")

    def stop(self) -> None:
        """Stop it."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=40)

    def ask(self, body: bytes) -> None:
        """Ask for decisions; what they are is the tests' matter."""
        request = Request(self.url, body, {"Content-Type": "application/json"})
        with urlopen(request, timeout=60) as answer:
            answer.read()

    def memory(self) -> float:
        """Give the mean resident MiB of a worker."""
        assert self.process is not None
        workers = psutil.Process(self.process.pid).children()
        return float(sum(worker.memory_info().rss for worker in workers)) / len(workers) / 2**20


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print the table."""
    options = read_options(arguments)
    if shutil.which("wrk") is None:
        print("wrk is not installed: apt-get install wrk", file=sys.stderr)
        return 2
    figures = {name: Figures() for name in options.only}
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="serving-")))
        services = [
            Service(name, stack.enter_context(variables(name, folder, options.model_dir)))
            for name in options.only
        ]
        floor = []
        for _ in range(options.rounds):
            for service in services:
                measure(service, figures[service.name], folder, options.seconds)
            floor.append(commit_floor(folder))
        array = median(array_floor(folder) for _ in range(ARRAYS))
    report(figures)
    print(f"\nSQLite's floor on this disk: {median(floor):.0f} commits per second")
    print(f"SQLite's floor for the rows of an array: {array * 1000:.1f} ms, without the service")
    return 0 if judge(figures) else 1


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__, needs_model=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of each load")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES)
    return parser.parse_args(arguments)


@contextlib.contextmanager
def variables(name: str, folder: Path, model_dir: Path) -> Iterator[dict[str, str]]:
    """Prepare what a service needs, and give its environment."""
    if name == "naive":
        path = folder / "model.pkl"
        path.write_bytes(pickle.dumps(naive_forest()))
        yield {PICKLE: str(path)}
        return
    # All on, but one client may ask as often as it can.
    unlimited = "999999999/second"
    common = {
        "CREDITSCORE_MODEL_DIR": str(model_dir),
        "CREDITSCORE_RUNTIME_DIR": str(folder / name / "run"),
        "CREDITSCORE_RATE_LIMIT": unlimited,
    }
    if name == "postgresql":
        server_url = os.environ.get("TEST_DATABASE_URL", "")
        with contextlib.ExitStack() as stack:
            server = server_url or stack.enter_context(running_postgres()).url
            url = stack.enter_context(schema_of_its_own(server))
            yield {**common, "CREDITSCORE_DATABASE_URL": url}
        return
    yield {**common, "CREDITSCORE_DATABASE_URL": f"sqlite:///{folder}/{name}/log.sqlite"}


def naive_forest() -> RandomForestClassifier:
    """Fit the same forest as ours, as scikit-learn holds it."""
    schema = load_schema(SAMPLE_SCHEMA)
    rows = dataset.load(SAMPLE_DATA, schema)
    return grow_forest(rows, FIELDS, schema, "application", seed=1)


def measure(service: Service, figures: Figures, folder: Path, seconds: int) -> None:
    """Start a service, load it in all ways, and stop it."""
    figures.starts.append(service.start())
    try:
        load(service, 8, folder, min(seconds, 1))
        rate, latency = load(service, 1, folder, seconds)
        figures.rates.setdefault(1, []).append(rate)
        figures.latencies.append(latency)
        for connections in (8, 32):
            rate, _ = load(service, connections, folder, seconds)
            figures.rates.setdefault(connections, []).append(rate)
        if service.name != "constant":
            array = json.dumps(invent_array()).encode()
            for _ in range(ARRAYS):
                start = time.perf_counter()
                service.ask(array)
                figures.arrays.append(time.perf_counter() - start)
        figures.memory.append(service.memory())
    finally:
        service.stop()


def invent_array() -> list[dict[str, int]]:
    """Make an array in which no two applicants are the same."""
    return [
        APPLICANT | {"AGE": 21 + index % 50, "LIMIT_BAL": 10_000 * (1 + index // 50)}
        for index in range(ARRAY_ROWS)
    ]


@contextlib.contextmanager
def durable_file(path: Path) -> Iterator[sqlite3.Connection]:
    """Open an SQLite file that is as sure to keep what is committed as the log is."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("PRAGMA journal_mode = TRUNCATE")
        file.execute("PRAGMA synchronous = FULL")
        yield file


def commit_floor(folder: Path) -> float:
    """Commit single rows as the log does, and give how many go to the disk in a second."""
    with durable_file(folder / "floor.sqlite") as file:
        file.execute("CREATE TABLE IF NOT EXISTS rows (number INTEGER PRIMARY KEY, content TEXT)")
        start, commits = time.perf_counter(), 0
        while time.perf_counter() - start < 1:
            file.execute("INSERT INTO rows (content) VALUES (?)", ("x" * ROW_BYTES,))
            commits += 1
        return commits / (time.perf_counter() - start)


def array_floor(folder: Path) -> float:
    """Log the rows of an array with nothing around it, and give the seconds until they are kept.

    They are as long as the log's, and have its key and no other index, and no trigger.
    """
    rows = [(os.urandom(18).hex(), "x" * ROW_BYTES) for _ in range(ARRAY_ROWS)]
    with durable_file(folder / "array.sqlite") as file:
        file.execute("CREATE TABLE IF NOT EXISTS rows (id TEXT PRIMARY KEY, content TEXT)")
        start = time.perf_counter()
        file.execute("BEGIN IMMEDIATE")
        file.executemany("INSERT INTO rows VALUES (?, ?)", rows)
        file.execute("COMMIT")
        return time.perf_counter() - start


def load(service: Service, connections: int, folder: Path, seconds: int) -> tuple[float, float]:
    """Ask without a pause; give requests per second and the median seconds of an answer."""
    script = folder / "post.lua"
    script.write_text(
        'wrk.method = "POST"\n'
        'wrk.headers["Content-Type"] = "application/json"\n'
        f"wrk.body = '{json.dumps(APPLICANT)}'\n"
    )
    command: list[str | Path] = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    command += ["-s", script, service.url]
    output = subprocess.run(command, capture_output=True, text=True, check=True)
    if "Non-2xx" in output.stdout:
        raise SystemExit(f"{service.name} refused requests:\n{output.stdout}")
    rate = re.search(r"Requests/sec:\s+([0-9.]+)", output.stdout)
    half = re.search(r"50%\s+([0-9.]+)(us|ms|s)", output.stdout)
    assert rate, output.stdout
    assert half, output.stdout
    return float(rate[1]), float(half[1]) * {"us": 1e-6, "ms": 1e-3, "s": 1.0}[half[2]]


if __name__ == "__main__":
    sys.exit(main())
