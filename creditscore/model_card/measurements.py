"""Measurements of one scorecard, on rows that it never saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from creditscore.arrays import Floats
from creditscore.evaluation import fairness, metrics
from creditscore.evaluation.benchmark import BENCHMARK
from creditscore.evaluation.confidence_intervals import (
    bootstrap_metrics,
    differences,
    figures,
    rate,
    share,
    wilson,
)
from creditscore.evaluation.rounding import all_rounded, rounded
from creditscore.evaluation.sensitivity import (
    curve,
    is_proven_monotone,
    monotonicity_violations,
)
from creditscore.model_card.ablation import (
    measure_constraints,
    measure_exclusions,
    protected_attribute_effects,
)
from creditscore.model_card.baselines import EvaluationData, baselines
from creditscore.model_card.missing import measure_missing
from creditscore.model_card.sampling import mean, out_of_time, without_twins
from creditscore.model_card.validation import validate
from creditscore.model_card.woe_scorecard import (
    WoeScorecard,
    describe_variables,
    fit_woe_scorecard,
)
from creditscore.schema import Schema
from creditscore.schema.constraints import NumericRange
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import Policy
from creditscore.scorecard.reason_codes import principal_reasons
from creditscore.scorecard.scorecard import Scorecard
from creditscore.training.dataset import Dataset
from creditscore.training.fit import grow

#: Held-out rows that curves are averaged over, and that importance is taken from.
CURVE_ROWS = 500
IMPORTANCE_ROWS = 1000

#: Width of a bin of the score distribution, in points.
SCORE_BIN_POINTS = 20

CUTOFFS = tuple(round(step / 20, 2) for step in range(1, 13))
FINE_CUTOFFS = tuple(round(step / 100, 2) for step in range(1, 100))


def steps(schema: Schema, *, other_splits: int = 0) -> int:
    """Count the steps of progress: four for each scorecard, or three without a test by time.

    There is one more for each other split that each scorecard is tested on.
    """
    return (3 + (schema.sample.time is not None) + other_splits) * len(schema.scorecards)


def measure_scorecard(
    model: Model, name: str, *, data: EvaluationData, progress: Callable[[str], None]
) -> dict[str, Any]:
    """Measure a scorecard.

    Parameters
    ----------
    model : Model
    name : str
        The scorecard's.
    data : EvaluationData
        What it is measured on.
    progress : callable
        Called with the name of each step as it begins.

    Returns
    -------
    dict
        ``decision``, ``fairness``, ``protected_attribute_effects``, ``explanation``,
        ``sensitivity``, ``missing_values``, ``curves``, ``performance``, ``variables``,
        ``out_of_time`` (None without times), ``ablation`` and ``validation``.
    """
    card, spec = model.scorecards[name], model.schema.scorecards[name]
    matrix = data.test.matrix(card.predictors)
    predicted = card.probability_of_default(matrix.astype(np.float32))
    bad = data.test.bad
    progress(f"measuring the {name} scorecard")
    measured: dict[str, Any] = {
        "decision": _decision(data.test, predicted, model),
        "fairness": fairness.of_protected(
            model.schema,
            data.test.columns,
            data.train.columns,
            bad,
            predicted < data.cutoff,
            names=spec.fields,
            resamples=data.resamples,
        ),
        "protected_attribute_effects": protected_attribute_effects(
            data, card.predictors, card.probability_of_default
        ),
        "explanation": _explanation(model, card, matrix, predicted),
        "sensitivity": _sensitivity(card, data),
        "missing_values": measure_missing(card, data, predicted),
        "curves": {
            **_curves(data.test, predicted, model),
            "groups": all_rounded(
                fairness.approvals_at(
                    model.schema,
                    data.test.columns,
                    data.train.columns,
                    predicted,
                    data.test.weight,
                    names=spec.fields,
                    cutoffs=FINE_CUTOFFS,
                )
            ),
        },
    }
    progress(f"training baselines of the {name} scorecard")
    woe = fit_woe_scorecard(data.train, card.predictors, data.schema)
    measured["performance"] = _performance(data, card, predicted, woe)
    variables = describe_variables(woe, data.train, data.schema, model.policy.scale)
    measured["variables"] = [asdict(one) for one in variables]
    measured["out_of_time"] = None
    if data.by_time is not None:
        progress(f"testing the {name} scorecard on the latest rows")
        measured["out_of_time"] = out_of_time(data, data.by_time, card.predictors, spec)
    progress(f"leaving protected fields out of the {name} scorecard")
    measured["ablation"] = measure_exclusions(
        data,
        card.predictors,
        predicted=predicted,
        refit=lambda predictors: (
            grow(data.train, predictors, model.schema, spec, seed=data.seed).forest
        ),
        fields=spec.fields,
    )
    own = measured["performance"]["scorecard"]
    measured["validation"] = all_rounded(
        asdict(validate(model, name, data=data, predicted=predicted, figures=own))
    )
    monotone = [one for one in card.predictors if data.schema.fields[one].is_monotone(name)]
    if monotone:
        fields = model.schema.fields.items()
        free = {name: replace(field, monotone=False) for name, field in fields}
        forest = grow(
            data.train,
            card.predictors,
            replace(model.schema, fields=free),
            spec,
            seed=data.seed,
        ).forest
        without = forest.probability_of_default(matrix.astype(np.float32))
        measured["constraints"] = measure_constraints(
            data, monotone, predicted=predicted, without=without
        )
    return measured


def _performance(
    data: EvaluationData, card: Scorecard, predicted: Floats, woe: WoeScorecard
) -> dict[str, Any]:
    bad = data.test.bad
    own = bootstrap_metrics(bad, predicted, data.resamples)
    rivals = {
        BENCHMARK: woe.probability_of_default(data.test),
        **baselines(data, card.predictors),
    }
    others = {
        name: bootstrap_metrics(bad, theirs, data.resamples) for name, theirs in rivals.items()
    }
    return {
        "rows": len(bad),
        "bads": int(bad.sum()),
        "weighted": data.test.weight is not None,
        "bad_rate": share(bad, data.test.weight),
        "mean_predicted": mean(predicted, data.test.weight),
        "scorecard": figures(own),
        "without_twins": without_twins(data, predicted),
        "baselines": {name: figures(samples) for name, samples in others.items()},
        "difference_to_baseline": {
            name: differences(samples, own, "auc", "brier") for name, samples in others.items()
        },
    }


def _decision(test: Dataset, predicted: Floats, model: Model) -> dict[str, Any]:
    policy, bad, weights = model.policy, test.bad, test.weight
    approved = predicted < policy.cutoff
    cutoffs = sorted({*CUTOFFS, policy.cutoff})
    yes, no = (test.rows(np.flatnonzero(side)) for side in (approved, ~approved))
    return {
        "cutoff": policy.cutoff,
        "loss_to_margin": _ratio(policy),
        "approval_rate": share(approved, weights),
        "bad_rate_approved": share(yes.bad, yes.weight),
        "bad_rate_declined": share(no.bad, no.weight),
        "table": all_rounded(
            metrics.cutoff_table(bad, predicted, cutoffs, weights, loss_to_margin=_ratio(policy))
        ),
    }


def _explanation(
    model: Model, card: Scorecard, matrix: Floats, predicted: Floats
) -> dict[str, Any]:
    sample = matrix[:IMPORTANCE_ROWS].astype(np.float32)
    weight = np.abs(card.impacts(sample)).mean(axis=0)
    ranked = sorted(zip(card.predictors, weight.tolist(), strict=True), key=lambda one: -one[1])
    refused = predicted >= model.policy.cutoff
    return {
        "importance": [{"field": name, "mean_impact": rounded(share)} for name, share in ranked],
        "refusals": int(refused.sum()),
        "reasons": reason_frequencies(_reasons(model, card, matrix[refused])),
    }


def _reasons(model: Model, card: Scorecard, matrix: Floats) -> list[list[str]]:
    """Return the reason codes that refused applicants would get."""
    fields = [model.schema.fields[name] for name in card.predictors]
    impacts = card.impacts(matrix.astype(np.float32)).tolist()
    lists = []
    for row, shares in zip(matrix.tolist(), impacts, strict=True):
        values = (field.decode(number) for field, number in zip(fields, row, strict=True))
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


def _sensitivity(card: Scorecard, data: EvaluationData) -> dict[str, Any]:
    random = np.random.default_rng(data.seed)
    matrix = data.test.matrix(card.predictors)
    sample = matrix[random.permutation(len(matrix))[:CURVE_ROWS]]
    predict, curves, violations = card.probability_of_default, {}, {}
    for column, name in enumerate(card.predictors):
        field, training_column = data.schema.fields[name], data.train.columns[name]
        curves[name] = curve(predict, sample, column, field=field, training_column=training_column)
        if field.risk is not None and isinstance(field.rule, NumericRange):
            violations[name] = monotonicity_violations(
                predict,
                matrix,
                column,
                rule=field.rule,
                risk=field.risk,
                training_column=training_column,
                cutoff=data.cutoff,
            )
            if field.is_monotone(card.name):
                proven = is_proven_monotone(card.forest, column, field.risk)
                violations[name] |= {"proven_monotone": proven}
    return {"partial_dependence": curves, "monotonicity_violations": violations}


def _curves(test: Dataset, predicted: Floats, model: Model) -> dict[str, Any]:
    policy, bad, weights = model.policy, test.bad, test.weight
    ratio = _ratio(policy)
    return {
        "roc": all_rounded(metrics.roc(bad, predicted, weights)),
        "calibration": [
            all_rounded({**group, "interval": list(_interval(group))})
            for group in metrics.calibration_curve(bad, predicted, weights)
        ],
        "scores": _scores(test, predicted, policy),
        "cutoffs": all_rounded(
            metrics.cutoff_table(bad, predicted, FINE_CUTOFFS, weights, loss_to_margin=ratio)
        ),
    }


def _interval(group: Mapping[str, float]) -> tuple[float, float]:
    """Compute the interval of a group's observed rate."""
    if "effective_rows" in group:
        return wilson(group["observed_rate"] * group["effective_rows"], group["effective_rows"])
    return wilson(group["bads"], group["rows"])


def _scores(test: Dataset, predicted: Floats, policy: Policy) -> dict[str, Any]:
    """Count good and bad applicants by score; people of the population where rows have weights."""
    points = policy.scale.points(predicted)
    first, last = points.min() // SCORE_BIN_POINTS, points.max() // SCORE_BIN_POINTS
    edges = np.arange(first, last + 2) * SCORE_BIN_POINTS
    each = np.ones(len(test)) if test.weight is None else test.weight
    good, bad = (
        np.histogram(points, edges, weights=each * (test.bad == outcome))[0] for outcome in (0, 1)
    )
    return {
        "edges": edges.tolist(),
        "good": good.round().astype(int).tolist(),
        "bad": bad.round().astype(int).tolist(),
        "cutoff": int(policy.scale.points(np.array([policy.cutoff]))[0]),
    }


def _ratio(policy: Policy) -> float:
    """Return the loss-to-margin ratio that was set, or that the cut-off implies."""
    return policy.loss_to_margin or (1 - policy.cutoff) / policy.cutoff
