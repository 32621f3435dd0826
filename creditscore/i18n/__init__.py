"""Texts in English and Indonesian.

`messages.en.toml` and `messages.id.toml` hold them, `say` fills one in. A text in every language
is a `Text`; `in_language` picks the reader's.
"""

from creditscore.i18n.catalogue import (
    DEFAULT_LANGUAGE,
    LANGUAGES,
    LEGAL_SENTENCE,
    PAGE_TEXTS,
    Text,
    card_statements,
    in_language,
    say,
)
from creditscore.i18n.date_format import (
    say_day,
    write_day,
    write_moment,
    write_month,
    write_short_day,
)
from creditscore.i18n.number_format import FORMATS, NumberFormat, say_number

__all__ = [
    "DEFAULT_LANGUAGE",
    "FORMATS",
    "LANGUAGES",
    "LEGAL_SENTENCE",
    "PAGE_TEXTS",
    "NumberFormat",
    "Text",
    "card_statements",
    "in_language",
    "say",
    "say_day",
    "say_number",
    "write_day",
    "write_moment",
    "write_month",
    "write_short_day",
]
