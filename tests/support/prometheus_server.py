"""A real Prometheus on loopback, set up with the project's own files."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from answers import PROJECT
from live_server import free_port
from skips import skip_or_fail
from waiting import wait_until

FILES = PROJECT / "deploy" / "prometheus"
#: Stand in the files for where the service is, and for its key.
TARGET, KEY_FILE = "creditscore:8000", "/run/scrape/key"


class Prometheus:
    """One that runs."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/api/v1"

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Give the samples of a query, as of now."""
        return list(self._ask("query", query=expression)["result"])

    def firing(self) -> set[str]:
        """Give the names of the alerts that fire."""
        alerts = self._ask("alerts")["alerts"]
        return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}

    def _ask(self, path: str, **values: str) -> Any:
        url = f"{self._url}/{path}?{urllib.parse.urlencode(values)}"
        with urllib.request.urlopen(url, timeout=20) as answer:
            return json.load(answer)["data"]


def find(program: str) -> str:
    """Give the path of prometheus or promtool."""
    path = shutil.which(program)
    if path is None:
        skip_or_fail("prometheus", f"{program} is not installed (Debian's package: prometheus)")
    return path


@contextlib.contextmanager
def running_prometheus(service_port: int, key: Path, folder: Path) -> Iterator[Prometheus]:
    """Run it with the files of deploy/prometheus, on this service, each second and at once."""
    program, port = find("prometheus"), free_port()
    for file in FILES.iterdir():
        text = file.read_text(encoding="utf-8")
        text = text.replace(TARGET, f"127.0.0.1:{service_port}").replace(KEY_FILE, str(key))
        # No test waits minutes for an alert: promtool looks at that.
        lines = (line for line in text.splitlines() if not line.startswith("        for: "))
        text = "\n".join(lines).replace("_interval: 15s", "_interval: 1s")
        (folder / file.name).write_text(text, encoding="utf-8")
    options = [f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder}/data"]
    options += [f"--web.listen-address=127.0.0.1:{port}"]
    prometheus = Prometheus(port)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, *options], stdout=log, stderr=log)
    try:
        wait_until(lambda: process.poll() is not None or _answers(prometheus))
        if process.poll() is not None:
            pytest.fail(f"Prometheus did not start:\n{(folder / 'log').read_text()}")
        yield prometheus
    finally:
        process.terminate()
        process.wait(timeout=60)


def _answers(prometheus: Prometheus) -> bool:
    with contextlib.suppress(OSError):
        return bool(prometheus.query("up"))
    return False
