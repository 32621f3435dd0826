"""Read the outcome of a row: good, bad, or another one, which is left out."""

from __future__ import annotations

import re

from creditscore.readers.file_format import clean_name
from creditscore.schema.fields import Label

#: A number as programs write outcomes: 1, 01, 1.0, 1,00.
_NUMBER = re.compile(r"([-+]?[0-9]{1,30})(?:[.,]([0-9]{0,30}))?", re.ASCII)


def outcome_key(value: int | float | str) -> str | float:
    """Return what an outcome is compared by: 1 for "1.0", "true" for true, a text as it is."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return float(value)
    text = clean_name(value)
    match = _NUMBER.fullmatch(text)
    return float(f"{match[1]}.{match[2] or 0}") if match else text


class OutcomeReader:
    """Reads the cells of the label's column.

    Spaces around a text do not count, and upper and lower case only where the schema file uses
    them to tell a good outcome from a bad one.

    Parameters
    ----------
    label : Label
    """

    def __init__(self, label: Label) -> None:
        self._exact: dict[str | float, int] = {}
        folded: dict[str, set[int]] = {}
        for bad, values in ((0, label.good), (1, label.bad)):
            for value in values:
                key = outcome_key(value)
                self._exact[key] = bad
                if isinstance(key, str):
                    folded.setdefault(key.casefold(), set()).add(bad)
        self._folded = {text: bads.pop() for text, bads in folded.items() if len(bads) == 1}

    def read(self, text: str) -> int | None:
        """Return 1 for a bad outcome, 0 for a good one, None for any other."""
        key = outcome_key(text)
        if key in self._exact:
            return self._exact[key]
        return self._folded.get(key.casefold()) if isinstance(key, str) else None
