"""What one field accepts: a range of numbers, or a list of codes.

A rule is the only place that knows a field's bounds or codes. Both kinds have the same interface:
`accept` a raw value, return what it `counts_as`, `encode` it for the model and `decode` it again,
`allowed` in words, `labels` of single values, `python_type`, `json_schema`, and the values to
choose from (`choices`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from creditscore.i18n.catalogue import LANGUAGES, Text, in_language, say, shorten
from creditscore.i18n.number_format import say_number
from creditscore.readers.file_format import clean_name
from creditscore.schema.number_text import NUMBER, AmbiguousNumber, read_amount, read_undecided

#: A value as a client sent it and as it is kept: 35.0 becomes 35, nothing else changes.
Value = int | float | str

#: The model computes in single precision; beyond this a number would turn into infinity.
MAX_NUMBER = 3.4028234e38

#: Characters of a code that is not documented and counts as another, at most.
MAX_OTHER_CODE_LENGTH = 200


class Rejected(Exception):
    """A value breaks a rule; `code` is the stable name of how."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class NumericRange:
    """Numbers between two bounds, whole ones only if `integral`.

    Attributes
    ----------
    low, high : int or float
        The bounds; None where there is none but what single precision can hold.
    low_open, high_open : bool
        Whether the bound itself is left out.
    integral : bool
        Whether only whole numbers count; 35.0 is one.
    labels : mapping of int to Text
        Values that mean something of their own, such as -1 "paid in full".
    unit : Text
        Unit of the numbers, empty for none.
    """

    low: int | float | None
    high: int | float | None
    low_open: bool
    high_open: bool
    integral: bool
    labels: Mapping[Value, Text]
    unit: Text

    def accept(self, raw: object) -> Value:
        """Return the value in its one canonical form.

        Raises
        ------
        Rejected
            If it is no number, or not within the bounds.
        """
        if isinstance(raw, AmbiguousNumber):
            raise Rejected("ambiguous_number")
        # bool is an int: without this, true passes as 1.
        if type(raw) is not int and type(raw) is not float:
            raise Rejected("wrong_type")
        if raw != raw:
            raise Rejected("wrong_type")
        if not self.contains(raw):
            raise Rejected("out_of_range")
        if type(raw) is float:
            if raw.is_integer():
                return int(raw)
            if self.integral:
                raise Rejected("wrong_type")
        return raw

    def contains(self, number: int | float) -> bool:
        """Check whether a number lies between the bounds; NaN never does."""
        low, high = self.bounds
        above = number > low if self.low_open else number >= low
        below = number < high if self.high_open else number <= high
        return above and below

    @cached_property
    def bounds(self) -> tuple[int | float, int | float]:
        """The bounds, or those of single precision where there are none."""
        low = -MAX_NUMBER if self.low is None else self.low
        return low, MAX_NUMBER if self.high is None else self.high

    @property
    def python_type(self) -> type[int | float]:
        """Type that holds every accepted value."""
        return int if self.integral else float

    def counts_as(self, value: Value) -> Value:
        """Return the value itself: no number is merged into another."""
        return value

    def encode(self, value: Value) -> float:
        """Return the number that the model sees for an accepted value."""
        return float(value)

    def decode(self, number: float) -> Value:
        """Return the value that the model sees as a number."""
        return self.accept(float(number))

    def choices(self, limit: int) -> Sequence[Value]:
        """List the accepted values where some have labels and they are few; else none."""
        if not (self.labels and self.integral) or self.low is None or self.high is None:
            return ()
        numbers = range(int(self.low) + self.low_open, int(self.high) + 1 - self.high_open)
        return numbers if len(numbers) <= limit else ()

    def json_schema(self) -> dict[str, Any]:
        """Return the type and the bounds in JSON Schema 2020-12."""
        described: dict[str, Any] = {"type": "integer" if self.integral else "number"}
        if self.low is not None:
            described["exclusiveMinimum" if self.low_open else "minimum"] = self.low
        if self.high is not None:
            described["exclusiveMaximum" if self.high_open else "maximum"] = self.high
        return described

    @cached_property
    def allowed(self) -> Text:
        """What is allowed, in words: "a whole number from 18 to 100 years"."""
        kind = say("integer" if self.integral else "number")
        low, high = map(say_number, self.bounds)
        sentence = {
            (False, False): "from_to",
            (True, False): "above_at_most",
            (False, True): "from_below",
            (True, True): "between",
        }[self.low_open, self.high_open]
        if self.low is None and self.high is None:
            bounded = kind
        else:
            bounded = say(sentence, kind=kind, low=low, high=high)
        return {
            language: f"{text} {in_language(self.unit, language)}" if self.unit else text
            for language, text in bounded.items()
        }


