"""Say what a column holds: nothing, dates, numbers or texts; and what in it means "not known"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from creditscore.arrays import Floats
from creditscore.drafting import names
from creditscore.drafting.cells import (
    NO_AFFIXES,
    Affixes,
    find_affixes,
    find_date_format,
    is_missing,
    read_numbers,
)
from creditscore.drafting.columns import Column
from creditscore.drafting.decimals import POINT, DecimalSign, both_readings

NOTHING, DATES, NUMBERS, TEXTS = "nothing", "dates", "numbers", "texts"

#: A column of numbers may hold so many different words, in such a share of its rows: they mean
#: "not known" there. A text with a digit is no word: ">90" says a lot.
MAX_WORDS, MAX_WORD_ROWS = 5, 0.05

#: Share of the rows with a zero in front of their digits, from which a column holds codes.
MIN_ZERO_ROWS = 0.01

#: Whole numbers up to so many different ones may be codes.
MAX_FEW_NUMBERS = 10

#: Texts that a sentence lists at most.
MAX_LISTED = 5

#: A code of digits, as a number would not be written: 08001.
_ZERO_IN_FRONT = re.compile(r"0+[1-9][0-9]*", re.ASCII)

_HAS_DIGIT = re.compile(r"\d")

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Profile:
    """What a column holds.

    Attributes
    ----------
    column : Column
    kind : {"nothing", "dates", "numbers", "texts"}
    is_missing : ndarray of shape (n_texts,)
        Which of its texts mean "not known".
    numbers : ndarray of shape (n_texts,)
        The number that each text is, NaN where it is none.
    affixes : Affixes
        What stands before and behind each number.
    sign : DecimalSign
        How they are written.
    is_stray : ndarray of shape (n_texts,), optional
        Which texts are no numbers, in a column of texts where most rows hold numbers.
    """

    column: Column
    kind: str
    is_missing: Mask
    numbers: Floats
    affixes: Affixes = NO_AFFIXES
    sign: DecimalSign = POINT
    is_stray: Mask | None = None

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column.name

    @property
    def decimal(self) -> str:
        """The decimal sign that its numbers are read by."""
        return self.sign.sign or "."

    @property
    def n_rows(self) -> int:
        """Count the rows."""
        return len(self.column.codes)

    @cached_property
    def missing_rows(self) -> int:
        """How many rows have no value."""
        return int(self.column.counts[self.is_missing].sum())

    @cached_property
    def n_values(self) -> int:
        """How many different values there are."""
        if self.kind == NUMBERS:
            return len(self.value_counts[0])
        return int((~self.is_missing).sum())

    @cached_property
    def value_counts(self) -> tuple[Floats, Floats]:
        """The different numbers, ascending, and how many rows hold each."""
        is_known = ~self.is_missing
        values, indices = np.unique(self.numbers[is_known], return_inverse=True)
        return values, np.bincount(indices, weights=self.column.counts[is_known]).astype(float)

    @property
    def is_whole(self) -> bool:
        """Whether all numbers are whole."""
        return bool((np.mod(self.value_counts[0], 1) == 0).all())

    @cached_property
    def known_texts(self) -> tuple[str, ...]:
        """The texts that are values."""
        texts = zip(self.column.texts, self.is_missing, strict=True)
        return tuple(text for text, missing in texts if not missing)

    @cached_property
    def has_zeros_in_front(self) -> bool:
        """Whether its texts are codes of digits, such as 08001, and not one slip or another."""
        texts = zip(self.column.texts, self.column.counts, strict=True)
        rows = sum(int(count) for text, count in texts if _ZERO_IN_FRONT.fullmatch(text))
        return rows >= max(2, MIN_ZERO_ROWS * self.n_rows)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The texts other than the empty one that mean "not known", as training compares them."""
        texts = zip(self.column.texts, self.is_missing, strict=True)
        words = [text for text, missing in texts if missing and text]
        if self.kind == NUMBERS:
            words = [self.affixes.take_off(word, self.decimal) for word in words]
        return tuple(dict.fromkeys(words))

    def list_rows(self, which: Mask) -> str:
        """Return some of its texts, the most frequent first, with the rows that hold them."""
        counts = self.column.counts
        indices = sorted(np.flatnonzero(which), key=lambda index: -counts[index])
        listed = [
            f"{self.column.texts[index][:40]} ({counts[index]:,} rows)"
            for index in indices[:MAX_LISTED]
        ]
        return ", ".join([*listed, "..."] if len(indices) > MAX_LISTED else listed)

    @property
    def readings(self) -> str:
        """What an ambiguous number of a column is with either sign; empty where none is."""
        if not (self.kind == NUMBERS and self.sign.ambiguous):
            return ""
        point, comma = both_readings(self.sign.ambiguous, self.affixes)
        return (
            f"{self.sign.ambiguous} is {point} with a decimal point and {comma} with a decimal "
            f"comma, and no cell here settles which"
        )

    @property
    def guessed_words(self) -> Mask:
        """Which texts are taken for "not known", though they are none of those for it."""
        known_words = np.array([is_missing(text) for text in self.column.texts], dtype=bool)
        guessed: Mask = self.is_missing & ~known_words
        return guessed


