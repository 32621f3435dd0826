"""The environment that a command runs in: how commands are typed there, and what it lacks.

Every Python from 3.7 on must be able to read this file, with nothing installed.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType

from creditscore.folders import INSTALLED, PACKAGE

CHECKOUT = PACKAGE.parent
ENVIRONMENT = CHECKOUT / ".venv"

#: What the commands about keys, decisions, models and monitoring begin with.
COMMAND = "creditscore" if INSTALLED else ".venv/bin/flask --app app"

#: The doors in the checkout: the command of `creditscore` that does the same, and the packages that
#: its module of `creditscore.cli` imports.
DOORS = {
    "app.py": ("serve", ("click", "dotenv", "flask", "numpy", "orjson", "sqlalchemy")),
    "score.py": ("score", ("dotenv", "numpy", "orjson", "tqdm")),
    "train.py": ("train", ("numpy", "orjson", "sklearn", "tqdm")),
}

#: The pinned packages of the checkout, by the extra of pyproject.toml that they hold.
LOCKS = {
    "train": "requirements.txt",
    "postgres": "requirements-postgres.txt",
    "parquet": "requirements-tables.txt",
    "excel": "requirements-tables.txt",
    "dask": "requirements-tables.txt",
}


def open_door(name: str) -> ModuleType:
    """Return the module of `creditscore.cli` behind a door; exit if this Python lacks packages.

    Parameters
    ----------
    name : str
        Of the file in the checkout, such as ``train.py``.
    """
    module, packages = DOORS[name]
    require_packages(*packages)
    return importlib.import_module(f"creditscore.cli.{module}")


def door_name(name: str) -> str:
    """Return what a door is called here: its file, or the command of the installed package."""
    return f"creditscore {DOORS[name][0]}" if INSTALLED else name


def python_command(*arguments: str) -> str:
    """Return a command for this interpreter, as it is typed in the current folder.

    Parameters
    ----------
    *arguments : str
        Those that name a file of the checkout stand for its path; where the package is installed,
        a door stands for the command that does the same.
    """
    if INSTALLED and arguments[0] in DOORS:
        return _format_command("creditscore", DOORS[arguments[0]][0], *arguments[1:])
    return _format_command(interpreter(), *arguments)


def interpreter() -> Path:
    """Return the running interpreter; in a server's own program, the one of its environment."""
    executable = Path(sys.executable or "")
    return executable if executable.name.startswith("py") else _python_of(Path(sys.prefix))


def server_command(host: str, port: object) -> list[str]:
    """Return the command that serves: with gunicorn, on Windows without."""
    if os.name == "nt":
        return [sys.executable, "-m", "creditscore.cli.serve", "--host", host, "--port", str(port)]
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    config = "python:creditscore.web.gunicorn_config"
    return [sys.executable, "-m", "gunicorn", "-c", config, "--bind", address]


def install_command(extra: str) -> str:
    """Return the command that installs an extra, named as in pyproject.toml.

    In the checkout it takes the pinned versions, with their hashes.
    """
    if INSTALLED:
        return python_command("-m", "pip", "install", f"creditscore[{extra}]")
    lock = LOCKS[extra]
    return python_command("-m", "pip", "install", "--require-hashes", "-r", lock)


def require_packages(*names: str) -> None:
    """Exit with one line that says which Python to use, unless packages are installed here."""
    missing_packages = [name for name in names if importlib.util.find_spec(name) is None]
    if missing_packages:
        script = Path(sys.argv[0]).name
        if INSTALLED:
            script = f"{script} {' '.join(sys.argv[1:2])}".rstrip()
        problem = f"{script}: this Python ({sys.executable}) lacks {', '.join(missing_packages)}"
        sys.exit(f"{problem}; use {_advice(script, sys.argv[1:])}")


def _advice(script: str, arguments: list[str]) -> str:
    """Return the command that has the packages, or that installs them."""
    python = _python_of(ENVIRONMENT)
    if INSTALLED or Path(sys.prefix).resolve() == ENVIRONMENT.resolve():
        return install_command("train")
    if python.exists():
        return _format_command(python, script, *arguments)
    starter = _format_command("py" if os.name == "nt" else "python3", "manage.py", "run")
    return f"{starter} once, which makes .venv, then {_format_command(python, script, *arguments)}"


def _python_of(environment: Path) -> Path:
    """Return the interpreter of an environment."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _format_command(program: str | Path, *arguments: str) -> str:
    """Write a command for the system's shell."""
    words = [_shorten(program) if isinstance(program, Path) else program]
    for word in arguments:
        words.append(_shorten(CHECKOUT / word) if (CHECKOUT / word).is_file() else word)
    return subprocess.list2cmdline(words) if os.name == "nt" else " ".join(map(shlex.quote, words))


def _shorten(path: Path) -> str:
    """Return a path from the current folder, if it lies within."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (OSError, ValueError):
        return str(path)
