"""The service says everything in English and in Indonesian."""

from __future__ import annotations

from string import Formatter

import pytest

from creditscore.i18n.catalogue import CATALOGUE, ENGLISH, INDONESIAN, LANGUAGES, in_language, say


def braces(sentence: str) -> list[str]:
    return sorted({name for _, name, _, _ in Formatter().parse(sentence) if name is not None})


def test_both_languages_have_the_same_sentences_in_the_same_order() -> None:
    assert LANGUAGES == ("en", "id")
    assert list(ENGLISH) == list(INDONESIAN)


@pytest.mark.parametrize("key", ENGLISH)
def test_both_versions_of_a_sentence_have_the_same_braces(key: str) -> None:
    assert braces(ENGLISH[key]) == braces(INDONESIAN[key])
    assert all(name.isidentifier() for name in braces(ENGLISH[key]))


@pytest.mark.parametrize("key", ENGLISH)
def test_no_sentence_is_empty_or_left_untranslated(key: str) -> None:
    assert ENGLISH[key].strip()
    assert ENGLISH[key] != INDONESIAN[key]


def test_a_sentence_is_said_in_every_language() -> None:
    said = say("unknown_field_near", field="AEG", nearest="AGE")

    assert said == {
        "en": "AEG is not a field, did you mean AGE?",
        "id": "AEG bukan nama isian, maksud Anda AGE?",
    }


def test_a_part_that_is_a_text_goes_in_by_language() -> None:
    said = say("must_be", field="AGE", allowed={"en": "one", "id": "satu"}, got={"en": "two"})

    assert said == {"en": "AGE must be one, got two", "id": "AGE harus satu, tetapi isinya two"}


def test_a_text_without_a_version_is_given_in_english() -> None:
    assert in_language({"en": "one"}, "id") == "one"
    assert in_language({"en": "one", "id": "satu"}, "id") == "satu"
    assert set(CATALOGUE) == set(LANGUAGES)
