"""The parts of the model card that every scorecard has, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from creditscore.evaluation.fairness import INCONCLUSIVE
from creditscore.model_card.card_format import (
    count,
    figure,
    number,
    share,
    share_of,
    signed,
    table,
    value,
)
from creditscore.model_card.comparison import exclusion_table

Card = Mapping[str, Any]

#: Reasons listed, at most; the JSON has all.
MOST_REASONS = 12

MODELS = {
    "scorecard": "this scorecard",
    "majority": "the average for everybody",
    "logistic_regression": "logistic regression",
    "default_forest": "scikit-learn's default forest",
    "gradient_boosting": "gradient boosting",
}
FIGURES = {
    "auc": "AUC",
    "gini": "Gini",
    "ks": "KS",
    "brier": "Brier score",
    "brier_skill": "Brier skill",
    "log_loss": "Log-loss",
    "ece": "ECE",
    "calibration_slope": "Calibration slope",
    "calibration_intercept": "Calibration intercept",
    "accuracy": "Accuracy at 0.5",
}


def _performance(card: Card, section: Card) -> Iterator[str]:
    performance, method = section["performance"], card["method"]
    models = {"scorecard": performance["scorecard"], **performance["baselines"]}
    yield (
        f"On {count(performance['rows'])} held-out rows, {share_of(performance['bad_rate'])} "
        f"bad. In brackets, here and below: {share(method['confidence'], 0)} intervals, of rates "
        f"by Wilson's formula, of all else from {count(method['resamples'])} draws of the rows."
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
        "AUC, Gini and KS tell how well the bad are ranked below the good; the Brier score, "
        "log-loss and ECE how far the probabilities are off (0 is perfect, and the Brier skill is "
        "the share saved over the average). A calibration slope of 1 and intercept of 0 are "
        f"perfect. The ECE has {method['ece_bins']} bins of equal width. Accuracy means little: "
        "compare it with that of the average."
    )
    yield from _spread(performance["scorecard"]["calibration_slope"])
    repaired = section["calibration"]
    if repaired["slope"] != 1 or repaired["intercept"] != 0:
        yield from (
            "",
            f"The probabilities were repaired by a line (slope {number(repaired['slope'])}), "
            f"which lowered the ECE on rows that the trees had not seen from "
            f"{number(repaired['error_before'])} to {number(repaired['error_after'])}.",
        )
    yield ""
    for name, lead in performance["lead"].items():
        yield (
            f"- Against {MODELS[name]}: AUC {signed(lead['auc'])}, "
            f"Brier score {signed(lead['brier'])}."
        )


def _spread(slope: Card | None) -> Iterator[str]:
    """Say it where the probabilities are surely more, or less, extreme than what happens."""
    if slope is None or slope["low"] <= 1 <= slope["high"]:
        return
    how = (
        "too cautious: the risky ones default more often than said, and the safe ones less"
        if slope["low"] > 1
        else "too extreme: the risky ones default less often than said, and the safe ones more"
    )
    yield from ("", f"The interval of the calibration slope leaves out 1: probabilities are {how}.")


def _decision(card: Card, section: Card) -> Iterator[str]:
    decision, policy = section["decision"], card["policy"]
    chosen = (
        f"chosen as 1 / (1 + {policy['loss_to_margin']:g}), the break-even where a default costs "
        f"{policy['loss_to_margin']:g} times what a good account earns"
        if policy["loss_to_margin"]
        else "set directly"
    )
    yield (
        f"Eligible is whoever has a probability of default below {decision['cutoff']:.4g}, {chosen}"
        f". That approves {share_of(decision['approval_rate'])}; of the approved "
        f"{share_of(decision['bad_rate_approved'])} turned out bad, of the declined "
        f"{share_of(decision['bad_rate_declined'])}."
    )
    yield ""
    yield from table(
        ["cut-off", "approved", "bad among approved", "bad among declined", "cost per applicant"],
        (
            [
                f"**{row['cutoff']:.4g}**"
                if row["cutoff"] == decision["cutoff"]
                else f"{row['cutoff']:.4g}",
                share(row["approval_rate"]),
                share(row["bad_rate_approved"]),
                share(row["bad_rate_declined"]),
                f"{row['cost']:.3f}",
            ]
            for row in decision["table"]
        ),
    )
    yield ""
    yield (
        "Cost is in margins of a good account: an approved bad one costs "
        f"{decision['loss_to_margin']:.4g}, a declined good one 1. The score is the same "
        f"probability in points: {policy['base_points']:g} at odds of {policy['base_odds']:g} good "
        f"to one bad, and {policy['points_to_double_odds']:g} more for twice the odds."
    )


def _fairness(card: Card, section: Card) -> Iterator[str]:
    method = card["method"]
    yield (
        "For watching, not for passing a test: no value here is a legal pass. A group of fewer "
        f"than {count(method['fewest_rows'])} rows, or fewer than {method['fewest_of_each']} good "
        "or bad ones, is inconclusive and not compared."
    )
    for name, one in section["fairness"].items():
        yield from ("", f"**{card['fields'][name]['title']}** (`{name}`)", "")
        yield from table(
            [
                "group", "rows", "approved", "bad among approved", "approved among the good",
                "approval against the highest",
            ],
            (_group_row(group, one["reference_group"]) for group in one["groups"]),
        )  # fmt: skip
        if one["demographic_parity_ratio"]:
            yield from (
                "",
                f"Lowest over highest approval rate {figure(one['demographic_parity_ratio'])}, "
                f"difference {figure(one['demographic_parity_difference'])}; difference of the "
                f"approval rates among the good {figure(one['equal_opportunity_difference'])}.",
            )
    if section["influence"]:
        yield from ("", "What a protected predictor alone does, all else unchanged:", "")
    for name, one in section["influence"].items():
        yield (
            f"- Another value of {name} changes the label of {share_of(one['label_flips'])} of "
            f"the held-out rows.{_band(name, one['highest_band'])}"
        )
    yield from _exclusions(section)


def _group_row(group: Card, reference: str | None) -> list[str]:
    ratio = INCONCLUSIVE if group["verdict"] == INCONCLUSIVE else figure(group["approval_ratio"])
    return [
        group["group"],
        count(group["rows"]),
        share_of(group["approval_rate"]),
        share_of(group["bad_rate_approved"]),
        share_of(group["approval_rate_good"]),
        "the highest" if group["group"] == reference else ratio,
    ]


def _band(name: str, band: Card | None) -> str:
    if band is None:
        return ""
    return (
        f" Of the {count(band['rows'])} with {name} of {band['from']:g} and over, "
        f"{share_of(band['worse_off'])} have a higher probability of default than with their best "
        f"lower value, and {share_of(band['refused_for_it'])} are refused for that alone."
    )


def _exclusions(section: Card) -> Iterator[str]:
    if len(section["exclusions"]) > 1:
        yield from ("", "What leaving protected fields out costs and gains:", "")
        yield from table(*exclusion_table(section["exclusions"]))
        yield ""
        yield "Parity is the lowest over the highest approval rate of the conclusive groups."


def _explanation(card: Card, section: Card) -> Iterator[str]:
    reasons, found = section["reasons"], section["explanation"]
    yield (
        "The reasons of a decision are its fields' exact Shapley values "
        f"({reasons['value_function']}): each field's share in what sets the applicant's "
        "probability of default apart from the mean of the reference group. That group is "
        f"{reasons['reference_group'].replace('_', ' ')}, {count(reasons['reference_rows'])} of "
        f"them, with a mean of {share(reasons['baseline'])}."
    )
    yield from (
        "",
        "Mean size of the shares, in probability of default, over the first "
        f"{count(card['method']['importance_rows'])} held-out rows:",
        "",
    )
    yield from table(
        ["field", "mean impact"],
        ([f"`{one['field']}`", number(one["mean_impact"])] for one in found["importance"]),
    )
    if found["reasons"]:
        yield from (
            "",
            f"What the {count(found['refusals'])} held-out refusals would be told:",
            "",
        )
        yield from table(
            ["reason", "given to", "first for"],
            (
                [f"`{one['code']}`", share_of(one["share"]), count(one["first"])]
                for one in found["reasons"][:MOST_REASONS]
            ),
        )
        if len(found["reasons"]) > MOST_REASONS:
            yield "\nThe most frequent ones; model_card.json has all."
    rows = count(card["method"]["curve_rows"])
    yield f"\nPartial dependence is the mean over {rows} held-out rows, were all to have the value."


def _wrong_ways(card: Card, section: Card) -> Iterator[str]:
    behaviour = section["behaviour"]
    if not behaviour["wrong_ways"]:
        yield "The schema file expects nothing of how the risk goes with any of its fields."
    for name, one in behaviour["wrong_ways"].items():
        way = "higher" if card["fields"][name]["expected_risk"] == "rises" else "lower"
        if not one["rows"]:
            continue
        if one["largest_fall"] is None:
            yield f"- {name}: one step {way} never lowers the probability of default. Good."
            continue
        fall, curve = one["largest_fall"], behaviour["partial_dependence"][name]
        yield (
            f"- {name}: one step {way} should raise the risk, but **lowers** the probability of "
            f"default of {share_of(one['lowered'])} of the {count(one['rows'])} held-out rows "
            f"that can take it, and makes {share_of(one['made_eligible'])} of them eligible that "
            f"were not; the most from {share(fall['probability_from'])} to "
            f"{share(fall['probability_to'])}, going from {_named(fall['from'], curve)} to "
            f"{_named(fall['to'], curve)}.{_wrong_steps(curve)}"
        )


def _named(end: float | str, curve: Card) -> str:
    """Write a value, with what it means where it has a meaning of its own."""
    label = next((point["label"] for point in curve["points"] if point["value"] == end), None)
    return f"{value(end)} ({label})" if label else value(end)


def _wrong_steps(curve: Card) -> str:
    steps = [" to ".join(_named(end, curve) for end in step) for step in curve["wrong_steps"]]
    return f" Its curve goes the wrong way from {'; from '.join(steps)}." if steps else ""


PARTS: Mapping[str, Callable[[Card, Card], Iterator[str]]] = {
    "Performance": _performance,
    "Decision": _decision,
    "Fairness": _fairness,
    "Explanation": _explanation,
    "Where the model goes the wrong way": _wrong_ways,
}
