"""Locks on a part of a file, that as a rule take no other thread's turn to get.

Python lets other threads run during every system call, and whoever made it waits until they give
the turn back. For a lock that is held for microseconds, and seldom by somebody else, that is most
of what it costs. So it is tried first without giving up the turn, and waited for only where that
fails.
"""

from __future__ import annotations

import struct
import sys

try:
    import fcntl
except ImportError:  # Windows, where one process serves
    fcntl = None  # type: ignore[assignment]

#: Where the kernel's structure is known.
QUICK = sys.platform == "linux" and sys.maxsize > 2**32

if QUICK:
    import ctypes

    _fcntl = ctypes.PyDLL(None).fcntl
    _fcntl.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_char_p)
    # struct flock: type, whence, begin, length, process.
    _FLOCK = struct.Struct("hhqqi4x")


def lock(file: int, begin: int, length: int) -> None:
    """Lock a part of a file for this process, and wait for it if another one has it.

    Raises
    ------
    OSError
        If it cannot be locked.
    """
    _change(file, "F_WRLCK", "LOCK_EX", begin, length)


def unlock(file: int, begin: int, length: int) -> None:
    """Give it back; errors as of `lock`."""
    _change(file, "F_UNLCK", "LOCK_UN", begin, length)


def _change(file: int, kind: str, operation: str, begin: int, length: int) -> None:
    if fcntl is None:
        return
    if QUICK:
        asked = _FLOCK.pack(getattr(fcntl, kind), 0, begin, length, 0)
        if _fcntl(file, fcntl.F_SETLK, asked) == 0:
            return
    fcntl.lockf(file, getattr(fcntl, operation), length, begin)
