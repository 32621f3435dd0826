"""Sections of the model card that every scorecard has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from creditscore.charts.model_card_charts import MAX_REASONS
from creditscore.charts.model_charts import MAX_FIELDS
from creditscore.evaluation.card import Card, ScorecardCard
from creditscore.evaluation.card_effects import AgeTest, GroupFairness, PartialDependence
from creditscore.evaluation.confidence_intervals import Figure
from creditscore.evaluation.fairness import INCONCLUSIVE
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE, PAGE_TEXTS
from creditscore.i18n.number_format import CUTOFF_DECIMALS
from creditscore.model_card.ablation import constraints_text, exclusion_table
from creditscore.model_card.formats import (
    FIGURES,
    WRITE,
    count,
    figure,
    group_name,
    share,
    share_of,
    signed,
    table,
    value,
)
from creditscore.model_card.missing import missing_values
from creditscore.model_card.sample_sections import later_rows, rows_without_twins
from creditscore.model_card.stability_sections import other_seeds, over_splits
from creditscore.model_card.validation_sections import validation
from creditscore.model_card.variables import variables

#: The age from which Regulation B protects applicants (12 CFR 1002.2(o)).
ELDERLY = 62

#: Models that are compared, by the names that they have on the page.
MODELS = {
    name: PAGE_TEXTS[DEFAULT_LANGUAGE][f"model_{name}"]
    for name in (
        "scorecard", "woe_scorecard", "majority", "logistic_regression", "default_forest",
        "gradient_boosting",
    )
}  # fmt: skip

# Sections


def _performance(card: Card, section: ScorecardCard) -> Iterator[str]:
    performance, method = section.performance, card.method
    models = {"scorecard": performance.scorecard, **performance.baselines}
    yield from over_splits(section)
    yield (
        f"On {count(performance.rows)} held-out rows, {share_of(performance.bad_rate)} "
        f"bad. In brackets, here and below: {WRITE.setting(method.confidence)} intervals, of "
        f"rates by Wilson's formula, of all else from {count(method.resamples)} draws of the "
        "rows."
    )
    yield ""
    yield from table(
        ["", *(MODELS[name] for name in models)],
        (
            [title, *(figure(measured[key]) for measured in models.values())]
            for key, title in FIGURES.items()
        ),
    )
    yield ""
    yield (
        "AUC, Gini and KS measure how well the bad are ranked below the good; the Brier score, "
        "log-loss and ECE how far the probabilities are off (0 is perfect, and the Brier skill is "
        "the share saved over the average). A calibration slope of 1 and intercept of 0 are "
        f"perfect. The ECE has {method.ece_bins} bins of equal width. Accuracy means little: "
        "compare it with that of the average."
    )
    if draws := method.default_forest_rows:
        yield from ("", f"Each tree of {MODELS['default_forest']} drew {count(draws)} rows.")
    if warning := calibration_warning(performance.scorecard["calibration_slope"]):
        yield from ("", warning)
    line = section.calibration
    if line.slope != 1 or line.intercept != 0:
        yield from (
            "",
            f"The probabilities were repaired by a line (slope {WRITE.figure(line.slope)}), "
            f"which lowered the ECE on rows that the trees had not seen from "
            f"{WRITE.figure(line.error_before)} to {WRITE.figure(line.error_after)}.",
        )
    yield ""
    for name, difference in performance.difference_to_baseline.items():
        yield (
            f"- Against {MODELS[name]}: AUC {signed(difference['auc'])}, "
            f"Brier score {signed(difference['brier'])}."
        )
    for words in (rows_without_twins(performance), later_rows(section)):
        if words:
            yield from ("", *words)


def calibration_warning(slope: Figure | None) -> str | None:
    """Say so if the probabilities are significantly too extreme or too cautious."""
    if slope is None or slope["low"] <= 1 <= slope["high"]:
        return None
    how = (
        "too cautious: more of the risky turn out bad than predicted, and fewer of the safe"
        if slope["low"] > 1
        else "too extreme: fewer of the risky turn out bad than predicted, and more of the safe"
    )
    return f"The calibration slope, {figure(slope)}, leaves out 1: probabilities are {how}."


def _decision(card: Card, section: ScorecardCard) -> Iterator[str]:
    decision, policy = section.decision, card.policy
    ratio = WRITE.short(decision.loss_to_margin)
    cutoffs = WRITE.numbers([row.cutoff for row in decision.table], max_decimals=CUTOFF_DECIMALS)
    origin = (
        f"chosen as 1 / (1 + {ratio}), the break-even where a bad account costs {ratio} times what "
        "a good one earns"
        if policy.loss_to_margin
        else "set directly"
    )
    yield (
        "An applicant is eligible with a probability of default below "
        f"{WRITE.cutoff(decision.cutoff)}, {origin}. That approves "
        f"{share_of(decision.approval_rate)}; of the approved "
        f"{share_of(decision.bad_rate_approved)} turned out bad, of the declined "
        f"{share_of(decision.bad_rate_declined)}."
    )
    yield ""
    yield from other_seeds(section)
    yield from table(
        ["cut-off", "approved", "bad among approved", "bad among declined", "cost per applicant"],
        (
            [
                f"**{text}**" if row.cutoff == decision.cutoff else text,
                share(row.approval_rate),
                share(row.bad_rate_approved),
                share(row.bad_rate_declined),
                WRITE.figure(row.cost),
            ]
            for row, text in zip(decision.table, cutoffs, strict=True)
        ),
    )
    yield ""
    yield (
        "Cost is in margins of a good account: an approved bad one costs "
        f"{ratio}, a declined good one 1. The score is the same "
        f"probability in points: {policy.base_points:g} at odds of {policy.base_odds:g} good "
        f"to one bad, and {policy.points_to_double_odds:g} more for twice the odds."
    )


def _fairness(card: Card, section: ScorecardCard) -> Iterator[str]:
    method = card.method
    yield (
        "For watching, not for passing a test: no value here is a legal pass. A group of fewer "
        f"than {count(method.min_group_rows)} rows, or fewer than "
        f"{method.min_group_outcomes} good or bad ones, is inconclusive and not compared, "
        "unless a test of proportions shows that it is approved more, or less, often than the rest."
    )
    for name, fairness in section.fairness.items():
        yield from ("", f"**{card.fields[name].title}** (`{name}`)", "")
        yield from table(
            [
                "group", "rows", "approved", "bad among approved", "approved among the good",
                "approval against the highest",
            ],
            (_group_row(group, fairness.reference_group) for group in fairness.groups),
        )  # fmt: skip
        if fairness.demographic_parity_ratio:
            yield from (
                "",
                f"Lowest over highest approval rate {figure(fairness.demographic_parity_ratio)}, "
                f"difference {figure(fairness.demographic_parity_difference)}; difference of the "
                f"approval rates among the good {figure(fairness.equal_opportunity_difference)}.",
            )
    if section.protected_attribute_effects:
        yield from ("", "What a protected predictor alone does, all else unchanged:", "")
    for name, effect in section.protected_attribute_effects.items():
        yield (
            f"- Another value of {name} changes the label of {share_of(effect.label_flips)} of "
            f"the held-out rows.{_band(name, effect.age_62_test)}"
        )
    yield from _exclusions(section)


def _group_row(group: GroupFairness, reference: str | None) -> list[str]:
    ratio = INCONCLUSIVE if group.verdict == INCONCLUSIVE else figure(group.approval_ratio)
    return [
        group_name(group.group),
        count(group.rows),
        share_of(group.approval_rate),
        share_of(group.bad_rate_approved),
        share_of(group.approval_rate_good),
        "the highest" if group.group == reference else ratio,
    ]


def _band(name: str, band: AgeTest | None) -> str:
    if band is None:
        return ""
    text = (
        f" Of the {count(band.rows)} with {name} of {band.from_:g} and over, "
        f"{share_of(band.worse_off)} have a higher probability of default than with their best "
        f"lower value, and {share_of(band.refused_due_to_age)} are refused for that alone."
    )
    if band.from_ == ELDERLY and band.worse_off and band.worse_off["value"] > 0:
        text += " So the scorecard fails the test of Regulation B for applicants of that age."
    return text


def _exclusions(section: ScorecardCard) -> Iterator[str]:
    if len(section.ablation) > 1:
        yield from ("", "What leaving protected fields out costs and gains:", "")
        yield from table(*exclusion_table(section.ablation))
        yield ""
        yield "Parity is the lowest over the highest approval rate of the conclusive groups."


def _explanation(card: Card, section: ScorecardCard) -> Iterator[str]:
    reasons, explanation = section.reasons, section.explanation
    yield (
        "The reasons of a decision are its fields' exact Shapley values "
        f"({reasons.value_function}): each field's share in what sets the applicant's "
        "probability of default apart from the mean of the reference group. That group is "
        f"{reasons.reference_group.replace('_', ' ')}, {count(reasons.reference_rows)} of "
        f"them, with a mean of {share(reasons.baseline)}."
    )
    yield from (
        "",
        "Mean size of the shares, in percentage points, over the first "
        f"{count(card.method.importance_rows)} held-out rows:",
        "",
    )
    yield from table(
        ["field", "mean impact"],
        (
            [f"`{importance.field}`", WRITE.impact(importance.mean_impact)]
            for importance in explanation.importance[:MAX_FIELDS]
        ),
    )
    if len(explanation.importance) > MAX_FIELDS:
        yield "\nThe fields that weigh most; model_card.json has all."
    if explanation.reasons:
        yield from (
            "",
            f"What the {count(explanation.refusals)} held-out refusals would be given as reasons:",
            "",
        )
        yield from table(
            ["reason", "given to", "first for"],
            (
                [f"`{reason.code}`", share_of(reason.share), count(reason.first)]
                for reason in explanation.reasons[:MAX_REASONS]
            ),
        )
        if len(explanation.reasons) > MAX_REASONS:
            yield "\nThe most frequent ones; model_card.json has all."
    rows = count(card.method.curve_rows)
    yield f"\nPartial dependence is the mean over {rows} held-out rows, were all to have the value."


def _monotonicity(card: Card, section: ScorecardCard) -> Iterator[str]:
    sensitivity = section.sensitivity
    if not sensitivity.monotonicity_violations:
        yield "The schema file expects nothing of how the risk goes with any of its fields."
    for name, violations in sensitivity.monotonicity_violations.items():
        way = "higher" if card.fields[name].expected_risk == "rises" else "lower"
        if not violations.rows and not violations.proven_monotone:
            continue
        if violations.proven_monotone:
            yield (
                f"- {name}: declared monotone, and proven from the trees for every applicant: "
                f"a {way} value never lowers the probability of default."
            )
            continue
        if violations.largest_fall is None:
            yield f"- {name}: one step {way} never lowers the probability of default. Good."
            continue
        fall, curve = violations.largest_fall, sensitivity.partial_dependence[name]
        yield (
            f"- {name}: one step {way} should raise the risk, but **lowers** the probability of "
            f"default of {share_of(violations.lowered)} of the {count(violations.rows)} held-out "
            f"rows that can take it, and makes {share_of(violations.made_eligible)} of them "
            f"eligible that were not; the most from {share(fall.probability_from)} to "
            f"{share(fall.probability_to)}, going from {_value_text(fall.from_, curve)} to "
            f"{_value_text(fall.to, curve)}.{_violating_steps(curve)}"
        )
    if text := constraints_text(section):
        yield from ("", text)


def _value_text(end: float | str, curve: PartialDependence) -> str:
    """Write a value, with what it means where it has a meaning of its own."""
    label = next((point.label for point in curve.points if point.value == end), None)
    return f"{value(end)} ({label})" if label else value(end)


def _violating_steps(curve: PartialDependence) -> str:
    steps = [" to ".join(_value_text(end, curve) for end in step) for step in curve.violating_steps]
    return f" Its curve goes the wrong way from {'; from '.join(steps)}." if steps else ""


#: The part that is only there where values may be missing.
MISSING = "Missing values"

PARTS: Mapping[str, Callable[[Card, ScorecardCard], Iterator[str]]] = {
    "Performance": _performance,
    "Variables": variables,
    "Decision": _decision,
    "Fairness": _fairness,
    "Explanation": _explanation,
    "Where the model goes the wrong way": _monotonicity,
    MISSING: missing_values,
    "Validation": validation,
}
