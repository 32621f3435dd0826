"""Make a release of what is committed: changelog, version, commit, tag, and the files to publish.

    .venv/bin/python tools/release.py 0.2.0 [--dry-run]

In dist/VERSION lie then the wheel, the list of all pinned packages (CycloneDX, from uv.lock) and
the checksums of both. Nothing is pushed. The documentation is renewed with the model in model/, or
where CREDITSCORE_MODEL_DIR says.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
CHANGELOG, POLICY = PROJECT / "CHANGELOG.md", PROJECT / "SECURITY.md"
VERSION_FILE = PROJECT / "creditscore" / "__init__.py"
UNRELEASED = "## Unreleased\n"


class Refused(Exception):
    """Why there is no release; the message is for the person who asked for one."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Release, or say in a line why not; return the exit status."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("version", help="such as 0.2.0; higher than the one before")
    parser.add_argument("--dry-run", action="store_true", help="check, show, and change nothing")
    options = parser.parse_args(arguments)
    try:
        notes = check(options.version)
        if options.dry_run:
            print(f"{options.version} could be released, with these notes:\n\n{notes}")
            return 0
        folder = release(options.version, notes)
    except Refused as error:
        print(f"no release: {error}", file=sys.stderr)
        return 1
    print(f"Released {options.version}: commit, tag v{options.version}, and in {folder}:")
    for path in sorted(folder.glob("[!.]*")):
        print(f"  {path.name}")
    print("Publish both: git push --follow-tags, and upload the files.")
    return 0


def check(version: str) -> str:
    """Return the notes of the release.

    Raises
    ------
    Refused
        If the version is malformed, not new or not higher, if files are not committed, or if
        nothing has changed.
    """
    if not re.fullmatch(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}", version, re.ASCII):
        raise Refused(f"the version must be three numbers such as 0.2.0, got {version}")
    changes = CHANGELOG.read_text(encoding="utf-8")
    if _git("tag", "--list", f"v{version}") or re.search(
        rf"^## {re.escape(version)}\b", changes, re.MULTILINE
    ):
        raise Refused(f"{version} exists already")
    if _numbers(version) <= _numbers(current_version()):
        raise Refused(f"{version} is not higher than {current_version()}")
    if changes_left := _git("status", "--porcelain"):
        raise Refused(f"these files are not committed:\n{changes_left}")
    notes = changes.partition(UNRELEASED)[2].partition("\n## ")[0].strip()
    if not notes:
        raise Refused("CHANGELOG.md has nothing under Unreleased")
    return notes


def release(version: str, notes: str) -> Path:
    """Write, build, commit and tag; return the folder of the files to publish.

    Raises
    ------
    Refused
        If a step fails; the files are as they were then.
    """
    folder = PROJECT / "dist" / version
    try:
        write_version(version)
        _run("python", "-m", "tools.generate_docs")
        _run("uv", "build", "--wheel", "--quiet", "--out-dir", str(folder))
        write_bill_of_materials(folder / f"creditscore-{version}.cdx.json", version)
        write_checksums(folder)
        _git("commit", "--all", "--quiet", "--message", f"Release {version}")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        # All was committed before: nobody's work is undone.
        _git("checkout", "--quiet", "--", ".")
        raise
    # Markdown's headings are no comments.
    message = ("--cleanup=whitespace", "--message", f"creditscore {version}\n\n{notes}")
    _git("tag", "--annotate", *message, f"v{version}")
    return folder


def write_version(version: str) -> None:
    """Write the version, and the date of the release, where they stand."""
    today = datetime.now(UTC).date().isoformat()
    _replace(CHANGELOG, re.escape(UNRELEASED), f"{UNRELEASED}\n## {version} ({today})\n")
    _replace(VERSION_FILE, '__version__ = "[^"]*"', f'__version__ = "{version}"')
    series = version.rpartition(".")[0]
    _replace(POLICY, r"\d+\.\d+, the newest release of it", f"{series}, the newest release of it")


def write_bill_of_materials(path: Path, version: str) -> None:
    """Write every package that uv.lock pins as CycloneDX JSON."""
    listed = _run("uv", "export", "--quiet", "--frozen", "--all-extras", "--format", "cyclonedx1.5")
    bill = json.loads(listed)
    # The lock does not repeat it.
    bill["metadata"]["component"]["version"] = version
    path.write_text(json.dumps(bill, indent=2) + "\n", encoding="utf-8")


def write_checksums(folder: Path) -> None:
    """Write the checksums of a folder's files, as `sha256sum --check` reads them."""
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(folder.glob("creditscore-*"))
    ]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8", newline="\n")


def current_version() -> str:
    """Return the version that the package says it has."""
    (version,) = re.findall('__version__ = "(.*)"', VERSION_FILE.read_text(encoding="utf-8"))
    return str(version)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]


def _replace(path: Path, pattern: str, text: str) -> None:
    """Replace what stands once in a file."""
    changed, count = re.subn(pattern, text, path.read_text(encoding="utf-8"))
    if count != 1:
        raise Refused(f"{path.name} has {count} places for the version, not 1")
    path.write_text(changed, encoding="utf-8", newline="\n")


def _git(*arguments: str) -> str:
    return _run("git", *arguments).strip()


def _run(program: str, *arguments: str) -> str:
    """Run a program in the project, the environment's own before another; return its output."""
    search_path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    executable = shutil.which(program, path=search_path)
    if executable is None:
        raise Refused(f"{program} is not installed")
    result = subprocess.run(
        [executable, *arguments], cwd=PROJECT, capture_output=True, encoding="utf-8"
    )
    if result.returncode != 0:
        raise Refused(f"{program} {arguments[0]} failed:\n{result.stderr or result.stdout}")
    return result.stdout


if __name__ == "__main__":
    sys.exit(main())
