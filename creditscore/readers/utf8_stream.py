"""Read a text file of any encoding as UTF-8, in pieces."""

from __future__ import annotations

import codecs
from typing import BinaryIO

from creditscore.errors import NotATable
from creditscore.i18n.catalogue import say
from creditscore.readers.detection import check_is_csv, detect_encoding, encoding_without_zeros
from creditscore.readers.file_format import BYTE_ORDER_MARKS, ENCODINGS

#: Bytes that are looked at for the encoding.
BEGINNING = 256 * 1024

#: Bytes that a character of UTF-8 has behind its first one, at most.
REST_OF_CHARACTER = 3

UTF_8 = frozenset({"utf-8", "ascii"})


class Utf8Stream:
    """A file as UTF-8, without a byte order mark.

    The encoding may show only behind many rows of plain ASCII: the first piece with other bytes
    decides, so that a file is read alike from a disk and from a pipe.

    Parameters
    ----------
    file : file
        Read from its beginning.
    encoding : str, optional
        What is stated, as Python calls it; it gives way to what the bytes show.

    Raises
    ------
    NotATable
        If it is no text.
    """

    def __init__(self, file: BinaryIO, encoding: str | None = None) -> None:
        self._file = file
        self._stated = encoding
        self._buffer = self._complete(file.read(BEGINNING))
        self._is_short = len(self._buffer) < BEGINNING
        self._lines = 0
        check_is_csv(self._buffer)
        self.encoding = detect_encoding(self._buffer, stated=encoding)
        self._is_decided = b"\0" in self._buffer or not self._buffer.isascii()
        for mark in BYTE_ORDER_MARKS:
            if self._buffer.startswith(mark) and BYTE_ORDER_MARKS[mark] == self.encoding:
                self._buffer, self._is_decided = self._buffer.removeprefix(mark), True
        self._decoder = codecs.getincrementaldecoder(self.encoding)()

    @property
    def is_exhausted(self) -> bool:
        """Whether all of a short file has been read."""
        return self._is_short and not self._buffer

    def tell(self) -> int:
        """Return how many bytes of the file have been read."""
        return self._file.tell()

    def read(self, size: int) -> bytes:
        """Read about so many bytes, in UTF-8; nothing at the end only.

        Raises
        ------
        NotATable
            With the line, where it is not of its encoding. Bytes that are not UTF-8
            are refused when the lines are decoded.
        """
        while True:
            raw, self._buffer = self._buffer[:size], self._buffer[size:]
            raw = raw or self._file.read(size)
            if not self._is_decided and not raw.isascii():
                raw = self._complete(raw)
                self._is_decided = True
                self.encoding = encoding_without_zeros(raw, stated=self._stated)
                self._decoder = codecs.getincrementaldecoder(self.encoding)()
            if codecs.lookup(self.encoding).name in UTF_8:
                if not self._is_decided:
                    self._lines += raw.count(b"\n")
                return raw
            text = self._decode(raw)
            if text or not raw:
                return text.encode()

    def _complete(self, raw: bytes) -> bytes:
        """Read on behind bytes that decide, so that the first character among them is whole."""
        return raw if raw.isascii() else raw + self._file.read(REST_OF_CHARACTER)

    def _decode(self, raw: bytes) -> str:
        try:
            text = self._decoder.decode(raw, final=not raw)
        except UnicodeError as error:
            # UTF-16 without its byte order mark is a UnicodeError that says no place.
            line = 1 + self._lines
            if isinstance(error, UnicodeDecodeError):
                text_before = error.object[: error.start].decode(self.encoding, "replace")
                line += text_before.count("\n")
            name = ENCODINGS.get(self.encoding, self.encoding)
            raise NotATable("not_utf8", say("not_encoded", encoding=name), line) from None
        self._lines += text.count("\n")
        return text
