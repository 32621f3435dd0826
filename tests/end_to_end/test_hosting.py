"""The service on its hosts, each started for real: PythonAnywhere's uWSGI, gunicorn, app.py."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from answers import PROJECT, decision_of
from live_server import LiveServer, free_port, gunicorn, serving, variables_of
from skips import skip_or_fail
from waiting import wait_until

APPLICANT = json.dumps({"LIMIT_BAL": 30000, "SEX": 1, "EDUCATION": 2, "MARRIAGE": 2, "AGE": 26})
ON_POSIX = pytest.mark.skipif(os.name == "nt", reason="neither gunicorn nor uWSGI runs on Windows")


def failure_of(command: list[str], model_dir: Path, folder: Path) -> tuple[int, str]:
    """Return exit status and output of a server that does not start."""
    result = subprocess.run(
        command,
        cwd=PROJECT,
        env=variables_of(model_dir, folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=120,
    )
    return result.returncode, result.stdout


def assert_decides(server: LiveServer) -> None:
    """Check that a server decides about the applicant."""
    decision_of(server.ask("POST", "/predict", APPLICANT.encode()))


# PythonAnywhere


def test_pythonanywhere_decides_in_one_process_without_threads(
    model_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if importlib.util.find_spec("pyuwsgi") is None:
        skip_or_fail("uwsgi", "pyuwsgi is not installed: PythonAnywhere cannot be rehearsed")
    port = free_port()
    # The project lies in the home folder, and the file is pasted as it is.
    home = tmp_path / "home"
    home.mkdir()
    (home / "creditscore").symlink_to(PROJECT)
    monkeypatch.setenv("HOME", str(home))
    pasted = tmp_path / "you_pythonanywhere_com_wsgi.py"
    shutil.copy(PROJECT / "pythonanywhere_wsgi.py", pasted)
    command = [sys.executable, "-c", "import pyuwsgi; pyuwsgi.run()"]
    command += ["--http-socket", f"127.0.0.1:{port}", "--wsgi-file", str(pasted)]
    command += ["--virtualenv", sys.prefix, "--master", "--processes", "1", "--harakiri", "300"]
    command += ["--need-app", "--die-on-term"]

    with serving(model_dir, tmp_path, command=command, port=port, cwd=home) as server:
        assert_decides(server)


# gunicorn


@ON_POSIX
def test_gunicorn_decides_and_its_access_log_has_one_line_per_request_and_no_data(
    model_dir: Path, tmp_path: Path
) -> None:
    headers = {"Referer": "http://x/?LIMIT_BAL=24", "X-Request-ID": "asked-for-a-forged-path"}

    with serving(model_dir, tmp_path) as server:
        assert_decides(server)
        server.ask("POST", "/x%0A[forged]%1B?LIMIT_BAL=24", APPLICANT.encode(), headers)
        assert wait_until(lambda: headers["X-Request-ID"] in server.printed())

    (line,) = (line for line in server.printed().splitlines() if headers["X-Request-ID"] in line)
    entry = json.loads(line)
    assert entry.keys() == {
        "time", "level", "logger", "request_id", "method", "route", "status", "milliseconds"
    }  # fmt: skip
    assert (entry["method"], entry["route"], entry["status"]) == ("POST", "other", 404)
    assert "LIMIT_BAL" not in server.printed()
    assert "[forged]" not in server.printed()


@ON_POSIX
@pytest.mark.parametrize(("state", "word"), [("missing", "train.py"), ("damaged", "model.pkl")])
def test_gunicorn_refuses_a_missing_or_damaged_model_with_one_line_and_status_3(
    model_dir: Path, tmp_path: Path, state: str, word: str
) -> None:
    folder = tmp_path / "model"
    if state == "damaged":
        shutil.copytree(model_dir, folder)
        with (folder / "model.pkl").open("r+b") as file:
            file.seek(1000)
            file.write(b"\0\0\0\0")

    command = gunicorn(sys.executable, f"127.0.0.1:{free_port()}")
    status, output = failure_of(command, folder, tmp_path)

    assert status == 3
    (line,) = output.splitlines()
    assert word in line


# A host that serves a model trained elsewhere


@pytest.fixture(scope="module")
def serving_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Make an environment with requirements-serve.txt alone; return its Python."""
    folder = tmp_path_factory.mktemp("serve") / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--no-compile"]
    result = subprocess.run(
        [*pip, "--require-hashes", "-r", PROJECT / "requirements-serve.txt"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    if "connection broken" in result.stdout:
        skip_or_fail("index", "there is no connection to the package index")
    assert result.returncode == 0, result.stdout
    return python


@pytest.mark.slow
def test_a_serving_host_has_nothing_that_trains(serving_python: str) -> None:
    code = "from importlib.util import find_spec; print(*map(find_spec, %r))"

    output = subprocess.check_output(
        [serving_python, "-c", code % ["sklearn", "scipy", "pandas"]], encoding="utf-8"
    )

    assert output == "None None None\n"


@pytest.mark.slow
@ON_POSIX
@pytest.mark.parametrize("server", ["gunicorn", "app.py"])
def test_a_serving_host_decides_also_where_waitress_is_missing(
    serving_python: str, model_dir: Path, tmp_path: Path, server: str
) -> None:
    port = free_port()
    command = gunicorn(serving_python, f"127.0.0.1:{port}")
    if server == "app.py":
        command = [serving_python, "app.py", "--port", str(port)]

    with serving(model_dir, tmp_path, command=command, port=port) as running:
        assert_decides(running)


@pytest.mark.slow
def test_a_serving_host_scores_files(serving_python: str, model_dir: Path, tmp_path: Path) -> None:
    rows = (PROJECT / "data" / "credit.csv").read_text(encoding="utf-8").splitlines()[:4]
    (tmp_path / "in.csv").write_text("\n".join(rows), encoding="utf-8")
    full_output, serving_output = tmp_path / "here.csv", tmp_path / "there.csv"

    for python, target in ((sys.executable, full_output), (serving_python, serving_output)):
        subprocess.run(
            [python, "score.py", "--model-dir", model_dir, tmp_path / "in.csv", target],
            cwd=PROJECT,
            check=True,
        )

    assert serving_output.read_bytes() == full_output.read_bytes()


# app.py, the server on Windows


def test_app_py_decides_with_waitress(model_dir: Path, tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "app.py", "--host", "127.0.0.1", "--port", str(port)]

    with serving(model_dir, tmp_path, command=command, port=port) as server:
        assert_decides(server)


def test_app_py_refuses_a_busy_port_in_one_line(model_dir: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = str(busy.getsockname()[1])

        status, output = failure_of([sys.executable, "app.py", "--port", port], model_dir, tmp_path)

    assert status == 1
    refusals = [line for line in output.splitlines() if port in line]
    assert len(refusals) == 1
    assert "Traceback" not in output
