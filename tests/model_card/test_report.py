"""The summary that training prints."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from creditscore.charts.model_card_charts import model_card_plots
from creditscore.evaluation.card import read_card
from creditscore.i18n.catalogue import PAGE_TEXTS
from creditscore.i18n.number_format import FORMATS
from creditscore.model_card import report
from creditscore.model_card.formats import group_name
from creditscore.model_card.markdown import to_markdown
from creditscore.scorecard.model import Model


@pytest.mark.parametrize(
    ("rows", "bad_rate", "sentence"),
    [
        (614, 0.31, "Few rows: 190 have the rarer outcome"),
        (30_000, 0.003, "Few rows: 90 have the rarer outcome"),
        (30_000, 0.998, "Few rows: 60 have the rarer outcome"),
        (1000, 0.1, None),
    ],
)
def test_few_rows_or_few_of_an_outcome_are_said(
    model: Model, rows: int, bad_rate: float, sentence: str | None
) -> None:
    data = {**model.card["data"], "rows": rows, "bad_rate": bad_rate}
    changed_model = replace(model, card={**model.card, "data": data})

    summary = report.summarise(changed_model, Path("model"), plots=False)

    assert (sentence in summary) if sentence else ("Few rows" not in summary)


def with_many_fields(model: Model, count: int) -> Model:
    """Pretend that the smallest scorecard had so many predictors, the first ones the heaviest."""
    (name, section), *other_scorecards = model.card["scorecards"].items()
    names = [f"F{number:03}" for number in range(count)]
    curve = next(iter(section["sensitivity"]["partial_dependence"].values()))
    wide_section = {
        **section,
        "predictors": names,
        "protected_predictors": names,
        "explanation": {
            **section["explanation"],
            "importance": [{"field": field_name, "mean_impact": 0.01} for field_name in names],
        },
        "sensitivity": {
            "partial_dependence": dict.fromkeys(names, curve),
            "monotonicity_violations": {},
        },
    }
    field = next(iter(model.card["fields"].values()))
    fields = {
        **model.card["fields"],
        **{field_name: {**field, "title": field_name} for field_name in names},
    }
    card = {
        **model.card,
        "fields": fields,
        "scorecards": {name: wide_section, **dict(other_scorecards)},
    }
    return replace(model, card=card)


def test_of_500_fields_the_summary_names_a_dozen(model: Model) -> None:
    summary = report.summarise(with_many_fields(model, 500), Path("model"), plots=False)

    assert "F011 and 488 more" in " ".join(summary.split())
    assert "F012" not in summary
    assert "Uses protected attributes: F000, F001" in summary
    assert max(len(line) for line in summary.splitlines() if "F0" in line) < 140


def test_of_500_fields_the_card_shows_the_weightiest(model: Model) -> None:
    card = with_many_fields(model, 500).card

    words = to_markdown(read_card(card))
    plots = dict(model_card_plots(read_card(card), PAGE_TEXTS["en"]))

    weights = words.split("| field | mean impact |")[1].split("\n\n")[0]
    assert weights.count("| `F") == 30
    assert "The fields that weigh most; model_card.json has all." in words
    assert plots["application-partial_dependence.svg"].count(">F0") == 2 * 30


def test_the_auc_of_few_rows_is_said_with_its_interval(model: Model) -> None:
    data = {**model.card["data"], "rows": 614}
    small_model = replace(model, card={**model.card, "data": data})

    summary = " ".join(report.summarise(small_model, Path("model"), plots=False).split())

    auc = model.card["scorecards"]["behavioural"]["performance"]["scorecard"]["auc"]
    low, high = (FORMATS["en"].figure(auc[end]) for end in ("low", "high"))
    assert f"the AUC of the last scorecard may lie anywhere from {low} to {high}" in summary


# Beside the benchmark of the trade

DIFFERENCES = {
    "no better beyond noise": {"low": -0.001, "high": 0.001},
    "worse beyond noise in the AUC": {"low": -0.02, "high": -0.01},
}


@pytest.mark.parametrize("sentence", DIFFERENCES)
def test_card_and_summary_say_first_where_the_benchmark_is_not_beaten(
    model: Model, sentence: str
) -> None:
    (name, section), *other_scorecards = model.card["scorecards"].items()
    performance = section["performance"]
    auc = {"value": 0.0, **DIFFERENCES[sentence]}
    none = {"value": 0.0, "low": -0.001, "high": 0.001}
    differences = {
        **performance["difference_to_baseline"],
        "woe_scorecard": {"auc": auc, "brier": none},
    }
    beaten = {**section, "performance": {**performance, "difference_to_baseline": differences}}
    card = {**model.card, "scorecards": {name: beaten, **dict(other_scorecards)}}

    paragraph = to_markdown(read_card(card)).split("\n\n")[1]
    summary = report.summarise(replace(model, card=card), Path("model"), plots=False)

    assert f"{section['title']}: {sentence}" in paragraph
    assert "do not justify a forest" in paragraph
    assert f"Against the WoE scorecard: {sentence}" in summary


def test_the_list_of_variables_has_each_predictor_and_all_of_its_bins(model: Model) -> None:
    words = to_markdown(read_card(model.card))

    for section in model.card["scorecards"].values():
        assert {variable["field"] for variable in section["variables"]} == set(
            section["predictors"]
        )
        for variable in section["variables"]:
            title = model.card["fields"][variable["field"]]["title"]
            heading = f"**{title}** (`{variable['field']}`)\n\n"
            table = words.split(f"{heading}| bin |")[1].split("\n\n")[0]
            for woe_bin in variable["bins"]:
                rows = FORMATS["en"].number(woe_bin["rows"])
                assert f"| {group_name(woe_bin['label'])} | {rows} |" in table


def test_of_500_fields_the_list_has_each_but_bins_of_the_strongest_only(model: Model) -> None:
    (name, section), *other_scorecards = model.card["scorecards"].items()
    wide_section = {**section, "variables": section["variables"] * 100}
    card = {**model.card, "scorecards": {name: wide_section, **dict(other_scorecards)}}

    end = other_scorecards[0][1]["title"]
    words = to_markdown(read_card(card)).split(". Variables\n")[1].split(end)[0]

    assert words.count("| bin | rows |") == 30
    assert "The fields of the highest IV; model_card.json has all." in words
    # Bounds of bins are written as all numbers of the card are: 20,000 to under 30,000.
    assert re.search(r"^\| [0-9]{2,3},000 to under [0-9]{2,3},000 \|", words, re.MULTILINE)
    assert not re.search(r"^\| [^|]*[0-9]{5}", words, re.MULTILINE)


def test_a_field_that_alone_tells_the_outcome_is_asked_about(model: Model) -> None:
    name, section = next(iter(model.card["scorecards"].items()))
    first, *other_variables = section["variables"]
    bins = [{**first["bins"][0], "rows": 100, "bad_rate": rate} for rate in (0.0, 1.0)]
    leaking = {**section, "variables": [{**first, "bins": bins}, *other_variables]}
    card = {**model.card, "scorecards": {**model.card["scorecards"], name: leaking}}
    question = (
        f"{first['field']} alone has an AUC of 1.000: was it known when the decision was made?"
    )

    summary = report.summarise(replace(model, card=card), Path("model"), plots=False)

    assert summary.count("alone has an AUC") == 1
    assert question in " ".join(summary.split())
    assert f"**{question}**" in to_markdown(read_card(card))
