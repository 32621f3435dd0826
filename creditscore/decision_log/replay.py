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
    logged_decisions: dict[int, Decision] = {}
    for index, row in enumerate(rows):
        if faults := check_row(row):
            results[index] = ReplayResult(str(row["id"]), DATA_DIFFER, "; ".join(faults))
        else:
            logged_decisions[index] = from_row(row).decision
    groups: dict[tuple[str, float, bool], list[int]] = {}
    for index, decision in logged_decisions.items():
        old = rows[index]["strengths"] is None
        groups.setdefault((decision.model_version, decision.cutoff, old), []).append(index)
    for (version, cutoff, old), indices in groups.items():
        group = [logged_decisions[index] for index in indices]
        try:
            group_results = _replay_group(group, find_model(version), cutoff, old=old)
        except ArtifactError as error:
            group_results = [ReplayResult(d.decision_id, MODEL_MISSING, str(error)) for d in group]
        results.update(zip(indices, group_results, strict=True))
    return [results[index] for index in range(len(rows))]


def _replay_group(
    decisions: Sequence[Decision], model: Model, cutoff: float, *, old: bool
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
        replays = assessor.assess_batch([decision.applicant for decision in decisions])
    except MALFORMED as error:
        if len(decisions) > 1:
            # One of them has inputs that no applicant can have. It must not speak for the others.
            return [_replay_group([decision], model, cutoff, old=old)[0] for decision in decisions]
        detail = f"the model cannot score its inputs ({type(error).__name__})"
        return [ReplayResult(decisions[0].decision_id, DATA_DIFFER, detail)]
    if old:
        replays = [decision._replace(strengths=()) for decision in replays]
    return [_compare(*pair, model) for pair in zip(decisions, replays, strict=True)]


def _compare(logged_decision: Decision, replayed_decision: Decision, model: Model) -> ReplayResult:
    decision_id, policy = logged_decision.decision_id, model.policy
    values = _computed_values(logged_decision)
    new_values = _computed_values(replayed_decision)
    # repr() tells apart whatever differs in a single bit, -0.0 and 0.0 as well.
    differences = [name for name in values if repr(values[name]) != repr(new_values[name])]
    if differences:
        return ReplayResult(decision_id, DATA_DIFFER, f"not as replayed: {', '.join(differences)}")
    if logged_decision.cutoff != policy.cutoff:
        own_label = policy.label(logged_decision.probability_of_default)
        detail = (
            f"decided {logged_decision.label} at the cut-off {logged_decision.cutoff}; "
            f"at the model's own, {policy.cutoff}, it would be {own_label}"
        )
        return ReplayResult(decision_id, POLICY_CHANGED, detail)
    return ReplayResult(decision_id, IDENTICAL)


def _computed_values(decision: Decision) -> dict[str, Any]:
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
