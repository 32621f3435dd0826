"""Values as JSON, fast: numbers come back to the last bit, whole ones as whole ones."""

from __future__ import annotations

import json
from typing import Any

import orjson


def to_bytes(value: Any) -> bytes:
    """Write a value of plain objects, lists, texts and finite numbers as JSON in UTF-8.

    Raises
    ------
    TypeError, ValueError
        If it holds anything else.
    """
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        # Whole numbers beyond 64 bits, and halves of characters that are no text.
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def to_plain_text(value: Any) -> str:
    """Give the same as a text, of what needs no detour.

    Raises
    ------
    TypeError
        If it holds a whole number beyond 64 bits, or half a character.
    """
    return orjson.dumps(value).decode()


def to_text(value: Any) -> str:
    """Give the same as a text."""
    return to_bytes(value).decode()