@dataclass(frozen=True)
class CodeList:
    """One of a list of codes, all integers or all texts.

    Attributes
    ----------
    labels : mapping of int or str to Text
        Each code and what it means, in the order of the schema file.
    merged_codes : mapping of int or str to int or str
        Undocumented codes that are accepted too, and the code that each counts as.
    other_code : int, str or None
        The code that all further codes count as; None where these are refused.
    order : tuple of int or str
        All codes in the order that the trees may split on; empty for that of the list, or of the
        numbers that the codes are.
    order_by_target : bool
        Whether training shall find that order.
    """

    labels: Mapping[Value, Text]
    merged_codes: Mapping[Value, Value] = field(default_factory=dict)
    other_code: Value | None = None
    order: tuple[Value, ...] = ()
    order_by_target: bool = False

    @cached_property
    def positions(self) -> Mapping[Value, int]:
        """Each text code's position in the list, from 1; integer codes stand for themselves.

        The order of text codes is the order that the trees may split on. Where an order is given,
        each code's position is that in it.
        """
        if self.order:
            return {code: position for position, code in enumerate(self.order, start=1)}
        return {
            code: code if isinstance(code, int) else position
            for position, code in enumerate(self.labels, start=1)
        }

    @cached_property
    def python_type(self) -> type[int | str]:
        """Type of the codes."""
        return str if any(isinstance(code, str) for code in self.labels) else int

    def accept(self, raw: object) -> Value:
        """Return the code in its one canonical form; a merged code stays as it is.

        Raises
        ------
        Rejected
            If it is none of the codes.
        """
        if self.python_type is str:
            if isinstance(raw, bool):
                return self._accept_truth(raw)
            if type(raw) is not str:
                raise Rejected("wrong_type")
            code: Value = raw
            if code not in self.labels:
                # "é" can be one character or two, and spaces around a text cannot be seen.
                code = clean_name(raw)
        elif type(raw) is float and raw.is_integer():
            code = int(raw)
        elif type(raw) is int:
            code = raw
        else:
            raise Rejected("wrong_type")
        if code in self.labels or code in self.merged_codes:
            return code
        if self.other_code is None or len(str(code)) > MAX_OTHER_CODE_LENGTH or code == "":
            raise Rejected("unknown_code")
        return code

    def _accept_truth(self, raw: bool) -> Value:
        """Return the one code that is written as true or false is."""
        codes = [code for code in self.labels if str(code).lower() == str(raw).lower()]
        if len(codes) != 1:
            raise Rejected("wrong_type")
        return codes[0]

    def counts_as(self, value: Value) -> Value:
        """Return the documented code that an accepted code counts as: mostly itself."""
        if value in self.labels:
            return value
        # Whatever was accepted and is no code of the list counts as another.
        return self.merged_codes.get(value, value if self.other_code is None else self.other_code)

    def encode(self, value: Value) -> float:
        """Return the number that the model sees for an accepted code."""
        return float(self.positions[self.counts_as(value)])

    def decode(self, number: float) -> Value:
        """Return the code that the model sees as a number."""
        return next(code for code, position in self.positions.items() if position == number)

    def choices(self, limit: int) -> Sequence[Value]:
        """List the documented codes."""
        return list(self.labels)

    def json_schema(self) -> dict[str, Any]:
        """Return the type and all accepted codes in JSON Schema 2020-12."""
        described: dict[str, Any] = {"type": "string" if self.python_type is str else "integer"}
        if self.other_code is not None:
            return described | {"examples": list(self.labels)}
        return described | {"enum": [*self.labels, *self.merged_codes]}

    @cached_property
    def allowed(self) -> Text:
        """What is allowed, in words: "one of 1 (male), 2 (female)"."""
        languages = {language for label in self.labels.values() for language in label}
        codes = {
            language: ", ".join(
                _titled(code, in_language(label, language)) for code, label in self.labels.items()
            )
            for language in languages
        }
        if self.other_code is not None:
            return say("one_of_or_other", codes=codes, other=str(self.other_code))
        if self.merged_codes:
            return say("one_of_or", codes=codes, merged=self.merged_text)
        return say("one_of", codes=codes)

    @cached_property
    def merged_text(self) -> Text:
        """What merged codes count as, in words: "0, 5, 6 (counted as 4)"."""
        codes: dict[Value, list[str]] = {}
        for code, target in self.merged_codes.items():
            codes.setdefault(target, []).append(str(code))
        groups = [
            say("counted_as", codes=", ".join(merged), target=str(target))
            for target, merged in codes.items()
        ]
        return {
            language: ", ".join(in_language(group, language) for group in groups)
            for language in LANGUAGES
        }


Rule = NumericRange | CodeList


def _titled(code: Value, title: str) -> str:
    return title if title == str(code) else f"{code} ({title})"


def from_text(
    rule: Rule, text: str, *, decimal: str | None = None, integral: bool = False
) -> object:
    """Read a CSV cell as the JSON value that it stands for; what is no number stays text.

    Parameters
    ----------
    rule : NumericRange or CodeList
    text : str
    decimal : {".", ",", None}
        The decimal sign of the column, where that is known: then thousands may be in groups.
    integral : bool
        Whether whole numbers are expected: then "30.000" is ambiguous if the sign is not known.
    """
    if rule.python_type is str:
        return text
    raw: object = None
    if isinstance(rule, NumericRange) and decimal is not None:
        raw = read_amount(text, decimal)
    elif isinstance(rule, NumericRange) and integral:
        raw = read_undecided(text)
    elif NUMBER.fullmatch(text):
        raw = read_amount(text)
    return text if raw is None else raw


def format_number(number: int | float) -> str:
    """Write a number as JSON does, but a whole one without ".0"."""
    if isinstance(number, float) and number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    return repr(number)


def describe_value(raw: object) -> Text | str:
    """Describe a raw value, briefly enough to repeat in an error text."""
    if isinstance(raw, str):
        return say("got_text", value=shorten(raw))
    if isinstance(raw, AmbiguousNumber):
        point, comma = map(format_number, (raw.with_point, raw.with_comma))
        return say("got_ambiguous", value=raw.text, point=point, comma=comma)
    if isinstance(raw, list):
        return say("got_array")
    if isinstance(raw, dict):
        return say("got_object")
    if raw is None or isinstance(raw, bool):
        return {None: "null", True: "true", False: "false"}[raw]
    if isinstance(raw, int | float):
        # A whole number of thousands of digits is refused by str(); infinity is 1e400 in JSON.
        return say("got_huge") if abs(raw) > MAX_NUMBER else format_number(raw)
    return type(raw).__name__
