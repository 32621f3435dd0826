"""What a schema tells people of its data, in one language and as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from creditscore.i18n.catalogue import Text, in_language
from creditscore.schema.constraints import CodeList
from creditscore.schema.schema import Field, Schema


def schema_texts(schema: Schema, language: str) -> dict[str, Any]:
    """Give title and notice, what the label and every field mean, and the scorecards' titles."""
    label = schema.label
    return {
        "title": in_language(schema.title, language),
        "notice": in_language(schema.notice, language),
        "label": {
            "column": label.column,
            "good": label.good,
            "bad": label.bad,
            "title": in_language(label.title, language),
        },
        "fields": {name: _field(field, language) for name, field in schema.fields.items()},
        "scorecards": {
            name: {"title": in_language(spec.title, language)}
            for name, spec in schema.scorecards.items()
        },
    }


def value_labels(field: Field) -> Mapping[Any, Text]:
    """Give the labels of a field's codes, or of the numbers that mean something of their own."""
    return field.rule.labels if isinstance(field.rule, CodeList) else field.rule.named


def _field(field: Field, language: str) -> dict[str, Any]:
    labels = value_labels(field)
    return {
        "title": in_language(field.title, language),
        "unit": in_language(field.unit, language) if field.unit else None,
        "accepted": in_language(field.rule.allowed, language),
        "codes": {str(code): in_language(text, language) for code, text in labels.items()},
        "protected": field.protected,
        "actionable": field.actionable,
        "expected_risk": field.risk,
    }
