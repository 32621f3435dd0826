"""Everything that is measured of one scorecard, on rows that it never saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from creditscore.arrays import Floats, Ints
from creditscore.evaluation import fairness, metrics
from creditscore.evaluation.confidence_intervals import (
    DIGITS,
    differences,
    figures,
    measure,
    rate,
    wilson,
)
from creditscore.evaluation.sensitivity import curve, wrong_ways
from creditscore.model_card.baselines import EvaluationData, Refit, baselines, exclusions, influence
from creditscore.schema.constraints import NumericRange
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import Policy
from creditscore.scorecard.reason_codes import principal_reasons
from creditscore.scorecard.scorecard import Scorecard

#: Steps of progress for each scorecard.
STEPS = 3

#: Held-out rows that curves are averaged over, and that importance is taken from.
CURVE_ROWS = 500
IMPORTANCE_ROWS = 1000

#: Width of a bar in the distribution of scores, in points.
SCORE_STEP = 20

CUTOFFS = tuple(round(step / 20, 2) for step in range(1, 13))
FINE_CUTOFFS = tuple(round(step / 100, 2) for step in range(1, 100))


def measure_scorecard(
    model: Model, name: str, *, trial: EvaluationData, refit: Refit, progress: Callable[[str], None]
) -> dict[str, Any]:
    """Measure a scorecard.

    Parameters
    ----------
    model : Model
    name : str
        The scorecard's.
    trial : EvaluationData
        What it is judged on.
    refit : callable
        Grows its forest anew on other predictors.
    progress : callable
        Told the name of each step as it begins, `STEPS` of them.

    Returns
    -------
    dict
        ``decision``, ``fairness``, ``influence``, ``explanation``, ``behaviour``, ``curves``,
        ``performance`` and ``exclusions``.
    """
    card, spec = model.scorecards[name], model.schema.scorecards[name]
    matrix = trial.test.matrix(card.predictors)
    said = card.probability_of_default(matrix.astype(np.float32))
    bad = trial.test.bad
    progress(f"measuring the {name} scorecard")
    measured: dict[str, Any] = {
        "decision": _decision(bad, said, model),
        "fairness": fairness.of_protected(
            model.schema,
            trial.test.columns,
            trial.train.columns,
            bad,
            said < trial.cutoff,
            names=spec.fields,
            resamples=trial.resamples,
        ),
        "influence": influence(trial, card.predictors, card.probability_of_default),
        "explanation": _explanation(model, card, matrix, said),
        "behaviour": _behaviour(card, trial),
        "curves": {
            **_curves(bad, said, model),
            "groups": _rounded(
                fairness.approvals_at(
                    model.schema,
                    trial.test.columns,
                    trial.train.columns,
                    said,
                    names=spec.fields,
                    cutoffs=FINE_CUTOFFS,
                )
            ),
        },
    }
    progress(f"training others beside the {name} scorecard")
    measured["performance"] = _performance(trial, card, said)
    progress(f"leaving protected fields out of the {name} scorecard")
    measured["exclusions"] = exclusions(
        trial,
        card.predictors,
        said=said,
        refit=refit,
        fields=spec.fields,
    )
    return measured


def _performance(trial: EvaluationData, card: Scorecard, said: Floats) -> dict[str, Any]:
    bad = trial.test.bad
    own = measure(bad, said, trial.resamples)
    others = {
        name: measure(bad, theirs, trial.resamples)
        for name, theirs in baselines(trial, card.predictors).items()
    }
    return {
        "rows": len(bad),
        "bads": int(bad.sum()),
        "bad_rate": rate(int(bad.sum()), len(bad)),
        "scorecard": figures(own),
        "baselines": {name: figures(samples) for name, samples in others.items()},
        "lead": {
            name: differences(samples, own, "auc", "brier") for name, samples in others.items()
        },
    }


def _decision(bad: Ints, said: Floats, model: Model) -> dict[str, Any]:
    policy = model.policy
    approved = said < policy.cutoff
    cutoffs = sorted({*CUTOFFS, policy.cutoff})
    return {
        "cutoff": policy.cutoff,
        "loss_to_margin": _ratio(policy),
        "approval_rate": rate(int(approved.sum()), len(bad)),
        "bad_rate_approved": rate(int(bad[approved].sum()), int(approved.sum())),
        "bad_rate_declined": rate(int(bad[~approved].sum()), int((~approved).sum())),
        "table": _rounded(metrics.cutoff_table(bad, said, cutoffs, loss_to_margin=_ratio(policy))),
    }


def _explanation(model: Model, card: Scorecard, matrix: Floats, said: Floats) -> dict[str, Any]:
    sample = matrix[:IMPORTANCE_ROWS].astype(np.float32)
    weight = np.abs(card.impacts(sample)).mean(axis=0)
    ranked = sorted(zip(card.predictors, weight.tolist(), strict=True), key=lambda one: -one[1])
    refused = said >= model.policy.cutoff
    return {
        "importance": [
            {"field": name, "mean_impact": round(share, DIGITS)} for name, share in ranked
        ],
        "refusals": int(refused.sum()),
        "reasons": reason_frequencies(_reasons(model, card, matrix[refused])),
    }


def _reasons(model: Model, card: Scorecard, matrix: Floats) -> list[list[str]]:
    """Give the codes of the reasons that refused applicants would get."""
    rules = [model.schema.fields[name].rule for name in card.predictors]
    impacts = card.impacts(matrix.astype(np.float32)).tolist()
    lists = []
    for row, shares in zip(matrix.tolist(), impacts, strict=True):
        values = (rule.decode(number) for rule, number in zip(rules, row, strict=True))
        reasons = principal_reasons(
            dict(zip(card.predictors, values, strict=True)),
            dict(zip(card.predictors, shares, strict=True)),
            schema=model.schema,
            reference=card.reference,
            refused=True,
        )
        lists.append([reason.code for reason in reasons])
    return lists


def reason_frequencies(lists: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """Count in how many refusals each reason is given, and in how many it comes first.

    Parameters
    ----------
    lists : sequence of sequence of str
        Each refusal's reason codes, the weightiest first.
    """
    given = Counter(code for codes in lists for code in codes)
    first = Counter(codes[0] for codes in lists if codes)
    return [
        {"code": code, "given": count, "first": first[code], "share": rate(count, len(lists))}
        for code, count in sorted(given.items(), key=lambda one: (-one[1], one[0]))
    ]


def _behaviour(card: Scorecard, trial: EvaluationData) -> dict[str, Any]:
    random = np.random.default_rng(trial.seed)
    matrix = trial.test.matrix(card.predictors)
    some = matrix[random.permutation(len(matrix))[:CURVE_ROWS]]
    predict, curves, wrong = card.probability_of_default, {}, {}
    for column, name in enumerate(card.predictors):
        field, known = trial.schema.fields[name], trial.train.columns[name]
        curves[name] = curve(predict, some, column, field=field, training_column=known)
        if field.risk is not None and isinstance(field.rule, NumericRange):
            wrong[name] = wrong_ways(
                predict,
                matrix,
                column,
                rule=field.rule,
                risk=field.risk,
                training_column=known,
                cutoff=trial.cutoff,
            )
    return {"partial_dependence": curves, "wrong_ways": wrong}


def _curves(bad: Ints, said: Floats, model: Model) -> dict[str, Any]:
    policy = model.policy
    ratio = _ratio(policy)
    calibration = [
        {**group, "interval": list(wilson(int(group["bads"]), int(group["rows"])))}
        for group in metrics.calibration_curve(bad, said)
    ]
    return {
        "roc": _rounded(metrics.roc(bad, said)),
        "calibration": _rounded(calibration),
        "scores": _scores(bad, said, policy),
        "cutoffs": _rounded(metrics.cutoff_table(bad, said, FINE_CUTOFFS, loss_to_margin=ratio)),
    }


def _scores(bad: Ints, said: Floats, policy: Policy) -> dict[str, Any]:
    """Count good and bad applicants by score."""
    points = policy.scale.points(said)
    first, last = points.min() // SCORE_STEP, points.max() // SCORE_STEP
    edges = np.arange(first, last + 2) * SCORE_STEP
    return {
        "edges": edges.tolist(),
        "good": np.histogram(points[bad == 0], edges)[0].tolist(),
        "bad": np.histogram(points[bad == 1], edges)[0].tolist(),
        "cutoff": int(policy.scale.points(np.array([policy.cutoff]))[0]),
    }


def _ratio(policy: Policy) -> float:
    """Give the loss-to-margin ratio: the one that was set, or the one that the cut-off implies."""
    return policy.loss_to_margin or (1 - policy.cutoff) / policy.cutoff


def _rounded(content: Any) -> Any:
    if isinstance(content, float):
        return round(content, DIGITS)
    if isinstance(content, list):
        return [_rounded(part) for part in content]
    if isinstance(content, dict):
        return {name: _rounded(part) for name, part in content.items()}
    return content
