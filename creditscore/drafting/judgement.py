"""Judge which columns can be fields, and say why the others cannot."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from creditscore.drafting import names, toml_text
from creditscore.drafting.cells import NO_AFFIXES
from creditscore.drafting.levels import MAX_CODES
from creditscore.drafting.profile import DATES, MAX_FEW_NUMBERS, NOTHING, NUMBERS, TEXTS, Profile
from creditscore.schema.number_text import CURRENCY, read_undecided
from creditscore.schema.reference import REFERENCE
from creditscore.training.sample_columns import read_times

#: AUC of a column alone above which it gives the outcome away.
LEAK = 0.95

#: Share of different values from which a column is an identifier, by its kind and name.
NEARLY_ALL, HALF = 0.9, 0.5

#: Rows with another value than the usual one, below which a column is as good as constant.
MIN_VARYING = 5

_RESERVED = (
    "is read as the client's own reference, not as a field: "
    f'a field of another name, with column = "{REFERENCE}", can use it'
)

#: With or without a space behind the currency. Zeros in front are those of a code: RP00012.
_CURRENCY = re.compile(rf"[-+]?{CURRENCY}\s*[-+]?(?!0[0-9])[0-9]", re.IGNORECASE)


@dataclass(frozen=True)
class Ignored:
    """A column that the draft does not use.

    Attributes
    ----------
    name : str
    why : str
    needs_look : bool
        Whether a person who knows the table could decide otherwise.
    role : {"", "time", "group"}
        What it could be in `[sample]`.
    """

    name: str
    why: str
    needs_look: bool = False
    role: str = ""


@dataclass(frozen=True)
class Strength:
    """What a column says of the outcome.

    Attributes
    ----------
    area : float
        Its AUC alone.
    filled_for : {"bad", "good", ""}
        The outcome whose rows alone have another than the usual value.
    """

    area: float
    filled_for: str


def judge(profile: Profile, *, copy_of: str | None) -> Ignored | None:
    """Return why a column is of no use as a field, by itself; None where it is."""
    name, column = profile.name, profile.column
    if not name:
        return Ignored(name, "has no name, as an index that a program wrote beside the table")
    if name == REFERENCE:
        return Ignored(name, _RESERVED, needs_look=True)
    if profile.kind == NOTHING:
        return Ignored(name, "is empty in every row")
    varying = profile.n_rows - int(column.counts.max())
    if profile.n_values == 1 and varying < MIN_VARYING:
        example = toml_text.quoted(profile.known_texts[0][:40])
        return Ignored(name, f"has the same value in every row, {example}")
    if copy_of is not None:
        return Ignored(name, f"says the same as {toml_text.quoted(copy_of)}, row by row")
    if profile.kind == DATES:
        example = toml_text.quoted(profile.known_texts[0][:40])
        _, problems = read_times(column.texts)
        role = "" if problems or names.mentions(name, names.BIRTHS) else "time"
        return Ignored(name, f"holds dates, such as {example}", role=role)
    if names.mentions(name, names.PLACES) and profile.n_values > MAX_CODES:
        return Ignored(
            name, "is a postal code: where people live can reveal what law protects", True
        )
    if profile.readings and profile.sign.sign is None:
        return Ignored(
            name, f"{profile.readings}: draft again with --decimal . or --decimal , to use it", True
        )
    n_numbers = int(np.isfinite(profile.numbers).sum())
    if profile.is_stray is not None and n_numbers > MAX_FEW_NUMBERS:
        why = f"holds numbers, but also {profile.list_rows(profile.is_stray)}"
        return Ignored(name, f"{why}: write numbers for these, or nothing, to use it", True)
    return _identifier(profile)


def _identifier(profile: Profile) -> Ignored | None:
    name, known_rows = profile.name, profile.n_rows - profile.missing_rows
    if profile.n_values <= min(MAX_CODES, profile.n_rows / 2):
        return None
    share = profile.n_values / known_rows
    differs = f"{profile.n_values:,} different values in {known_rows:,} rows"
    is_code = profile.kind == TEXTS and profile.has_zeros_in_front
    if profile.kind == TEXTS and not is_code and _share_of_amounts(profile) >= HALF:
        return Ignored(name, _foreign_number(profile), True)
    is_personal = names.mentions(name, names.PERSONAL_DATA) and share >= HALF
    is_identifier = names.mentions(name, names.EXACT_IDENTIFIERS) or (
        names.is_identifier(name) and share >= NEARLY_ALL
    )
    if is_code and share < NEARLY_ALL and not (is_personal or is_identifier):
        return Ignored(name, f"holds codes of digits with zeros in front: {differs}", True)
    if profile.kind == NUMBERS:
        is_whole = profile.is_whole and profile.affixes == NO_AFFIXES
        if not is_whole or not (is_personal or is_identifier or _is_row_number(profile)):
            return None
    elif not is_identifier and share < HALF:
        return None
    if is_personal:
        return Ignored(name, f"identifies people: {differs}")
    if not is_identifier and profile.kind == TEXTS and share < NEARLY_ALL:
        return Ignored(name, f"is free text, or too many codes: {differs}")
    return Ignored(name, f"is an identifier: {differs}", role="group" if share < NEARLY_ALL else "")


def _is_row_number(profile: Profile) -> bool:
    """Check whether numbers count the rows, all in the same steps."""
    steps = np.diff(profile.numbers[profile.column.codes])
    return len(steps) > 1 and bool((steps == steps[0]).all()) and steps[0] != 0


def _share_of_amounts(profile: Profile) -> float:
    """Return the share of texts that are numbers, but not as the file's other numbers."""
    texts = profile.known_texts
    amounts = [text for text in texts if _CURRENCY.match(text) or read_undecided(text) is not None]
    return len(amounts) / len(texts)


def _foreign_number(profile: Profile) -> str:
    texts = profile.known_texts
    is_other = ~np.isfinite(profile.numbers) & ~profile.is_missing
    # Of amounts with a currency, one; else what this file's other numbers do not look like.
    text = next((text for text in texts if _CURRENCY.match(text)), "")
    example = toml_text.quoted(text[:40])
    if text:
        why = f"holds amounts with a currency, such as {example}, but not each with the same one"
        return f"{why}: write them without it to use them"
    return f"holds numbers and other texts, or another decimal sign: {profile.list_rows(is_other)}"


def judge_strength(profile: Profile, strength: Strength) -> Ignored | None:
    """Return why a column gives the outcome away; None where it does not."""
    question = "was it known when the decision was made?"
    if strength.filled_for:
        return Ignored(
            profile.name,
            f"is another than usual in rows with a {strength.filled_for} outcome alone, as what is "
            f"filled in later: {question}",
            needs_look=True,
        )
    if strength.area >= LEAK:
        why = f"gives the outcome away: alone it has an AUC of {strength.area:.3f}; {question}"
        return Ignored(profile.name, why, needs_look=True)
    if names.is_known_later(profile.name):
        return Ignored(profile.name, f"sounds as if it is filled in later: {question}", True)
    return None
