"""What a client gets: all of it, in one piece where that is possible, and no waiting for ever."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from creditscore.web import quick_socket
from creditscore.web.quick_socket import PIECE, ClientSocket


@pytest.fixture(params=[True, False], ids=["quick", "usual"])
def pair(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[ClientSocket, socket.socket]]:
    if request.param and not quick_socket.QUICK:
        pytest.skip("there are no quick calls on this system")
    monkeypatch.setattr(quick_socket, "QUICK", request.param)
    near, far = socket.socketpair()
    with ClientSocket(near, 0.3) as own, far:
        far.settimeout(10)
        yield own, far


def read_all(far: socket.socket, count: int) -> bytes:
    found = bytearray()
    while len(found) < count:
        piece = far.recv(65536)
        assert piece
        found += piece
    return bytes(found)


def test_what_is_sent_waits_for_the_flush(pair: tuple[ClientSocket, socket.socket]) -> None:
    own, far = pair
    own.sendall(b"head ")
    own.sendall(b"body")
    far.setblocking(False)
    with pytest.raises(BlockingIOError):
        far.recv(1)
    own.flush()
    own.flush()

    assert far.recv(100) == b"head body"


def test_a_large_answer_comes_whole_to_a_slow_reader(
    pair: tuple[ClientSocket, socket.socket],
) -> None:
    own, far = pair
    large = bytes(range(256)) * (40 * PIECE // 256)
    found: list[bytes] = []

    def read() -> None:
        time.sleep(0.05)
        found.append(read_all(far, len(large)))

    reader = threading.Thread(target=read)
    reader.start()
    for begin in range(0, len(large), 10_000):
        own.sendall(large[begin : begin + 10_000])
    own.flush()
    reader.join()
    assert found == [large]


def test_who_reads_nothing_is_given_up(pair: tuple[ClientSocket, socket.socket]) -> None:
    own, _ = pair
    with pytest.raises(TimeoutError):
        own.sendall(bytes(64 * 1024 * 1024))


def test_who_has_gone_is_told_of(pair: tuple[ClientSocket, socket.socket]) -> None:
    own, far = pair
    far.close()
    own.sendall(b"too late")
    with pytest.raises(BrokenPipeError):
        own.flush()


def test_a_file_comes_behind_what_waits(
    pair: tuple[ClientSocket, socket.socket], tmp_path: Path
) -> None:
    own, far = pair
    (tmp_path / "file").write_bytes(b"file")
    own.sendall(b"head ")
    with (tmp_path / "file").open("rb") as file:
        own.sendfile(file)

    assert read_all(far, 9) == b"head file"


def test_at_once_means_what_fits_and_no_waiting(
    pair: tuple[ClientSocket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    own, far = pair
    monkeypatch.setattr(quick_socket, "PIECE", 10**9)
    own.sendall(b"refused" + bytes(64 * 1024 * 1024))
    own.flush_at_once()
    assert far.recv(7) == b"refused"
    own.flush()


def test_it_can_be_read_while_it_never_blocks(pair: tuple[ClientSocket, socket.socket]) -> None:
    own, far = pair
    for blocking in (True, False):
        own.setblocking(blocking)
        with pytest.raises(BlockingIOError):
            quick_socket.receive(own)
        far.sendall(b"asked")
        assert quick_socket.receive(own) == b"asked"
