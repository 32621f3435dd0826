"""The guide for people without statistics tells the figures of the bundled model.

The English page is compared with the model and its card, the Indonesian one with the English.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from answers import PROJECT

from creditscore.api_docs.examples import EXAMPLE_TIME, example_applicants, example_decisions
from creditscore.decisions.assessor import Assessor, Decision
from creditscore.decisions.explanation import explain
from creditscore.decisions.record import new_decision_ids
from creditscore.i18n.catalogue import SWAPPED_SEPARATORS, Text, say
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import break_even
from creditscore.scorecard.reason_codes import value_in_words

GUIDE = PROJECT / "docs" / "understanding-the-model.md"
TRANSLATION = PROJECT / "docs" / "understanding-the-model.id.md"
#: A share, a decimal, or a number with a thousands separator.
FIGURE = re.compile(r"\d+\.\d+%?|\d+%|\d{1,3},\d{3}")
#: Figures that no model can change: of examples of arithmetic, and told by others.
OF_ITS_OWN = {
    "0.5": "the points of the reason Education, see the table of steps",
    "15%": "a worked example of calibration",
    "50%": "where accuracy draws its line",
    "81%": "what some tutorials claim, see README.md",
    "24.9%": "an example of two equal risks",
    "25.1%": "an example of two equal risks",
}


@pytest.fixture(scope="module")
def model(full_model: Model) -> Model:
    return full_model


@pytest.fixture(scope="module")
def card(model: Model) -> Any:
    return model.card


@pytest.fixture(scope="module")
def assessor(model: Model) -> Assessor:
    return Assessor(model, model.policy, lambda: EXAMPLE_TIME, new_decision_ids)


@pytest.fixture(scope="module")
def decisions(assessor: Assessor) -> dict[str, Decision]:
    return example_decisions(assessor)


@pytest.fixture(scope="module")
def expected(card: Any, model: Model, assessor: Assessor, decisions: dict[str, Decision]) -> Any:
    """What the guide has to say, word for word."""
    return [
        *of_the_example(decisions["application"], model),
        *of_calibration(card),
        *of_the_cutoff(card, model),
        *of_the_score(decisions["application"], model),
        *of_the_reasons(card, model, decisions),
        *of_warnings(assessor),
        *of_accuracy(card),
        *of_the_benchmark(card),
        *of_fairness(card),
    ]


def plain(path: Path) -> str:
    """Give a document's words in one line, without emphasis."""
    text = path.read_text(encoding="utf-8").replace("**", "").replace("*", "")
    return " ".join(text.split())


def share(number: float) -> str:
    return f"{number:.1%}"


def of_the_example(decision: Decision, model: Model) -> list[str]:
    risk = decision.probability_of_default
    return [
        f"limit of {decision.applicant.values['LIMIT_BAL']:,} New Taiwan dollars",
        f"| {share(risk)} | of 100 people like him, about {risk:.0%}".rstrip("%") + " missed",
        f"| {share(1 - risk)} | the complement: about {1 - risk:.0%}".rstrip("%") + " paid",
        f"| `cutoff` | {model.policy.cutoff:.0%} |",
        f"| `{decision.label}` | because {share(risk)} is not below {model.policy.cutoff:.0%}",
        f"| {decision.score} | the cut-off lies at {at_the_cutoff(model)} points",
        f"| `baseline` | {share(decision.baseline)} |",
        f"of a hundred people with the same entries about {risk * 100:.0f} do",
    ]


def at_the_cutoff(model: Model) -> int:
    return model.policy.scale.points_of_one(model.policy.cutoff)


def of_calibration(card: Any) -> list[str]:
    tenths = card["scorecards"]["application"]["curves"]["calibration"]
    names = {1: "1, the safest", 10: "10, the riskiest"}
    assert len(tenths) == 10
    # Only of the third and of the last one chance is no explanation.
    outside = [
        not band["interval"][0] < band["mean_predicted"] < band["interval"][1] for band in tenths
    ]
    assert [number for number, is_outside in enumerate(outside, start=1) if is_outside] == [3, 10]
    riskiest = card["scorecards"]["behavioural"]["curves"]["calibration"][-1]
    slope = card["scorecards"]["application"]["performance"]["scorecard"]["calibration_slope"]
    assert slope["low"] > 1
    return [
        f"is {slope['value']:.3f}, between {slope['low']:.3f} and {slope['high']:.3f}; 1 would be",
        f"the {card['data']['test_rows']:,} people were sorted".capitalize(),
        f"measured on {card['data']['test_rows']:,} people",
        *(
            f"| {names.get(number, number)} | {share(band['mean_predicted'])} "
            f"| {share(band['observed_rate'])} |"
            for number, band in enumerate(tenths, start=1)
        ),
        f"predicted {share(riskiest['mean_predicted'])} for its riskiest group, and "
        f"{share(riskiest['observed_rate'])} missed",
    ]


