"""The service on its hosts, each started for real: PythonAnywhere's uWSGI, gunicorn, app.py."""

import contextlib
import http.client
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from service_settings import log_in
from skips import skip_or_fail

ROOT = Path(__file__).resolve().parents[2]
APPLICANT = {"LIMIT_BAL": 30000, "SEX": 1, "EDUCATION": 2, "MARRIAGE": 2, "AGE": 26}
ON_POSIX = pytest.mark.skipif(os.name == "nt", reason="neither gunicorn nor uWSGI runs on Windows")

Answer = tuple[int, str, dict[str, object]]


class Host:
    """A server that has been started, its address and what it prints."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self._log = log

    def printed(self) -> str:
        """Return all that was printed so far."""
        return self._log.read_text(encoding="utf-8")

    def wait_until_open(self) -> None:
        """Wait for the port, or fail with what the server printed."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            time.sleep(0.05)
        pytest.fail(f"the server did not start:\n{self.printed()}")

    def ask(self, method: str, path: str, **headers: str) -> Answer:
        """Send a request with the applicant; return status, media type and JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.request(method, path, json.dumps(APPLICANT), headers)
            return read(connection.getresponse())

    def send(self, data: bytes) -> tuple[int, str, str]:
        """Send bytes that need not be HTTP; return status, media type and text."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(data)
            response = http.client.HTTPResponse(connection)
            response.begin()
            return response.status, response.headers.get_content_type(), response.read().decode()


def read(response: http.client.HTTPResponse) -> Answer:
    """Return status, media type and JSON of an answer."""
    return response.status, response.headers.get_content_type(), json.loads(response.read())


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def environment(model_dir: Path | None) -> dict[str, str]:
    """Return this process's environment with no setting of the service but where things are."""
    kept = {name: value for name, value in os.environ.items() if "CREDITSCORE" not in name}
    if model_dir is None:
        return kept
    places = {
        "MODEL_DIR": str(model_dir),
        "DATABASE_URL": log_in(model_dir),
        "RUNTIME_DIR": str(model_dir / "run"),
    }
    return {**kept, **{f"CREDITSCORE_{name}": place for name, place in places.items()}}


@contextlib.contextmanager
def serving(
    command: Sequence[str], model_dir: Path | None, *, port: int, folder: Path, cwd: Path = ROOT
) -> Iterator[Host]:
    """Run a server until the block ends."""
    log = folder / f"{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=cwd, env=environment(model_dir), stdout=output, stderr=output
        )
    host = Host(process, port, log)
    try:
        host.wait_until_open()
        yield host
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def failure_of(command: Sequence[str], model_dir: Path | None = None) -> tuple[int, str]:
    """Return exit status and output of a server that does not start."""
    result = subprocess.run(
        command,
        cwd=ROOT,
        env=environment(model_dir),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=120,
    )
    return result.returncode, result.stdout


def gunicorn(python: str, port: int) -> list[str]:
    """Return the command that manage.py ends with."""
    arguments = ["-m", "gunicorn", "-c", "gunicorn.conf.py", "--bind", f"127.0.0.1:{port}"]
    return [python, *arguments, "app:app"]


def assert_decides(host: Host) -> None:
    """Check that a host decides about the applicant."""
    status, media_type, decision = host.ask("POST", "/predict")

    assert (status, media_type) == (200, "application/json"), decision
    assert decision["label"] in {"eligible", "not_eligible"}
    assert decision["decision_id"]


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
    (home / "creditscore").symlink_to(ROOT)
    monkeypatch.setenv("HOME", str(home))
    file = shutil.copy(ROOT / "pythonanywhere_wsgi.py", tmp_path / "you_pythonanywhere_com_wsgi.py")
    command = [sys.executable, "-c", "import pyuwsgi; pyuwsgi.run()"]
    command += ["--http-socket", f"127.0.0.1:{port}", "--wsgi-file", str(file)]
    command += ["--virtualenv", sys.prefix, "--master", "--processes", "1", "--harakiri", "300"]
    command += ["--need-app", "--die-on-term"]

    with serving(command, model_dir, port=port, folder=tmp_path, cwd=home) as host:
        assert_decides(host)


# gunicorn


@pytest.fixture(scope="module")
def host(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """Serve with gunicorn, as manage.py does."""
    port = free_port()
    folder = tmp_path_factory.mktemp("gunicorn")
    command = gunicorn(sys.executable, port)
    with serving(command, model_dir, port=port, folder=folder) as host:
        yield host


@ON_POSIX
def test_gunicorn_decides(host: Host) -> None:
    assert_decides(host)


@ON_POSIX
@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"<script>nonsense\r\n\r\n", 400),
        (b'{"LIMIT_BAL": "<script>"}\r\n\r\n', 400),
        (b"GET / HTTP/<script>\r\n\r\n", 400),
        (b"get<script> / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n<script>: 1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n <script>\r\n\r\n", 400),
        (b"POST /predict HTTP/1.1\r\nContent-Length: <script>\r\n\r\n", 400),
        (
            b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (b"GET /" + b"<script>" * 1000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + b"X: <script>\r\n" * 100 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nX: " + b"<script>" * 2000 + b"\r\n\r\n", 431),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: <script>\r\n\r\n", 501),
    ],
)
def test_malformed_http_is_refused_in_words_that_repeat_nothing(
    host: Host, data: bytes, status: int
) -> None:
    answered, media_type, told = host.send(data)

    assert (answered, media_type) == (status, "text/plain")
    assert told
    assert "script" not in told
    assert "script" not in host.printed()


