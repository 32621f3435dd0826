"""Measurements of one scorecard, on rows that it never saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from creditscore.arrays import Floats
from creditscore.evaluation import curves, fairness
from creditscore.evaluation.benchmark import BENCHMARK
from creditscore.evaluation.card import Measured
from creditscore.evaluation.card_effects import Sensitivity
from creditscore.evaluation.card_sections import (
    Curves,
    CutoffRow,
    DecisionFigures,
    Explanation,
    Importance,
    Performance,
    ReasonFrequency,
    ScoreHistogram,
)
from creditscore.evaluation.confidence_intervals import (
    bootstrap_metrics,
    differences,
    figures,
    rate,
    share,
)
from creditscore.evaluation.fairness import PopulationGroup
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
) -> Measured:
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
    """
    card, spec = model.scorecards[name], model.schema.scorecards[name]
    matrix = data.test.matrix(card.predictors)
    predicted = card.probability_of_default(matrix.astype(np.float32))
    progress(f"measuring the {name} scorecard")
    parts = data.protected_groups(spec.fields)
    approved = predicted < data.cutoff
    fairness_by_field = {
        field: fairness.by_group(groups, data.test.bad, approved, resamples=data.resamples)
        for field, groups in parts.items()
    }
    effects = protected_attribute_effects(data, card.predictors, card.probability_of_default)
    decision = _decision(data.test, predicted, model)
    all_curves = _curves(data.test, predicted, model.policy, parts)
    explanation = _explanation(model, card, matrix, predicted)
    sensitivity = _sensitivity(card, data)
    missing = measure_missing(card, data, predicted)
    progress(f"training baselines of the {name} scorecard")
    woe = fit_woe_scorecard(data.train, card.predictors, data.schema)
    performance = _performance(data, card, predicted, woe)
    variables = describe_variables(woe, data.train, data.schema, model.policy.scale)
    later = None
    if data.by_time is not None:
        progress(f"testing the {name} scorecard on the latest rows")
        later = out_of_time(data, data.by_time, card.predictors, spec)
    progress(f"leaving protected fields out of the {name} scorecard")
    exclusions = measure_exclusions(
        data,
        card.predictors,
        predicted=predicted,
        refit=lambda predictors: (
            grow(data.train, predictors, model.schema, spec, seed=data.seed).forest
        ),
        parts=parts,
    )
    return Measured(
        decision=decision,
        fairness=fairness_by_field,
        protected_attribute_effects=effects,
        explanation=explanation,
        sensitivity=sensitivity,
        missing_values=missing,
        curves=all_curves,
        performance=performance,
        variables=tuple(variables),
        out_of_time=later,
        ablation=exclusions,
        validation=all_rounded(
            validate(
                model,
                name,
                data=data,
                parts=parts,
                predicted=predicted,
                figures=performance.scorecard,
            )
        ),
        constraints=measure_constraints(card, data, predicted, spec),
    )


def _performance(
    data: EvaluationData, card: Scorecard, predicted: Floats, woe: WoeScorecard
) -> Performance:
    bad = data.test.bad
    scorecard_samples = bootstrap_metrics(bad, predicted, data.resamples)
    rivals = {
        BENCHMARK: woe.probability_of_default(data.test),
        **baselines(data, card.predictors),
    }
    rival_samples = {
        name: bootstrap_metrics(bad, rival, data.resamples) for name, rival in rivals.items()
    }
    return Performance(
        rows=len(bad),
        bads=int(bad.sum()),
        weighted=data.test.weight is not None,
        bad_rate=share(bad, data.test.weight),
        mean_predicted=mean(predicted, data.test.weight),
        scorecard=figures(scorecard_samples),
        without_twins=without_twins(data, predicted),
        baselines={name: figures(samples) for name, samples in rival_samples.items()},
        difference_to_baseline={
            name: differences(samples, scorecard_samples, "auc", "brier")
            for name, samples in rival_samples.items()
        },
    )


