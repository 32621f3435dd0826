"""Where a request ends among the bytes of a connection: HTTP/1.1 as far as that takes.

It decides nothing but when a request is passed on: gunicorn's parser reads it anew, and refuses
what is malformed. In doubt, what is there is passed on at once.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import lru_cache

#: Bytes of a head, and of a line that tells a chunk's length, after which gunicorn refuses anyway.
MOST_HEAD, MOST_LINE = 640 * 1024, 4096

CODINGS = re.compile(rb"\r\ntransfer-encoding[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)
LENGTHS = re.compile(rb"\r\ncontent-length[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)
EXPECTS = re.compile(rb"\r\nexpect[ \t]*:[ \t]*100-continue[^\r\n]*", re.IGNORECASE)
#: Lines in lower case that ask for a closer look.
UNPLAIN = re.compile(rb"\n(?:transfer-encoding|connection|expect|upgrade)")
LENGTH = b"\r\ncontent-length:"
#: Bytes of the longest head that is plain, and how many of those are remembered.
LONGEST_PLAIN, HEADS_KEPT = 2048, 256
#: In lower case, what stands in a head that is not remembered: its key is kept nowhere.
KEY = b"authorization"
CHUNK = re.compile(rb"[0-9a-fA-F]{1,15}")


def is_plain(piece: bytes) -> bool:
    """Tell whether bytes are surely one whole request, whose client goes on with its connection.

    That it is whole, and nothing else, has to be plain at a glance: no chunks, one length, HTTP/1.1
    without a word about the connection. For all else there is `Gathered`.
    """
    end = piece.find(b"\r\n\r\n", 0, LONGEST_PLAIN)
    head = piece[: max(end, 0)].lower()
    announced = _announced if KEY in head else _known_announced
    return announced(head) == len(piece) - end - 4


def _announced(head: bytes) -> int:
    """Give the length of the body that follows a plain head in lower case, or -1."""
    if not head.endswith(b" http/1.1", 0, head.find(b"\r")) or UNPLAIN.search(head):
        return -1
    at = head.find(LENGTH)
    if at < 0 or head.count(b"content-length") > 1:
        return -1
    length = head[at + len(LENGTH) :].partition(b"\r")[0].strip()
    return int(length) if length.isdigit() and len(length) < 10 else -1


#: Clients repeat their heads.
_known_announced = lru_cache(HEADS_KEPT)(_announced)


class State(Enum):
    """How much of a request has come."""

    NOTHING = auto()
    HEAD = auto()
    BODY = auto()
    WHOLE = auto()
    #: Its body is longer than any that is read here.
    ENDLESS = auto()


class Gathered:
    """The bytes of a request, as they come.

    Parameters
    ----------
    most : int
        Bytes of the largest body that is read here.
    """

    def __init__(self, most: int) -> None:
        self.data = bytearray()
        self.state = State.NOTHING
        self.announced = 0
        self.waits = False
        #: Whether it is sure where it ends.
        self._sure = True
        self._most = most
        self._seen = 0
        self._body = 0
        #: Where the next chunk begins; None without chunks.
        self._chunk: int | None = None

    def add(self, piece: bytes) -> State:
        """Take more bytes, and tell how far the request is."""
        self.data += piece
        if self.state is State.NOTHING or self.state is State.HEAD:
            self._look_for_body()
        if self.state is State.BODY:
            self.state = self._follow_chunks() if self._chunk is not None else self._count()
        return self.state

    @property
    def head(self) -> bytes:
        """What came before the body, once that is all there."""
        return bytes(self.data[: self._body])

    @property
    def body_bytes(self) -> int:
        """Bytes of the body: as many as were announced, or, of one in chunks, as have come."""
        return self.announced if self._chunk is None else len(self.data) - self._body

    @property
    def alone(self) -> bool:
        """Whether it is whole, in one piece, and nothing has come after it."""
        whole = self.state is State.WHOLE and self._body > 0
        return whole and self._sure and len(self.data) == self._body + self.announced

    def _look_for_body(self) -> None:
        found = self.data.find(b"\r\n\r\n", max(0, self._seen - 3))
        if found < 0:
            self._seen = len(self.data)
            if self.data:
                self.state = State.WHOLE if self._seen > MOST_HEAD else State.HEAD
            return
        head, self._body = bytes(self.data[:found]), found + 4
        codings, lengths = CODINGS.findall(head), LENGTHS.findall(head)
        self.waits = EXPECTS.search(head) is not None
        self.state = State.BODY
        if codings:
            # Other codings, and a length beside a coding, are refused as soon as they are read.
            chunked = [one.strip().lower() for one in codings] == [b"chunked"] and not lengths
            self._chunk, self.state = self._body, State.BODY if chunked else State.WHOLE
            self._sure = False
        elif lengths:
            length = lengths[0].strip()
            fine = len(lengths) == 1 and re.fullmatch(rb"[0-9]{1,18}", length) is not None
            self.announced, self._sure = int(length) if fine else 0, fine

    def _count(self) -> State:
        if self.announced > self._most:
            return State.ENDLESS
        return State.WHOLE if len(self.data) >= self._body + self.announced else State.BODY

    def _follow_chunks(self) -> State:
        """Go from chunk to chunk, to the empty one and what trails it."""
        at, size = self._chunk or 0, len(self.data)
        while at < size:
            self._chunk = at
            if at - self._body > self._most:
                return State.ENDLESS
            end = self.data.find(b"\r\n", at, at + MOST_LINE)
            if end < 0:
                return State.WHOLE if size - at > MOST_LINE else State.BODY
            length = bytes(self.data[at:end]).partition(b";")[0].strip()
            if not CHUNK.fullmatch(length):
                return State.WHOLE
            if int(length, 16) == 0:
                return self._find_end(end)
            at = end + 2 + int(length, 16) + 2
        # What is there already may be more than is read here, though its chunk has not ended.
        return State.ENDLESS if size - self._body > 2 * self._most else State.BODY

    def _find_end(self, at: int) -> State:
        found = self.data.find(b"\r\n\r\n", at)
        return State.WHOLE if found >= 0 or len(self.data) - at > MOST_HEAD else State.BODY
