"""The model card in the reader's language."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from creditscore.evaluation.card_keys import with_current_keys
from creditscore.i18n.catalogue import (
    LEGAL_SENTENCE,
    card_statements,
    in_language,
    law_clauses,
)
from creditscore.schema.descriptions import schema_texts
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import Policy


def localised_card(model: Model, policy: Policy, language: str) -> dict[str, Any]:
    """Return a model's card with its texts in a language and the policy in force."""
    card = with_current_keys(model.card)
    texts, sections = schema_texts(model.schema, language), card["scorecards"]
    legal = LEGAL_SENTENCE if model.protected_predictors() else None
    # A card of an earlier release says nothing of them.
    declarations = (
        {"governance": asdict(model.declarations(language))} if "governance" in card else {}
    )
    about = model.schema.files.get(card["data"]["sha256"])
    return {
        **card,
        **card_statements(language),
        **texts,
        "law_clauses": law_clauses(language),
        **declarations,
        "legal": legal and in_language(legal, language),
        "policy": policy.to_dict(),
        "data": {**card["data"], "about": about and in_language(about, language)},
        "scorecards": {
            name: {**section, **texts["scorecards"][name]} for name, section in sections.items()
        },
    }
