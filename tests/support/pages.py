"""Pages as a browser asks for them and reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from flask.testing import FlaskClient
from logged import KEY

#: Bytes that the first visit may load.
FIRST_LOAD = 100_000

#: The same of the model card, which is a whole document.
DOCUMENT_FIRST_LOAD = 125_000

#: What browsers ask for.
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}

#: The same of who has not signed in, but shows the key.
WITH_KEY = {**BROWSER, **KEY}


class Page(HTMLParser):
    """Every element of a page, with its attributes and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.script = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.elements and self.elements[-1][0] in {"script", "style"}:
            self.script += data.strip()

    def addresses(self) -> Iterator[str]:
        """Give every address that the page loads or links to."""
        for _, attributes in self.elements:
            for name in ("src", "href", "action", "data-openapi"):
                if attributes.get(name):
                    yield str(attributes[name])


def text_of(client: FlaskClient, address: str) -> str:
    """Fetch a file, and close it again."""
    answer = client.get(address)
    with answer:
        assert answer.status_code == 200, address
        return answer.text


def shown(text: str, element: str) -> str:
    """Give the text of the element with an id."""
    match = re.search(rf'id="{element}"[^>]*>\s*([^<]*?)\s*<', text)
    assert match, element
    return match[1]


def link(text: str, **attributes: str) -> str:
    """Give the address of the only link with some attributes."""
    (address,) = [
        str(element["href"])
        for tag, element in Page(text).elements
        if tag == "a" and attributes.items() <= element.items()
    ]
    return address


def read_page(text: str) -> Page:
    """Check that nothing stands inline in a page which a browser would run, and return it."""
    page = Page(text)
    assert page.script == ""
    for tag, attributes in page.elements:
        assert tag not in {"style", "iframe", "object", "embed", "base"}
        assert tag != "script" or attributes.get("src")
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    return page


def bytes_of_first_load(client: FlaskClient, text: str) -> int:
    """Return how many bytes a page takes with its scripts and styles."""
    loaded = {
        str(attributes.get("src") or attributes["href"])
        for tag, attributes in Page(text).elements
        if tag in {"link", "script"}
    }
    assert len(loaded) == 3
    return sum(len(content.encode()) for content in (text, *(text_of(client, a) for a in loaded)))
