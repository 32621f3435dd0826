"""What a value comes to in writing, as a part of a decision: written once, then kept at hand.

A decision is mostly words that follow from one value each: what somebody has there, and how it is
named as a reason. Between them stand the decision's own numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from creditscore.decisions.value_cache import FieldReadings, Warning
from creditscore.i18n.catalogue import LANGUAGES, Text, in_language
from creditscore.json_codec import dumps_plain
from creditscore.schema import Field, Schema
from creditscore.schema.constraints import Value
from creditscore.scorecard.reason_codes import worded
from creditscore.scorecard.scorecard import Reference, Scorecard

#: Values of one field that are kept at hand; words take about a kilobyte for each.
MOST_SAID = 1024


class Saying(NamedTuple):
    """What is written of a value, whatever comes of it.

    Attributes
    ----------
    value : int, float, str or None
        The value.
    encoded : float
        What the model sees.
    bin : str
        Name of the training bin that it falls into.
    warning : Warning or None
        If training has never seen such a value.
    member : str
        It as a member of a JSON object; empty for a value that was not given.
    """

    value: Value | None
    encoded: float
    bin: str
    warning: Warning | None
    member: str


class Words(NamedTuple):
    """The JSON of the reason that a value is, around its impact.

    Attributes
    ----------
    before : str
        What stands before it.
    logged : str
        What stands behind it in the log: the words in every language.
    answered : mapping of str to str
        What stands behind it in an answer, by language.
    """

    before: str
    logged: str
    answered: Mapping[str, str]


class FieldWords(dict[Value, Words]):
    """The words of one field's values, for those that were reasons.

    Parameters
    ----------
    field : Field
    reference : Reference
        The group that applicants are compared with.
    """

    def __init__(self, field: Field, reference: Reference) -> None:
        super().__init__()
        self._field, self._reference = field, reference

    def __missing__(self, value: Value) -> Words:
        """Write of a value that is a reason for the first time, or again after a long while."""
        code, text = worded(self._field, value, self._reference)
        said = dumps_plain({"code": code, "field": self._field.name, "value": value})
        words = Words(
            f'{said[:-1]},"impact":',
            self._end(text),
            {language: self._end(in_language(text, language)) for language in LANGUAGES},
        )
        if len(self) >= MOST_SAID:
            self.clear()
        self[value] = words
        return words

    def _end(self, text: Text | str) -> str:
        return f",{dumps_plain({'actionable': self._field.actionable, 'text': text})[1:]}"


class FieldSayings(dict[Value | None, Saying]):
    """The sayings of one field's values; None is a field that was not given.

    A value may be looked up as it came: what equals an accepted one is written as that, and what
    is met for the first time has to be accepted. Only a bool, which equals a number, may not.

    Looking one up raises `Rejected` for a value that the field's rule does not accept, and
    TypeError for one that JSON has no fast way for: a whole number beyond 64 bits.

    Parameters
    ----------
    field : Field
    readings : FieldReadings
        Of the same field.
    reference : Reference
        The group that applicants are compared with.

    Attributes
    ----------
    words : FieldWords
        Of the same field.
    """

    def __init__(self, field: Field, readings: FieldReadings, reference: Reference) -> None:
        super().__init__()
        self._name, self._rule, self._readings = field.name, field.rule, readings
        self.words = FieldWords(field, reference)

    def __missing__(self, raw: Value | None) -> Saying:
        """Write of a value that came for the first time, or again after a long while."""
        value = None if raw is None else self._rule.accept(raw)
        member = "" if value is None else dumps_plain({self._name: value})[1:-1]
        saying = Saying(value, *self._readings[value], member)
        if len(self) >= MOST_SAID:
            self.clear()
        self[value] = saying
        return saying


def sayings_of(
    card: Scorecard, schema: Schema, readings: Mapping[str, FieldReadings]
) -> dict[str, FieldSayings]:
    """Give the sayings of a scorecard's fields, in schema order."""
    return {
        name: FieldSayings(schema.fields[name], read, card.reference)
        for name, read in readings.items()
    }
