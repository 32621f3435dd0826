"""Files of personal data: only their owner can read them, and they are whole or not there."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def replacing(path: Path, *, mode: int = 0o600) -> Iterator[BinaryIO]:
    """Give a file to write that takes its place when the block ends well, on the disk by then.

    Until then, and after a failure, what was there before is there.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    target = path.resolve()
    if target.exists() and not target.is_file():
        # As root, one could replace even /dev/null.
        raise OSError(0, "is there, and is no file", str(path))
    handle, part = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    staged = Path(part)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        # mkstemp() has made it readable for its owner only.
        staged.chmod(mode)
        staged.replace(target)
        sync_folder(target.parent)
    finally:
        staged.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Put a folder's list of names on the disk, which Windows does by itself."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
