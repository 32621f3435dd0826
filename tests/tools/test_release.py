"""A release, made in a repository that is thrown away."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from answers import PROJECT
from skips import skip_or_fail

NEW = "97.0.0"


def git(folder: Path, *arguments: str) -> str:
    """Run git with an author; return what it prints."""
    author = {
        f"GIT_{role}_{suffix}": value
        for role in ("AUTHOR", "COMMITTER")
        for suffix, value in (("NAME", "A test"), ("EMAIL", "test@example.com"))
    }
    result = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**os.environ, **author},
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    return result.stdout


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Commit the project's files in a repository of their own, with its history left out."""
    folder = tmp_path / "clone"
    listed = git(PROJECT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        if (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(PROJECT / name, folder / name)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "config", "user.name", "A test")
    git(folder, "config", "user.email", "test@example.com")
    with (folder / "CHANGELOG.md").open("r+", encoding="utf-8") as file:
        text = file.read().replace("## Unreleased\n", "## Unreleased\n\n- What the test changed.\n")
        file.seek(0)
        file.write(text)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "As it is")
    return folder


def release(
    clone: Path, *arguments: str, model_dir: Path | None = None
) -> subprocess.CompletedProcess[str]:
    variables = {} if model_dir is None else {"CREDITSCORE_MODEL_DIR": str(model_dir)}
    return subprocess.run(
        [sys.executable, "tools/release.py", *arguments],
        cwd=clone,
        env={**os.environ, **variables},
        capture_output=True,
        encoding="utf-8",
    )


def pinned() -> set[tuple[str, str]]:
    """Give name and version of every package in the lock, but our own."""
    lock = tomllib.loads((PROJECT / "uv.lock").read_text(encoding="utf-8"))
    packages = {(package["name"], package.get("version", "")) for package in lock["package"]}
    return {(name, version) for name, version in packages if name != "creditscore"}


@pytest.mark.slow
def test_a_release_is_a_commit_a_tag_and_files_with_their_checksums(
    clone: Path, full_model_dir: Path
) -> None:
    result = release(clone, NEW, model_dir=full_model_dir)

    if "Failed to fetch" in result.stderr:
        skip_or_fail("index", "no package index: the wheel's build needs one")
    assert result.returncode == 0, result.stderr
    assert git(clone, "status", "--porcelain") == ""
    assert git(clone, "log", "-1", "--format=%s").strip() == f"Release {NEW}"
    assert git(clone, "rev-parse", f"v{NEW}^{{commit}}") == git(clone, "rev-parse", "HEAD")
    # Of the section, and of no other.
    message = git(clone, "tag", "--list", "--format=%(contents)", f"v{NEW}")
    assert "- What the test changed." in message
    assert "## " not in message
    changes = (clone / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(
        rf"^## Unreleased\n\n## {NEW} \(\d{{4}}-\d\d-\d\d\)\n\n- What the test", changes, re.M
    )
    assert "| 97.0, the newest release of it | yes |" in (clone / "SECURITY.md").read_text()
    # The description of the API, in the collection, names it too.
    assert NEW in (clone / "postman_collection.json").read_text(encoding="utf-8")

    folder = clone / "dist" / NEW
    wheel = folder / f"creditscore-{NEW}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as files:
        text = files.read("creditscore/__init__.py").decode()
        metadata = files.read(f"creditscore-{NEW}.dist-info/METADATA").decode()
    assert f'__version__ = "{NEW}"' in text
    assert f"\nVersion: {NEW}\n" in metadata
    checked = subprocess.run(
        ["sha256sum", "--check", "SHA256SUMS"], cwd=folder, capture_output=True, encoding="utf-8"
    )
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.count(": OK") == 2

    bill = json.loads((folder / f"creditscore-{NEW}.cdx.json").read_text(encoding="utf-8"))
    assert bill["bomFormat"] == "CycloneDX"
    assert bill["metadata"]["component"]["version"] == NEW
    assert {(item["name"], item["version"]) for item in bill["components"]} == pinned()
    assert len(pinned()) > 50

    again = release(clone, NEW, model_dir=full_model_dir)
    assert (again.returncode, again.stderr) == (1, f"no release: {NEW} exists already\n")


def test_a_dry_run_shows_the_notes_and_changes_nothing(clone: Path) -> None:
    result = release(clone, NEW, "--dry-run")

    assert result.returncode == 0, result.stderr
    assert f"{NEW} could be released" in result.stdout
    assert "- What the test changed." in result.stdout
    assert git(clone, "status", "--porcelain", "--ignored") == ""
    assert git(clone, "tag") == ""


def test_without_a_new_version_a_clean_tree_and_a_change_there_is_no_release(clone: Path) -> None:
    def refusal(version: str = NEW, *options: str) -> str:
        result = release(clone, version, *options)
        assert result.returncode == 1
        assert result.stderr.startswith("no release: ")
        return result.stderr.removeprefix("no release: ").rstrip("\n")

    start = "the version must be three numbers such as 0.2.0, got"
    assert refusal("0.0.1", "--dry-run").startswith("0.0.1 is not higher than")
    assert refusal("0.1.0", "--dry-run").startswith("0.1.0 exists already")
    assert refusal("1.0", "--dry-run") == f"{start} 1.0"
    assert refusal("v1.0.0", "--dry-run") == f"{start} v1.0.0"
    git(clone, "tag", f"v{NEW}")
    assert refusal(NEW, "--dry-run") == f"{NEW} exists already"
    git(clone, "tag", "--delete", f"v{NEW}")
    (clone / "more.py").write_text("")
    assert refusal() == "these files are not committed:\n?? more.py"
    (clone / "more.py").unlink()
    path = clone / "CHANGELOG.md"
    path.write_text(re.sub("(## Unreleased\n).*?(?=\n## )", r"\1", path.read_text(), flags=re.S))
    git(clone, "commit", "--all", "--quiet", "--message", "Say nothing")
    assert refusal() == "CHANGELOG.md has nothing under Unreleased"


def test_a_step_that_fails_leaves_everything_as_it_was(clone: Path, tmp_path: Path) -> None:
    # There is no model to renew the documentation with.
    result = release(clone, NEW, model_dir=tmp_path / "nothing")

    assert result.returncode == 1
    assert "cannot start" in result.stderr
    assert git(clone, "status", "--porcelain") == ""
    assert git(clone, "tag") == ""
    assert git(clone, "log", "--format=%s") == "As it is\n"
