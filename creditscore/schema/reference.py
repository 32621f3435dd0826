"""An applicant's own reference, such as the number of an application: text that decides nothing."""

from __future__ import annotations

import re

from creditscore.errors import Fault
from creditscore.i18n.catalogue import say
from creditscore.schema.constraints import Rejected, describe_value

#: Its name in JSON, in tables and in the form, which no field may have.
REFERENCE = "reference"

#: Characters of a reference, at most.
MAX_REFERENCE_LENGTH = 100

#: No control characters and no line ends, as JSON Schema says it.
_FORBIDDEN = r"\u0000-\u001f\u007f-\u009f\u2028\u2029"

#: What a reference may be made of.
REFERENCE_PATTERN = f"^[^{_FORBIDDEN}]*$"

#: The same for a text that may not be blank.
LINE_PATTERN = rf"^[^{_FORBIDDEN}]*[^\s{_FORBIDDEN}][^{_FORBIDDEN}]*$"

#: And no halves of surrogate pairs, which no valid document holds.
_text = re.compile(REFERENCE_PATTERN.replace("]", r"\ud800-\udfff]"))


def accept_reference(raw: object) -> str | None:
    """Return a reference without the blanks around it; errors as of `accept_line`."""
    return accept_line(raw, longest=MAX_REFERENCE_LENGTH)


def accept_line(raw: object, *, longest: int) -> str | None:
    """Return one line of text without the blanks around it; None if there is nothing else.

    Raises
    ------
    Rejected
        If it is not a text, too long with the blanks around it, or holds control characters.
    """
    if raw is None:
        return None
    if not isinstance(raw, str):
        raise Rejected("wrong_type")
    if len(raw) > longest:
        raise Rejected("too_long")
    if not _text.fullmatch(raw):
        raise Rejected("not_allowed")
    return raw.strip() or None


def reference_fault(raw: object, code: str, pointer: str = "") -> Fault:
    """Return what is wrong with a reference that was rejected."""
    text = say("not_a_reference", most=MAX_REFERENCE_LENGTH, got=describe_value(raw))
    return Fault(code, f"{pointer}/{REFERENCE}", text)
