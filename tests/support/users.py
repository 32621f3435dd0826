"""Acting as another user of the machine, which takes root."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from skips import skip_or_fail

NOBODY = 65534


@contextlib.contextmanager
def acting_as(uid: int) -> Iterator[None]:
    """Let this process act as another user until the block ends."""
    if sys.platform == "win32":
        pytest.skip("Windows has other permissions")
    if os.geteuid() != 0:
        skip_or_fail("root", "only root can act as another user")
    os.setegid(uid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """Make a folder that all users can enter; pytest's own ones are private."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
