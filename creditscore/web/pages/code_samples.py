"""What a page shows for programs: a request written for curl, and for Postman."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping

#: Of Postman collections, version 2.1.
FORMAT = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def as_curl(url: str, body: Mapping[str, object], *, key: str) -> str:
    """Write a request as a command for a POSIX shell; `key` is empty where none is needed."""
    words = ["curl", url, "-H", "Content-Type: application/json"]
    words += ["-H", f"X-API-Key: {key}"] if key else []
    return shlex.join([*words, "-d", json.dumps(body, ensure_ascii=False)])


def as_postman(url: str, body: Mapping[str, object], *, key: str, title: str) -> str:
    """Write a request as a Postman collection that holds only it, to be pasted into Import."""
    headers = [{"key": "Content-Type", "value": "application/json"}]
    headers += [{"key": "X-API-Key", "value": key}] if key else []
    request = {
        "method": "POST",
        "url": url,
        "header": headers,
        "body": {
            "mode": "raw",
            "raw": json.dumps(body, indent=2, ensure_ascii=False),
            "options": {"raw": {"language": "json"}},
        },
    }
    collection = {
        "info": {"name": title, "schema": FORMAT},
        "item": [{"name": title, "request": request}],
    }
    return json.dumps(collection, indent=2, ensure_ascii=False)
