"""System calls that end at once, made without giving other threads the turn.

Python lets other threads run during every system call, and whoever made it then waits behind all
that have something to compute. For a loop that reads from thousands of connections beside sixteen
busy threads this means milliseconds for each of its calls, which take microseconds themselves: it
would refuse what is too much after seconds. None of these calls ever waits.
"""

from __future__ import annotations

import ctypes
import os
import selectors
import socket
import sys
from typing import Any

#: Bytes that are read at once.
PIECE = 64 * 1024

#: Where there are the calls of Linux, with nobody else's turn in between.
QUICK = sys.platform == "linux"

EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLLIN = 1, 2, 1


class _Event(ctypes.Structure):
    """What epoll is told to wait for."""

    # As the kernel has it: without a gap on 64-bit x86 only.
    _pack_ = 1 if os.name == "posix" and os.uname().machine in {"x86_64", "amd64"} else 0
    _fields_ = (("events", ctypes.c_uint32), ("data", ctypes.c_uint64))


if QUICK:
    _library = ctypes.PyDLL(None, use_errno=True)
    _FLAGS = socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL
    _buffer = ctypes.create_string_buffer(PIECE)
    _view = memoryview(_buffer)
    for _name in ("recv", "send"):
        getattr(_library, _name).restype = ctypes.c_ssize_t
    _library.recv.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    _library.send.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int)


def receive(sock: socket.socket) -> bytes:
    """Read what has come, 64 KiB at most; for one thread of a process only.

    Raises
    ------
    BlockingIOError
        If nothing has.
    OSError
        If the connection is broken.
    """
    if not QUICK:
        sock.setblocking(False)
        return sock.recv(PIECE)
    count = _library.recv(sock.fileno(), _buffer, PIECE, _FLAGS)
    if count < 0:
        raise _failure()
    return bytes(_view[:count])


def send(sock: socket.socket, data: bytes) -> None:
    """Send as much as a client can take at once: the rest is lost, as is what a dead one gets."""
    if QUICK:
        _library.send(sock.fileno(), data, len(data), _FLAGS)
        return
    try:
        sock.setblocking(False)
        sock.send(data)
    except OSError:
        return


def end(sock: socket.socket) -> None:
    """Say that nothing more will come.

    Raises
    ------
    OSError
        If the connection is broken.
    """
    if not QUICK:
        sock.shutdown(socket.SHUT_WR)
    elif _library.shutdown(sock.fileno(), socket.SHUT_WR) < 0:
        raise _failure()


def close(sock: socket.socket) -> None:
    """Close a connection."""
    if QUICK:
        _library.close(sock.detach())
    else:
        sock.close()


def _failure() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))


class QuickSelector(selectors.DefaultSelector):
    """Waits for bytes of many connections; to begin and to end that takes no turn."""

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Wait for a connection's bytes too."""
        if not QUICK or events != selectors.EVENT_READ:
            return super().register(fileobj, events, data)
        key = selectors._BaseSelectorImpl.register(self, fileobj, events, data)
        self._control(EPOLL_CTL_ADD, key.fd)
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """Wait no longer for those of a connection."""
        if not QUICK:
            return super().unregister(fileobj)
        key = selectors._BaseSelectorImpl.unregister(self, fileobj)
        self._control(EPOLL_CTL_DEL, key.fd)
        return key

    def _control(self, operation: int, number: int) -> None:
        event = _Event(EPOLLIN, number)
        _library.epoll_ctl(self.fileno(), operation, number, ctypes.byref(event))
