"""What the server itself says is a whole answer, and tells whether the connection goes on."""

from __future__ import annotations

import http.client
import io
import json

import pytest

from creditscore.web.refusals import keeps_open, refusal


class Kept(io.BytesIO):
    """Looks like a socket to `http.client`."""

    def makefile(self, *_: object) -> io.BytesIO:
        return self


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("status", [400, 408, 431, 503])
def test_a_refusal_is_a_problem_like_all_others(status: int, keep: bool) -> None:
    raw = refusal(status, "For a reason.", keep=keep)

    answer = http.client.HTTPResponse(Kept(raw))  # type: ignore[arg-type]
    answer.begin()
    body = answer.read()
    assert (answer.status, answer.getheader("Content-Type")) == (status, "application/problem+json")
    assert json.loads(body) == {
        "type": "about:blank",
        "title": http.client.responses[status],
        "status": status,
        "detail": "For a reason.",
    }
    assert answer.getheader("Connection") == ("keep-alive" if keep else "close")
    assert answer.getheader("Cache-Control") == "no-store"
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    assert (answer.getheader("Retry-After") is not None) == (status == 503)


def test_each_refusal_has_an_id_of_its_own() -> None:
    assert refusal(503, "x") != refusal(503, "x")


@pytest.mark.parametrize(
    ("head", "keeps"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", True),
        (b"GET / HTTP/1.0\r\nHost: x\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nCONNECTION : Close\r\nHost: x\r\n\r\n", False),
        (b"", False),
    ],
)
def test_a_connection_goes_on_only_if_the_client_surely_wants_that(
    head: bytes, keeps: bool
) -> None:
    assert keeps_open(head) is keeps
