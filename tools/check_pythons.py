"""Run the fast part of the tests on other versions of Python, each with packages of its own.

    python3 tools/check_pythons.py              # all others that are found
    python3 tools/check_pythons.py --newest     # the newest of them alone
    python3 tools/check_pythons.py 3.13 3.14    # these: each must be found

The classifiers in pyproject.toml name the supported versions. They are looked for on PATH and among
those of pyenv. Each tests a clone of the last commit, with a model that it trains itself. The fast
part needs no browser, no PostgreSQL and nothing of npm.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent

#: The folders in tests/ that are fast, and what is left out of them.
PACKAGES = ["i18n", "schema", "readers", "charts", "api_docs", "decisions", "scorecard"]
PACKAGES += ["monitoring", "decision_log", "tables"]
LEFT_OUT = ["-k", "not postgres"]
RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"


def main(arguments: list[str] | None = None) -> int:
    """Test the versions that are asked for, all even after a failed one; return the exit status."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument(
        "versions",
        nargs="*",
        metavar="VERSION",
        help="such as 3.13 (all that are supported and found, but for the one that runs this)",
    )
    parser.add_argument(
        "--least", type=int, default=1, help="fail if fewer are found (%(default)s)"
    )
    parser.add_argument("--newest", action="store_true", help="test the newest of them alone")
    options = parser.parse_args(arguments)
    versions = options.versions or [
        version for version in supported_versions() if version != RUNNING
    ]
    pythons = {version: python for version in versions if (python := find_python(version))}
    missing = [version for version in versions if version not in pythons]
    if missing:
        print(f"Not found on PATH or among pyenv's: Python {', '.join(missing)}", flush=True)
    if len(pythons) < (len(versions) if options.versions else options.least):
        return 1
    if options.newest:
        pythons = dict(list(pythons.items())[-1:])
    failed = [version for version, python in pythons.items() if run_fast_tests(python) != 0]
    for version in pythons:
        print(f"Python {version}: {'failed' if version in failed else 'passed'}")
    return 1 if failed else 0


def supported_versions() -> list[str]:
    """Return the versions that the classifiers of pyproject.toml name, oldest first."""
    text = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    classifiers = tomllib.loads(text)["project"]["classifiers"]
    matches = [re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", c) for c in classifiers]
    return [match[1] for match in matches if match]


def find_python(version: str) -> str | None:
    """Find a Python of this version that works and can make environments, or None."""
    # A shim of pyenv's is on PATH whether or not it works here: each is tried.
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders = [Path(folder) for folder in os.get_exec_path()]
    # Beside the one that runs this, too: it may be pyenv's where HOME is not.
    for versions in (pyenv / "versions", Path(sys.base_prefix).parent):
        folders += sorted(versions.glob(f"{version}.*/bin"))
    question = "import ensurepip, sqlite3, ssl, sys; print('%d.%d' % sys.version_info[:2])"
    for folder in folders:
        python = str(folder / f"python{version}")
        try:
            answer = subprocess.run([python, "-c", question], capture_output=True, text=True)
        except OSError:
            continue
        if answer.stdout.strip() == version:
            return python
    return None


def run_fast_tests(python: str) -> int:
    """Clone the last commit into a folder, and let its launcher test it with this Python."""
    print(f"\n{python}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "clone", "--quiet", PROJECT, folder], check=True)
        return subprocess.call([python, "manage.py", "test", *PACKAGES, *LEFT_OUT], cwd=folder)


if __name__ == "__main__":
    sys.exit(main())
