"""The requests of a Postman collection, whatever folders they are in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Node = Mapping[str, Any]


def requests_of(node: Node) -> Iterator[Node]:
    """Yield every request of a collection or a folder, in order."""
    for item in node["item"]:
        if "item" in item:
            yield from requests_of(item)
        else:
            yield item