def profile_column(column: Column, sign: DecimalSign) -> Profile:
    """Find out what a column holds.

    Parameters
    ----------
    column : Column
    sign : DecimalSign
        How its numbers are written.
    """
    missing = np.array([is_missing(text) for text in column.texts], dtype=bool)
    nan = np.full(len(missing), np.nan)
    if missing.all():
        return Profile(column, NOTHING, missing, nan)
    date_format = find_date_format(column)
    # Eight digits may be an amount.
    if date_format and (date_format != "%Y%m%d" or names.mentions(column.name, names.DATES)):
        return Profile(column, DATES, missing, nan)
    affixes = find_affixes(column.texts)
    numbers = read_numbers(column, affixes=affixes, decimal=sign.sign)
    numbers[missing] = np.nan
    is_word = ~np.isfinite(numbers) & ~missing
    if is_word.any() and not _mean_missing(column, is_word, numbers):
        has_numbers = np.isfinite(numbers).sum() > MAX_WORDS
        known_rows = column.counts[~missing].sum()
        is_rare = has_numbers and column.counts[is_word].sum() < known_rows / 2
        return Profile(column, TEXTS, missing, numbers, is_stray=is_word if is_rare else None)
    missing |= is_word
    profile = Profile(column, NUMBERS, missing, numbers, affixes=affixes, sign=sign)
    if names.mentions(column.name, names.DATES) and _are_months(profile.value_counts[0]):
        return Profile(column, DATES, missing, nan)
    if profile.has_zeros_in_front:
        return Profile(column, TEXTS, missing, nan)
    return profile


def _mean_missing(column: Column, is_word: Mask, numbers: Floats) -> bool:
    """Check whether the texts of a column of numbers that are none mean "not known" there."""
    words = [column.texts[index] for index in np.flatnonzero(is_word)]
    if np.isfinite(numbers).sum() <= MAX_WORDS or any(map(_HAS_DIGIT.search, words)):
        return False
    # One word beside many numbers: "ND" where a bureau knows nobody of that name.
    if len(set(map(str.casefold, words))) == 1 and np.isfinite(numbers).sum() > MAX_FEW_NUMBERS:
        return True
    word_rows = column.counts[is_word].sum()
    return len(words) <= MAX_WORDS and bool(word_rows <= MAX_WORD_ROWS * len(column.codes))


def _are_months(numbers: Floats) -> bool:
    """Check whether numbers are months such as 202103."""
    months = np.mod(numbers, 100)
    within = (numbers >= 190000) & (numbers < 210100) & (months >= 1) & (months <= 12)
    return bool(within.all() and (np.mod(numbers, 1) == 0).all())
