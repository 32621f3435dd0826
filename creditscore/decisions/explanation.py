"""Explain a logged decision: each field's impact, and recourse: what would have changed it."""

from __future__ import annotations

from typing import Any

from creditscore.decisions.assessor import Decision, timestamp
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE, Text, in_language, say
from creditscore.i18n.number_format import POINTS_DECIMALS, round_half_up, say_points
from creditscore.schema import Schema
from creditscore.schema.constraints import Value
from creditscore.scorecard.reason_codes import value_in_words
from creditscore.scorecard.recourse import explain_recourse, find_recourse
from creditscore.scorecard.scorecard import Scorecard


def explain(
    decision: Decision, *, schema: Schema, scorecard: Scorecard | None, language: str
) -> dict[str, Any]:
    """Explain a decision in plain words.

    Parameters
    ----------
    decision : Decision
        As it was logged, with its impacts.
    schema : Schema
        Titles of the fields; a field that it no longer has is called by its name.
    scorecard : Scorecard or None
        The one that decided, to search for recourse; None if it is not available.
    language : str
        The language of the texts.
    """
    impacts = sorted(decision.impacts.items(), key=lambda item: -item[1])
    return {
        "decision_id": str(decision.decision_id),
        "decided_at": timestamp(decision.decided_at),
        "label": decision.label,
        "probability_of_default": decision.probability_of_default,
        "cutoff": decision.cutoff,
        "scorecard": decision.applicant.scorecard,
        "model_version": decision.model_version,
        "baseline": decision.baseline,
        "impacts": [
            {
                "field": name,
                "value": decision.applicant.values[name],
                "impact": impact,
                "text": in_language(
                    _in_words(schema, name, decision.applicant.values[name], impact), language
                ),
            }
            for name, impact in impacts
        ],
        "recourse": _recourse(decision, schema, scorecard, language),
    }


def _in_words(schema: Schema, name: str, value: Value | None, impact: float) -> Text:
    field = schema.fields.get(name)
    title: Text = {DEFAULT_LANGUAGE: name} if field is None else field.title
    value_text: Text = (
        {DEFAULT_LANGUAGE: str(value)} if field is None else value_in_words(field, value)
    )
    event = schema.label.event
    if round_half_up(100 * impact, POINTS_DECIMALS) == 0:
        return say("impact_none", title=title, value=value_text, event=event)
    key = "impact_raised" if impact > 0 else "impact_lowered"
    return say(key, title=title, value=value_text, event=event, points=say_points(impact))


def _recourse(
    decision: Decision, schema: Schema, scorecard: Scorecard | None, language: str
) -> dict[str, Any]:
    if scorecard is None:
        text = in_language(say("other_model"), language)
        return {"possible": None, "text": text, "changes": [], "probability_of_default": None}
    recourse = find_recourse(
        decision.applicant, scorecard=scorecard, schema=schema, cutoff=decision.cutoff
    )
    return explain_recourse(recourse, schema, language)
