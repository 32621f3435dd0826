"""What a browser is shown where a request is refused, in both languages; programs get a problem."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from answers import problem_of
from flask.testing import FlaskClient
from pages import BROWSER, read_page, shown
from service_settings import Build
from werkzeug.exceptions import Gone

from creditscore.i18n.catalogue import PAGE_TEXTS
from creditscore.settings import RateLimit
from creditscore.web.problems import Problem

CASES = [
    ("GET", "/nowhere", 404),
    ("GET", "//elsewhere.example/nowhere", 404),
    ("GET", "/static/nothing.js", 404),
    ("GET", "/predict", 405),
    ("DELETE", "/model", 405),
    ("POST", "/predict", 415),
]


@pytest.mark.parametrize(("method", "path", "status"), CASES)
def test_a_browser_gets_a_page_that_says_what_to_do_and_leads_home(
    client: FlaskClient, language: str, method: str, path: str, status: int
) -> None:
    texts, xml = PAGE_TEXTS[language], "application/xml"
    headers = {**BROWSER, "Accept-Language": language}

    answer = client.open(path, method=method, headers=headers, content_type=xml)

    assert (answer.status_code, answer.content_type) == (status, "text/html; charset=utf-8")
    assert answer.headers["Content-Language"] == language
    assert "Accept" in answer.headers["Vary"]
    page = read_page(answer.text)
    assert texts.get(f"refused_{status}_text", "") in answer.text
    assert f"<h1>{texts[f'refused_{status}']}</h1>" in answer.text
    assert texts.get(f"refused_{status}_do", texts["refused_other_do"]) in answer.text
    assert ("a", {"class": "button", "href": f"/?lang={language}"}) in page.elements
    # No address on it is made of the one that was asked for.
    assert all(address.startswith(("/", "#main")) for address in page.addresses())
    assert "elsewhere" not in answer.text
    problem = client.open(path, method=method, headers={"Accept": "*/*"}, content_type=xml)
    problem_of(problem, status)
    assert ("Allow" in problem.headers) == ("Allow" in answer.headers) == (status == 405)


def test_a_browser_is_told_when_to_ask_again(
    build: Build, tmp_path_factory: pytest.TempPathFactory, language: str
) -> None:
    folder = tmp_path_factory.mktemp("run")
    client = build(rate_limit=RateLimit(1, 3600), runtime_dir=folder).test_client()
    client.get("/model")

    page = client.get(f"/model?lang={language}", headers=BROWSER)

    assert page.status_code == 429
    assert page.headers["Retry-After"] in shown(page.text, "refusal")


def test_a_surprise_is_a_page_that_names_its_line_in_the_log(
    build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    app = build()

    @app.get("/surprise")
    def surprise() -> str:
        raise RuntimeError("only for the operator")

    page = app.test_client().get("/surprise?lang=en", headers=BROWSER)

    assert page.status_code == 500
    assert page.headers["X-Request-ID"] in shown(page.text, "refusal")
    assert "only for the operator" not in page.text
    assert "only for the operator" in caplog.text
    read_page(page.text)


def test_what_flask_refuses_is_said_in_words_of_the_page_only(build: Build, language: str) -> None:
    app = build()

    @app.get("/gone")
    def gone() -> str:
        raise Gone

    page = app.test_client().get(f"/gone?lang={language}", headers=BROWSER)

    assert page.status_code == 410
    assert PAGE_TEXTS[language]["refused_other"] in page.text
    assert Gone().name not in page.text


def test_what_this_service_refuses_is_said_on_the_page_whatever_its_status(
    build: Build, language: str
) -> None:
    class NoBranch(Problem):
        status = HTTPStatus.NOT_FOUND

    app = build()

    @app.get("/branch")
    def branch() -> str:
        raise NoBranch({"en": "there is no such branch", "id": "cabang itu tidak ada"})

    page = app.test_client().get(f"/branch?lang={language}", headers=BROWSER)

    expected = {"en": "There is no such branch.", "id": "Cabang itu tidak ada."}
    assert shown(page.text, "refusal") == expected[language]


def test_where_not_even_a_page_can_be_made_a_problem_is_the_answer(
    build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    app = build()
    # As in a folder that somebody has half deleted.
    app.jinja_env.loader = None

    answer = app.test_client().get("/nowhere", headers=BROWSER)

    problem_of(answer, 404)
    assert "no page of a problem" in caplog.text
