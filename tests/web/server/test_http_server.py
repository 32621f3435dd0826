"""The service behind its real server: framing, broken connections, and limits.

Each test sends bytes to gunicorn as `manage.py run` starts it, and reads bytes.
"""

from __future__ import annotations

import random
import re
import socket

import pytest
from answers import Answer, decision_of, problem_of
from bad_bodies import bad_bodies, check_answer
from live_server import LiveServer

from creditscore.schema import Schema

LIMIT = 1024 * 1024
FUZZED = 1000


def head(*lines: bytes) -> bytes:
    """Begin a request for a decision."""
    return b"\r\n".join([b"POST /predict HTTP/1.1", b"Host: localhost", *lines, b"", b""])


CHUNKED = head(b"Transfer-Encoding: chunked")


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def answered(answer: Answer | None) -> Answer:
    """Insist on an answer."""
    assert answer is not None
    return answer


def refused(answer: Answer | None, status: int = 400) -> None:
    """Check an answer of the server itself, which repeats nothing of the request."""
    answer = answered(answer)
    assert answer.status == status
    assert answer.headers["content-type"] == "text/plain"
    assert answer.headers["connection"] == "close"
    assert answer.headers["content-length"] == str(len(answer.body))
    assert 0 < len(answer.body) < 40


def assert_alive(server: LiveServer, example_json: bytes) -> None:
    """Check that the next client is served."""
    for _ in range(8):
        decision_of(server.ask("POST", "/predict", example_json))


def test_a_chunked_body_is_decided_on(server: LiveServer, example_json: bytes) -> None:
    chunks = [chunk(example_json[:7]), chunk(example_json[7:]), b"0\r\n\r\n"]

    decision_of(answered(server.send(CHUNKED, *chunks)))


def test_a_chunked_body_may_be_as_long_as_the_limit(
    server: LiveServer, example_json: bytes
) -> None:
    decision_of(answered(server.send(CHUNKED, chunk(example_json.ljust(LIMIT)), b"0\r\n\r\n")))


@pytest.mark.parametrize("more", [b" ", b"garbage", b"x" * 3000, b" " * LIMIT])
def test_a_chunked_body_is_not_cut_at_the_limit_and_taken_for_whole(
    server: LiveServer, example_json: bytes, more: bytes
) -> None:
    padded = chunk(example_json.ljust(LIMIT))

    answer = server.send(CHUNKED, padded, chunk(more), b"0\r\n\r\n")

    problem_of(answered(answer), 413)


def test_an_announced_body_over_the_limit_is_refused(
    server: LiveServer, example_json: bytes
) -> None:
    body = example_json.ljust(LIMIT + 1)

    problem_of(server.ask("POST", "/predict", body), 413)
    # The announcement alone is enough.
    problem_of(answered(server.send(head(b"Content-Length: 999999999999"))), 413)


def test_a_client_that_waits_for_100_continue_is_answered(
    server: LiveServer, example_json: bytes
) -> None:
    length = b"Content-Length: %d" % len(example_json)
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(head(length, b"Expect: 100-continue"))
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(example_json)
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("missing", [1, 10, 1000])
def test_a_body_that_breaks_off_is_refused_even_if_it_is_json(
    server: LiveServer, example_json: bytes, missing: int
) -> None:
    length = b"Content-Length: %d" % (len(example_json) + missing)

    # Whoever closes its own end in the middle has gone.
    assert server.send(head(length), example_json, hang_up=True) is None
    assert_alive(server, example_json)


@pytest.mark.parametrize(
    "chunks",
    [
        b"zz\r\n%s\r\n0\r\n\r\n",
        b"-5\r\n%s\r\n0\r\n\r\n",
        b"0x10\r\n%s\r\n0\r\n\r\n",
        b"1_0\r\n%s\r\n0\r\n\r\n",
        b"\r\n%s\r\n0\r\n\r\n",
        b"2\r\n%s\r\n0\r\n\r\n",
    ],
)
def test_malformed_chunks_are_refused(
    server: LiveServer, example_json: bytes, chunks: bytes
) -> None:
    refused(server.send(CHUNKED, chunks.replace(b"%s", example_json)))


def test_a_chunked_body_without_its_end_is_refused_even_if_it_is_json(
    server: LiveServer, example_json: bytes
) -> None:
    assert server.send(CHUNKED, chunk(example_json), hang_up=True) is None
    for beginning in (b"100\r\n", b"ffffffffffffffffff\r\n", b""):
        assert server.send(CHUNKED, beginning + example_json, hang_up=True) is None
    assert_alive(server, example_json)


