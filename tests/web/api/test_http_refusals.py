"""Every error that is not about an applicant: one shape, on any route, and nothing leaks."""

from __future__ import annotations

import logging
from io import BytesIO, RawIOBase
from pathlib import Path

import pytest
from answers import Answer, decision_of, faults_of, problem_of
from flask import Flask, request
from flask.testing import FlaskClient
from service_settings import settings_of
from werkzeug.test import TestResponse

from creditscore.web import create_app

ROUTES = {
    "/": {"GET", "POST"},
    "/docs": {"GET"},
    "/openapi.json": {"GET"},
    "/health": {"GET"},
    "/model": {"GET"},
    "/predict": {"POST"},
    "/what-if": {"POST"},
}
METHODS = ["GET", "POST", "DELETE", "TRACE", "X" * 500]
NOWHERE = [
    "/predict/../model",
    "/PREDICT",
    "/%2e%2e/etc/passwd",
    "/static/nothing.js",
    "/static/../web/api.py",
    "/static/%2e%2e/api.py",
    "/static/..%5capi.py",
    "/model/model.pkl",
    "/%00",
    "/<script>",
    "/" + "x" * 3000,
]
NOTHING: dict[int, str] = {}
MARKER = "MARKER-of-an-applicant"


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("method", METHODS)
def test_a_wrong_method_is_refused_with_the_right_ones(
    client: FlaskClient, route: str, method: str
) -> None:
    if method in ROUTES[route]:
        return

    answer = client.open(route, method=method)

    problem_of(answer, 405)
    allowed = set(answer.headers["Allow"].split(", "))
    assert allowed >= ROUTES[route]
    assert allowed - ROUTES[route] <= {"OPTIONS", "HEAD"}


@pytest.mark.parametrize("path", NOWHERE)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_what_is_not_there_is_a_problem_and_not_repeated(
    client: FlaskClient, path: str, method: str
) -> None:
    answer = client.open(path, method=method)

    # A file that could be read is of no use to POST, even where there is none.
    expected = 405 if answer.status_code == 405 and path.startswith("/static/") else 404
    problem = problem_of(answer, expected)
    assert "script" not in problem["detail"]
    assert len(problem["detail"]) < 200


@pytest.mark.parametrize(
    # Werkzeug takes several slashes at the beginning for one.
    ("path", "status"),
    [("//predict", 405), ("//elsewhere.example", 404), ("/docs//", 404), ("/x//docs", 404)],
)
def test_a_doubled_slash_leads_nowhere(client: FlaskClient, path: str, status: int) -> None:
    answer = client.get("/", environ_overrides={"PATH_INFO": path})

    problem_of(answer, status)
    assert "Location" not in answer.headers


def test_a_problem_has_a_body_for_every_method_but_head(client: FlaskClient) -> None:
    answer = client.head("/nothing-here")

    assert (answer.status_code, answer.data) == (404, b"")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_range_beyond_a_file_is_a_problem(client: FlaskClient) -> None:
    answer = client.get("/static/docs.js", headers={"Range": "bytes=99999999-"})

    problem_of(answer, 416)


# Surprises


@pytest.fixture(scope="module")
def surprising(model_dir: Path) -> Flask:
    """Build a service with one route that fails as no route of ours should."""
    app = create_app(settings_of(model_dir))

    def surprise() -> str:
        secret = request.get_data(as_text=True)
        return NOTHING[len(secret)]

    app.add_url_rule("/surprise", view_func=surprise, methods=["GET", "POST"])
    return app


