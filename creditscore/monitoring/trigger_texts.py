"""What fired, in a sentence, in each language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from creditscore.i18n.catalogue import Text, say
from creditscore.i18n.date_format import say_day
from creditscore.i18n.number_format import FORMATS
from creditscore.monitoring.course import APPROVALS, AUC, CALIBRATION, FIELD_PSI, SCORE_PSI
from creditscore.schema import Schema


def describe_trigger(trigger: Mapping[str, Any], schema: Schema) -> Text:
    """Say which figure was held against what, and of which time it is."""
    name = trigger["field"]
    sentence = say(
        f"trigger_{trigger['trigger']}",
        title=schema.fields[name].title if name else "",
        **_numbers(trigger),
    )
    if trigger["period"] is None:
        return sentence
    return say("trigger_since", sentence=sentence, day=say_day(trigger["period"]))


def _numbers(trigger: Mapping[str, Any]) -> dict[str, Text | str | int]:
    name, value, limit, card = (trigger[key] for key in ("trigger", "value", "limit", "reference"))
    if name in {SCORE_PSI, FIELD_PSI}:
        return {"value": _figure(value), "limit": _short(limit)}
    if name == APPROVALS:
        return {"value": _share(value), "card": _share(card), "limit": _short(limit)}
    if name == AUC:
        return {"value": _figure(value), "card": _figure(card), "limit": _short(limit)}
    if name == CALIBRATION:
        return {"value": _figure(value), "low": _short(limit[0]), "high": _short(limit[1])}
    raise ValueError(f"no trigger is called {name}")


def _figure(number: float) -> Text:
    return {language: form.figure(number) for language, form in FORMATS.items()}


def _share(number: float) -> Text:
    return {language: form.share(number) for language, form in FORMATS.items()}


def _short(number: float) -> Text:
    return {language: form.short(number) for language, form in FORMATS.items()}
