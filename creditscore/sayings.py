"""What a value comes to in writing, as a part of a decision: written once, then kept at hand.

A decision is mostly words that follow from one value each: what somebody has there, and how it is
named as a reason. Between them stand the decision's own numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from creditscore.json_text import to_plain_text
from creditscore.readings import MOST_KEPT, FieldReadings, Reading, Warning
from creditscore.reasons import worded
from creditscore.rule import Value
from creditscore.schema import Field, Schema
from creditscore.scorecard import Reference, Scorecard
from creditscore.texts import LANGUAGES, in_language


class Saying(NamedTuple):
    """What is written of a value.

    Attributes
    ----------
    encoded : float
        What the model sees.
    bin : str
        Name of the training bin that it falls into.
    warning : Warning or None
        If training has never seen such a value.
    member : str
        It as a member of a JSON object; empty for a value that was not given.
    before : str
        Of the JSON of the reason that it may be, what stands before the impact.
    after : str
        What stands behind it in the log, with the words in every language.
    answered : mapping of str to str
        What stands behind it in an answer, by language.
    """

    encoded: float
    bin: str
    warning: Warning | None
    member: str
    before: str
    after: str
    answered: Mapping[str, str]


class FieldSayings(dict[Value | None, Saying]):
    """The sayings of one field's values; None is a field that was not given.

    Looking one up raises TypeError for a value that JSON has no fast way for: a whole number
    beyond 64 bits.

    Parameters
    ----------
    field : Field
    readings : FieldReadings
        Of the same field.
    reference : Reference
        The group that applicants are compared with.
    """

    def __init__(self, field: Field, readings: FieldReadings, reference: Reference) -> None:
        super().__init__()
        self._field, self._readings, self._reference = field, readings, reference

    def __missing__(self, value: Value | None) -> Saying:
        """Write of a value that came for the first time, or again after a long while."""
        reading = self._readings[value]
        saying = Saying(*reading, "", "", "", {}) if value is None else self._write(value, reading)
        if len(self) >= MOST_KEPT:
            self.clear()
        self[value] = saying
        return saying

    def _write(self, value: Value, reading: Reading) -> Saying:
        name = self._field.name
        code, text = worded(self._field, value, self._reference)
        before = to_plain_text({"code": code, "field": name, "value": value})
        actionable = {"actionable": self._field.actionable}
        after = {
            language: to_plain_text({**actionable, "text": in_language(text, language)})
            for language in LANGUAGES
        }
        return Saying(
            *reading,
            to_plain_text({name: value})[1:-1],
            f'{before[:-1]},"impact":',
            f",{to_plain_text({**actionable, 'text': text})[1:]}",
            {language: f",{words[1:]}" for language, words in after.items()},
        )


def sayings_of(
    card: Scorecard, schema: Schema, readings: Mapping[str, FieldReadings]
) -> dict[str, FieldSayings]:
    """Give the sayings of a scorecard's fields, in schema order."""
    return {
        name: FieldSayings(schema.fields[name], read, card.reference)
        for name, read in readings.items()
    }
