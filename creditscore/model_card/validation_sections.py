"""What a validator asks of a scorecard, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from creditscore.charts.topics import Wording
from creditscore.charts.validation_tables import validation_topics
from creditscore.evaluation.card import Card, ScorecardCard
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE
from creditscore.model_card.formats import group_name, table


def validation(card: Card, section: ScorecardCard) -> Iterator[str]:
    """Write each thing that a validator asks, with its tables."""
    words = Wording(
        language=DEFAULT_LANGUAGE,
        field=lambda name: f"`{name}`",
        group=lambda field, label: group_name(label),
        scorecard=lambda name: str(card.scorecards[name].title),
    )
    for index, topic in enumerate(validation_topics(section, words)):
        if index:
            yield ""
        yield f"#### {topic.title}"
        for sentence in (*topic.answer, *topic.help):
            yield from ("", sentence)
        for topic_table in topic.tables:
            yield ""
            yield from table(topic_table.header, topic_table.rows)
        for sentence in topic.notes:
            yield from ("", sentence)
