"""Texts of the service by language, from one catalogue of messages a language.

Texts about fields (titles, units, codes) come from the schema file instead.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

#: A text by language; English is always there, the others may be missing.
Text = Mapping[str, str]


LANGUAGES = ("en", "id")

DEFAULT_LANGUAGE = "en"

#: Characters of a text, such as a name or a value, that a message quotes at most.
MAX_QUOTED_LENGTH = 40

#: Exchanges comma and point, which separate thousands and decimals the other way in Indonesian.
SWAPPED_SEPARATORS = str.maketrans(",.", ".,")

#: What separates whole numbers from their fractions; the other of the two separates thousands.
DECIMAL_SIGNS = {"en": ".", "id": ","}


def _read_catalogue(language: str) -> dict[str, Any]:
    path = Path(__file__).parent / f"messages.{language}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


#: The tables of each language's file.
CATALOGUES: Mapping[str, Mapping[str, Any]] = {
    language: _read_catalogue(language) for language in LANGUAGES
}

#: The sentences that `say` fills in.
MESSAGES: Mapping[str, Text] = {
    language: {
        key: sentence
        for table in ("values", "errors", "reasons", "warnings", "groups", "triggers")
        for key, sentence in catalogue[table].items()
    }
    for language, catalogue in CATALOGUES.items()
}

#: The texts of all pages, under one name each, as templates share parts.
PAGE_TEXTS: Mapping[str, Text] = {
    language: {key: text for page in catalogue["pages"].values() for key, text in page.items()}
    for language, catalogue in CATALOGUES.items()
}

#: What law says of protected predictors, in one sentence.
LEGAL_SENTENCE: Text = {
    language: catalogue["model_card"]["legal"] for language, catalogue in CATALOGUES.items()
}


def card_statements(language: str) -> dict[str, list[str]]:
    """Return a model card's lists of statements that hold whatever the data.

    They are its intended use, what is out of scope, limits, human oversight, and the law.
    """
    return {
        name: list(statements)
        for name, statements in CATALOGUES[language]["model_card"]["statements"].items()
    }


def law_clauses(language: str) -> list[dict[str, str]]:
    """Return clauses of law: the place, the clause, what it asks for, and what is there for it."""
    return [dict(clause) for clause in CATALOGUES[language]["model_card"]["law_clauses"]]


def in_language(text: Text, language: str) -> str:
    """Return a text in a language, or in English where it has no such version."""
    return text.get(language, text[DEFAULT_LANGUAGE])


def shorten(text: str, max_length: int = MAX_QUOTED_LENGTH) -> str:
    """Cut a text that a message quotes to so many characters."""
    return text if len(text) <= max_length else f"{text[:max_length]}…"


def localise(parts: Iterable[NamedTuple], language: str) -> list[dict[str, Any]]:
    """Return named tuples that have a text as dictionaries, their text in one language."""
    answers = [part._asdict() for part in parts]
    for answer in answers:
        answer["text"] = in_language(answer["text"], language)
    return answers


def say(key: str, **parts: Text | str | int) -> Text:
    """Fill in one sentence of `MESSAGES`, in every language.

    Parameters
    ----------
    key : str
        The sentence's name in the catalogue.
    **parts : Text, str or int
        What goes into its braces; a `Text` goes in by language.
    """
    return {
        language: sentences[key].format(
            **{
                name: part if isinstance(part, str | int) else in_language(part, language)
                for name, part in parts.items()
            }
        )
        for language, sentences in MESSAGES.items()
    }
