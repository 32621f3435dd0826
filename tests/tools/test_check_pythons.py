"""Which versions of Python are looked for and found, and what is enough of them."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from answers import PROJECT

from tools import check_pythons

RUNNING = check_pythons.RUNNING
GIT = shutil.which("git")


@pytest.fixture
def pyenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing on PATH, and a folder for what pyenv has."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setattr(sys, "base_prefix", str(tmp_path / "python"))
    return tmp_path / "pyenv"


def write_script(python: Path, script: str) -> Path:
    """Write a program."""
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    return python


def test_the_version_that_runs_the_tests_is_supported() -> None:
    assert RUNNING in check_pythons.supported_versions()


def test_what_is_tested_fast_is_there() -> None:
    for name in check_pythons.PACKAGES:
        assert (PROJECT / "tests" / name).is_dir()


def test_a_shim_that_does_not_work_is_passed_over_for_one_of_pyenvs(
    pyenv: Path, tmp_path: Path
) -> None:
    write_script(tmp_path / "bin" / f"python{RUNNING}", "exit 127")
    works = write_script(
        pyenv / f"versions/{RUNNING}.9/bin/python{RUNNING}", f'exec {sys.executable} "$@"'
    )

    assert check_pythons.find_python(RUNNING) == str(works)


def test_a_python_of_another_version_is_not_taken(pyenv: Path) -> None:
    write_script(pyenv / "versions/3.99.0/bin/python3.99", f'exec {sys.executable} "$@"')

    assert check_pythons.find_python("3.99") is None


@pytest.mark.parametrize("arguments", [[], ["--least", "2"], ["3.12"]])
def test_too_few_versions_are_a_failure_that_names_them(
    pyenv: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    status = check_pythons.main(arguments)

    assert status == 1
    assert "Not found on PATH or among pyenv's: Python 3.1" in capsys.readouterr().out


def test_none_found_is_well_where_none_is_asked_for(pyenv: Path) -> None:
    assert check_pythons.main(["--least", "0"]) == 0


def test_of_those_found_the_newest_alone_is_tested(
    pyenv: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for version in ("3.98", "3.99"):
        answer = f'[ "$1" = -c ] && echo {version} || echo "tested on {version}"'
        write_script(pyenv / f"versions/{version}.0/bin/python{version}", answer)
    write_script(pyenv.parent / "bin" / "git", f'exec {GIT} "$@"')

    monkeypatch.setattr(check_pythons, "supported_versions", lambda: ["3.98", "3.99"])
    status = check_pythons.main(["--newest"])

    printed = capfd.readouterr().out
    assert status == 0
    assert "tested on 3.99" in printed
    assert "tested on 3.98" not in printed


@pytest.mark.parametrize(("exit_status", "verdict"), [(0, "passed"), (3, "failed")])
def test_each_version_tests_a_clone_and_a_failure_is_named(
    exit_status: int,
    verdict: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    answer = f'[ "$1" = -c ] && exec {sys.executable} "$@"; ls manage.py; echo "$@"'
    write_script(tmp_path / "bin" / f"python{RUNNING}", f"{answer}; exit {exit_status}")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")

    status = check_pythons.main([RUNNING])

    assert status == (exit_status != 0)
    *_, cloned, arguments, last = capfd.readouterr().out.splitlines()
    assert cloned == "manage.py"
    assert arguments.startswith("manage.py test i18n schema ")
    assert last == f"Python {RUNNING}: {verdict}"
