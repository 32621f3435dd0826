"""What a group of applicants is called on a page: cards and monitoring name them in English."""

from __future__ import annotations

from creditscore.i18n.catalogue import FALLBACK_LANGUAGE, SWAPPED_SEPARATORS, Text
from creditscore.schema.constraints import CodeList
from creditscore.schema.schema import Field

#: The words of bands (`training_bins.band_label`), in Indonesian.
BAND_WORDS = {"under": "di bawah", "and over": "ke atas", "to": "sampai"}


def group_words(field: Field, label: str) -> Text:
    """Give a group's name in every language, from its English one."""
    rule = field.rule
    named = rule.labels if isinstance(rule, CodeList) else rule.named
    for text in named.values():
        if text[FALLBACK_LANGUAGE] == label:
            return text
    if isinstance(rule, CodeList):
        return {FALLBACK_LANGUAGE: label}
    translated = label.translate(SWAPPED_SEPARATORS)
    for english, indonesian in BAND_WORDS.items():
        translated = translated.replace(f"{english} ", f"{indonesian} ").replace(
            f" {english}", f" {indonesian}"
        )
    return {FALLBACK_LANGUAGE: label, "id": translated}