@pytest.mark.parametrize(
    "half",
    [
        b"",
        b"P",
        b"POST /predict HTTP/1.1",
        b"POST /predict HTTP/1.1\r\nHost: localhost\r\n",
        b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_half_a_request_is_no_harm(server: LiveServer, example_json: bytes, half: bytes) -> None:
    assert server.send(half, hang_up=True) is None
    assert_alive(server, example_json)
    assert "Traceback" not in server.printed()


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"<script>nonsense\r\n\r\n", 400),
        (b'{"LIMIT_BAL": "<script>"}\r\n\r\n', 400),
        (b"GET / HTTP/<script>\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 400),
        (b"get<script> / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nno <script>\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n<script>: 1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n <script>\r\n\r\n", 400),
        (head(b"Content-Length: <script>"), 400),
        (head(b"Content-Length: 1", b"Content-Length: 2"), 400),
        (head(b"Content-Length: 1", b"Transfer-Encoding: chunked"), 400),
        (b"GET /" + b"<script>" * 1000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + b"X: <script>\r\n" * 100 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nX: " + b"<script>" * 12_000 + b"\r\n\r\n", 431),
        (head(b"Transfer-Encoding: <script>"), 501),
    ],
)
def test_the_server_itself_refuses_what_is_no_request_in_words_that_repeat_nothing(
    server: LiveServer, data: bytes, status: int
) -> None:
    answer = server.send(data)

    refused(answer, status)
    assert b"script" not in answered(answer).body
    assert "script" not in server.printed()


@pytest.mark.parametrize("name", [b"SCRIPT_NAME", b"Script-Name", b"PATH_INFO", b"Path-Info"])
def test_a_header_moves_no_route(server: LiveServer, name: bytes) -> None:
    moved = server.send(b"GET /x/health HTTP/1.1\r\nHost: localhost\r\n%s: /x\r\n\r\n" % name)
    rewritten = server.send(
        b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n%s: /health\r\n\r\n" % name
    )
    direct = server.send(b"GET /health HTTP/1.1\r\nHost: localhost\r\n%s: /x\r\n\r\n" % name)

    # Either refused by the server, or without any effect.
    assert {answered(moved).status, answered(rewritten).status} <= {400, 404}
    problem_of(answered(moved), answered(moved).status)
    assert answered(direct).status in {400, 200}


@pytest.mark.parametrize(
    "line",
    [b"//predict", b"/predict;x", b"/predict%2f", b"/%70redict/", b"http://elsewhere.example/x"],
)
def test_an_odd_path_leads_to_no_other_host(server: LiveServer, line: bytes) -> None:
    answer = answered(server.send(b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % line))

    problem_of(answer, answer.status)
    assert answer.status in {400, 404, 405}
    assert "location" not in answer.headers


def test_the_page_names_no_host(server: LiveServer) -> None:
    answer = answered(server.send(b"GET / HTTP/1.1\r\nHost: 127.9.8.7\r\n\r\n"))

    assert answer.status == 200
    assert b"127.9.8.7" not in answer.body


@pytest.mark.parametrize(
    "line",
    [
        b"Accept-Language: \xff\xfe;q=\xff",
        b"Content-Type: \xff/\xfe; charset=\xff",
        b"Content-Encoding: \xff",
        b"Authorization: Bearer \xff",
        b"X-API-Key: \xff\xfe",
        b"X-Request-ID: \xff",
        b"Origin: \xff",
        b"Host: \xff\xfe",
        b"Host: [::1",
        b"Host: a:b:c",
        b"Cookie: \xff=\xfe; ;;=",
        b"If-None-Match: \xff",
        b"Range: bytes=\xff-",
    ],
)
def test_odd_headers_are_no_surprise(server: LiveServer, example_json: bytes, line: bytes) -> None:
    length = b"Content-Length: %d" % len(example_json)
    start = b"POST /predict HTTP/1.1" if b"Host" in line else head().split(b"\r\n\r\n")[0]

    answer = answered(server.send(b"\r\n".join([start, line, length, b"", example_json])))

    if answer.status == 200:
        decision_of(answer)
    else:
        assert answer.status in {400, 403, 415, 421}
        problem_of(answer, answer.status)


def test_what_a_client_says_of_its_scheme_is_not_believed(
    server: LiveServer, example_json: bytes
) -> None:
    # The server refuses those that contradict each other, where it believes them.
    schemes = (b"X-Forwarded-Proto: http", b"X-Forwarded-Ssl: on")
    length = b"Content-Length: %d" % len(example_json)

    decision_of(answered(server.send(head(*schemes, length), example_json)))


@pytest.mark.parametrize("framing", ["announced", "chunked"])
def test_a_body_that_was_not_read_is_not_the_next_request(
    server: LiveServer, example_json: bytes, framing: str
) -> None:
    inner = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50
    if framing == "announced":
        refused = head(b"Content-Type: text/xml", b"Content-Length: %d" % len(inner)) + inner
    else:
        lines = head(b"Content-Type: text/xml", b"Transfer-Encoding: chunked")
        refused = lines + chunk(inner) + b"0\r\n\r\n"
    following = head(b"Connection: close", b"Content-Length: %d" % len(example_json)) + example_json

    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(refused + following)
        with connection.makefile("rb") as stream:
            statuses = re.findall(rb"HTTP/1[.]1 ([0-9]+) ", stream.read())

    # The server may close the connection instead of skipping what it has not read.
    assert statuses in ([b"415"], [b"415", b"200"])


def test_generated_bad_bodies_get_a_problem_or_a_decision(
    server: LiveServer, schema: Schema
) -> None:
    generator = random.Random(2)

    for body in bad_bodies(schema, generator, FUZZED):
        check_answer(server.ask("POST", "/predict", body), body)

    assert "Traceback" not in server.printed()