@ON_POSIX
def test_a_refusal_gives_its_length_and_closes_the_connection(host: Host) -> None:
    with socket.create_connection(("127.0.0.1", host.port), timeout=20) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        with connection.makefile("rb") as answer:
            head, _, body = answer.read().partition(b"\r\n\r\n")

    assert b"\r\nConnection: close" in head
    assert b"\r\nContent-Length: %d\r\n" % len(body) in head


@ON_POSIX
@pytest.mark.parametrize("header", ["Script-Name", "SCRIPT_NAME", "Path-Info", "PATH_INFO"])
def test_a_client_cannot_move_the_application(host: Host, header: str) -> None:
    status, _, _ = host.send(
        b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n%s: /health\r\n\r\n" % header.encode()
    )

    assert status == 404


@ON_POSIX
def test_the_access_log_has_one_line_per_request_and_no_data(host: Host) -> None:
    sent = {"Referer": "http://x/?LIMIT_BAL=24", "X-Request-ID": "asked-for-a-forged-path"}
    host.ask("POST", "/x%0A[forged]%1B?LIMIT_BAL=24", **sent)

    deadline = time.monotonic() + 10
    while sent["X-Request-ID"] not in host.printed() and time.monotonic() < deadline:
        time.sleep(0.05)
    (line,) = (line for line in host.printed().splitlines() if sent["X-Request-ID"] in line)
    told = json.loads(line)
    assert told.keys() == {
        "time", "level", "logger", "request_id", "method", "route", "status", "milliseconds"
    }  # fmt: skip
    assert (told["method"], told["route"], told["status"]) == ("POST", "other", 404)
    assert "LIMIT_BAL" not in host.printed()
    assert "[forged]" not in host.printed()


@ON_POSIX
def test_gunicorn_refuses_a_missing_model_with_one_line_and_status_3(tmp_path: Path) -> None:
    status, output = failure_of(gunicorn(sys.executable, free_port()), tmp_path)

    assert status == 3
    (line,) = output.splitlines()
    assert "train.py" in line


@ON_POSIX
def test_gunicorn_refuses_a_damaged_model_with_one_line_and_status_3(
    model_dir: Path, tmp_path: Path
) -> None:
    damaged = shutil.copytree(model_dir, tmp_path / "damaged")
    with (damaged / "model.pkl").open("r+b") as file:
        file.seek(1000)
        file.write(b"\0\0\0\0")

    status, output = failure_of(gunicorn(sys.executable, free_port()), damaged)

    assert status == 3
    (line,) = output.splitlines()
    assert "model.pkl" in line


@ON_POSIX
def test_ctrl_c_stops_gunicorn_cleanly(model_dir: Path, tmp_path: Path) -> None:
    port = free_port()
    command = gunicorn(sys.executable, port)

    with serving(command, model_dir, port=port, folder=tmp_path) as host:
        # gunicorn loses a signal that hits a process between its birth and its first breath.
        assert_decides(host)
        host.process.send_signal(signal.SIGINT)

        assert host.process.wait(timeout=45) == 0
        assert "Traceback" not in host.printed()


# A host that serves a model trained elsewhere


@pytest.fixture(scope="module")
def serving_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Make an environment with requirements-serve.txt alone; return its Python."""
    folder = tmp_path_factory.mktemp("serve") / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--no-compile"]
    result = subprocess.run(
        [*pip, "--require-hashes", "-r", ROOT / "requirements-serve.txt"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    if "connection broken" in result.stdout:
        skip_or_fail("index", "there is no connection to the package index")
    assert result.returncode == 0, result.stdout
    return python


@pytest.mark.parametrize("module", ["sklearn", "scipy", "pandas"])
def test_a_serving_host_has_nothing_that_trains(serving_python: str, module: str) -> None:
    status, output = failure_of([serving_python, "-c", f"import {module}"])

    assert status == 1
    assert "ModuleNotFoundError" in output


@ON_POSIX
def test_a_serving_host_decides_with_gunicorn(
    serving_python: str, model_dir: Path, tmp_path: Path
) -> None:
    port = free_port()
    command = gunicorn(serving_python, port)

    with serving(command, model_dir, port=port, folder=tmp_path) as host:
        assert_decides(host)


@ON_POSIX
def test_a_serving_host_decides_with_app_py_where_waitress_is_missing(
    serving_python: str, model_dir: Path, tmp_path: Path
) -> None:
    port = free_port()
    command = [serving_python, "app.py", "--port", str(port)]

    with serving(command, model_dir, port=port, folder=tmp_path) as host:
        assert_decides(host)


def test_a_serving_host_scores_files(serving_python: str, model_dir: Path, tmp_path: Path) -> None:
    rows = (ROOT / "data" / "credit.csv").read_text(encoding="utf-8").splitlines()[:4]
    (tmp_path / "in.csv").write_text("\n".join(rows), encoding="utf-8")
    here, there = tmp_path / "here.csv", tmp_path / "there.csv"

    for python, target in ((sys.executable, here), (serving_python, there)):
        subprocess.run(
            [python, "score.py", "--model-dir", model_dir, tmp_path / "in.csv", target],
            cwd=ROOT,
            check=True,
        )

    assert there.read_bytes() == here.read_bytes()


# app.py, the server on Windows


def test_app_py_decides_with_waitress(model_dir: Path, tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "app.py", "--host", "127.0.0.1", "--port", str(port)]

    with serving(command, model_dir, port=port, folder=tmp_path) as host:
        assert_decides(host)


def test_app_py_refuses_a_busy_port_in_one_line(model_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = str(busy.getsockname()[1])

        status, output = failure_of([sys.executable, "app.py", "--port", port], model_dir)

    assert status == 1
    refusals = [line for line in output.splitlines() if port in line]
    assert len(refusals) == 1
    assert "Traceback" not in output
