"""Values that mean "not stated": an empty cell, null, a left-out field, and what a table has there.

Tables write them as ``NA``, ``?`` or -7. The model sees all of them as one and the same: a missing
value, apart from the order of the numbers or codes. Those with a title keep it in what people read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from creditscore.i18n.catalogue import Text, say
from creditscore.readers.file_format import clean_name
from creditscore.schema.constraints import Value


@dataclass(frozen=True)
class MissingValues:
    """What stands for a missing value of one field.

    Attributes
    ----------
    untitled : frozenset of int, float or str
        Values that are kept as None, beside null, a blank text and a field that is left out.
    titled : mapping of int, float or str to Text
        Special values that are kept as they are, and what each is called.
    """

    untitled: frozenset[Value]
    titled: Mapping[Value, Text]

    def stands_for(self, raw: object) -> bool:
        """Check whether a raw JSON value means that there is none."""
        if raw is None:
            return True
        if isinstance(raw, str):
            raw = clean_name(raw)
            return not raw or raw in self.untitled or raw in self.titled
        # By type: true equals 1.
        is_number = type(raw) is int or type(raw) is float
        return is_number and (raw in self.untitled or raw in self.titled)

    def kept(self, raw: object) -> Value | None:
        """Return what is kept of a raw value that stands for a missing one."""
        code = clean_name(raw) if isinstance(raw, str) else raw
        return next((value for value in self.titled if value == code), None)

    def title(self, value: Value | None) -> Text:
        """Return what a missing value is called: "not stated", or its own title."""
        return say("not_stated") if value is None else self.titled[value]
