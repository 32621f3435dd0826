"""What is written behind stands in the file, in its order, or whoever writes hears of it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from creditscore.tables import write_behind
from creditscore.tables.write_behind import MOST_PIECES, writing_behind

#: Takes nothing, as a disk without room.
FULL = Path("/dev/full")


def test_all_pieces_are_in_the_file_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So that the disk is made to begin several times.
    monkeypatch.setattr(write_behind, "BEGIN_BYTES", 10_000)
    pieces = [f"{place},".encode() * (place % 50) for place in range(1000)]

    with (tmp_path / "file").open("wb") as file, writing_behind(file) as behind:
        counts = [behind.write(piece) for piece in pieces]

    assert (tmp_path / "file").read_bytes() == b"".join(pieces)
    assert counts == list(map(len, pieces))


def test_all_is_in_the_file_when_the_block_ends(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb", buffering=0) as file:
        with writing_behind(file) as behind:
            behind.write(b"x" * 10_000_000)

        assert (tmp_path / "file").stat().st_size == 10_000_000


@pytest.mark.skipif(not FULL.exists(), reason="there is no full device here")
@pytest.mark.parametrize("count", [1, 20 * MOST_PIECES])
def test_whoever_writes_hears_that_the_disk_is_full(count: int) -> None:
    def write() -> None:
        with FULL.open("wb", buffering=0) as file, writing_behind(file) as behind:
            for _ in range(count):
                behind.write(b"x" * 100_000)

    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        write()


def test_what_fails_beside_it_is_what_is_raised(tmp_path: Path) -> None:
    def write() -> None:
        with (tmp_path / "file").open("wb") as file, writing_behind(file) as behind:
            behind.write(b"some")
            raise KeyError

    with pytest.raises(KeyError):
        write()