def test_a_surprise_is_a_plain_problem_that_names_its_line_in_the_log(
    surprising: Flask, example_json: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = surprising.test_client().post(
            f"/surprise?q={MARKER}", data=MARKER, headers={"X-Request-ID": "the-request"}
        )

    problem = problem_of(answer, 500)
    assert "the-request" in problem["detail"]
    (line,) = [line for line in caplog.records if line.levelno >= logging.ERROR]
    assert "the-request" in line.getMessage()
    assert "Traceback" in caplog.text
    assert "KeyError" in caplog.text
    assert MARKER not in caplog.text
    decision_of(surprising.test_client().post("/predict", data=example_json))


@pytest.mark.parametrize("setting", ["DEBUG", "TESTING", "PROPAGATE_EXCEPTIONS"])
def test_a_surprise_stays_a_plain_problem_whatever_flask_is_told(
    model_dir: Path, setting: str
) -> None:
    app = create_app(settings_of(model_dir))
    app.config[setting] = True
    app.add_url_rule("/surprise", "surprise", lambda: NOTHING[0])

    problem_of(app.test_client().get("/surprise"), 500)


@pytest.mark.parametrize("body", [f'{{"{MARKER}": 1}}', f'["{MARKER}"]', f'"{MARKER}'])
def test_what_an_applicant_sent_is_never_logged(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, body: str
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = client.post(f"/predict?{MARKER}", data=body)

    assert answer.status_code in {400, 422}
    assert MARKER not in caplog.text


# Bodies that are no JSON, or none of ours; test_json_parser.py holds what the reader takes


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"[" * 100_000, ("", "too_deep")),
        (b"[" * 8 + b"]" * 8, ("/0", "not_an_object")),
        (b'[[{"a": {"b": 1, "b": 1}}]]', ("", "duplicate_key")),
        (b'{"LIMIT_BAL": 1, "\\u004cIMIT_BAL": 2}', ("", "duplicate_key")),
        (b'{"\\ud800": 1}', ("", "not_unicode")),
        (b"", ("", "empty")),
        (b"\xef\xbb\xbf\r\n\t ", ("", "empty")),
        (b'"\xff"', ("", "not_utf8")),
        (b'{"a": NaN}', ("", "not_json")),
        (b"{}{}", ("", "not_json")),
        (b"1" * 5000, ("", "not_applicants")),
    ],
)
def test_a_body_that_is_no_applicant_is_refused_by_name(
    client: FlaskClient, body: bytes, fault: tuple[str, str]
) -> None:
    answer = client.post("/predict", data=body)

    assert faults_of(answer, 422 if answer.status_code == 422 else 400) == [fault]


def test_the_place_of_a_mistake_is_told(client: FlaskClient) -> None:
    problem = problem_of(client.post("/predict", data=b'{\n"a": 1,\n  b}'), 400)

    assert "line 3, column 3" in problem["detail"]


def test_what_is_repeated_from_a_request_is_cut_short(
    client: FlaskClient, example_json: bytes
) -> None:
    long = b"x" * 100_000
    bodies = [
        example_json.replace(b"{", b'{"AGE": "%s", ' % long),
        example_json.replace(b"{", b'{"%s": 1, ' % long),
        example_json.replace(b"{", b'{"%s": 1, "%s": 1, ' % (long, long)),
        b'"%s"' % long,
    ]

    for body in bodies:
        assert len(client.post("/predict", data=body).data) < 2000


# Bodies that do not come as they should; over a real server in test_http_server.py


@pytest.fixture(scope="module")
def small(model_dir: Path) -> FlaskClient:
    """Ask a service whose bodies are at most 1,000 bytes long."""
    return create_app(settings_of(model_dir, max_json_bytes=1000)).test_client()


