"""A slow reader of JSON that is plainly right: RFC 8259, character by character.

The real reader is held against it, by tests and by a drill.
"""

from __future__ import annotations

import math

from creditscore.errors import NotJson
from creditscore.web import json_parser


class Refused(Exception):
    """The reference reader does not take it."""


def reference(raw: bytes) -> object:
    """Read one JSON value the slow way, with the same limits as the real reader."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused from None
    reader = Reader(text.removeprefix("\ufeff"))
    reader.skip_space()
    value = reader.value(depth=0)
    reader.skip_space()
    if reader.rest:
        raise Refused
    return value


class Reader:
    """A recursive descent along the grammar of RFC 8259."""

    def __init__(self, text: str) -> None:
        self.rest = text

    def take(self, expected: str) -> bool:
        """Step over a text if it comes next."""
        if self.rest.startswith(expected):
            self.rest = self.rest[len(expected) :]
            return True
        return False

    def need(self, expected: str) -> None:
        """Step over a text that has to come next."""
        if not self.take(expected):
            raise Refused

    def one_of(self, characters: str) -> str:
        """Step over one character of a set; give it, or nothing."""
        if self.rest and self.rest[0] in characters:
            character, self.rest = self.rest[0], self.rest[1:]
            return character
        return ""

    def skip_space(self) -> None:
        """Step over what means nothing."""
        while self.one_of(" \t\n\r"):
            pass

    def value(self, depth: int) -> object:
        """Read any value that stands so deep."""
        for name, constant in (("true", True), ("false", False), ("null", None)):
            if self.take(name):
                return constant
        if self.take('"'):
            return self.string()
        if self.rest[:1] in {"[", "{"} and depth == json_parser.DEEPEST:
            raise Refused
        if self.take("["):
            return self.array(depth + 1)
        if self.take("{"):
            return self.object(depth + 1)
        return self.number()

    def array(self, depth: int) -> list[object]:
        """Read what follows ``[``."""
        items: list[object] = []
        self.skip_space()
        if self.take("]"):
            return items
        while True:
            self.skip_space()
            items.append(self.value(depth))
            self.skip_space()
            if self.take("]"):
                return items
            self.need(",")

    def object(self, depth: int) -> dict[str, object]:
        """Read what follows ``{``; a name may come once."""
        members: dict[str, object] = {}
        self.skip_space()
        if self.take("}"):
            return members
        while True:
            self.skip_space()
            self.need('"')
            name = self.string()
            if name in members:
                raise Refused
            self.skip_space()
            self.need(":")
            self.skip_space()
            members[name] = self.value(depth)
            self.skip_space()
            if self.take("}"):
                return members
            self.need(",")

    def string(self) -> str:
        """Read what follows a quotation mark."""
        units: list[int] = []
        while not self.take('"'):
            if not self.rest or ord(self.rest[0]) < 0x20:
                raise Refused
            if self.take("\\"):
                units.append(self.escape())
            else:
                units.append(ord(self.rest[0]))
                self.rest = self.rest[1:]
        return join_halves(units)

    def escape(self) -> int:
        """Read what follows a backslash: a UTF-16 unit."""
        simple = dict(zip('"\\/bfnrt', '"\\/\b\f\n\r\t', strict=True))
        if character := self.one_of("".join(simple)):
            return ord(simple[character])
        self.need("u")
        digits = "".join(self.one_of("0123456789abcdefABCDEF") for _ in range(4))
        if len(digits) < 4:
            raise Refused
        return int(digits, 16)

    def number(self) -> int | float:
        """Read a number; an integer with too many digits is infinite."""
        sign = self.one_of("-")
        whole = self.one_of("0") or self.digits()
        fraction = self.digits() if self.take(".") else None
        exponent = None
        if self.one_of("eE"):
            exponent = self.one_of("+-") + self.digits()
        if fraction is None and exponent is None:
            if len(sign + whole) > json_parser.MOST_DIGITS:
                return -math.inf if sign else math.inf
            return int(sign + whole)
        return float(f"{sign}{whole}.{fraction or '0'}e{exponent or '0'}")

    def digits(self) -> str:
        """Read one digit or more."""
        found = ""
        while digit := self.one_of("0123456789"):
            found += digit
        if not found:
            raise Refused
        return found


def join_halves(units: list[int]) -> str:
    """Join surrogates that were escaped one by one; refuse one that stands alone."""
    text = ""
    place = 0
    while place < len(units):
        unit = units[place]
        place += 1
        if 0xDC00 <= unit <= 0xDFFF:
            raise Refused
        if 0xD800 <= unit <= 0xDBFF:
            if place == len(units) or not 0xDC00 <= units[place] <= 0xDFFF:
                raise Refused
            unit = 0x10000 + ((unit - 0xD800) << 10) + (units[place] - 0xDC00)
            place += 1
        text += chr(unit)
    return text


def both(raw: bytes) -> tuple[str, str]:
    """Read with both readers; texts tell 1 from 1.0 and True, and 0.0 from -0.0."""
    try:
        expected = repr(reference(raw))
    except Refused:
        expected = "refused"
    try:
        found = repr(json_parser.parse(raw))
    except NotJson:
        found = "refused"
    return found, expected
