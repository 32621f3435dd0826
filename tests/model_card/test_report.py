"""The summary that training prints."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from creditscore.charts.model_card_charts import model_card_plots
from creditscore.i18n.catalogue import PAGE_TEXTS
from creditscore.i18n.number_format import FORMATS
from creditscore.model_card import report
from creditscore.model_card.markdown import to_markdown
from creditscore.scorecard.model import Model


@pytest.mark.parametrize(
    ("rows", "bad_rate", "said"),
    [
        (614, 0.31, "Few rows: 190 have the rarer outcome"),
        (30_000, 0.003, "Few rows: 90 have the rarer outcome"),
        (30_000, 0.998, "Few rows: 60 have the rarer outcome"),
        (1000, 0.1, None),
    ],
)
def test_few_rows_or_few_of_an_outcome_are_said(
    model: Model, rows: int, bad_rate: float, said: str | None
) -> None:
    data = {**model.card["data"], "rows": rows, "bad_rate": bad_rate}
    other = replace(model, card={**model.card, "data": data})

    summary = report.summarise(other, Path("model"), plots=False)

    assert (said in summary) if said else ("Few rows" not in summary)


def with_many_fields(model: Model, count: int) -> Model:
    """Pretend that the smallest scorecard had so many predictors, the first ones the heaviest."""
    (name, section), *others = model.card["scorecards"].items()
    names = [f"F{number:03}" for number in range(count)]
    curve = next(iter(section["sensitivity"]["partial_dependence"].values()))
    many = {
        **section,
        "predictors": names,
        "protected_predictors": names,
        "explanation": {
            **section["explanation"],
            "importance": [{"field": one, "mean_impact": 0.01} for one in names],
        },
        "sensitivity": {
            "partial_dependence": dict.fromkeys(names, curve),
            "monotonicity_violations": {},
        },
    }
    field = next(iter(model.card["fields"].values()))
    fields = {**model.card["fields"], **{one: {**field, "title": one} for one in names}}
    card = {**model.card, "fields": fields, "scorecards": {name: many, **dict(others)}}
    return replace(model, card=card)


def test_of_500_fields_the_summary_names_a_dozen(model: Model) -> None:
    summary = report.summarise(with_many_fields(model, 500), Path("model"), plots=False)

    assert "F011 and 488 more" in " ".join(summary.split())
    assert "F012" not in summary
    assert "Uses protected attributes: F000, F001" in summary
    assert max(len(line) for line in summary.splitlines() if "F0" in line) < 140


def test_of_500_fields_the_card_shows_the_weightiest(model: Model) -> None:
    card = with_many_fields(model, 500).card

    words = to_markdown(card)
    plots = dict(model_card_plots(card, PAGE_TEXTS["en"]))

    weights = words.split("| field | mean impact |")[1].split("\n\n")[0]
    assert weights.count("| `F") == 30
    assert "The fields that weigh most; model_card.json has all." in words
    assert plots["application-partial_dependence.svg"].count(">F0") == 2 * 30


def test_the_auc_of_few_rows_is_said_with_its_interval(model: Model) -> None:
    data = {**model.card["data"], "rows": 614}
    few = replace(model, card={**model.card, "data": data})

    summary = " ".join(report.summarise(few, Path("model"), plots=False).split())

    auc = model.card["scorecards"]["behavioural"]["performance"]["scorecard"]["auc"]
    low, high = (FORMATS["en"].figure(auc[end]) for end in ("low", "high"))
    assert f"the AUC of the last scorecard may lie anywhere from {low} to {high}" in summary
