"""The model card and the groups it compares, in the reader's language."""

from __future__ import annotations

import re
from typing import Any

from creditscore.i18n.catalogue import (
    FALLBACK_LANGUAGE,
    LEGAL_SENTENCE,
    SWAPPED_SEPARATORS,
    Text,
    card_statements,
    in_language,
    say,
)
from creditscore.schema.constraints import CodeList
from creditscore.schema.descriptions import schema_texts, value_labels
from creditscore.schema.schema import Field
from creditscore.scorecard.artifact import Model
from creditscore.scorecard.policy import Policy

#: The English labels of bands of a number, which `band_label` writes into cards and bins, and the
#: message that says the same.
BANDS = {
    re.compile(r"under (?P<high>\S+)"): "band_under",
    re.compile(r"(?P<low>\S+) and over"): "band_from",
    re.compile(r"(?P<low>\S+) to (?P<high>\S+)"): "band_from_to",
    re.compile(r"(?P<low>\S+) to under (?P<high>\S+)"): "band_from_to_under",
}


def localised_card(model: Model, policy: Policy, language: str) -> dict[str, Any]:
    """Return a model's card with its texts in a language and the policy in force."""
    texts, sections = schema_texts(model.schema, language), model.card["scorecards"]
    legal = LEGAL_SENTENCE if model.protected_predictors() else None
    about = model.schema.files.get(model.card["data"]["sha256"])
    return {
        **model.card,
        **card_statements(language),
        **texts,
        "legal": legal and in_language(legal, language),
        "policy": policy.to_dict(),
        "data": {**model.card["data"], "about": about and in_language(about, language)},
        "scorecards": {
            name: {**section, **texts["scorecards"][name]} for name, section in sections.items()
        },
    }


def group_label(field: Field, label: str) -> Text:
    """Return the label of a group of applicants in every language.

    Parameters
    ----------
    field : Field
        The one whose values part the applicants.
    label : str
        In English, as model cards and monitoring have it.
    """
    for text in value_labels(field).values():
        if text[FALLBACK_LANGUAGE] == label:
            return text
    if isinstance(field.rule, CodeList):
        return {FALLBACK_LANGUAGE: label}
    for pattern, message in BANDS.items():
        if match := pattern.fullmatch(label):
            return say(message, **{name: _number(text) for name, text in match.groupdict().items()})
    return _number(label)


def _number(text: str) -> Text:
    return {"en": text, "id": text.translate(SWAPPED_SEPARATORS)}
