"""The model card in the reader's language."""

from __future__ import annotations

from typing import Any

from creditscore.i18n.catalogue import (
    LEGAL_SENTENCE,
    card_statements,
    in_language,
)
from creditscore.schema.descriptions import schema_texts
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import Policy


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
