"""How numbers are written for people: in their language, with as many decimals as their kind has.

Half is rounded away from zero, as people round by hand, and after the noise of binary fractions is
gone: 0.3995 to three decimals is 0.400 everywhere, whether it was read, divided or subtracted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

from creditscore.i18n.catalogue import DECIMAL_SIGNS, LANGUAGES, SWAPPED_SEPARATORS, Text

#: Decimals of figures (AUC, Brier score, cost per applicant), of differences between figures, of
#: shares in percent, of percentage points, of mean impacts in percentage points, and at most of
#: cut-offs as probabilities.
FIGURE_DECIMALS = 3
DIFFERENCE_DECIMALS = 4
SHARE_DECIMALS = 1
POINTS_DECIMALS = 1
IMPACT_DECIMALS = 2
CUTOFF_DECIMALS = 4

#: Digits of a binary fraction that are no noise.
SIGNIFICANT_DIGITS = 15

#: Digits enough for the largest floating-point number; Decimal itself keeps 28 and refuses more.
_EXACT = Context(prec=400)

MINUS = "\N{MINUS SIGN}"

#: A hyphen in front of a number; those within words, ids, dates and exponents are none.
_NEGATIVE = re.compile(r"(?<![\w.,)\]-])-(?=[0-9])")


def minus_signs(text: str) -> str:
    """Write the negative numbers of a text with minus signs, as pages show them."""
    return _NEGATIVE.sub(MINUS, text)


def round_half_up(number: float | Decimal, decimals: int) -> Decimal:
    """Round to so many decimals, half away from zero; zero has no sign."""
    unit = Decimal(1).scaleb(-decimals)
    return _EXACT.plus(_decimal(number).quantize(unit, ROUND_HALF_UP, _EXACT))


def _decimal(number: float | Decimal) -> Decimal:
    if isinstance(number, float):
        return Decimal(f"{number:.{SIGNIFICANT_DIGITS}g}")
    return Decimal(number)


def decimals_that_differ(share: float, limit: float) -> int:
    """Return how many decimals of a percentage tell a share from a limit: the usual if equal."""
    return next(
        (
            decimals
            for decimals in range(SHARE_DECIMALS, SIGNIFICANT_DIGITS)
            if round_half_up(100 * _decimal(share), decimals)
            != round_half_up(100 * _decimal(limit), decimals)
        ),
        SHARE_DECIMALS,
    )


@dataclass(frozen=True)
class NumberFormat:
    """Writes numbers in one language.

    Attributes
    ----------
    language : str
        Its separators.
    has_minus : bool
        Whether a negative number has a minus sign, as on pages, and not the hyphen of JSON, CSV
        and the command line, which can be read back and is in every encoding.
    """

    language: str
    has_minus: bool = False

    def number(self, number: float) -> str:
        """Write a count, or a number as it was given: 30,000, 2.5."""
        return self._localise(f"{number:,}" if isinstance(number, int) else f"{number:,.10g}")

    def exact(self, number: float) -> str:
        """Write a number with thousands in groups, to the last bit, as a form reads it back."""
        return self._localise(f"{number:,}")

    def fixed(self, number: float | Decimal, decimals: int, *, sign: str = "-") -> str:
        """Write a number with so many decimals; ``sign`` is as in format specifications."""
        return self._localise(f"{round_half_up(number, decimals):{sign},.{decimals}f}")

    def figure(self, number: float) -> str:
        """Write a figure: 0.650."""
        return self.fixed(number, FIGURE_DECIMALS)

    def difference(self, number: float) -> str:
        """Write the difference between two figures, its sign always shown: +0.0120."""
        return self.fixed(number, DIFFERENCE_DECIMALS, sign="+")

    def share(self, share: float, decimals: int = SHARE_DECIMALS) -> str:
        """Write a share as a percentage: 15.0%, in Indonesian 15,0%."""
        return f"{self.fixed(100 * _decimal(share), decimals)}%"

    def cutoff(self, probability: float) -> str:
        """Write a cut-off as a probability, as short as it is: 0.25, 0.3333."""
        return self.numbers([probability], max_decimals=CUTOFF_DECIMALS)[0]

    def setting(self, share: float) -> str:
        """Write a share that was chosen as a percentage, as short as it is: 25%, 33.3%."""
        return self.shares([share])[0]

    def points(self, share: float) -> str:
        """Write the size of a share in percentage points: 2.0."""
        return self.fixed(abs(100 * _decimal(share)), POINTS_DECIMALS)

    def impact(self, share: float) -> str:
        """Write a mean impact on the probability in percentage points: 2.05."""
        return self.fixed(100 * _decimal(share), IMPACT_DECIMALS)

    def signed_points(self, share: float) -> str:
        """Write a share in percentage points, with its sign unless that is 0.0."""
        rounded = round_half_up(100 * _decimal(share), POINTS_DECIMALS)
        return self.fixed(rounded, POINTS_DECIMALS, sign="+" if rounded else "-")

    def short(self, number: float) -> str:
        """Write a number that was chosen, as short as it is: 2, 2.333."""
        return self.numbers([number])[0]

    def numbers(
        self, numbers: Sequence[float | Decimal], *, max_decimals: int = FIGURE_DECIMALS
    ) -> list[str]:
        """Write a column of numbers with the same decimals: as many as one needs, at most so many.

        Ticks of an axis, and settings, are such columns: 0.5 beside 1.0.
        """
        rounded = [round_half_up(number, max_decimals) for number in numbers]
        decimals = max(map(_decimals, rounded), default=0)
        return [self.fixed(number, decimals) for number in rounded]

    def shares(self, shares: Sequence[float]) -> list[str]:
        """Write a column of shares as percentages with the same decimals, at most one."""
        percentages = self.numbers(
            [100 * _decimal(share) for share in shares], max_decimals=SHARE_DECIMALS
        )
        return [f"{percentage}%" for percentage in percentages]

    def _localise(self, english: str) -> str:
        text = english
        if DECIMAL_SIGNS[self.language] != ".":
            text = english.translate(SWAPPED_SEPARATORS)
        return minus_signs(text) if self.has_minus else text


def _decimals(number: Decimal) -> int:
    """Return how many decimals a rounded number needs."""
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


FORMATS = {language: NumberFormat(language) for language in LANGUAGES}

#: For pages and charts.
PAGE_FORMATS = {language: NumberFormat(language, has_minus=True) for language in LANGUAGES}


def say_as(write: Callable[[NumberFormat, float], str], number: float) -> Text:
    """Write a number in every language by a method of `NumberFormat`."""
    return {language: write(form, number) for language, form in FORMATS.items()}


def say_number(number: int | float) -> Text:
    """Write a number as it was given: 30,000 in English, 30.000 in Indonesian."""
    return say_as(NumberFormat.number, number)


def say_points(share: float) -> Text:
    """Write the size of a share in percentage points: 9.0 in English, 9,0 in Indonesian."""
    return say_as(NumberFormat.points, share)