def chunked(client: FlaskClient, body: bytes) -> Answer:
    """Send a body as a server hands over a chunked one: without a length, but with an end."""
    response = client.post(
        "/predict",
        input_stream=BytesIO(body),
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    headers = {name.lower(): value for name, value in response.headers}
    return Answer(response.status_code, headers, response.get_data())


def announcing(client: FlaskClient, body: bytes, length: int, **environ: object) -> TestResponse:
    """Send a body with another length than its own."""
    return client.post(
        "/predict",
        input_stream=BytesIO(body),
        environ_overrides={"CONTENT_LENGTH": str(length), **environ},
    )


class LongBody(RawIOBase):
    """A body of 64 MiB that counts what is read of it."""

    def __init__(self) -> None:
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the only kind
        size = min(len(buffer), 64 * 1024 * 1024 - self.count)
        buffer[:size] = b" " * size
        self.count += size
        return size


def test_a_body_may_be_as_long_as_the_limit(small: FlaskClient, example_json: bytes) -> None:
    full = example_json.ljust(1000)

    decision_of(small.post("/predict", data=full))
    decision_of(chunked(small, full))


def test_a_body_over_the_limit_is_refused_however_it_comes(
    small: FlaskClient, example_json: bytes
) -> None:
    for body in (example_json.ljust(1001), example_json.ljust(1000) + b"garbage", b"x" * 100_000):
        for answer in (small.post("/predict", data=body), chunked(small, body)):
            assert "1000" in problem_of(answer, 413)["detail"]


def test_the_limit_is_a_mebibyte_unless_the_host_says_otherwise(
    client: FlaskClient, example_json: bytes
) -> None:
    decision_of(client.post("/predict", data=example_json.ljust(1024 * 1024)))
    problem_of(client.post("/predict", data=example_json.ljust(1024 * 1024 + 1)), 413)
    # An announcement is enough.
    problem_of(announcing(client, example_json, 10**12), 413)


def test_a_body_shorter_than_announced_is_refused_even_if_it_is_json(
    client: FlaskClient, example_json: bytes
) -> None:
    # Servers that see to the end themselves, as gunicorn does, pass on what came.
    for environ in ({}, {"wsgi.input_terminated": True}):
        problem_of(announcing(client, example_json, len(example_json) + 1, **environ), 400)


def test_no_more_is_read_of_an_endless_body_than_the_limit_needs(small: FlaskClient) -> None:
    endless = LongBody()

    answer = small.post(
        "/predict",
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input": endless, "wsgi.input_terminated": True},
    )

    problem_of(answer, 413)
    assert endless.count < 1024 * 1024


FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"


@pytest.mark.parametrize("route", ["/predict", "/what-if"])
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("LIMIT_BAL=30000&SEX=1", FORM),
        ("LIMIT_BAL=30000&SEX=1", f"{FORM}; charset=utf-8"),
        ("  LIMIT_BAL=30000", FORM),
        ("true=1", FORM),
        # curl --data-urlencode
        ("%7B%22LIMIT_BAL%22%3A30000%7D", FORM),
        ("%5b%7b%22LIMIT_BAL%22%3A30000%7D%5d=", FORM),
        (
            "--x\r\nContent-Disposition: form-data; name=SEX\r\n\r\n1\r\n--x--",
            "multipart/form-data",
        ),
    ],
)
def test_a_form_is_told_that_it_is_one_and_how_to_send_json(
    client: FlaskClient, route: str, body: str, kind: str
) -> None:
    boundary = "; boundary=x" if "multipart" in kind else ""

    answer = client.post(route, data=body, content_type=kind + boundary)

    detail = problem_of(answer, 415)["detail"]
    assert f"a form ({kind.partition(';')[0]})" in detail
    assert "Content-Type: application/json" in detail
    assert "line 1" not in detail


@pytest.mark.parametrize("body", ['{"LIMIT_BAL"=30000}', "{a=b", '"a=b', "[1=2", "hello", "", "="])
def test_what_is_no_form_is_still_told_what_is_wrong_with_its_json(
    client: FlaskClient, body: str
) -> None:
    problem_of(client.post("/predict", data=body, content_type=FORM), 400)


def test_json_that_is_called_a_form_is_json(client: FlaskClient, example_json: bytes) -> None:
    # As curl -d sends it.
    answer = client.post("/predict", data=example_json, content_type=FORM)

    decision_of(answer)
