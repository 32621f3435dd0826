"""The tables of the documentation are there in each language, whole."""

from __future__ import annotations

import re

import pytest

from creditscore.i18n.catalogue import CATALOGUES
from creditscore.schema import Schema
from creditscore.settings import DEFINITIONS
from tools.markdown_tables import field_table, settings_table

ENGLISH, INDONESIAN = (CATALOGUES[name]["documents"]["settings"] for name in ("en", "id"))

#: What is to be typed as it stands, in any language.
LITERAL = re.compile(r"`[^`]+`|[a-z]+://\S+|\d[\d.]*\d|\b(?:wal|truncate)\b")


@pytest.mark.parametrize("described", [ENGLISH, INDONESIAN], ids=["en", "id"])
def test_every_setting_is_described_and_nothing_else_is(described: dict[str, object]) -> None:
    assert list(described) == [row.name for row in DEFINITIONS]


def test_what_is_typed_as_it_stands_is_not_translated() -> None:
    for name, text in INDONESIAN.items():
        assert text["sentence"] != ENGLISH[name]["sentence"]
        for part in ("allowed", "sentence"):
            ours, theirs = text[part], ENGLISH[name][part]
            assert sorted(LITERAL.findall(ours)) == sorted(LITERAL.findall(theirs)), name


def test_the_tables_differ_between_the_languages_in_words_only(schema: Schema) -> None:
    for english, indonesian in (
        (field_table(schema, "en"), field_table(schema, "id")),
        (settings_table("en"), settings_table("id")),
    ):
        ours, theirs = indonesian.splitlines(), english.splitlines()
        assert len(ours) == len(theirs)
        for our_line, their_line in zip(ours[2:], theirs[2:], strict=True):
            assert our_line.count("|") == their_line.count("|")
            assert our_line.split("|")[1] == their_line.split("|")[1]
            assert sorted(re.findall("[0-9]+", our_line)) == sorted(
                re.findall("[0-9]+", their_line)
            )
            assert our_line != their_line


def test_the_indonesian_table_of_fields_says_what_is_accepted_in_indonesian(
    schema: Schema,
) -> None:
    rows = field_table(schema, "id").splitlines()

    assert "| `AGE` | integer | dari 18 sampai 100 | Usia, tahun |" in rows
