"""What the card says of later rows, of rows that training has seen, and of what is left out."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from carded import by_command
from population import draw_population, write_table
from service_settings import settings_of
from sklearn import metrics

from creditscore.i18n.catalogue import PAGE_TEXTS
from creditscore.i18n.number_format import PAGE_FORMATS
from creditscore.model_card.measurements import steps
from creditscore.model_card.report import summarise
from creditscore.schema import ForestSettings, Schema
from creditscore.scorecard.model import Model
from creditscore.training import dataset
from creditscore.training.dataset import Dataset
from creditscore.training.fit import grow
from creditscore.training.split import split
from creditscore.web import create_app

#: Rows of a table in which the last month is another world, and a tenth stand twice.
ROWS, MONTHS, COPIES = 3000, 10, 300


@dataclass(frozen=True)
class Trained:
    folder: Path
    model: Model
    schema: Schema
    data: Dataset

    @property
    def card(self) -> Any:
        return self.model.card

    @property
    def section(self) -> Any:
        return self.card["scorecards"]["all"]

    @property
    def words(self) -> str:
        return (self.folder / "model_card.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Train on rows by month: in the last two, far more turn out bad; debt is often left out."""
    folder = tmp_path_factory.mktemp("sampling")
    people = draw_population(ROWS - COPIES, seed=1, intercept=-1.5)
    draw = np.random.default_rng(2)
    rows = people.rows(np.arange(ROWS - COPIES))
    rows += [dict(row) for row in rows[:COPIES]]
    for number, row in enumerate(rows):
        month = draw.integers(MONTHS)
        row["date"] = f"{month + 1:02}/2025"
        if month >= MONTHS - 2 and number >= COPIES and number < ROWS - COPIES:
            row["late"] = int(row["late"] or draw.random() < 0.3)
        # Who is deep in debt says so, as nobody asks the others.
        if float(row["debt"]) < 0.3 and draw.random() < 0.5:
            row["debt"] = ""
    path, schema = write_table(folder, rows, '[sample]\ntime = "date"')
    model = by_command(path, folder / "people.toml", folder / "model", "--loss-to-margin=3")
    return Trained(folder / "model", model, schema, dataset.load(path, schema))


# Later rows


def test_the_latest_fifth_is_measured_with_a_forest_of_the_earlier_rows(trained: Trained) -> None:
    """By scikit-learn's formulas, from the rows of the file."""
    data, section = trained.data, trained.section
    assert data.time is not None
    late = data.time >= np.datetime64("2025-09-01")
    earlier, latest = (data.rows(np.flatnonzero(mask)) for mask in (~late, late))
    (spec,) = trained.schema.scorecards.values()
    spec = replace(spec, forest=ForestSettings(**section["forest"]))
    forest = grow(earlier, section["predictors"], trained.schema, spec, seed=1).forest
    predicted = forest.probability_of_default(
        latest.matrix(section["predictors"]).astype(np.float32)
    )

    out_of_time = section["out_of_time"]

    assert out_of_time["since"] == "2025-09-01"
    assert (out_of_time["train_rows"], out_of_time["rows"]) == (len(earlier), len(latest))
    assert out_of_time["train_bad_rate"]["value"] == pytest.approx(earlier.bad.mean(), abs=1e-6)
    assert out_of_time["bad_rate"]["value"] == pytest.approx(latest.bad.mean(), abs=1e-6)
    assert out_of_time["mean_predicted"] == pytest.approx(predicted.mean(), abs=1e-6)
    auc = metrics.roc_auc_score(latest.bad, predicted)
    brier = metrics.brier_score_loss(latest.bad, predicted)
    assert out_of_time["scorecard"]["auc"]["value"] == pytest.approx(auc, abs=1e-6)
    assert out_of_time["scorecard"]["brier"]["value"] == pytest.approx(brier, abs=1e-6)


def test_what_is_worse_later_is_said_in_card_and_summary(trained: Trained) -> None:
    sentence = "Of the later rows more turned out bad than was predicted."

    summary = summarise(trained.model, trained.folder, plots=False)

    assert sentence in trained.words
    assert sentence in " ".join(summary.split())
    assert "By time, from 2025-09-01 on (" in summary
    assert "| AUC | " in trained.words.split("those from 2025-09-01 on")[1]


def test_without_times_there_is_no_test_on_later_rows(model: Model) -> None:
    for section in model.card["scorecards"].values():
        assert section["out_of_time"] is None
    assert "By time" not in summarise(model, Path("model"), plots=False)


def test_each_step_is_told(trained: Trained, schema: Schema) -> None:
    assert (steps(trained.schema), steps(schema)) == (4, 6)


def test_too_few_of_an_outcome_among_the_latest_are_said(tmp_path: Path) -> None:
    rows = draw_population(600, seed=1, intercept=-1).rows(np.arange(600))
    for number, row in enumerate(rows):
        row["date"] = number
        if number >= 480:
            row["late"] = 0
    path, _ = write_table(tmp_path, rows, '[sample]\ntime = "date"')

    model = by_command(path, tmp_path / "people.toml", tmp_path / "model")

    section = model.card["scorecards"]["all"]
    assert section["out_of_time"]["scorecard"] is None
    words = (tmp_path / "model" / "model_card.md").read_text(encoding="utf-8")
    assert "Nothing could be measured: the earlier or the latest rows hold too few" in words


