"""Atomic writes: a file is there as a whole or not at all, also after a power cut.

And who may use a file: why the user that this process runs as may not, and what fixes it.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

from creditscore.folders import WORKING_FOLDER

#: Readable by the owner alone, as personal data has to be, and by everybody.
PRIVATE, PUBLIC = 0o600, 0o644


@contextlib.contextmanager
def atomic_write(path: Path, *, mode: int = PRIVATE, overwrite: bool = True) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path` that takes its place, on the disk, if the block succeeds.

    Until then, and after a failure, what was there before is there. A link stays a link to the
    file that is replaced.

    Parameters
    ----------
    path : Path
    mode : int
        Permissions of the file.
    overwrite : bool
        Whether a file that is there already is replaced.

    Raises
    ------
    FileExistsError
        If there is one, and it may not be replaced.
    OSError
        If the file cannot be written.
    """
    if not overwrite and (path.exists() or path.is_symlink()):
        raise FileExistsError
    target = path.resolve()
    if target.exists() and not target.is_file():
        # As root, one could replace even /dev/null.
        raise OSError(0, "exists, and is not a regular file", str(path))
    with _temporary_file(target, mode) as file:
        yield file
        _sync(file)
        if overwrite:
            Path(file.name).replace(target)
        else:
            # Unlike a rename it fails if another file was made meanwhile.
            os.link(file.name, target)
    sync_folder(target.parent)


@contextlib.contextmanager
def open_output(path: Path) -> Iterator[BinaryIO]:
    """Open a pipe or a terminal to write at once, and anything else as `atomic_write` does.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    with path.open("wb") if is_stream(path) else atomic_write(path) as file:
        yield file


def is_stream(path: Path) -> bool:
    """Tell whether a path is a pipe or a device such as /dev/stdout, which no file can replace."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


def atomic_write_all(files: Mapping[Path, bytes], *, mode: int = PRIVATE) -> None:
    """Write files of one folder; all are on the disk before the first takes its place.

    Raises
    ------
    OSError
        If one cannot be written.
    """
    with contextlib.ExitStack() as stack:
        temporary_files = {path: stack.enter_context(_temporary_file(path, mode)) for path in files}
        for path, file in temporary_files.items():
            file.write(files[path])
            _sync(file)
        for path, file in temporary_files.items():
            Path(file.name).replace(path)
    for folder in {path.parent for path in files}:
        sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Write a folder's list of names to the disk; Windows does so by itself."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _temporary_file(target: Path, mode: int) -> Iterator[BinaryIO]:
    """Open a new file beside `target`, and delete it in the end if it is still there."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    os.close(handle)
    path = Path(name)
    try:
        path.chmod(mode)
        with path.open("wb") as file:
            yield file
    finally:
        path.unlink(missing_ok=True)


def _sync(file: BinaryIO) -> None:
    """Write a file to the disk and close it: Windows renames no open file."""
    file.flush()
    os.fsync(file.fileno())
    file.close()


class Denial(NamedTuple):
    """Who cannot do what with a file or folder, its owner and mode; and the remedy."""

    fact: str
    remedy: str

    def __str__(self) -> str:
        """Return both as one sentence."""
        return f"{self.fact}; to fix it: {self.remedy}"


def describe_access(path: Path, *, write: bool = True) -> Denial | None:
    """Return why this user cannot use a file or folder; None if the user can.

    To write a file includes making it, and others beside it. Root could do anything, but what root
    makes beside another user's file shuts that user out: root is refused there.

    Parameters
    ----------
    path : Path
        Need not be there.
    write : bool
        Whether it is to be written too, or only read.
    """
    if sys.platform == "win32":
        return None
    try:
        return _find_denial(path.absolute(), write=write)
    except OSError:
        # A name that is too long, or a file that has gone meanwhile: its user will say so.
        return None


def _find_denial(path: Path, *, write: bool) -> Denial | None:
    """Return the first obstacle on the way to a file."""
    for folder in reversed(path.parents):
        if folder.is_dir() and not _allows(folder, os.X_OK):
            return _denial(folder, "enter")
    existing_path = next(candidate for candidate in (path, *path.parents) if candidate.exists())
    if write and path.is_file() and os.geteuid() == 0 and path.stat().st_uid != 0:
        return _denial(path, "take over")
    # SQLite's journal, and the temporary file of an atomic write, stand beside the file.
    for entry in (path, path.parent) if write and path.is_file() else (existing_path,):
        permissions = os.R_OK | (os.W_OK if write else 0) | (os.X_OK if entry.is_dir() else 0)
        if not _allows(entry, permissions):
            return _denial(entry, "write" if write else "read")
    return None


def _allows(path: Path, mode: int) -> bool:
    """Check a permission for the user that this process acts as, not the one that started it."""
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def _denial(entry: Path, action: str) -> Denial:
    """Describe what cannot be done with a file or folder that is there."""
    status, user = entry.stat(), _user_name(os.geteuid())
    owner, mode = _user_name(status.st_uid), stat.filemode(status.st_mode)
    if os.statvfs(entry).f_flag & os.ST_RDONLY:
        remedy = "mount it for writing; in a systemd unit, name it in ReadWritePaths="
    elif status.st_uid == os.geteuid():
        remedy = f"chmod u+rw{'x' if entry.is_dir() else ''} {entry}"
    elif status.st_uid != 0:
        account = f"'#{owner}'" if owner.isdigit() else owner
        remedy = f"run this as its owner (sudo -u {account} ...)"
    elif entry.is_file() or WORKING_FOLDER in (entry, *entry.parents):
        # It was made by mistake as root, as whom no service should run.
        remedy = f"sudo chown {'-R ' if entry.is_dir() else ''}{user}: {entry}"
    else:
        remedy = f"choose a folder of {user}'s own (sudo install -d -m 700 -o {user} FOLDER)"
    fact = f"{user} cannot {action} {entry}, which belongs to {owner} and has mode {mode}"
    return Denial(fact, remedy)


def _user_name(uid: int) -> str:
    """Return the name of a user; the number where there is none, as in a container."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