def of_the_cutoff(card: Any, model: Model) -> list[str]:
    decision = card["scorecards"]["application"]["decision"]
    rows = {row["cutoff"]: row for row in decision["table"]}
    declined = round(decision["bad_rate_declined"]["value"] * 100)
    cutoff = model.policy.cutoff
    return [
        f"with a probability of {cutoff:.0%} each",
        f"Below {cutoff:.0%} something is left",
        f"1 / (1 + {model.policy.loss_to_margin:.0f}) = {cutoff}.",
        *(f"| {ratio} | {break_even(ratio):.0%} |" for ratio in (1, 3, 9, 19)),
        f"with the {card['data']['test_rows']:,} people, on the application scorecard",
        *(
            f"| {level} | {share(rows[level]['approval_rate'])} "
            f"| {share(rows[level]['bad_rate_approved'])} "
            f"| {'-' if level == 0.5 else share(rows[level]['bad_rate_declined'])} |"
            for level in (0.15, 0.2, 0.25, 0.3, 0.5)
        ),
        f"the cut-off of {cutoff} refuses, {declined} missed a payment, so {100 - declined} would",
        f"Remember the {100 - declined} of 100",
    ]


def of_the_score(decision: Decision, model: Model) -> list[str]:
    scale, risk = model.policy.scale, decision.probability_of_default
    assert scale.points_of_one(risk) == decision.score
    risks = {"650": 1 / 39, "600": 1 / 20, "550": 1 / 10.5}
    assert [str(scale.points_of_one(risk)) for risk in risks.values()] == list(risks)
    risks[f"{at_the_cutoff(model)}, the cut-off"] = model.policy.cutoff
    risks[f"{decision.score}, the man above"] = risk
    return [
        f"{scale.base_points:.0f} points mean {scale.base_odds:.0f} who pay",
        f"every {scale.points_to_double_odds:.0f} points more double that",
        *(f"| {name} | {(1 - risk) / risk:.2g} | {share(risk)} |" for name, risk in risks.items()),
    ]


def of_the_reasons(card: Any, model: Model, decisions: dict[str, Decision]) -> list[str]:
    """Give the steps, from the baseline to the answer, and what would have to change."""
    decision, late = decisions["application"], decisions["behavioural"]
    so_far = decision.baseline
    rows = [f"| Baseline | | {so_far:.2%} |"]
    for name, impact in decision.impacts.items():
        field = model.schema.fields[name]
        so_far += impact
        value = value_in_words(field, decision.applicant.values[name])["en"]
        rows.append(f"| {field.title['en']}: {value} | {impact * 100:+.2f} | {so_far:.2%} |")
    assert math.isclose(so_far, decision.probability_of_default, abs_tol=1e-12)
    assert [reason.field for reason in decision.reasons][1] == "SEX"
    recourse, late_recourse = (
        explain(
            candidate,
            schema=model.schema,
            scorecard=model.scorecards[candidate.applicant.scorecard],
            language="en",
        )["recourse"]
        for candidate in (decision, late)
    )
    (change,) = late_recourse["changes"]
    assert (change["field"], change["from"], change["to"]) == ("PAY_1", 2, 1)
    wrong = card["scorecards"]["application"]["sensitivity"]["monotonicity_violations"]["LIMIT_BAL"]
    assert wrong["proven_monotone"]
    assert wrong["lowered"]["value"] == 0
    return [
        *rows,
        f'"{recourse["text"]}"',
        f"gets {share(late.probability_of_default)}; one month late",
        f"eligible with {share(late_recourse['probability_of_default'])}.",
    ]


def of_warnings(assessor: Assessor) -> list[str]:
    return [f'"{warning_of_age(assessor)["en"]}"']


def warning_of_age(assessor: Assessor) -> Text:
    schema = assessor.model.schema
    applicant = {**example_applicants(schema)["application"], "AGE": 95}
    decision = assessor.assess(schema.parse(applicant))
    (warning,) = decision.warnings
    return warning.text


def of_accuracy(card: Any) -> list[str]:
    application, behavioural = (
        card["scorecards"][name]["performance"] for name in ("application", "behavioural")
    )
    (accuracy, auc), (history_accuracy, history_auc) = (
        (performance["scorecard"]["accuracy"]["value"], performance["scorecard"]["auc"]["value"])
        for performance in (application, behavioural)
    )
    rows = {row["cutoff"]: row for row in card["scorecards"]["application"]["decision"]["table"]}
    assert rows[0.5]["approval_rate"] == 1
    usual = 1 - application["bad_rate"]["value"]
    return [
        f"Of the {card['data']['test_rows']:,} people {share(application['bad_rate']['value'])} "
        "missed a payment.",
        f"right {share(usual)} of the time",
        f'"will pay" about everyone | {share(usual)} | 50 |',
        f"five fields | {share(accuracy)} | {auc * 100:.0f} |",
        f"history | {share(history_accuracy)} | {history_auc * 100:.0f} |",
        f"AUC: {auc:.3f} and {history_auc:.3f}.",
        f"from 50 to {auc * 100:.0f}, because",
        f"history {share(history_accuracy)} is real",
        f"most relations ({share(card['data']['bad_rate'])} missed",
    ]


