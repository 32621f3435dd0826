"""Pages as a browser asks for them and reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from flask.testing import FlaskClient

#: Bytes that the first visit may load.
FIRST_LOAD = 100_000

#: What browsers ask for.
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


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
    found = re.search(rf'id="{element}"[^>]*>\s*([^<]*?)\s*<', text)
    assert found, element
    return found[1]
