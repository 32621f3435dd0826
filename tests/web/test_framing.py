"""Where a request ends: found for every way in which it can be cut into pieces."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from creditscore.web import framing
from creditscore.web.framing import LONGEST_PLAIN, MOST_HEAD, Gathered, State, is_plain
from creditscore.web.refusals import keeps_open

MOST = 1000
HEAD = b"POST /predict HTTP/1.1\r\nHost: x\r\n"
NEXT = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"

bodies = st.binary(max_size=300)
names = st.sampled_from([b"Content-Length", b"content-length", b"CONTENT-LENGTH"])


@st.composite
def announced(draw: st.DrawFn) -> bytes:
    body = draw(bodies)
    return b"%s%s: %d\r\n\r\n%s" % (HEAD, draw(names), len(body), body)


@st.composite
def chunked(draw: st.DrawFn) -> bytes:
    pieces = draw(st.lists(st.binary(min_size=1, max_size=60), max_size=5))
    extension = draw(st.sampled_from([b"", b";a=b", b" ; x"]))
    body = b"".join(b"%X%s\r\n%s\r\n" % (len(each), extension, each) for each in pieces)
    trailer = draw(st.sampled_from([b"", b"X-Sum: 1\r\n"]))
    return HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + body + b"0\r\n" + trailer + b"\r\n"


requests = st.one_of(announced(), chunked(), st.just(HEAD + b"\r\n"))


def states(data: bytes, cuts: list[int]) -> list[State]:
    """Give the state after each piece."""
    gathered = Gathered(MOST)
    edges = [0, *sorted({cut % (len(data) + 1) for cut in cuts}), len(data)]
    return [gathered.add(data[a:b]) for a, b in itertools.pairwise(edges)]


@given(requests, st.lists(st.integers(0, 10_000), max_size=6))
@example(HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [])
def test_a_request_is_whole_with_its_last_byte_and_not_before(
    request: bytes, cuts: list[int]
) -> None:
    assert states(request, cuts)[-1] is State.WHOLE
    assert State.WHOLE not in states(request[:-1], cuts)


@given(requests, requests)
def test_what_follows_a_request_does_not_change_its_end(first: bytes, second: bytes) -> None:
    assert states(first + second, [len(first)])[0] is State.WHOLE


@pytest.mark.parametrize("byte", range(len(HEAD) + 2))
def test_bytes_one_by_one_are_a_head_until_its_end(byte: int) -> None:
    given = states((HEAD + b"\r\n")[: byte + 1], list(range(byte + 1)))[-1]

    assert given is (State.WHOLE if byte == len(HEAD) + 1 else State.HEAD)


def test_nothing_is_nothing() -> None:
    assert Gathered(MOST).state is State.NOTHING
    assert Gathered(MOST).add(b"") is State.NOTHING


@pytest.mark.parametrize(
    "lines",
    [
        b"Content-Length: x",
        b"Content-Length: -1",
        b"Content-Length: 5\r\nContent-Length: 5",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: gzip, chunked",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    ],
)
def test_what_the_server_refuses_is_passed_on_without_a_body(lines: bytes) -> None:
    assert states(HEAD + lines + b"\r\n\r\n", [])[-1] is State.WHOLE


@pytest.mark.parametrize("chunk", [b"zz\r\n", b"-5\r\n", b"0x10\r\n", b"\r\n", b"f" * 16 + b"\r\n"])
def test_a_malformed_chunk_is_passed_on_at_once(chunk: bytes) -> None:
    data = HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n" + chunk

    assert states(data, [])[-1] is State.WHOLE


def test_a_body_over_the_limit_is_not_waited_for() -> None:
    over = b"%x\r\n" % (MOST + 1)

    assert states(HEAD + b"Content-Length: 1001\r\n\r\n", [])[-1] is State.ENDLESS
    assert states(HEAD + b"Content-Length: 1000\r\n\r\n", [])[-1] is State.BODY
    chunks = HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + over + b"x" * (MOST + 1) + b"\r\n5"
    assert states(chunks, [])[-1] is State.ENDLESS
    one_chunk = HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffff\r\n" + b"x" * (2 * MOST + 10)
    assert states(one_chunk, [])[-1] is State.ENDLESS


def test_a_head_without_end_is_passed_on_to_be_refused() -> None:
    gathered = Gathered(MOST)
    gathered.add(HEAD)
    while gathered.state is State.HEAD:
        gathered.add(b"X: " + b"x" * 8000 + b"\r\n")

    assert gathered.state is State.WHOLE
    assert len(gathered.data) <= MOST_HEAD + 8005


@pytest.mark.parametrize(("line", "waits"), [(b"Expect: 100-continue", True), (b"X: y", False)])
def test_who_waits_to_be_encouraged_is_known(line: bytes, waits: Any) -> None:
    gathered = Gathered(MOST)
    gathered.add(HEAD + line + b"\r\nContent-Length: 3\r\n\r\n")

    assert gathered.waits is waits


@pytest.mark.parametrize(
    ("data", "alone"),
    [
        (HEAD + b"Content-Length: 3\r\n\r\nabc", True),
        (HEAD + b"\r\n", True),
        (HEAD + b"Content-Length: 3\r\n\r\nab", False),
        (HEAD + b"Content-Length: 3\r\n\r\nabc" + NEXT, False),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", False),
        (HEAD + b"Content-Length: x\r\n\r\n", False),
        (HEAD, False),
    ],
)
def test_after_a_request_that_is_alone_the_connection_is_at_its_next(
    data: bytes, alone: bool
) -> None:
    gathered = Gathered(MOST)
    gathered.add(data)

    assert gathered.alone is alone
    if alone:
        assert gathered.head == data[: data.index(b"\r\n\r\n") + 4]


lines = st.sampled_from(
    [
        b"Content-Length: 3", b"Content-Length: 0", b"content-length : 3", b"Content-Length: +3",
        b"Content-Length: 3, 3", b"Transfer-Encoding: chunked", b"Connection: close", b"X: y",
        b"Expect: 100-continue", b"Upgrade: h2c", b"X-Content-Length: 3",
        b"A: b\nContent-Length: 3", b"Content-Length: 3\nA: b",
    ]
)  # fmt: skip


@given(
    st.sampled_from([b"POST / HTTP/1.1", b"POST / HTTP/1.0", b"POST /", b""]),
    st.lists(lines, max_size=4),
    st.sampled_from([b"", b"abc", b"abcd", b"abc" + NEXT]),
)
@example(b"POST / HTTP/1.1", [b"Content-Length: 3"], b"abc")
def test_what_is_plain_at_a_glance_is_so_at_a_closer_look(
    first: bytes, others: list[bytes], body: bytes
) -> None:
    data = b"\r\n".join([first, *others, b"", body])
    gathered = Gathered(MOST)
    gathered.add(data)

    if is_plain(data):
        assert gathered.alone
        assert not gathered.waits
        assert keeps_open(gathered.head)
    if (first, others, body) == (b"POST / HTTP/1.1", [b"Content-Length: 3"], b"abc"):
        assert is_plain(data)


def test_a_head_that_is_long_is_not_plain_however_often_it_comes() -> None:
    # What is remembered of heads stays small, whoever sends them.
    def request(filling: int) -> bytes:
        lines = [b"POST / HTTP/1.1", b"X: " + b"y" * filling, b"Content-Length: 3", b"", b"abc"]
        return b"\r\n".join(lines)

    short, long = request(100), request(LONGEST_PLAIN)

    assert [is_plain(short), is_plain(short), is_plain(short + b"d")] == [True, True, False]
    assert [is_plain(long), is_plain(long)] == [False, False]


def test_of_a_head_with_a_key_nothing_is_kept() -> None:
    known = framing._known_announced
    known.cache_clear()
    lines = [b"POST / HTTP/1.1", b"AUTHORIZATION: Bearer x", b"Content-Length: 3", b"", b"abc"]

    assert is_plain(b"\r\n".join(lines))
    assert known.cache_info().currsize == 0
    assert is_plain(b"\r\n".join([lines[0], *lines[2:]]))
    assert known.cache_info().currsize == 1