def of_the_benchmark(card: Any) -> list[str]:
    performances = {name: section["performance"] for name, section in card["scorecards"].items()}
    leads = {
        name: performance["difference_to_baseline"]["woe_scorecard"]["auc"]
        for name, performance in performances.items()
    }
    # None of the two is better beyond noise.
    assert all(lead["low"] < 0 < lead["high"] for lead in leads.values())
    application, behavioural = (f"{lead['value']:.4f}" for lead in leads.values())
    return [
        *(
            f"| {name} scorecard | {performance['scorecard']['auc']['value']:.3f} "
            f"| {performance['baselines']['woe_scorecard']['auc']['value']:.3f} |"
            for name, performance in performances.items()
        ),
        f"differences, {application} and {behavioural}, are smaller",
    ]


def of_fairness(card: Any) -> list[str]:
    section = card["scorecards"]["application"]
    groups = {
        group["group"]: group
        for field_fairness in section["fairness"].values()
        for group in field_fairness["groups"]
    }
    parity = {
        name: field_fairness["demographic_parity_ratio"]["value"]
        for name, field_fairness in section["fairness"].items()
    }
    flips = {
        name: effect["label_flips"]["value"]
        for name, effect in section["protected_attribute_effects"].items()
    }
    without = section["ablation"][-1]
    parity_without = {
        name: figure["value"] for name, figure in without["demographic_parity_ratio"].items()
    }
    auc, with_all = without["auc"]["value"], section["performance"]["scorecard"]["auc"]["value"]
    assert without["excluded"] == ["SEX", "MARRIAGE", "AGE"]
    assert groups["62 and over"]["verdict"] == "inconclusive"
    assert round(auc * 100) == round(with_all * 100)
    return [
        *(
            f"| {name} | {groups[name]['rows']:,} | {share(groups[name]['approval_rate']['value'])}"
            f" | {share(groups[name]['approval_rate_good']['value'])}"
            f" | {share(groups[name]['bad_rate_approved']['value'])} |"
            for name in ("male", "female", "under 25", "30 to 39")
        ),
        f"who are approved, {parity['SEX'] * 100:.0f} men are",
        f"the card's ratio is {parity['SEX']:.3f})",
        f"are at {parity['AGE'] * 100:.0f} for every 100 of those from 30 to 39 "
        f"({parity['AGE']:.3f})",
        f"fewer than {card['method']['min_group_rows']} people",
        f"the {groups['62 and over']['rows']} people of 62 and over",
        f"the decision for {share(flips['SEX'])} of people, the marital status for "
        f"{share(flips['MARRIAGE'])}, the age for {share(flips['AGE'])}.",
        f"{auc * 100:.0f} right pairs of 100, as before ({with_all:.3f} becomes {auc:.3f})",
        f"the sexes rises from {parity['SEX']:.3f} to {parity_without['SEX']:.3f}",
        f"do not gain: {parity['AGE']:.3f} becomes {parity_without['AGE']:.3f}",
    ]


def test_the_guide_tells_what_the_model_and_its_card_say(expected: list[str]) -> None:
    page = plain(GUIDE)

    assert [words for words in expected if words not in page] == []


def test_every_other_figure_of_the_guide_is_arithmetic_or_told_by_others(
    expected: list[str],
) -> None:
    page = plain(GUIDE)

    for words in sorted(expected, key=len, reverse=True):
        page = page.replace(words, " ")

    assert set(FIGURE.findall(page)) == set(OF_ITS_OWN)


def test_the_indonesian_guide_quotes_what_the_service_says_in_indonesian(
    assessor: Assessor,
) -> None:
    page = plain(TRANSLATION)

    assert f'"{warning_of_age(assessor)["id"]}"' in page
    assert f'"{say("no_change")["id"]}"' in page


def sections(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n## ")


def test_the_indonesian_guide_has_the_same_figures_in_the_same_sections() -> None:
    ours, theirs = sections(TRANSLATION), sections(GUIDE)

    assert len(ours) == len(theirs)
    for indonesian, english in zip(ours, theirs, strict=True):
        figures = Counter(FIGURE.findall(indonesian.translate(SWAPPED_SEPARATORS)))
        assert figures == Counter(FIGURE.findall(english)), indonesian.partition("\n")[0]


def test_the_tables_of_the_indonesian_guide_have_the_same_figures_in_the_same_cells() -> None:
    def cells(path: Path, *, swapped: bool) -> list[list[str]]:
        text = path.read_text(encoding="utf-8")
        lines = [line for line in text.splitlines() if line.startswith("|")]
        return [
            [
                " ".join(FIGURE.findall(cell.translate(SWAPPED_SEPARATORS) if swapped else cell))
                for cell in line.split("|")
            ]
            for line in lines
        ]

    assert cells(TRANSLATION, swapped=True) == cells(GUIDE, swapped=False)
