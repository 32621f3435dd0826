"""Cells of CSV: no spreadsheet computes one, and each text comes back as it was."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditscore.schema import Schema
from creditscore.schema.cell_reader import read_cell
from creditscore.schema.csv_cells import FORMULA, escape, safe, unescape

TEXTS = st.text(st.sampled_from([*"'=+-@ \tA1.,;|\n", "\uff1d"]), max_size=8) | st.text(max_size=20)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("'=1+1", "''=1+1"),
        ("''=1+1", "'''=1+1"),
        (" @SUM(A1)", "' @SUM(A1)"),
        ("O'Brien", "O'Brien"),
        ("'quoted'", "'quoted'"),
        ("'", "'"),
        ("", ""),
        ("-5", "-5"),
        ("'-5", "'-5"),
        ("x;=1+1", "x;'=1+1"),
        ("x;'=1+1", "x;''=1+1"),
        ("=1| @A", "'=1|' @A"),
        ("x\n=1", "x\n'=1"),
        ("6.2,-106.8", "6.2,-106.8"),
        ("Rp 1.000,-", "Rp 1.000,-"),
        ("x;-5|'cmd'!A1", "x;'-5|'cmd'!A1"),
    ],
)
def test_only_what_a_spreadsheet_would_compute_gets_an_apostrophe(text: str, cell: str) -> None:
    assert escape(text) == cell
    assert unescape(cell) == text


@given(text=TEXTS)
def test_every_text_comes_back_and_its_cell_is_safe(text: str) -> None:
    cell = escape(text)

    assert unescape(cell) == text
    assert safe(cell) == cell


@given(text=TEXTS)
@pytest.mark.parametrize("separator", [",", ";", "\t", "|", "\n"])
def test_no_separator_makes_a_formula_of_a_part_of_a_cell(separator: str, text: str) -> None:
    for passed in (safe(text), escape(text)):
        _, *parts = passed.split(separator)
        formulas = [part for part in parts if part.strip(" ").startswith(FORMULA[:4])]
        # All are a minus, with a number or nothing behind it up to the next separator.
        assert all(re.match(r" *-([0-9]+([.,][0-9]+)?)?([,;\t\n]|$)", part) for part in formulas)


@given(texts=st.lists(TEXTS, max_size=6, unique=True))
def test_different_texts_have_different_cells(texts: list[str]) -> None:
    assert len({escape(text) for text in texts}) == len(texts)


@given(cell=TEXTS)
def test_a_cell_that_is_passed_on_means_the_same_and_stays_as_it_is_from_then_on(
    cell: str,
) -> None:
    passed = safe(cell)

    assert unescape(passed) == unescape(cell)
    assert safe(passed) == passed


@pytest.mark.parametrize("text", ["30000", "-1", "+1", ".5"])
@pytest.mark.parametrize("mark", FORMULA[:4])
def test_a_cell_of_a_field_is_read_without_the_apostrophe(
    schema: Schema, text: str, mark: str
) -> None:
    field = schema.fields["LIMIT_BAL"]
    cell = f"{mark}{text} x"
    plain = read_cell(field, cell, decimal=None, integral=False)

    assert escape(cell) == f"'{cell}"
    assert read_cell(field, escape(cell), decimal=None, integral=False) == plain
