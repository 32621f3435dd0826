"""The tables of the documentation are there in each language, whole."""

from __future__ import annotations

import re

from answers import PROJECT
from flask import Flask

from creditscore.api_docs.examples import field_table, settings_table
from creditscore.api_docs.markdown_tables import blocks_of
from creditscore.i18n.catalogue import LANGUAGES
from creditscore.i18n.document_texts import (
    FIELD_COLUMNS,
    INDONESIAN_SETTINGS,
    NONE,
    SETTING_COLUMNS,
)
from creditscore.schema import Schema
from creditscore.settings import DEFINITIONS
from creditscore.web.cli.generate_docs import generated_files

#: What is to be typed as it stands, in any language.
LITERAL = re.compile(r"`[^`]+`|[a-z]+://\S+|\d[\d.]*\d|\b(?:wal|truncate)\b")


def test_every_setting_is_described_in_indonesian_and_nothing_else_is() -> None:
    assert list(INDONESIAN_SETTINGS) == [row.name for row in DEFINITIONS]


def test_what_is_typed_as_it_stands_is_not_translated() -> None:
    for row in DEFINITIONS:
        said = INDONESIAN_SETTINGS[row.name]
        assert said.sentence != row.sentence
        for ours, theirs in ((said.allowed, row.allowed), (said.sentence, row.sentence)):
            assert sorted(LITERAL.findall(ours)) == sorted(LITERAL.findall(theirs)), row.name


def test_every_language_has_the_words_of_the_tables() -> None:
    for texts in (FIELD_COLUMNS, SETTING_COLUMNS, NONE):
        assert tuple(texts) == LANGUAGES


def test_the_tables_differ_between_the_languages_in_words_only(schema: Schema) -> None:
    for english, indonesian in (
        (field_table(schema, "en"), field_table(schema, "id")),
        (settings_table("en"), settings_table("id")),
    ):
        ours, theirs = indonesian.splitlines(), english.splitlines()
        assert len(ours) == len(theirs)
        for one, other in zip(ours[2:], theirs[2:], strict=True):
            assert one.count("|") == other.count("|")
            assert one.split("|")[1] == other.split("|")[1]
            assert sorted(re.findall("[0-9]+", one)) == sorted(re.findall("[0-9]+", other))
            assert one != other


def test_the_indonesian_table_of_fields_says_what_is_accepted_in_indonesian(
    schema: Schema,
) -> None:
    rows = field_table(schema, "id").splitlines()

    assert "| `AGE` | integer | dari 18 sampai 100 | Usia, tahun |" in rows


def test_the_readmes_have_the_same_generated_parts_in_the_same_order() -> None:
    english, indonesian = (
        list(blocks_of((PROJECT / name).read_text(encoding="utf-8")))
        for name in ("README.md", "README.id.md")
    )

    assert indonesian == english != []


def test_a_page_is_described_in_the_language_that_its_name_ends_in(app: Flask) -> None:
    with app.app_context():
        files = generated_files()

    assert settings_table("en") in files[PROJECT / "README.md"]
    assert settings_table("id") in files[PROJECT / "README.id.md"]