def _decision(test: Dataset, predicted: Floats, model: Model) -> DecisionFigures:
    policy, weights = model.policy, test.weight
    approved = predicted < policy.cutoff
    cutoffs = sorted({*CUTOFFS, policy.cutoff})
    approved_rows, declined_rows = test.rows(approved), test.rows(~approved)
    return DecisionFigures(
        cutoff=policy.cutoff,
        loss_to_margin=policy.implied_loss_to_margin,
        approval_rate=share(approved, weights),
        bad_rate_approved=share(approved_rows.bad, approved_rows.weight),
        bad_rate_declined=share(declined_rows.bad, declined_rows.weight),
        table=_cutoff_rows(test, predicted, cutoffs, policy),
    )


def _cutoff_rows(
    test: Dataset, predicted: Floats, cutoffs: Sequence[float], policy: Policy
) -> tuple[CutoffRow, ...]:
    ratio = policy.implied_loss_to_margin
    table = curves.cutoff_table(test.bad, predicted, cutoffs, test.weight, loss_to_margin=ratio)
    return all_rounded(table)


def _explanation(model: Model, card: Scorecard, matrix: Floats, predicted: Floats) -> Explanation:
    sample = matrix[:IMPORTANCE_ROWS].astype(np.float32)
    weight = np.abs(card.impacts(sample)).mean(axis=0)
    ranked = sorted(zip(card.predictors, weight.tolist(), strict=True), key=lambda pair: -pair[1])
    refused = predicted >= model.policy.cutoff
    return Explanation(
        importance=tuple(Importance(name, rounded(share)) for name, share in ranked),
        refusals=int(refused.sum()),
        reasons=reason_frequencies(_reasons(model, card, matrix[refused])),
    )


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


def reason_frequencies(lists: Sequence[Sequence[str]]) -> tuple[ReasonFrequency, ...]:
    """Count in how many refusals each reason is given, and in how many it comes first.

    Parameters
    ----------
    lists : sequence of sequence of str
        Each refusal's reason codes, the weightiest first.
    """
    given_counts = Counter(code for codes in lists for code in codes)
    first_counts = Counter(codes[0] for codes in lists if codes)
    return tuple(
        ReasonFrequency(code, count, first_counts[code], rate(count, len(lists)))
        for code, count in sorted(given_counts.items(), key=lambda item: (-item[1], item[0]))
    )


def _sensitivity(card: Scorecard, data: EvaluationData) -> Sensitivity:
    random = np.random.default_rng(data.seed)
    matrix = data.test.matrix(card.predictors)
    sample = matrix[random.permutation(len(matrix))[:CURVE_ROWS]]
    predict, dependence, violations = card.probability_of_default, {}, {}
    for column, name in enumerate(card.predictors):
        field, training_column = data.schema.fields[name], data.train.columns[name]
        dependence[name] = curve(
            predict, sample, column, field=field, training_column=training_column
        )
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
                violations[name] = replace(violations[name], proven_monotone=proven)
    return Sensitivity(dependence, violations)


def _curves(
    test: Dataset,
    predicted: Floats,
    policy: Policy,
    parts: Mapping[str, Sequence[PopulationGroup]],
) -> Curves:
    approvals = {
        name: fairness.approvals_at(groups, predicted, test.weight, cutoffs=FINE_CUTOFFS)
        for name, groups in parts.items()
    }
    return Curves(
        roc=all_rounded(curves.roc(test.bad, predicted, test.weight)),
        calibration=tuple(all_rounded(curves.calibration_curve(test.bad, predicted, test.weight))),
        scores=_scores(test, predicted, policy),
        cutoffs=_cutoff_rows(test, predicted, FINE_CUTOFFS, policy),
        groups=all_rounded(approvals),
    )


def _scores(test: Dataset, predicted: Floats, policy: Policy) -> ScoreHistogram:
    """Count good and bad applicants by score; people of the population where rows have weights."""
    points = policy.scale.points(predicted)
    first, last = points.min() // SCORE_BIN_POINTS, points.max() // SCORE_BIN_POINTS
    edges = np.arange(first, last + 2) * SCORE_BIN_POINTS
    row_weights = np.ones(len(test)) if test.weight is None else test.weight
    good, bad = (
        np.histogram(points, edges, weights=row_weights * (test.bad == outcome))[0]
        for outcome in (0, 1)
    )
    return ScoreHistogram(
        edges=tuple(edges.tolist()),
        good=tuple(good.round().astype(int).tolist()),
        bad=tuple(bad.round().astype(int).tolist()),
        cutoff=int(policy.scale.points(np.array([policy.cutoff]))[0]),
    )
