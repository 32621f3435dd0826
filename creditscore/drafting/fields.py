"""Make a field of the schema file from what a column holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from creditscore.arrays import Floats, Ints
from creditscore.drafting import names, ranges, toml_text
from creditscore.drafting.judgement import Ignored, Strength
from creditscore.drafting.levels import Levels, choose_levels
from creditscore.drafting.profile import MAX_FEW_NUMBERS, NUMBERS, Profile
from creditscore.evaluation.woe import SUSPICIOUS
from creditscore.schema.number_text import NUMBER


@dataclass
class DraftField:
    """A field as it is to be written.

    Attributes
    ----------
    name : str
    keys : dict of str to str
        The TOML of each key.
    notes, looks : list of str
        What was seen, and what a person who knows the table has to look at.
    """

    name: str
    keys: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)

    def put(self, key: str, item: object) -> None:
        """Add a key."""
        self.keys[key] = toml_text.value(item)


def draft_field(profile: Profile, bad: Ints, strength: Strength) -> DraftField | Ignored:
    """Draft a field, or say why the column cannot be one.

    Parameters
    ----------
    profile : Profile
    bad : ndarray of shape (n_rows,)
        1 for a bad outcome, 0 for a good one, -1 for none.
    strength : Strength
    """
    draft = DraftField(profile.name)
    if profile.kind == NUMBERS:
        _add_numbers(draft, profile)
    else:
        texts = zip(profile.column.texts, profile.column.counts, profile.is_missing, strict=True)
        rows = {text: int(count) for text, count, missing in texts if not missing}
        levels = choose_levels(rows)
        if levels is None:
            count = f"{profile.n_values:,} different ones"
            return Ignored(profile.name, f"holds texts that are too different for codes: {count}")
        _add_codes(draft, levels, rows, _bad_rates(profile, bad))
        if profile.is_stray is not None:
            draft.looks.append(f"numbers, beside {profile.list_rows(profile.is_stray)}")
        _add_missing(draft, profile, ())
        if profile.has_zeros_in_front:
            draft.looks.append("digits with zeros in front, so taken for codes and not for numbers")
    draft.put("title", names.humanise(profile.name))
    if names.is_protected(profile.name):
        draft.put("protected", True)
        draft.put("optional_when_excluded", True)
        draft.looks.append(
            "sounds like what law protects from discrimination; the model card compares its groups,"
            " and train.py --exclude leaves it out of decisions"
        )
    if strength.area >= SUSPICIOUS:
        draft.looks.append(
            f"alone it has an AUC of {strength.area:.3f}: was it known when the decision was made?"
        )
    elif strength.area >= 0.505:
        draft.notes.append(f"alone it has an AUC of {strength.area:.2f}")
    return draft


def _add_numbers(draft: DraftField, profile: Profile) -> None:
    values, counts = profile.value_counts
    special = ranges.special_values(values, counts)
    usual = ~np.isin(values, special)
    _add_range(draft, profile, values[usual], counts[usual])
    numbers = [int(value) if value.is_integer() else value for value in special]
    _add_missing(draft, profile, numbers)
    if special:
        rows = {f"{value:.10g}": int(counts[values == value][0]) for value in special}
        listed = ", ".join(f"{value} ({count:,} rows)" for value, count in rows.items())
        draft.looks.append(f"far from the rest, so taken for missing: {listed}")


def _add_range(draft: DraftField, profile: Profile, values: Floats, counts: Floats) -> None:
    """Add kind, bounds, example and what was seen."""
    is_whole = bool((np.mod(values, 1) == 0).all())
    middle = ranges.median_of(values, counts)
    low, high = float(values[0]), float(values[-1])
    draft.notes.append(f"seen: {low:,.10g} to {high:,.10g}, median {middle:,.10g}")
    plain = all(NUMBER.fullmatch(text) for text in profile.known_texts)
    is_flag = (low, high) == (0, 1) or (names.is_protected(profile.name) and len(values) == 2)
    if is_whole and plain and is_flag and len(values) <= 2:
        draft.put("kind", "coded")
        draft.put("codes", [int(value) for value in values])
        draft.put("example", int(middle))
        draft.notes[-1] = "seen: " + ", ".join(
            f"{value:.10g} in {count:,.0f} rows"
            for value, count in zip(values, counts, strict=True)
        )
        return
    draft.put("kind", "integer" if is_whole else "number")
    lower, upper = ranges.bounds(
        values, is_age=names.is_age(profile.name), is_share=profile.affixes.suffix == "%"
    )
    draft.put("minimum", lower)
    draft.put("maximum", upper)
    draft.put("example", int(middle) if is_whole else middle)
    if profile.readings:
        sign = toml_text.quoted(profile.decimal)
        draft.looks.append(f"{profile.readings}: it is read by decimal = {sign} under [file]")
    prefix, suffix = profile.affixes.prefix, profile.affixes.suffix
    for key, words in (("prefix", prefix), ("suffix", suffix), ("unit", prefix or suffix)):
        if words:
            draft.put(key, words)
    if is_whole and len(values) <= MAX_FEW_NUMBERS:
        draft.notes.append('few whole numbers: if they are codes, say kind = "coded" with codes')
    if odd := ranges.odd_rows(values, counts, is_age=names.is_age(profile.name)):
        draft.looks.append(f"{odd}: if these are typing errors, narrow the bounds")
    if share := ranges.capped_share(values, counts):
        draft.looks.append(f"{share:.1%} of the rows hold the largest number: a cap, or a code?")


def _add_missing(draft: DraftField, profile: Profile, special: Sequence[int | float]) -> None:
    """Add what means "not known"."""
    words = profile.words
    if special or words:
        draft.keys["missing_values"] = toml_text.value([*words, *special])
    elif profile.missing_rows:
        draft.put("missing", True)
    if (guessed := profile.guessed_words).any():
        draft.looks.append(f"taken for missing: {profile.list_rows(guessed)}")
    if profile.missing_rows:
        share = profile.missing_rows / profile.n_rows
        draft.notes.append(f"not known in {profile.missing_rows:,} rows ({share:.1%})")


def _bad_rates(profile: Profile, bad: Ints) -> Mapping[str, float]:
    """Return the share of bad outcomes of each text that has any outcome."""
    codes, counted = profile.column.codes, bad >= 0
    size = len(profile.column.texts)
    rows = np.bincount(codes[counted], minlength=size)
    bads = np.bincount(codes[counted], weights=bad[counted], minlength=size)
    texts = zip(profile.column.texts, rows, bads, strict=True)
    return {text: float(count / total) for text, total, count in texts if total}


def _add_codes(
    draft: DraftField, levels: Levels, rows: Mapping[str, int], rates: Mapping[str, float]
) -> None:
    draft.put("kind", "coded")
    lines = []
    for code in levels.codes:
        comment = f"{rows[code]:,} rows" if code in rows else "of none"
        rate = f", {rates[code]:.1%} bad" if code in rates else ""
        if code == levels.other_code:
            alone = sum(
                count for text, count in rows.items() if text not in {*levels.codes, *levels.fold}
            )
            comment = f"{levels.n_rare:,} rare codes, {alone + rows.get(code, 0):,} rows"
            rate = ""
        lines.append(f"    {toml_text.quoted(code)},  # {comment}{rate}")
    draft.keys["codes"] = "\n".join(["[", *lines, "]"])
    if levels.fold:
        pairs = (
            f"{toml_text.key(text)} = {toml_text.quoted(code)}"
            for text, code in levels.fold.items()
        )
        draft.keys["fold"] = f"{{ {', '.join(pairs)} }}"
    if levels.other_code is not None:
        draft.put("other", levels.other_code)
    if levels.by_outcome:
        draft.put("order", "target")
    draft.put("example", max(levels.codes, key=lambda code: rows.get(code, 0)))
