"""Whoever may not use a file of the service is told its owner, its mode and the remedy."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from skips import skip_or_fail

from creditscore import files
from creditscore.decision_log.database import Database
from creditscore.decision_log.migrations import migrate
from creditscore.errors import ArtifactError, StartupError
from creditscore.files import describe_access
from creditscore.scorecard import artifact
from creditscore.settings import Settings
from creditscore.web import create_app

NOBODY = 65534


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that all users can enter; pytest's own ones are private."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@contextlib.contextmanager
def acting_as_nobody() -> Iterator[None]:
    """Let this process act as another user until the block ends, which takes root."""
    if sys.platform == "win32":
        pytest.skip("Windows has other permissions")
    if os.geteuid() != 0:
        skip_or_fail("root", "only root can act as another user")
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def make_file(path: Path, *, owner: int, mode: int = 0o600) -> Path:
    """Make a file, and its folder of nobody, which the file's owner need not be."""
    path.parent.mkdir(mode=0o700)
    path.touch(mode)
    os.chown(path.parent, NOBODY, NOBODY)
    os.chown(path, owner, owner)
    return path


def refusal(path: Path) -> str:
    """Return why the log cannot be used, as its one line."""
    with pytest.raises(StartupError) as refused:
        migrate(Database(f"sqlite:///{path}"))
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.fixture(autouse=True)
def _two_users() -> None:
    with acting_as_nobody():
        pass


# The log


def test_a_log_that_root_made_is_refused_with_its_owner_its_mode_and_the_remedy(
    folder: Path,
) -> None:
    log = make_file(folder / "instance" / "decisions.sqlite", owner=0)

    with acting_as_nobody():
        text = refusal(log)

    assert text == (
        f"the decision log cannot be used: nobody cannot write {log}, which belongs to root and "
        f"has mode -rw-------; to fix it: sudo chown nobody: {log}"
    )


def test_root_is_refused_the_log_of_another_user(folder: Path) -> None:
    log = make_file(folder / "instance" / "decisions.sqlite", owner=NOBODY)

    text = refusal(log)

    assert f"root cannot take over {log}, which belongs to nobody and has mode -rw-------" in text
    assert text.endswith("run this as its owner (sudo -u nobody ...)")


def test_root_may_begin_a_log_in_the_folder_of_another_user_as_in_a_container(
    folder: Path,
) -> None:
    os.chown(folder, NOBODY, NOBODY)

    migrate(Database(f"sqlite:///{folder}/instance/decisions.sqlite"))

    assert (folder / "instance" / "decisions.sqlite").stat().st_uid == 0


@pytest.mark.parametrize(
    ("mode", "project", "denied", "remedy"),
    [
        (0o700, False, "enter", "choose a folder of nobody's own (sudo install -d -m 700 -o"),
        (0o755, False, "write", "choose a folder of nobody's own (sudo install -d -m 700 -o"),
        (0o700, True, "enter", "sudo chown -R nobody: {folder}/instance"),
        (0o755, True, "write", "sudo chown -R nobody: {folder}/instance"),
    ],
)
def test_a_folder_of_root_is_given_away_only_if_it_is_the_projects(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    mode: int,
    project: bool,
    denied: str,
    remedy: str,
) -> None:
    (folder / "instance").mkdir(mode=mode)
    if project:
        monkeypatch.setattr(files, "WORKING_FOLDER", folder)

    with acting_as_nobody():
        text = refusal(folder / "instance" / "decisions.sqlite")

    assert f"nobody cannot {denied} {folder}/instance, which belongs to root and has mode d" in text
    assert remedy.format(folder=folder) in text


def test_an_owner_without_permission_changes_the_mode(folder: Path) -> None:
    log = make_file(folder / "instance" / "decisions.sqlite", owner=NOBODY, mode=0o400)

    with acting_as_nobody():
        assert refusal(log).endswith(f"and has mode -r--------; to fix it: chmod u+rw {log}")


def test_a_user_without_a_name_is_called_by_the_number(folder: Path) -> None:
    log = make_file(folder / "instance" / "decisions.sqlite", owner=54321)

    assert refusal(log).endswith("run this as its owner (sudo -u '#54321' ...)")


def test_who_may_use_a_file_or_make_one_is_denied_nothing(folder: Path) -> None:
    log = make_file(folder / "instance" / "decisions.sqlite", owner=NOBODY)

    with acting_as_nobody():
        assert describe_access(log) is None
        assert describe_access(log.parent / "new" / "other.sqlite") is None
        assert describe_access(folder, write=False) is None
        migrate(Database(f"sqlite:///{log}"))
    assert describe_access(log, write=False) is None


# The other folders


def test_a_model_that_cannot_be_read_or_written_is_refused_in_the_same_way(
    folder: Path, model_dir: Path
) -> None:
    model = artifact.load(model_dir)
    copy = shutil.copytree(model_dir, folder / "model")
    copy.chmod(0o755)
    (copy / artifact.MODEL_FILE).chmod(0o600)
    owned = "which belongs to root and has mode"

    with acting_as_nobody():
        with pytest.raises(ArtifactError, match=f"model.pkl: cannot be read: nobody .*{owned} -rw"):
            artifact.load(copy)
        with pytest.raises(ArtifactError, match=f"cannot be written: nobody cannot .*{owned} drwx"):
            artifact.save(model, copy)


def test_a_folder_for_what_the_processes_share_is_named_with_its_owner(
    folder: Path, model_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = make_file(folder / "instance" / "decisions.sqlite", owner=NOBODY)
    # Without the archive, which a service of another test may have made.
    copy = shutil.copytree(model_dir, folder / "model", ignore=shutil.ignore_patterns("archive"))
    copy.chmod(0o755)
    (folder / "run").mkdir()
    settings = Settings(model_dir=copy, database_url=f"sqlite:///{log}", runtime_dir=folder / "run")

    with acting_as_nobody(), caplog.at_level(logging.WARNING):
        create_app(settings)

    assert f"as {folder}/run cannot be used: nobody cannot write {folder}/run, which" in caplog.text
    assert f"the model is not in the archive: {copy}/archive" in caplog.text