# Rows that training has seen


def test_twins_are_counted_and_left_out_of_a_second_auc(trained: Trained) -> None:
    parts = split(trained.data, 1)
    section = trained.section
    matrix = parts.test.matrix(section["predictors"])
    train_rows = {
        (*row, bad)
        for row, bad in zip(
            map(str, parts.train.matrix(section["predictors"]).tolist()),
            parts.train.bad,
            strict=True,
        )
    }
    is_twin = np.array(
        [
            (*row, bad) in train_rows
            for row, bad in zip(map(str, matrix.tolist()), parts.test.bad, strict=True)
        ]
    )
    predicted = trained.model.scorecards["all"].probability_of_default(matrix.astype(np.float32))

    twins, rest = trained.card["data"]["twins"], section["performance"]["without_twins"]

    assert twins["test_rows"] == is_twin.sum() > 20
    assert twins["share"]["value"] == pytest.approx(is_twin.mean(), abs=1e-6)
    assert rest["rows"] == (~is_twin).sum()
    auc = metrics.roc_auc_score(parts.test.bad[~is_twin], predicted[~is_twin])
    assert rest["auc"]["value"] == pytest.approx(auc, abs=1e-6)
    phrase = f"{is_twin.sum()} of the rows held out"
    assert phrase in trained.words
    summary = " ".join(summarise(trained.model, trained.folder, plots=False).split())
    assert phrase in summary
    assert "Without test rows that have a twin in training: AUC " in summary


# What is left out


def test_leaving_a_field_out_is_measured_by_leaving_it_out(trained: Trained) -> None:
    parts, card = split(trained.data, 1), trained.model.scorecards["all"]
    column = card.predictors.index("debt")
    matrix = parts.test.matrix(card.predictors).astype(np.float32)
    stated = ~np.isnan(matrix[:, column])
    before = card.probability_of_default(matrix[stated])
    hidden = matrix[stated].copy()
    hidden[:, column] = np.nan
    after = card.probability_of_default(hidden)
    refused = before >= trained.model.policy.cutoff
    missing = np.isnan(parts.train.columns["debt"])

    effects = trained.section["missing_values"]

    assert list(effects) == ["debt"]
    effect = effects["debt"]
    assert effect["missing"]["value"] == pytest.approx(missing.mean(), abs=1e-6)
    bad = parts.train.bad
    assert effect["bad_rate_missing"]["value"] == pytest.approx(bad[missing].mean(), abs=1e-6)
    assert effect["bad_rate_stated"]["value"] == pytest.approx(bad[~missing].mean(), abs=1e-6)
    assert (effect["rows"], effect["refused"]) == (stated.sum(), refused.sum())
    assert effect["mean_change"] == pytest.approx((after - before).mean(), abs=1e-6)
    assert effect["lowered"]["value"] == pytest.approx((after < before - 1e-9).mean(), abs=1e-6)
    instead = (after[refused] < trained.model.policy.cutoff).mean()
    assert effect["approved_instead"]["value"] == pytest.approx(instead, abs=1e-6)
    assert instead > 0.01
    assert effect["hiding_pays"]


def test_where_hiding_pays_card_and_summary_warn(trained: Trained) -> None:
    sentence = "Leaving out pays, as the refused who state it would be approved without: debt for"

    assert sentence in trained.words
    assert sentence in " ".join(summarise(trained.model, trained.folder, plots=False).split())
    assert re.search(r"^## \d+\. Missing values$", trained.words, re.MULTILINE)


def test_without_missing_values_there_is_no_such_section(model: Model, model_dir: Path) -> None:
    for section in model.card["scorecards"].values():
        assert section["missing_values"] == {}
    words = (model_dir / "model_card.md").read_text(encoding="utf-8")
    assert not re.search(r"^## \d+\. Missing values$", words, re.MULTILINE)


# The page


def test_the_page_shows_all_of_it(trained: Trained, language: str) -> None:
    client = create_app(settings_of(trained.folder)).test_client()

    page = client.get("/model", headers={"Accept": "text/html", "Accept-Language": language})
    card = client.get("/model", headers={"Accept-Language": language}).get_json()

    assert page.status_code == 200
    texts = PAGE_TEXTS[language]
    for key in ("later_title", "missing_title", "missing_pays", "data_twins"):
        assert f">{texts[key]}<" in page.text, key
    assert texts["later_since"].format(since="2025-09-01") in page.text
    write, (left_out,) = PAGE_FORMATS[language], trained.section["missing_values"].values()
    assert f">{texts['missing_change']}<" in page.text
    for figure in (
        write.share(left_out["missing"]["value"]),
        write.impact(left_out["mean_change"]),
        write.share(left_out["approved_instead"]["value"]),
    ):
        assert f"<td>{figure}</td>" in page.text
    for part in ("out_of_time", "missing_values"):
        assert card["scorecards"]["all"][part] == trained.section[part]
    assert card["data"]["twins"] == json.loads(json.dumps(trained.card["data"]["twins"]))
