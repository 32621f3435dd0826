"""Codes of a column of texts: which to list, which to count as another, and in which order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from creditscore.schema.constraints import MAX_OTHER_CODE_LENGTH

#: Codes that are listed at most, and that get their order from the outcome.
MAX_CODES, MAX_TARGET_CODES = 50, 10

#: Rows that a code needs for a place of its own: a share of all, within two bounds.
SHARE, MIN_ROWS, ENOUGH_ROWS = 0.002, 10, 50

#: Share of the stated rows that listed codes hold; below it a column is mostly free text.
MIN_COVERAGE = 0.5

#: Codes that mean any other one, in lower case.
_OTHER_CODES = frozenset({"other", "others", "lain", "lainnya", "lain-lain"})

_NUMBER = re.compile(r"([<>]?)\s*=?\s*(?:[a-z]+\s+)?(-?[0-9]+(?:[.,][0-9]+)*)")

_SCALES = (
    ("none", "very low", "low", "medium", "moderate", "high", "very high"),
    ("very poor", "poor", "fair", "average", "good", "very good", "excellent"),
    ("little", "moderate", "quite rich", "rich"),
    ("small", "medium", "large"),
    ("rendah", "sedang", "tinggi"),
    ("kecil", "sedang", "besar"),
    ("sd", "smp", "sma", "d3", "s1", "s2", "s3"),
)


@dataclass(frozen=True)
class Levels:
    """Codes of a field.

    Attributes
    ----------
    codes : tuple of str
        In the order of the schema file.
    fold : mapping of str to str
        Other spellings of a code.
    other_code : str or None
        The code that all rarer texts count as, one of `codes`.
    by_outcome : bool
        Whether their order is to come from the outcome.
    n_rare : int
        How many different texts count as the other one.
    """

    codes: tuple[str, ...]
    fold: Mapping[str, str]
    other_code: str | None
    by_outcome: bool
    n_rare: int


def choose_levels(rows: Mapping[str, int]) -> Levels | None:
    """Choose the codes of a field.

    Parameters
    ----------
    rows : mapping of str to int
        How many rows hold each text; without those for "not known".

    Returns
    -------
    Levels or None
        None where too few rows hold texts that are common enough.
    """
    spellings: dict[str, list[str]] = {}
    for text in rows:
        spellings.setdefault(" ".join(text.casefold().split()), []).append(text)
    total, counts = sum(rows.values()), {}
    fold: dict[str, str] = {}
    for alike in spellings.values():
        usual = max(alike, key=lambda text: (rows[text], text))
        counts[usual] = sum(rows[text] for text in alike)
        fold |= {text: usual for text in alike if text != usual}
    min_rows = min(ENOUGH_ROWS, max(MIN_ROWS, SHARE * total))
    frequent = sorted(counts, key=lambda text: (-counts[text], text))
    listed = [text for text in frequent if counts[text] >= min_rows][:MAX_CODES]
    rare = [text for text in frequent if text not in set(listed)]
    covered = sum(counts[text] for text in listed)
    if not listed or covered < MIN_COVERAGE * total:
        return None
    if any(len(text) > MAX_OTHER_CODE_LENGTH for text in rows):
        return None
    kept_codes = set(listed)
    ordered, is_ordered = order_levels(listed)
    other_code = None
    if rare:
        other_code = next((text for text in frequent if text.casefold() in _OTHER_CODES), "other")
        kept_codes.add(other_code)
        ordered = [*(text for text in ordered if text != other_code), other_code]
    return Levels(
        codes=tuple(ordered),
        fold={text: usual for text, usual in fold.items() if usual in kept_codes},
        other_code=other_code,
        by_outcome=not is_ordered and 2 < len(ordered) <= MAX_TARGET_CODES,
        n_rare=len(rare),
    )


def order_levels(texts: Sequence[str]) -> tuple[list[str], bool]:
    """Return texts in an order, and whether it is evident: by their numbers, letters or words."""
    words = {text: re.sub(r"[^a-z0-9]+", " ", text.casefold()).strip() for text in texts}
    for scale in _SCALES:
        if len(texts) > 2 and set(words.values()) <= set(scale):
            return sorted(texts, key=lambda text: scale.index(words[text])), True
    # Grades: A, B, C or A1, A2, B1.
    if len(texts) > 2 and all(re.fullmatch(r"[A-H][0-9]{0,2}", text) for text in texts):
        return sorted(texts), True
    matches = {text: _NUMBER.search(text.casefold()) for text in texts}
    numbered = [match for match in matches.values() if match is not None]
    if len(numbered) == len(texts) > 2:
        keys = {text: _number_key(match) for text, match in matches.items() if match}
        if len(set(keys.values())) == len(texts):
            return sorted(texts, key=lambda text: keys[text]), True
    return sorted(texts), False


def _number_key(match: re.Match[str]) -> tuple[float, int]:
    """Return the first number of a text; "< 1" is before "1", "> 1" behind it."""
    number = float(match[2].replace(",", "")) if match[2].count(".") < 2 else 0.0
    return number, {"<": -1, "": 0, ">": 1}[match[1]]
