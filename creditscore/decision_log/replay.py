"""Decide again on what was logged, with the model that decided, and compare to the last bit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from creditscore.decision_log.soundness import UNREADABLE, faults_of
from creditscore.decisions.assessor import Assessor, Decision
from creditscore.decisions.decision_id import EPOCH
from creditscore.decisions.record import from_row
from creditscore.errors import ArtifactError
from creditscore.scorecard.model import Model

IDENTICAL = "identical"
POLICY_CHANGED = "policy changed"
MODEL_MISSING = "model missing"
DATA_DIFFER = "data differ"

VERDICTS = (IDENTICAL, POLICY_CHANGED, MODEL_MISSING, DATA_DIFFER)

#: Those that leave a decision explained: it came from the model that it names.
REPRODUCED = frozenset({IDENTICAL, POLICY_CHANGED})


@dataclass(frozen=True)
class Verdict:
    """What a replay says of a decision.

    Attributes
    ----------
    decision_id : str
        As it is logged.
    kind : str
        One of `VERDICTS`.
    detail : str
        In what it is not identical; empty where it is.
    """

    decision_id: str
    kind: str
    detail: str = ""


def replay(rows: Sequence[Mapping[str, Any]], find_model: Callable[[str], Model]) -> list[Verdict]:
    """Give a verdict on each row of the log, in their order.

    Parameters
    ----------
    rows : sequence of mapping
        As they are logged.
    find_model : callable
        Gives the model of a version; raises ArtifactError if there is none.
    """
    verdicts: dict[int, Verdict] = {}
    logged: dict[int, Decision] = {}
    for place, row in enumerate(rows):
        if faults := faults_of(row):
            verdicts[place] = Verdict(str(row["id"]), DATA_DIFFER, "; ".join(faults))
        else:
            logged[place] = from_row(row).decision
    for (version, cutoff), places in _by_model(logged).items():
        group = [logged[place] for place in places]
        try:
            judged = _judge(group, find_model(version), cutoff)
        except ArtifactError as error:
            judged = [Verdict(d.decision_id, MODEL_MISSING, str(error)) for d in group]
        verdicts.update(zip(places, judged, strict=True))
    return [verdicts[place] for place in range(len(rows))]


def _by_model(logged: Mapping[int, Decision]) -> dict[tuple[str, float], list[int]]:
    """Group decisions by what made them, so that many are scored at once."""
    groups: dict[tuple[str, float], list[int]] = {}
    for place, decision in logged.items():
        groups.setdefault((decision.model_version, decision.cutoff), []).append(place)
    return groups


def _judge(logged: Sequence[Decision], model: Model, cutoff: float) -> list[Verdict]:
    """Give verdicts on decisions of one model and one cut-off."""
    assessor = Assessor(
        model=model,
        policy=replace(model.policy, cutoff=cutoff),
        now=lambda: EPOCH,
        new_id=lambda _: "",
    )
    try:
        again = assessor.assess([decision.applicant for decision in logged])
    except UNREADABLE as error:
        if len(logged) > 1:
            # One of them has inputs that no applicant can have. It must not speak for the others.
            return [_judge([each], model, cutoff)[0] for each in logged]
        detail = f"the model cannot score its inputs ({type(error).__name__})"
        return [Verdict(logged[0].decision_id, DATA_DIFFER, detail)]
    return [_compare(*pair, model) for pair in zip(logged, again, strict=True)]


def _compare(logged: Decision, again: Decision, model: Model) -> Verdict:
    decision_id, own = logged.decision_id, model.policy
    then, now = _answers(logged), _answers(again)
    # repr() tells apart whatever differs in a single bit, -0.0 and 0.0 as well.
    differing = [name for name in then if repr(then[name]) != repr(now[name])]
    if differing:
        return Verdict(decision_id, DATA_DIFFER, f"not as replayed: {', '.join(differing)}")
    if logged.cutoff != own.cutoff:
        would_be = own.label(logged.probability_of_default)
        detail = (
            f"decided {logged.label} at the cut-off {logged.cutoff}; "
            f"at the model's own, {own.cutoff}, it would be {would_be}"
        )
        return Verdict(decision_id, POLICY_CHANGED, detail)
    return Verdict(decision_id, IDENTICAL)


def _answers(decision: Decision) -> dict[str, Any]:
    """Give all that a model computes for a decision; its words are not computed."""
    return {
        "probability_of_default": decision.probability_of_default,
        "label": decision.label,
        "score": decision.score,
        "baseline": decision.baseline,
        "impacts": list(decision.impacts.items()),
        "reasons": [(r.code, r.field, r.value, r.impact) for r in decision.reasons],
        "warnings": [(w.code, w.field, w.value) for w in decision.warnings],
        "bins": decision.bins,
    }
