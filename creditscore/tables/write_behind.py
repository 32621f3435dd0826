"""A file that is written while the next piece is made: the disk works beside the program."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from collections.abc import Iterator
from typing import BinaryIO

#: Pieces that wait to be written, at most, each of some megabytes: a disk that cannot keep up is
#: waited for.
MOST_PIECES = 2

#: Bytes after which the disk is made to begin. Left to itself, the system may keep gigabytes in
#: memory, and whoever wants them on the disk at the end then waits for all of them.
BEGIN_BYTES = 64 * 1024 * 1024


class WriteBehind:
    """Takes bytes, which a thread writes in their order; made by `writing_behind`."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._pieces: queue.Queue[bytes | None] = queue.Queue(MOST_PIECES)
        self._failed: list[Exception] = []
        self._thread = threading.Thread(target=self._run, name="write-behind", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> int:
        """Take a piece.

        Raises
        ------
        OSError
            If one before could not be written.
        """
        self._raise()
        self._pieces.put(data)
        return len(data)

    def finish(self) -> None:
        """Wait until all is written; errors as of `write`."""
        self._pieces.put(None)
        self._thread.join()
        self._raise()

    def _raise(self) -> None:
        if self._failed:
            raise self._failed[0]

    def _run(self) -> None:
        unsaved = 0
        while (data := self._pieces.get()) is not None:
            if self._failed:
                # Nobody may wait for room; the next one to write will hear of it.
                continue
            try:
                self._file.write(data)
                unsaved += len(data)
                if unsaved > BEGIN_BYTES:
                    self._file.flush()
                    os.fsync(self._file.fileno())
                    unsaved = 0
            except Exception as error:  # noqa: BLE001  # raised again, in the thread that writes
                self._failed.append(error)


@contextlib.contextmanager
def writing_behind(file: BinaryIO) -> Iterator[WriteBehind]:
    """Give a file to write; all is in `file`, though perhaps not on the disk, when the block ends.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    behind = WriteBehind(file)
    try:
        yield behind
    except BaseException:
        # What failed is worth more than what else may fail now.
        with contextlib.suppress(Exception):
            behind.finish()
        raise
    behind.finish()
