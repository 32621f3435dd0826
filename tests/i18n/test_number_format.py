"""Numbers as people of a language write them, rounded in one way."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from answers import PROJECT
from hypothesis import given
from hypothesis import strategies as st

from creditscore.i18n.number_format import (
    FORMATS,
    MINUS,
    PAGE_FORMATS,
    minus_signs,
    round_half_up,
    say_number,
    say_points,
)

EN, ID = FORMATS["en"], FORMATS["id"]
PAGE_EN = PAGE_FORMATS["en"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (EN.figure(0.3995), "0.400"),
        (EN.figure(1 - 0.6005), "0.400"),
        (EN.figure(2397 / 6000), "0.400"),
        (EN.figure(0.65), "0.650"),
        (ID.figure(0.65), "0,650"),
        (EN.share(0.15), "15.0%"),
        (EN.share(0.2885), "28.9%"),
        (ID.share(0.539), "53,9%"),
        (EN.share(1 - 0.7115), "28.9%"),
        (ID.setting(0.25), "25%"),
        (ID.setting(1 / 3), "33,3%"),
        (PAGE_EN.signed_points(-0.02), f"{MINUS}2.0"),
        (PAGE_EN.figure(-0.3), f"{MINUS}0.300"),
        (PAGE_EN.number(-27_900), f"{MINUS}27,900"),
        (PAGE_EN.number(1e-7), "1e-07"),
        (PAGE_EN.difference(-0.0012), f"{MINUS}0.0012"),
        (PAGE_FORMATS["id"].setting(-0.1), f"{MINUS}10%"),
        (EN.signed_points(-0.02), "-2.0"),
        (say_number(-27_900)["id"], "-27.900"),
        (EN.signed_points(0.008), "+0.8"),
        (EN.signed_points(-0.0004), "0.0"),
        (ID.signed_points(0.0205), "+2,1"),
        (EN.difference(-0.00004), "+0.0000"),
        (EN.difference(-0.0012), "-0.0012"),
        (EN.impact(0.03456), "3.46"),
        (EN.cutoff(0.25), "0.25"),
        (EN.cutoff(1 / 3), "0.3333"),
        (EN.short(2.0), "2"),
        (ID.short(7 / 3), "2,333"),
        (ID.number(30_000), "30.000"),
        (EN.number(30_000.5), "30,000.5"),
        (say_number(30_000)["id"], "30.000"),
        (say_points(-0.09)["id"], "9,0"),
    ],
)
def test_each_kind_of_number_has_its_decimals_in_its_language(text: str, expected: str) -> None:
    assert text == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Bill: -27,900 dollars (-2 to -0.5)",
            f"Bill: {MINUS}27,900 dollars ({MINUS}2 to {MINUS}0.5)",
        ),
        ("A-17, 2026-11-30 and 1e-07 --5 third-last", "A-17, 2026-11-30 and 1e-07 --5 third-last"),
    ],
)
def test_only_hyphens_before_numbers_become_minus_signs(text: str, expected: str) -> None:
    assert minus_signs(text) == expected


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        ([0, 0.5, 1], ["0.0", "0.5", "1.0"]),
        ([0, 1000, 20_000], ["0", "1,000", "20,000"]),
        ([0.05, 0.1, 1 / 3], ["0.050", "0.100", "0.333"]),
        ([], []),
    ],
)
def test_decimals_in_a_column_agree(column: list[float], texts: list[str]) -> None:
    assert EN.numbers(column) == texts


def test_the_largest_numbers_are_written_too() -> None:
    assert FORMATS["en"].fixed(3.4028234e38, 1) == f"{3402823400000 * 10**26:,}.0"
    assert FORMATS["en"].short(1e300) == f"{10**300:,}"


def test_shares_of_an_axis_agree_too() -> None:
    assert EN.shares([0, 0.2, 1]) == ["0%", "20%", "100%"]
    assert ID.shares([0, 0.025, 0.05]) == ["0,0%", "2,5%", "5,0%"]


@given(st.integers(-(10**9), 10**9), st.integers(0, 6))
def test_half_is_rounded_away_from_zero_as_written(ten_thousandths: int, decimals: int) -> None:
    exact = Decimal(ten_thousandths).scaleb(-4)
    expected = exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)

    assert round_half_up(float(exact), decimals) == expected


def test_nothing_else_writes_numbers_for_people() -> None:
    """A format of its own in a page, the card or a text is a second way to write a figure."""
    number_format = re.compile(r"\{[^{}]*:[+,]*\.\d+[fg%]\}|\d} %|\bround\([^|]*\)\s*\}\}|\|round")
    patterns = (
        "creditscore/web/pages/*.py", "creditscore/model_card/*.py", "creditscore/charts/*.py",
        "creditscore/scorecard/re*.py", "creditscore/decisions/*.py",
        "creditscore/web/templates/*.html", "creditscore/i18n/*.toml",
    )  # fmt: skip
    lines = [
        f"{path.relative_to(PROJECT)}: {line.strip()}"
        for pattern in patterns
        for path in sorted(PROJECT.glob(pattern))
        for line in Path(path).read_text(encoding="utf-8").splitlines()
        if number_format.search(line) and "width=" not in line
    ]

    assert lines == []
