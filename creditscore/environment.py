"""The environment that a command runs in: how commands are typed there, and what it lacks.

Every Python from 3.7 on must be able to read this file, with nothing installed.
"""

from __future__ import annotations

import importlib.util
import os
import shlex
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
ENVIRONMENT = PROJECT / ".venv"


def python_command(*arguments: str) -> str:
    """Return a command for this interpreter, as it is typed in the current folder.

    Parameters
    ----------
    *arguments : str
        Those that name a file of the project stand for its path.
    """
    return _typed(interpreter(), *arguments)


def interpreter() -> Path:
    """Return the running interpreter; in a server's own program, the one of its environment."""
    running = Path(sys.executable or "")
    return running if running.name.startswith("py") else _python_of(Path(sys.prefix))


def require_packages(*names: str) -> None:
    """Exit with one line that says which Python to use, unless packages are installed here."""
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        script = Path(sys.argv[0]).name
        lacks = f"{script}: this Python ({sys.executable}) lacks {', '.join(missing)}"
        sys.exit(f"{lacks}; use {_advice(script, sys.argv[1:])}")


def _advice(script: str, arguments: list[str]) -> str:
    """Return the command that has the packages, or that installs them."""
    python = _python_of(ENVIRONMENT)
    if Path(sys.prefix).resolve() == ENVIRONMENT.resolve():
        return python_command("-m", "pip", "install", "--require-hashes", "-r", "requirements.txt")
    if python.exists():
        return _typed(python, script, *arguments)
    starter = _typed("py" if os.name == "nt" else "python3", "manage.py", "run")
    return f"{starter} once, which makes .venv, then {_typed(python, script, *arguments)}"


def _python_of(environment: Path) -> Path:
    """Return the interpreter of an environment."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _typed(program: str | Path, *arguments: str) -> str:
    """Write a command for the system's shell."""
    words = [_short(program) if isinstance(program, Path) else program]
    words += [_short(PROJECT / word) if (PROJECT / word).is_file() else word for word in arguments]
    return subprocess.list2cmdline(words) if os.name == "nt" else " ".join(map(shlex.quote, words))


def _short(path: Path) -> str:
    """Return a path from the current folder, if it lies within."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (OSError, ValueError):
        return str(path)
