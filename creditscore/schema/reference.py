"""An applicant's own reference, such as the number of an application: text that decides nothing."""

from __future__ import annotations

import unicodedata

from creditscore.errors import Fault
from creditscore.i18n.catalogue import say
from creditscore.schema.constraints import Rejected, describe_value

#: Its name in JSON, in tables and in the form, which no field may have.
REFERENCE = "reference"

#: Characters of a reference, at most.
LONGEST_REFERENCE = 100

#: Unicode's categories of what is no text: control characters, line ends, halves of pairs.
NO_TEXT = frozenset({"Cc", "Cs", "Zl", "Zp"})


def accept_reference(raw: object) -> str | None:
    """Return a reference without the blanks around it; None if there is nothing else.

    Raises
    ------
    Rejected
        If it is not a text, too long, or holds control characters.
    """
    if raw is None:
        return None
    if not isinstance(raw, str):
        raise Rejected("wrong_type")
    text = raw.strip()
    if len(text) > LONGEST_REFERENCE:
        raise Rejected("too_long")
    if any(unicodedata.category(character) in NO_TEXT for character in text):
        raise Rejected("not_allowed")
    return text or None


def reference_fault(raw: object, code: str, pointer: str = "") -> Fault:
    """Return what is wrong with a reference that was rejected."""
    text = say("not_a_reference", most=LONGEST_REFERENCE, got=describe_value(raw))
    return Fault(code, f"{pointer}/{REFERENCE}", text)
