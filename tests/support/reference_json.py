"""Another reader of JSON, by the standard library alone: the real one is held against it.

Depth, names that come twice and halves of characters are judged from the value that was read, where
the real reader looks at the bytes.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from creditscore.errors import NotJson
from creditscore.web import json_parser


class Refused(Exception):
    """The reference reader does not take it."""


def reference(raw: bytes) -> object:
    """Read one JSON value, with the same limits as the real reader."""
    try:
        text = raw.decode("utf-8").removeprefix("\ufeff")
        value: object = json.loads(
            text, object_pairs_hook=members, parse_int=whole, parse_constant=refuse
        )
        # Halves of characters are texts of Python, but none of UTF-8.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise Refused from None
    if depth(value) > json_parser.MAX_DEPTH:
        raise Refused
    return value


def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its members; a name may come once."""
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise Refused
    return dict(pairs)


def whole(text: str) -> int | float:
    """Read an integer; one with too many digits is infinite."""
    if len(text) > json_parser.MAX_DIGITS:
        return -math.inf if text.startswith("-") else math.inf
    return int(text)


def refuse(constant: str) -> NoReturn:
    """Refuse NaN and the infinities, which are no JSON."""
    raise Refused(constant)


def depth(value: object) -> int:
    """Count the levels of arrays and objects in a value."""
    if not isinstance(value, dict | list):
        return 0
    inner = value.values() if isinstance(value, dict) else value
    return 1 + max(map(depth, inner), default=0)


def both(raw: bytes) -> tuple[str, str]:
    """Read with both readers; texts tell 1 from 1.0 and True, and 0.0 from -0.0."""
    try:
        expected = repr(reference(raw))
    except Refused:
        expected = "refused"
    try:
        parsed = repr(json_parser.parse(raw))
    except NotJson:
        parsed = "refused"
    return parsed, expected
