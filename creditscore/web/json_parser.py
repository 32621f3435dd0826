"""Read JSON from clients: RFC 8259 to the letter, in bounded time and depth.

Python's own reader takes NaN, keeps the last of duplicate keys, recurses as deep as it is told
to, and raises on numbers of thousands of digits. None of that may reach an applicant.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import Any, NoReturn

import orjson

from creditscore.errors import NotJson
from creditscore.i18n.catalogue import say, shorten

#: Arrays and objects inside one another, at most. An array of applicants needs two.
MAX_DEPTH = 8

#: Digits of an integer that are still converted; what is longer is beyond every bound anyway.
MAX_DIGITS = 300

# Possessive, and content with a string that never ends: linear whatever comes.
_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[][{}]', re.DOTALL)
_BEYOND_64_BITS = re.compile(rb"[0-9]{19}")


def parse(raw: bytes) -> object:
    """Read one JSON value from bytes.

    Numbers that no float can hold come back as infinity, for the caller's bounds to refuse.

    Raises
    ------
    NotJson
        If it is not UTF-8, not JSON, nested more than 8 deep, or has a duplicate key.
    """
    try:
        value: object = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return _parse_carefully(raw)
    # Of duplicate keys orjson keeps the last, and it turns whole numbers beyond 64 bits into
    # floats. A colon or digits inside a text only cost the slower reading.
    if raw.count(b":") != _count_members(value, MAX_DEPTH) or _BEYOND_64_BITS.search(raw):
        return _parse_carefully(raw)
    return value


def _count_members(value: object, levels: int) -> float:
    """Count the members of all objects in a value; infinity if it has more levels than allowed."""
    if isinstance(value, dict):
        count, inner = len(value), list(value.values())
    elif isinstance(value, list):
        count, inner = 0, value
    else:
        return 0
    nested = [item for item in inner if isinstance(item, dict | list)]
    return math.inf if levels == 0 else count + sum(_count_members(v, levels - 1) for v in nested)


def _parse_carefully(raw: bytes) -> object:
    """Read with the standard library's decoder, which says what is wrong and where."""
    try:
        # RFC 8259, section 8.1, lets a reader skip a byte order mark; Windows editors write one.
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotJson("not_utf8", say("not_utf8", byte=error.start + 1)) from None
    if not text.strip(" \t\r\n"):
        raise NotJson("empty", say("empty_body"))
    _check_depth(raw)
    try:
        value: object = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        problem = say("not_json", problem=error.msg, line=error.lineno, column=error.colno)
        raise NotJson("not_json", problem) from None
    if b"\\u" in raw:
        _refuse_lone_surrogates(value)
    return value


def _check_depth(raw: bytes) -> None:
    """Refuse deep nesting before the decoder follows it."""
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(raw):
        token = match[0]
        if token in b"[{":
            depth += 1
        elif token in b"]}":
            depth -= 1
        if depth > MAX_DEPTH:
            raise NotJson("too_deep", say("too_deep", most=MAX_DEPTH))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        name = next(name for name, times in Counter(key for key, _ in pairs).items() if times > 1)
        text = _printable(shorten(name))
        raise NotJson("duplicate_key", say("duplicate_key", name=text))
    return members


def _integer(text: str) -> int | float:
    if len(text) <= MAX_DIGITS:
        return int(text)
    return -math.inf if text.startswith("-") else math.inf


def _constant(text: str) -> NoReturn:
    raise NotJson("not_json", say("not_json_constant", constant=text))


def _refuse_lone_surrogates(value: object) -> None:
    """Refuse texts that are not Unicode, which no database and no answer could hold."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise NotJson("not_unicode", say("not_unicode")) from None


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_int=_integer, parse_constant=_constant)
