"""Replay: decide again on what was logged, with the same model, and compare to the last bit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from creditscore.decision_log.integrity import MALFORMED, check_row
from creditscore.decisions.assessor import Assessor, Decision
from creditscore.decisions.record import EPOCH, from_row
from creditscore.errors import ArtifactError
from creditscore.scorecard.model import Model
from creditscore.scorecard.reason_codes import MIN_IMPACT, ROUNDING

IDENTICAL = "identical"
POLICY_CHANGED = "policy changed"
MODEL_MISSING = "model missing"
DATA_DIFFER = "data differ"

RESULTS = (IDENTICAL, POLICY_CHANGED, MODEL_MISSING, DATA_DIFFER)

#: Results that leave a decision explained: it came from the model that it names.
REPRODUCED = frozenset({IDENTICAL, POLICY_CHANGED})


@dataclass(frozen=True)
class ReplayResult:
    """Whether a decision could be reproduced.

    Attributes
    ----------
    decision_id : str
        As it is logged.
    kind : str
        One of `RESULTS`.
    detail : str
        In what it is not identical; empty where it is.
    """

    decision_id: str
    kind: str
    detail: str = ""


def replay(
    rows: Sequence[Mapping[str, Any]], find_model: Callable[[str], Model]
) -> list[ReplayResult]:
    """Decide again on each row of the log, and return the results in the order of the rows.

    Parameters
    ----------
    rows : sequence of mapping
        As they are logged.
    find_model : callable
        Returns the model of a version; raises ArtifactError if there is none.
    """
    results: dict[int, ReplayResult] = {}
    logged: dict[int, Decision] = {}
    for index, row in enumerate(rows):
        if faults := check_row(row):
            results[index] = ReplayResult(str(row["id"]), DATA_DIFFER, "; ".join(faults))
        else:
            logged[index] = from_row(row).decision
    groups: dict[tuple[str, float, bool], list[int]] = {}
    for index, decision in logged.items():
        old = rows[index]["strengths"] is None
        groups.setdefault((decision.model_version, decision.cutoff, old), []).append(index)
    for (version, cutoff, old), indices in groups.items():
        group = [logged[index] for index in indices]
        try:
            replayed = _replay_group(group, find_model(version), cutoff, old=old)
        except ArtifactError as error:
            replayed = [ReplayResult(d.decision_id, MODEL_MISSING, str(error)) for d in group]
        results.update(zip(indices, replayed, strict=True))
    return [results[index] for index in range(len(rows))]


def _replay_group(
    logged: Sequence[Decision], model: Model, cutoff: float, *, old: bool
) -> list[ReplayResult]:
    """Replay decisions of one model and one cut-off.

    Decisions of the releases before strengths (`old`) had reasons of every size.
    """
    assessor = Assessor(
        model=model,
        policy=replace(model.policy, cutoff=cutoff),
        now=lambda: EPOCH,
        new_ids=lambda _, count: [""] * count,
        min_impact=ROUNDING if old else MIN_IMPACT,
    )
    try:
        again = assessor.assess_batch([decision.applicant for decision in logged])
    except MALFORMED as error:
        if len(logged) > 1:
            # One of them has inputs that no applicant can have. It must not speak for the others.
            return [_replay_group([each], model, cutoff, old=old)[0] for each in logged]
        detail = f"the model cannot score its inputs ({type(error).__name__})"
        return [ReplayResult(logged[0].decision_id, DATA_DIFFER, detail)]
    if old:
        again = [decision._replace(strengths=()) for decision in again]
    return [_compare(*pair, model) for pair in zip(logged, again, strict=True)]


def _compare(logged: Decision, again: Decision, model: Model) -> ReplayResult:
    decision_id, policy = logged.decision_id, model.policy
    before, now = _computed(logged), _computed(again)
    # repr() tells apart whatever differs in a single bit, -0.0 and 0.0 as well.
    differing = [name for name in before if repr(before[name]) != repr(now[name])]
    if differing:
        return ReplayResult(decision_id, DATA_DIFFER, f"not as replayed: {', '.join(differing)}")
    if logged.cutoff != policy.cutoff:
        would_be = policy.label(logged.probability_of_default)
        detail = (
            f"decided {logged.label} at the cut-off {logged.cutoff}; "
            f"at the model's own, {policy.cutoff}, it would be {would_be}"
        )
        return ReplayResult(decision_id, POLICY_CHANGED, detail)
    return ReplayResult(decision_id, IDENTICAL)


def _computed(decision: Decision) -> dict[str, Any]:
    """Return all that a model computes for a decision; texts are not computed."""
    return {
        "probability_of_default": decision.probability_of_default,
        "label": decision.label,
        "score": decision.score,
        "baseline": decision.baseline,
        "impacts": list(decision.impacts.items()),
        "reasons": [(r.code, r.field, r.value, r.impact) for r in decision.reasons],
        "strengths": [(r.code, r.field, r.value, r.impact) for r in decision.strengths],
        "warnings": [(w.code, w.field, w.value) for w in decision.warnings],
        "bins": decision.bins,
    }
