"""Commands in messages work as printed, and a Python without the packages is told which to use."""

from __future__ import annotations

import ast
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from answers import PROJECT

from creditscore.environment import DOORS, python_command

SCRIPTS = ("train.py", "score.py", "app.py")
#: What is read before it is clear that packages are missing.
NEEDED = ("__init__.py", "environment.py", "folders.py")
#: Not even the environment's packages are seen with it.
WITHOUT_PACKAGES = ["-S", "-E"]


def start(
    folder: Path, script: str, *arguments: str, python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    """Start a script with a Python that has no packages."""
    return subprocess.run(
        [python, *WITHOUT_PACKAGES, script, *arguments],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy the project's code, without an environment."""
    folder = tmp_path / "a copy"
    folder.mkdir()
    for script in SCRIPTS:
        shutil.copy(PROJECT / script, folder)
    shutil.copy(PROJECT / "requirements.txt", folder)
    shutil.copy(PROJECT / "manage.py", folder)
    (folder / "creditscore").mkdir()
    for name in NEEDED:
        shutil.copy(PROJECT / "creditscore" / name, folder / "creditscore")
    return folder


def make_environment(folder: Path) -> str:
    """Make an environment without packages; return its Python."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / ".venv"], check=True)
    return str(folder / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


@pytest.mark.parametrize("script", SCRIPTS)
def test_without_an_environment_the_launcher_is_named(copy: Path, script: str) -> None:
    result = start(copy, script)

    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"{script}: this Python ({sys.executable}) lacks ")
    assert "manage.py run once, which makes .venv, then .venv" in line


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.skipif(os.name == "nt", reason="the paths are POSIX's")
def test_beside_an_environment_its_python_is_named(copy: Path, script: str) -> None:
    make_environment(copy)

    inside = start(copy, script, "--some", "two words")
    outside = start(copy.parent, f"{copy.name}/{script}")

    (line,) = inside.stderr.splitlines()
    assert line.endswith(f"; use .venv/bin/python {script} --some 'two words'")
    assert outside.stderr.endswith(f"; use 'a copy/.venv/bin/python' 'a copy/{script}'\n")


def test_an_environment_without_the_packages_is_told_how_to_install_them(copy: Path) -> None:
    python = make_environment(copy)

    # `-S` would hide that it is an environment.
    result = subprocess.run(
        [python, "-E", "train.py"], cwd=copy, capture_output=True, encoding="utf-8"
    )

    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert line.endswith("python -m pip install --require-hashes -r requirements.txt")


def test_an_old_python_can_read_what_is_told_to_it() -> None:
    for name in NEEDED:
        text = (PROJECT / "creditscore" / name).read_text(encoding="utf-8")
        ast.parse(text, feature_version=(3, 7))
    for script in SCRIPTS:
        text = (PROJECT / script).read_text(encoding="utf-8")
        head, opened, _ = text.partition(f'open_door("{script}")')
        assert opened
        assert {line for line in head.splitlines() if line.startswith(("import", "from"))} == {
            "import sys",
            "from creditscore.environment import open_door",
        }


def test_what_is_behind_a_door_is_asked_for_by_it() -> None:
    """A package that the door forgot would show a traceback where a sentence belongs."""
    ours = {"creditscore", *sys.stdlib_module_names}
    for module, packages in DOORS.values():
        path = PROJECT / "creditscore" / "cli" / f"{module}.py"
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {
            name.partition(".")[0]
            for node in tree.body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in (
                [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else [alias.name for alias in node.names]
            )
        }
        assert imported - ours <= set(packages), module


def test_a_printed_command_runs_where_it_was_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (PROJECT, tmp_path):
        monkeypatch.chdir(folder)

        python, script, option = shlex.split(python_command("train.py", "--compare"))

        assert option == "--compare"
        assert (folder / script).samefile(PROJECT / "train.py")
        assert (folder / python).samefile(sys.executable)
    assert Path(python).is_absolute()


def test_a_command_is_short_in_the_projects_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    monkeypatch.setattr(sys, "executable", str(PROJECT / ".venv" / "bin" / "python"))

    assert python_command("train.py") == ".venv/bin/python train.py"


def test_in_a_servers_own_program_the_python_of_its_environment_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "/usr/local/bin/uwsgi")

    assert shlex.split(python_command("-m", "pip"))[0].endswith("python")
