"""Read JSON that comes from strangers: RFC 8259 to the letter, in bounded time and depth.

Python's own reader takes NaN, keeps the last of duplicate keys, recurses as deep as it is told
to, and raises on numbers of thousands of digits. None of that may reach an applicant.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable
from itertools import chain
from typing import Any, NoReturn

import orjson

from creditscore.errors import NotJson
from creditscore.i18n.catalogue import say

#: Arrays and objects inside one another, at most. An array of applicants needs two.
DEEPEST = 8

#: Digits of an integer that are still converted; what is longer is beyond every bound anyway.
MOST_DIGITS = 300

# Possessive, and content with a string that never ends: linear whatever comes.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_LONG_INTEGER = re.compile(rb"[0-9]{%d}" % MOST_DIGITS)
_BEYOND_64_BITS = re.compile(rb"[0-9]{19}")
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


#: What other values stand in.
_NESTING = frozenset({dict, list})


def parse(raw: bytes) -> object:
    """Read one JSON value from bytes.

    Numbers that no float can hold come back as infinity, for the caller's bounds to refuse.

    Raises
    ------
    NotJson
        If it is not UTF-8, not JSON, nested more than 8 deep, or has a duplicate key.
    """
    if raw[:1] == b"[" and (array := _plain_array(raw)) is not None:
        return array
    try:
        # RFC 8259, section 8.1, lets a reader skip a byte order mark; Windows editors write one.
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotJson("not_utf8", say("not_utf8", byte=error.start + 1)) from None
    if not text.strip(" \t\r\n"):
        raise NotJson("empty", say("empty_body"))
    # Of few, each is looked at on its own.
    many = raw.count(b"[") + raw.count(b"{") > DEEPEST
    bare = _without_strings(raw) if many else b""
    if _deeper_than(DEEPEST, bare):
        raise NotJson("too_deep", say("too_deep", most=DEEPEST))
    try:
        decoder = _CAREFUL if _LONG_INTEGER.search(bare or raw) else _DECODER
        value: object = (_TRUSTING if many and decoder is _DECODER else decoder).decode(text)
        if many and bare.count(b":") != _count_members(value):
            # Some were lost: one looks for them.
            decoder.decode(text)
    except json.JSONDecodeError as error:
        place = say("not_json", problem=error.msg, line=error.lineno, column=error.colno)
        raise NotJson("not_json", place) from None
    if b"\\u" in raw:
        _refuse_lone_surrogates(value)
    return value


def _plain_array(raw: bytes) -> list[dict[str, Any]] | None:
    """Read an array of objects that hold no others, several times as fast; None for all else.

    What orjson reads in another way than is wanted here, it either refuses or turns into a float
    (whole numbers beyond 64 bits), and of duplicate keys it keeps the last.
    """
    try:
        value: list[dict[str, Any]] = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    if set(map(type, value)) != {dict}:
        return None
    types = set(map(type, chain.from_iterable(map(dict.values, value))))
    if not _NESTING.isdisjoint(types) or (float in types and _BEYOND_64_BITS.search(raw)):
        return None
    # One that stands in a text sends it the long way too, which does no harm.
    return value if raw.count(b":") == sum(map(len, value)) else None


def _without_strings(raw: bytes) -> bytes:
    if b"\\" in raw:
        return _STRING.sub(b"", raw)
    # Every other piece is the inside of a string, also of one that never ends.
    return b"".join(raw.split(b'"')[::2])


def _deeper_than(most: int, bare: bytes) -> bool:
    """Tell whether brackets stand more than `most` deep, of JSON without its strings."""
    brackets = bare.translate(_ONE_KIND, _NOT_BRACKETS)
    left = brackets
    for _ in range(most):
        # Each round takes away the innermost pairs, so one level.
        left = left.replace(b"[]", b"")
    if not left:
        return False
    depth = 0
    for bracket in brackets:
        depth += 1 if bracket == ord("[") else -1
        if depth > most:
            return True
    return False


def _count_members(value: object) -> int:
    """Count the members of all objects in a value: as many as it had colons."""
    if isinstance(value, dict):
        return len(value) + _count_in(value.values())
    return _count_in(value) if isinstance(value, list) else 0


def _count_in(values: Iterable[object]) -> int:
    return sum([_count_members(each) for each in values if type(each) in _NESTING])


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        name = next(name for name, times in Counter(key for key, _ in pairs).items() if times > 1)
        short = name if len(name) <= 40 else f"{name[:40]}…"
        raise NotJson("duplicate_key", say("duplicate_key", name=_printable(short)))
    return members


def _integer(text: str) -> int | float:
    if len(text) <= MOST_DIGITS:
        return int(text)
    return -math.inf if text.startswith("-") else math.inf


def _constant(text: str) -> NoReturn:
    raise NotJson("not_json", say("not_json_constant", constant=text))


def _refuse_lone_surrogates(value: object) -> None:
    """Refuse texts that are no Unicode, which no database and no answer could hold."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise NotJson("not_unicode", say("not_unicode")) from None


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


#: Keeps the last of duplicate keys.
_TRUSTING = json.JSONDecoder(parse_constant=_constant)
_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_constant)
#: Looks at each integer's length, for which few bodies give cause.
_CAREFUL = json.JSONDecoder(object_pairs_hook=_unique, parse_int=_integer, parse_constant=_constant)
