"""What a value says by itself, whoever has it: worked out when it first comes, then kept at hand.

Most applicants share most of their values, so a decision on many is mostly looking up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from creditscore.i18n.catalogue import Text, in_language, say
from creditscore.schema import Field, Schema
from creditscore.schema.constraints import CodeList, Value, format_number
from creditscore.scorecard.bins import Bins
from creditscore.scorecard.scorecard import Scorecard

#: Values of one field that are kept at hand.
MOST_KEPT = 4096


class Warning(NamedTuple):
    """Something to know about a decision: a value that training has never seen."""

    code: str
    field: str
    value: Value
    text: Text

    def to_dict(self, language: str) -> dict[str, Any]:
        """Give the warning as an answer has it."""
        return {
            "code": self.code,
            "field": self.field,
            "value": self.value,
            "text": in_language(self.text, language),
        }

    def to_log(self) -> dict[str, Any]:
        """Give the warning as the log keeps it: with its words in every language."""
        return {"code": self.code, "field": self.field, "value": self.value, "text": self.text}

    @classmethod
    def from_log(cls, content: Mapping[str, Any]) -> Warning:
        """Rebuild a warning from `to_log`.

        Raises
        ------
        KeyError, TypeError, ValueError
            If somebody else wrote it.
        """
        warning = cls(
            code=content["code"],
            field=content["field"],
            value=content["value"],
            text=content["text"],
        )
        if len(content) != len(warning):
            raise ValueError("a warning has parts that none has")
        return warning


class Reading(NamedTuple):
    """What is known of a field's value.

    Attributes
    ----------
    encoded : float
        What the model sees.
    bin : str
        Name of the training bin that it falls into.
    warning : Warning or None
        If training has never seen such a value.
    """

    encoded: float
    bin: str
    warning: Warning | None


class FieldReadings(dict[Value | None, Reading]):
    """The readings of one field's values; None is a field that was not given.

    Parameters
    ----------
    field : Field
    bins : Bins
        How training rows were spread over it.
    seen : sequence
        What training saw of it: the smallest and the largest number, or the codes.
    """

    def __init__(self, field: Field, bins: Bins, seen: Sequence[Value]) -> None:
        super().__init__()
        self._field, self._bins, self._seen = field, bins, seen

    def __missing__(self, value: Value | None) -> Reading:
        """Read a value that came for the first time, or again after a long while."""
        if value is None:
            reading = Reading(float("nan"), self._bins.bin_code(None), None)
        else:
            encoded = self._field.rule.encode(value)
            reading = Reading(encoded, self._bins.bin_code(value), self._warning(value))
        if len(self) >= MOST_KEPT:
            self.clear()
        self[value] = reading
        return reading

    def _warning(self, value: Value) -> Warning | None:
        if _was_seen(self._field, value, self._seen):
            return None
        return _unseen(self._field, value, self._seen)


def readings_of(card: Scorecard, schema: Schema) -> dict[str, FieldReadings]:
    """Give the readings of a scorecard's fields, in schema order."""
    return {
        name: FieldReadings(schema.fields[name], bins, card.training_ranges[name])
        for name, bins in card.training_bins.fields.items()
    }


def read_all(
    fields: Mapping[str, FieldReadings], values: Mapping[str, Value]
) -> dict[str, Reading]:
    """Read an applicant's values."""
    return {name: readings[values.get(name)] for name, readings in fields.items()}


def _was_seen(field: Field, value: Value, seen: Sequence[Value]) -> bool:
    if isinstance(field.rule, CodeList):
        return value in seen
    return bool(float(seen[0]) <= float(value) <= float(seen[1]))


def _unseen(field: Field, value: Value, seen: Sequence[Value]) -> Warning:
    if isinstance(field.rule, CodeList):
        text = say("outside_training_codes", field=field.name, got=str(value))
        return Warning("outside_training_codes", field.name, value, text)
    text = say(
        "outside_training_range",
        field=field.name,
        got=format_number(float(value)),
        low=format_number(float(seen[0])),
        high=format_number(float(seen[1])),
        unit={language: f" {unit}" for language, unit in field.unit.items()} or "",
    )
    return Warning("outside_training_range", field.name, value, text)
