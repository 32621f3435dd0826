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


class ClientSocket(socket.socket):
    """A client's connection, to which an answer goes in one piece, and as a rule in one call.

    What is sent waits for `flush`, or until it is large. Where nothing is quick, it is a socket
    like others.
    """

    def __init__(self, sock: socket.socket, stalled: float) -> None:
        """Take over a socket.

        Parameters
        ----------
        sock : socket
            Not to be used any more.
        stalled : float
            Seconds that sending may wait for the client to take something.
        """
        super().__init__(sock.family, sock.type, sock.proto, fileno=sock.detach())
        super().settimeout(stalled)
        self._stalled = stalled
        self._unsent = bytearray()

    def setblocking(self, flag: bool, /) -> None:
        """Leave it as it is: the server asks for either mode around each request."""
        if not QUICK:
            super().settimeout(self._stalled if flag else 0.0)

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """Take what is to be sent; errors as of `flush`."""
        self._unsent += data
        if len(self._unsent) >= PIECE:
            self.flush()

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """Send a file behind what waits; errors as of `flush`."""
        self.flush()
        return super().sendfile(file, offset, count)

    def flush(self) -> None:
        """Send what waits.

        Raises
        ------
        OSError
            If the client has gone, or takes nothing for too long.
        """
        data, self._unsent = bytes(self._unsent), bytearray()
        if not data:
            return
        sent = _library.send(self.fileno(), data, len(data), _FLAGS) if QUICK else 0
        if sent < len(data):
            # What is wrong, if anything is, the usual way tells.
            super().sendall(data[max(sent, 0) :])

    def flush_at_once(self) -> None:
        """Send as much of what waits as the client can take at once."""
        data, self._unsent = bytes(self._unsent), bytearray()
        send(self, data)


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

    def dispatch(self, timeout: float) -> None:
        """Wait, and call whoever waits for what has come, each with what it waits for."""
        if not QUICK:
            for key, _ in self.select(timeout):
                key.data(key.fileobj)
            return
        keys = self._fd_to_key  # type: ignore[attr-defined]  # the library's own, in every version
        for number, _ in self._selector.poll(timeout, len(keys)):  # type: ignore[attr-defined]
            # One that was called before may have taken it away.
            if key := keys.get(number):
                key.data(key.fileobj)

    def _control(self, operation: int, number: int) -> None:
        event = _Event(EPOLLIN, number)
        _library.epoll_ctl(self.fileno(), operation, number, ctypes.byref(event))
