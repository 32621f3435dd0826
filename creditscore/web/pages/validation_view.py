"""What a validator asks of each scorecard: in short on the model page, all of it on its own."""

from __future__ import annotations

from creditscore.charts.topics import Topic, Wording
from creditscore.charts.validation_tables import validation_topics
from creditscore.evaluation.card import Card
from creditscore.i18n.catalogue import in_language
from creditscore.schema import Schema
from creditscore.schema.descriptions import band_label_text, group_text


def validation_view(card: Card, schema: Schema, language: str) -> dict[str, list[Topic]]:
    """Return the topics of each scorecard by its name; none for a card of an earlier release."""

    def group(field: str | None, label: str) -> str:
        text = band_label_text(label) if field is None else group_text(schema.fields[field], label)
        return label if text is None else in_language(text, language)

    words = Wording(
        language=language,
        field=lambda name: str(card.fields[name].title),
        group=group,
        scorecard=lambda name: str(card.scorecards[name].title),
    )
    return {
        name: list(validation_topics(section, words)) for name, section in card.scorecards.items()
    }
