"""The service says everything in English and in Indonesian."""

from __future__ import annotations

from collections.abc import Iterator
from string import Formatter
from typing import Any

from creditscore.i18n.catalogue import (
    CATALOGUES,
    DEFAULT_LANGUAGE,
    LANGUAGES,
    MESSAGES,
    PAGE_TEXTS,
    in_language,
    say,
)

#: What routes mean stands in English where they are defined.
TRANSLATIONS_ONLY = "documents.routes."


def texts(node: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text of a catalogue under its place, list items by their number."""
    if isinstance(node, str):
        yield key.strip("."), node
        return
    for name, part in node.items() if isinstance(node, dict) else enumerate(node):
        yield from texts(part, f"{key}.{name}")


BY_LANGUAGE = {language: dict(texts(catalogue)) for language, catalogue in CATALOGUES.items()}
KEYS = list(BY_LANGUAGE[DEFAULT_LANGUAGE])


def braces(sentence: str) -> list[str]:
    return sorted({name for _, name, _, _ in Formatter().parse(sentence) if name is not None})


def test_all_languages_have_the_same_keys_in_the_same_order(language: str) -> None:
    assert [key for key in BY_LANGUAGE[language] if not key.startswith(TRANSLATIONS_ONLY)] == KEYS


def test_both_versions_of_a_text_say_something_with_the_same_braces() -> None:
    # What is called the same in both languages; any other text would have been forgotten.
    same = {"Model", "API", "PSI", "{title}: {value}", "Indonesia", "{short} {year}"}
    faults = []
    for key in KEYS:
        english, indonesian = (BY_LANGUAGE[language][key] for language in LANGUAGES)
        names = braces(english)
        alike = names == braces(indonesian) and all(name.isidentifier() for name in names)
        is_filled = english.strip() and indonesian.strip()
        if not (alike and is_filled and (english != indonesian or english in same)):
            faults.append(key)

    assert faults == []


def test_no_name_stands_in_two_tables_that_are_read_as_one() -> None:
    english = CATALOGUES[DEFAULT_LANGUAGE]
    names = [name for page in english["pages"].values() for name in page]
    tables = ("values", "errors", "reasons", "warnings", "groups", "triggers")

    assert len(names) == len(PAGE_TEXTS[DEFAULT_LANGUAGE])
    assert sum(len(english[table]) for table in tables) == len(MESSAGES[DEFAULT_LANGUAGE])


def test_a_sentence_is_said_in_every_language() -> None:
    text = say("unknown_field_near", field="AEG", nearest="AGE")

    assert text == {
        "en": '"AEG" is not a field, did you mean "AGE"?',
        "id": '"AEG" bukan nama isian, maksud Anda "AGE"?',
    }


def test_a_part_that_is_a_text_goes_in_by_language() -> None:
    text = say("must_be", field="AGE", allowed={"en": "one", "id": "satu"}, got={"en": "two"})

    assert text == {"en": "AGE must be one, got two", "id": "AGE harus satu, tetapi isinya two"}


def test_a_text_without_a_version_is_given_in_english() -> None:
    assert in_language({"en": "one"}, "id") == "one"
    assert in_language({"en": "one", "id": "satu"}, "id") == "satu"
