"""Atomic writes: a file is there as a whole or not at all, also after a power cut."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

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
        raise OSError(0, "is there, and is no file", str(path))
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
        written = {path: stack.enter_context(_temporary_file(path, mode)) for path in files}
        for path, file in written.items():
            file.write(files[path])
            _sync(file)
        for path, file in written.items():
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
