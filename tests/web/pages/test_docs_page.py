"""The page at /docs: only files of this service, nothing inline, and headers that see to it."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from pages import BROWSER, Page, read_page, text_of

from creditscore.i18n import LANGUAGES, PAGE_TEXTS
from creditscore.schema import Schema


@pytest.fixture
def page(client: FlaskClient) -> Page:
    answer = client.get("/docs")
    assert answer.status_code == 200
    assert answer.content_type == "text/html; charset=utf-8"
    return Page(answer.text)


def test_every_address_on_it_is_a_file_of_this_service(client: FlaskClient, page: Page) -> None:
    addresses = list(page.addresses())

    assert len(addresses) >= 5
    for address in addresses:
        if address == "#main":
            continue
        assert re.match("/[^/]", address), address
        with client.get(address, headers=BROWSER) as answer:
            behind_key = address.startswith(("/monitoring", "/decisions"))
            assert answer.status_code == (401 if behind_key else 200), address


def test_nothing_stands_inline_that_a_browser_would_run(client: FlaskClient) -> None:
    read_page(client.get("/docs").text)


def test_browsers_are_told_to_load_from_here_only(client: FlaskClient) -> None:
    answer = client.get("/docs")

    # test_home_page.py holds what it says.
    policy = client.get("/").headers["Content-Security-Policy"]
    assert answer.headers["Content-Security-Policy"] == policy
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_its_own_files_name_no_other_host(client: FlaskClient, page: Page) -> None:
    checked = []
    for address in page.addresses():
        if address.endswith((".js", ".css", ".svg")) and "swagger-ui" not in address:
            text = text_of(client, address)
            assert not re.findall("https?://(?!www.w3.org/)", text), address
            checked.append(address)

    assert len(checked) >= 3
    # Whether the description is valid is asked of no host either.
    assert "validatorUrl: null" in text_of(client, "/static/docs.js")
    style = text_of(client, "/static/swagger-ui/swagger-ui.css")
    assert not re.findall(r"url\(\s*[\"']?(?:https?:)?//", style)
    assert "@import" not in style
    assert "Apache License" in text_of(client, "/static/swagger-ui/LICENSE")


def test_it_works_on_a_phone_and_without_javascript_says_so(
    page: Page, client: FlaskClient
) -> None:
    metas = [attributes for tag, attributes in page.elements if tag == "meta"]

    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in metas
    main = (
        text_of(client, "/docs")
        .partition('<main class="page" id="main"')[2]
        .partition("</main>")[0]
    )
    assert '<a href="/openapi.json">' in main
    assert f"<noscript><p>{PAGE_TEXTS['en']['docs_script']}</p></noscript>" in main
    assert ("html", {"lang": "en"}) in page.elements


def test_the_description_behind_it_repeats_the_notice(client: FlaskClient, schema: Schema) -> None:
    assert client.get("/openapi.json").get_json()["info"]["description"] == schema.notice["en"]


def test_it_is_a_page_among_the_pages_in_both_languages(client: FlaskClient, language: str) -> None:
    answer = client.get(f"/docs?lang={language}")

    page, texts = Page(answer.text), PAGE_TEXTS[language]
    assert answer.headers["Content-Language"] == language
    assert ("html", {"lang": language}) in page.elements
    assert f"<title>{texts['docs_title']} \N{EN DASH} {texts['title']}</title>" in answer.text
    other_language = next(code for code in LANGUAGES if code != language)
    addresses = [f"/?lang={language}", f"/model?lang={language}", f"/docs?lang={other_language}"]
    assert set(addresses) <= set(page.addresses())
    # The description itself is in English.
    assert {"id": "docs", "lang": "en", "data-openapi": "/openapi.json"} in [
        attributes for _, attributes in page.elements
    ]
