"""What fired, in a sentence, in each language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from creditscore.i18n.catalogue import Text, say
from creditscore.i18n.date_format import say_day
from creditscore.i18n.number_format import NumberFormat, say_as
from creditscore.monitoring.course import APPROVALS, CALIBRATION
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


def _numbers(trigger: Mapping[str, Any]) -> dict[str, Text]:
    name, value, limit, card = (trigger[key] for key in ("trigger", "value", "limit", "reference"))
    write: Callable[[NumberFormat, float], str] = (
        NumberFormat.share if name == APPROVALS else NumberFormat.figure
    )
    numbers = {"value": say_as(write, value)}
    if card is not None:
        numbers["card"] = say_as(write, card)
    limits = {"low": limit[0], "high": limit[1]} if name == CALIBRATION else {"limit": limit}
    return numbers | {key: say_as(NumberFormat.short, bound) for key, bound in limits.items()}
