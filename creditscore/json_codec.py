"""JSON by orjson: numbers come back to the last bit, whole ones as whole ones."""

from __future__ import annotations

import json
from typing import Any

import orjson


def dumps_bytes(value: Any) -> bytes:
    """Write plain objects, lists, texts and finite numbers as JSON in UTF-8.

    Raises
    ------
    TypeError, ValueError
        If the value holds anything else.
    """
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        # Integers beyond 64 bits, and lone surrogates, which are no text.
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def loads(raw: bytes) -> Any:
    """Read what `dumps_bytes` wrote."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        # Lone surrogates.
        return json.loads(raw)


def dumps_text(value: Any) -> str:
    """Write the same as a text."""
    return dumps_bytes(value).decode()
