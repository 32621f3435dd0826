"""The wheel, installed into an empty environment and used from an empty folder."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path
from typing import NamedTuple

import pytest
from answers import PROJECT
from live_server import free_port
from skips import skip_or_fail
from waiting import wait_until

import creditscore

pytestmark = pytest.mark.slow

APPLICANT = {"LIMIT_BAL": 30000, "SEX": 1, "EDUCATION": 2, "MARRIAGE": 2, "AGE": 26}

#: What an installation for serving may take on the disk, in bytes.
MAX_BYTES = 130_000_000


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel of a source distribution, so that neither lacks a file."""
    folder = tmp_path_factory.mktemp("built")
    build = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run([*build, "-t", "sdist"], cwd=PROJECT, check=True)
    (source,) = folder.glob("*.tar.gz")
    subprocess.run([sys.executable, "-m", "tarfile", "-e", source, folder], check=True)
    (unpacked,) = (path for path in folder.iterdir() if path.is_dir())
    subprocess.run([*build, "-t", "wheel"], cwd=unpacked, check=True)
    (built,) = folder.glob("*.whl")
    return built


class Installed(NamedTuple):
    """An environment that holds the wheel and what it needs, and an empty folder to work in."""

    environment: Path
    folder: Path

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `creditscore` in the folder, and wait for it."""
        return subprocess.run(
            [self.program, *arguments],
            cwd=self.folder,
            env=variables(),
            capture_output=True,
            encoding="utf-8",
        )

    @property
    def program(self) -> str:
        """The command."""
        return str(self.environment / ("Scripts" if os.name == "nt" else "bin") / "creditscore")


def variables() -> dict[str, str]:
    """Return the environment variables without settings, and without a way to the checkout.

    The settings file is read, as by a user.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("CREDITSCORE", "PYTHONPATH", "FLASK"))
    }


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Install the wheel with the pinned packages of a serving host, and nothing else."""
    environment = tmp_path_factory.mktemp("installed") / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    packages = subprocess.run(
        [*pip, "--require-hashes", "-r", PROJECT / "requirements-serve.txt"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    if "connection broken" in packages.stdout:
        skip_or_fail("index", "there is no connection to the package index")
    assert packages.returncode == 0, packages.stdout
    # What it needs is there: without an index, nothing else could come.
    subprocess.run([*pip, "--no-index", wheel], check=True)
    return Installed(environment, tmp_path_factory.mktemp("empty"))


@contextlib.contextmanager
def running(installed: Installed, log: Path) -> Iterator[str]:
    """Run `creditscore run` until it answers; give its address."""
    port = free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [installed.program, "run", "--port", str(port)],
            cwd=installed.folder,
            env=variables(),
            stdout=output,
            stderr=output,
        )
    address = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, log.read_text(encoding="utf-8")
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    try:
        wait_until(answers)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=60)


def test_the_wheel_holds_data_templates_and_types(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        about = Parser().parsestr(file.read(metadata).decode())

    package = {
        str(path.relative_to(PROJECT).as_posix())
        for path in (PROJECT / "creditscore").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert package | {
        "creditscore/sample/credit.csv",
        "creditscore/sample/schema.toml",
    } == {name for name in names if ".dist-info/" not in name}
    assert "creditscore/py.typed" in package
    assert about["Version"] == creditscore.__version__
    extras = {"client", "dask", "dev", "excel", "parquet", "postgres", "train"}
    assert set(about.get_all("Provides-Extra", [])) == extras


@pytest.mark.skipif(os.name == "nt", reason="gunicorn does not run on Windows")
def test_in_an_empty_folder_it_decides_and_keeps_model_and_log_there(
    installed: Installed, tmp_path: Path
) -> None:
    log = tmp_path / "log.txt"
    with running(installed, log) as address:
        request = urllib.request.Request(f"{address}/predict", json.dumps(APPLICANT).encode())
        with urllib.request.urlopen(request, timeout=20) as answer:
            decision = json.load(answer)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{address}/decisions", timeout=20)

    versions = installed.command("models", "list").stdout.splitlines()
    checked = installed.command("decisions", "replay", "--all")
    assert decision["model_version"] in {line.partition("\t")[0] for line in versions}
    # What it says to type is typed here, not in a clone.
    assert "with creditscore keys new --name NAME" in json.load(refused.value)["detail"]
    assert checked.stdout.startswith("1 replayed: 1 identical")
    assert {path.name for path in installed.folder.iterdir()} == {"model", "instance"}
    printed = log.read_text(encoding="utf-8")
    assert printed.startswith(f"No model in {installed.folder / 'model'}: taking the sample model")
    assert "Traceback" not in printed


@pytest.mark.skipif(os.name == "nt", reason="gunicorn does not run on Windows")
def test_the_settings_file_of_the_folder_is_for_the_service_and_the_commands(
    installed: Installed, tmp_path: Path
) -> None:
    work = installed._replace(folder=tmp_path / "work")
    work.folder.mkdir()
    key, log = "the-key-of-the-file", work.folder / "my log.sqlite"
    settings = work.folder / ".env"
    settings.write_text(f"CREDITSCORE_API_KEYS={key}\nCREDITSCORE_DATABASE_URL='sqlite:///{log}'\n")
    settings.chmod(0o600)

    with running(work, tmp_path / "log.txt") as address:
        request = urllib.request.Request(f"{address}/predict", json.dumps(APPLICANT).encode())
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(request, timeout=20)
        request.add_header("X-API-Key", key)
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert answer.status == 200

    assert work.command("decisions", "replay", "--all").stdout.startswith("1 replayed: 1 identical")
    assert log.is_file()
    assert not (work.folder / "instance" / "decisions.sqlite").exists()


@pytest.mark.parametrize("command", ["train", "demo"])
def test_what_needs_more_packages_says_what_to_type(installed: Installed, command: str) -> None:
    result = installed.command(command)

    (line,) = result.stderr.splitlines()
    assert result.returncode == 1
    assert line.startswith(f"creditscore {command}: this Python (")
    assert line.endswith(" -m pip install 'creditscore[train]'")


def test_nothing_is_imported_from_the_checkout(installed: Installed) -> None:
    result = installed.command("--version")
    refusal = installed.command("score", "no such file.csv", "out.csv")

    assert result.stdout == f"creditscore, version {creditscore.__version__}\n"
    assert refusal.returncode == 1
    assert refusal.stderr.startswith("creditscore score: ")
    assert str(PROJECT) not in refusal.stderr


def test_an_installation_for_serving_is_small(installed: Installed) -> None:
    """docs/install.md gives the size."""
    files = (path for path in installed.environment.rglob("*") if path.is_file())

    assert sum(path.stat().st_size for path in files if not path.is_symlink()) < MAX_BYTES
