"""Locks between processes: only one has a part of a file, and others wait for it."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from creditscore.web import quick_lock

fcntl = pytest.importorskip("fcntl", reason="Windows has other locks")

BEGIN, LENGTH = 64, 192


def use_plainly(path: Path, pipe: Connection) -> None:
    """Lock and unlock as others do, when told to."""
    file = os.open(path, os.O_RDWR)
    while (what := pipe.recv()) != "end":
        begin = BEGIN if what != "beside" else BEGIN + LENGTH
        try:
            if what == "unlock":
                fcntl.lockf(file, fcntl.LOCK_UN, LENGTH, begin)
            else:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, LENGTH, begin)
            pipe.send(True)
        except OSError:
            pipe.send(False)
        if what == "lock for a moment":
            time.sleep(0.3)
            fcntl.lockf(file, fcntl.LOCK_UN, LENGTH, begin)


@pytest.fixture(params=[True, False], ids=["quick", "usual"])
def file(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[int]:
    if request.param and not quick_lock.QUICK:
        pytest.skip("there are no quick calls on this system")
    monkeypatch.setattr(quick_lock, "QUICK", request.param)
    (tmp_path / "file").write_bytes(bytes(1024))
    number = os.open(tmp_path / "file", os.O_RDWR)
    yield number
    os.close(number)


@pytest.fixture
def other(file: int, tmp_path: Path) -> Iterator[Connection]:
    here, there = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=use_plainly, args=(tmp_path / "file", there))
    process.start()
    yield here
    here.send("end")
    process.join()


def told(other: Connection, what: str) -> bool:
    other.send(what)
    return bool(other.recv())


def test_while_it_is_held_nobody_else_gets_it(file: int, other: Connection) -> None:
    quick_lock.lock(file, BEGIN, LENGTH)
    assert not told(other, "lock")
    assert told(other, "beside")
    quick_lock.unlock(file, BEGIN, LENGTH)
    assert told(other, "lock")


def test_what_another_process_holds_is_waited_for(file: int, other: Connection) -> None:
    assert told(other, "lock for a moment")
    begun = time.monotonic()
    quick_lock.lock(file, BEGIN, LENGTH)
    assert time.monotonic() - begun > 0.1
    assert not told(other, "lock")
    quick_lock.unlock(file, BEGIN, LENGTH)


def test_a_file_that_is_closed_is_an_error(file: int, tmp_path: Path) -> None:
    number = os.open(tmp_path / "file", os.O_RDWR)
    os.close(number)
    for call in (quick_lock.lock, quick_lock.unlock):
        with pytest.raises(OSError, match="Bad file"):
            call(number, BEGIN, LENGTH)
    del file
