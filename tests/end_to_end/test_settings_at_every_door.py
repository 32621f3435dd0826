"""The settings file of a project, read by each of its doors, started for real."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from answers import PROJECT
from live_server import free_port
from skips import skip_or_fail
from waiting import wait_until

APPLICANT = {"LIMIT_BAL": 30000, "SEX": 1, "EDUCATION": 2, "MARRIAGE": 2, "AGE": 26}
KEY, OTHER_KEY = "the-key-of-the-file", "the-key-of-the-environment"
ON_POSIX = pytest.mark.skipif(os.name == "nt", reason="neither gunicorn nor uWSGI runs on Windows")


@pytest.fixture(scope="module")
def project(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the checkout into a home folder, and write its settings file."""
    home = tmp_path_factory.mktemp("home")
    folder = home / "creditscore"
    folder.mkdir()
    for name in ("creditscore", "data"):
        shutil.copytree(PROJECT / name, folder / name)
    for name in ("app.py", "score.py", "gunicorn.conf.py"):
        shutil.copy(PROJECT / name, folder)
    settings = folder / ".env"
    settings.write_text(
        f"CREDITSCORE_MODEL_DIR={model_dir}\n"
        f"CREDITSCORE_DATABASE_URL=sqlite:///{home}/log/decisions.sqlite\n"
        f"CREDITSCORE_RUNTIME_DIR={home}/run\n"
        f'CREDITSCORE_API_KEYS="{KEY}"\n'
        "CREDITSCORE_CUTTOFF=0.3\n",
        encoding="utf-8",
    )
    settings.chmod(0o600)
    return folder


def variables(**more: str) -> dict[str, str]:
    """Return the environment without settings, where the file is read."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if "CREDITSCORE" not in name and name not in ("FLASK_SKIP_DOTENV", "PYTHONPATH")
    }
    return {**inherited, **more}


DOORS = {
    "app.py": ["app.py", "--port", "{port}"],
    "gunicorn": ["-m", "gunicorn", "-c", "gunicorn.conf.py", "-b", "127.0.0.1:{port}", "app:app"],
    "flask run": ["-m", "flask", "--app", "app", "run", "--port", "{port}"],
    "uWSGI": [
        *("-c", "import pyuwsgi; pyuwsgi.run()", "--http-socket", "127.0.0.1:{port}"),
        *("--wsgi-file", str(PROJECT / "pythonanywhere_wsgi.py"), "--virtualenv", sys.prefix),
        *("--master", "--need-app", "--die-on-term"),
    ],
}


@contextlib.contextmanager
def running(door: str, project: Path, log: Path, **more: str) -> Iterator[str]:
    """Serve at a door until the block ends; give the address."""
    port = free_port()
    command = [sys.executable, *(word.format(port=port) for word in DOORS[door])]
    # PythonAnywhere starts in the home folder, with the file as it is pasted.
    folder = project.parent if door == "uWSGI" else project
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=variables(HOME=str(project.parent), **more),
            stdout=output,
            stderr=output,
        )
    address = f"http://127.0.0.1:{port}"

    def ended_or_open() -> bool:
        with contextlib.suppress(OSError):
            return process.poll() is not None or status_of(address, "/health") == 200
        return False

    try:
        assert wait_until(ended_or_open), log.read_text(encoding="utf-8")
        assert process.poll() is None, log.read_text(encoding="utf-8")
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


def status_of(address: str, path: str, *, key: str = "", body: bytes | None = None) -> int:
    """Send a request, and give the status of its answer."""
    headers = {"Content-Type": "application/json", **({"X-API-Key": key} if key else {})}
    request = urllib.request.Request(f"{address}{path}", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@ON_POSIX
@pytest.mark.parametrize("door", DOORS)
def test_a_server_has_the_settings_of_the_file_and_says_what_is_none(
    door: str, project: Path, tmp_path: Path
) -> None:
    if door == "uWSGI" and importlib.util.find_spec("pyuwsgi") is None:
        skip_or_fail("uwsgi", "pyuwsgi is not installed: PythonAnywhere cannot be rehearsed")
    log, body = tmp_path / "log", json.dumps(APPLICANT).encode()

    with running(door, project, log) as address:
        statuses = [status_of(address, "/predict", key=key, body=body) for key in ("", KEY)]

    assert statuses == [401, 200]
    printed = log.read_text(encoding="utf-8")
    assert printed.count("CREDITSCORE_CUTTOFF is not a setting") == 1
    assert f"{project / '.env'}, line 5: CREDITSCORE_CUTTOFF" in printed
    assert (project.parent / "log" / "decisions.sqlite").is_file()


@ON_POSIX
@pytest.mark.parametrize("door", ["gunicorn", "flask run"])
def test_a_variable_of_the_environment_wins(door: str, project: Path, tmp_path: Path) -> None:
    body = json.dumps(APPLICANT).encode()

    with running(door, project, tmp_path / "log", CREDITSCORE_API_KEYS=OTHER_KEY) as address:
        statuses = [status_of(address, "/predict", key=key, body=body) for key in (KEY, OTHER_KEY)]

    assert statuses == [401, 200]


@pytest.mark.parametrize(
    "command", [["-m", "flask", "--app", "app", "keys", "list"], ["score.py", "IN", "OUT", "--log"]]
)
def test_a_command_has_the_settings_of_the_file(
    command: list[str], project: Path, tmp_path: Path
) -> None:
    applicants = tmp_path / "in.csv"
    columns = ",".join(APPLICANT)
    applicants.write_text(f"{columns}\n{','.join(map(str, APPLICANT.values()))}\n")
    paths = {"IN": str(applicants), "OUT": str(tmp_path / "out.csv")}
    words = [paths.get(word, word) for word in command]

    result = subprocess.run(
        [sys.executable, *words], cwd=project, env=variables(), capture_output=True, text=True
    )

    assert result.returncode == 0, result.stderr
    assert result.stderr.count("line 5: CREDITSCORE_CUTTOFF is not a setting") == 1
    # Where nothing but the file says it is.
    assert (project.parent / "log" / "decisions.sqlite").is_file()
    assert not (project / "instance").exists()


def test_a_line_that_cannot_be_read_stops_server_and_commands(
    project: Path, tmp_path: Path
) -> None:
    broken = shutil.copytree(project, tmp_path / "broken")
    (broken / ".env").write_text("CREDITSCORE_API_KEYS the-key-of-the-file\n", encoding="utf-8")

    for script, status in (("app.py", 3), ("score.py", 1)):
        result = subprocess.run(
            [sys.executable, script, *(["in.csv", "out.csv"] if script == "score.py" else [])],
            cwd=broken,
            env=variables(),
            capture_output=True,
            text=True,
        )
        assert result.returncode == status
        (line,) = result.stderr.splitlines()
        assert line.endswith(f"{broken / '.env'}, line 1: must be of the form NAME=value")
