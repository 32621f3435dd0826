"""Read a table's cell as the JSON value that it stands for, whatever program wrote it.

Spaces around it do not count; texts are compared in one Unicode form; a number may have a plus
sign, no digit on one side of its decimal sign, its thousands in groups, and the field's prefix and
suffix.
"""

from __future__ import annotations

import re

from creditscore.readers.file_format import clean_name
from creditscore.schema.constraints import NumericRange, from_text
from creditscore.schema.csv_cells import unescape
from creditscore.schema.fields import Field

#: Spaces and apostrophes between groups of three digits, as in French and in Switzerland.
_GROUPS = re.compile(
    r"([-+]?[0-9]{1,3}(?:[ \u00a0\u202f][0-9]{3})+|[-+]?[0-9]{1,3}(?:['\u2019][0-9]{3})+)([.,].*)?",
    re.ASCII,
)
_GROUP_SIGN = re.compile("[ \u00a0\u202f'\u2019]")
_GROUP_SIGNS = dict.fromkeys(map(ord, " \u00a0\u202f'\u2019"))

#: A number with a plus sign, or without a digit before or behind its decimal sign.
_LOOSE = re.compile(r"([-+]?)([0-9]*)(?:([.,])([0-9]*))?", re.ASCII)

#: Codes that programs write in upper and lower case as they like.
_TRUTHS = frozenset({"true", "false"})


def read_cell(field: Field, text: str, *, decimal: str | None, integral: bool) -> object:
    """Read a cell; what is no number or code of the field stays text.

    The apostrophe that our tables put before a text such as =1+1 is taken away again.

    Parameters
    ----------
    field : Field
    text : str
    decimal : {".", ",", None}
        The decimal sign of the column, where that is known: then thousands may be in groups.
    integral : bool
        Whether whole numbers are expected: then "30.000" is ambiguous if the sign is not known.
    """
    if "'" in text and text not in field.rule.labels:
        text = unescape(text)
    if isinstance(field.rule, NumericRange):
        text = plain_number(text, prefix=field.prefix, suffix=field.suffix, decimal=decimal)
    elif field.rule.python_type is str:
        text = _code(field, text)
    else:
        text = text.strip()
    return from_text(field.rule, text, decimal=decimal, integral=integral)


def plain_number(
    text: str, *, prefix: str = "", suffix: str = "", decimal: str | None = None
) -> str:
    """Return a number without what programs add to it; any other text without outer spaces."""
    if text.isdigit():
        return text
    text = text.strip()
    if prefix and prefix in text:
        text = _without_prefix(text, prefix)
    if suffix and text.endswith(suffix):
        text = text.removesuffix(suffix).rstrip() or text
    if _GROUP_SIGN.search(text) and (match := _GROUPS.fullmatch(text)):
        text = match[1].translate(_GROUP_SIGNS) + (match[2] or "")
    if text.startswith(("+", ".", ",", "-")) or text.endswith((".", ",")):
        return _with_digits(text, decimal)
    return text


def _without_prefix(text: str, prefix: str) -> str:
    """Write Rp 5 as 5, and -$5 as -5."""
    sign = text[0] if text[0] in "+-" else ""
    rest = text.removeprefix(sign).lstrip()
    if not rest.startswith(prefix):
        return text
    return sign + rest.removeprefix(prefix).lstrip() or text


def _with_digits(text: str, decimal: str | None) -> str:
    """Write +1000 as 1000, .5 as 0.5 and 5. as 5."""
    match = _LOOSE.fullmatch(text)
    if match is None:
        return text.removeprefix("+") if text[1:2].isdigit() else text
    minus, before, sign, behind = match[1].removeprefix("+"), match[2], match[3], match[4]
    if not (before or behind):
        return text
    if sign and decimal not in {None, sign}:
        return text.removeprefix("+")
    if not behind:
        return f"{minus}{before}"
    return f"{minus}{before or 0}{sign}{behind}"


def _code(field: Field, text: str) -> str:
    """Return the code that a text is, but for spaces and form; else the text."""
    codes = field.rule.labels
    if text in codes or text in field.merged_codes:
        return text
    clean = clean_name(text)
    same = field.clean_codes
    code = same.get(clean)
    if code is None and clean.casefold() in _TRUTHS:
        alike = [same[name] for name in same if name.casefold() == clean.casefold()]
        code = alike[0] if len(alike) == 1 else None
    return clean if code is None else str(code)


def accepts_empty(field: Field) -> bool:
    """Check whether the empty text is one of the field's codes."""
    return "" in field.rule.labels
