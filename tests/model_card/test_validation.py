"""What a validator asks, on a table whose answers are known: computed anew by others' formulas."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from carded import by_command
from invented import Row, write_csv
from pages import BROWSER, read_page
from service_settings import settings_of
from sklearn import metrics

from creditscore.arrays import Floats
from creditscore.evaluation.stability import population_stability_index
from creditscore.i18n.catalogue import LANGUAGES, PAGE_TEXTS
from creditscore.i18n.number_format import FORMATS
from creditscore.model_card.validation import calibration_need
from creditscore.schema.reader import load_schema
from creditscore.scorecard import artifact
from creditscore.scorecard.model import Model
from creditscore.training import dataset
from creditscore.training.calibration import OutOfBag
from creditscore.training.split import Split, split, weighted
from creditscore.web import create_app

ROWS, MONTHS = 6000, 10

SCHEMA = """
[dataset]
name = "people"
title = "Invented people"

[label]
column = "late"
good = 0
bad = 1
title = "Paid late"

[sample]
time = "month"
weight = "stands_for"

[scorecards.new]
title = "New customers"
fields = ["income", "shoes", "noise", "sex", "age"]
[scorecards.new.forest]
trees = 30
max_depth = 4
min_samples_leaf = 40

[scorecards.known]
title = "Known customers"
fields = ["income", "shoes", "noise", "sex", "age", "months_late", "paid"]
[scorecards.known.forest]
trees = 30
max_depth = 4
min_samples_leaf = 40

[fields.income]
kind = "number"
minimum = 0
maximum = 1000000
example = 100
title = "Income"

[fields.shoes]
kind = "number"
minimum = 0
example = 40
title = "Size of shoes"

[fields.noise]
kind = "number"
minimum = 0
example = 1
title = "Noise"

[fields.sex]
kind = "coded"
codes = [{ value = "f", en = "women" }, { value = "m", en = "men" }]
protected = true
example = "f"
title = "Sex"

[fields.age]
kind = "integer"
minimum = 18
maximum = 90
bands = [30, 50]
protected = true
example = 30
title = "Age"

[fields.months_late]
kind = "number"
minimum = 0
missing = true
example = 0
title = "Months late"

[fields.paid]
kind = "number"
minimum = 0
example = 10
title = "Paid"
"""


def invented() -> list[Row]:
    """Draw people whose shoes tell their sex, and whose noise tells nothing."""
    draw = np.random.default_rng(7)
    sex = draw.integers(2, size=ROWS)
    age = draw.integers(18, 91, size=ROWS)
    income = draw.gamma(2, 50, size=ROWS)
    late = draw.poisson(0.7, size=ROWS)
    odds = -1.2 - income / 100 + 0.8 * late
    bad = draw.random(ROWS) < 1 / (1 + np.exp(-odds))
    rows = {
        "income": income.round(2).tolist(),
        "shoes": (38 + 4 * sex + draw.normal(0, 1.5, ROWS)).round(1).tolist(),
        "noise": draw.random(ROWS).round(3).tolist(),
        "sex": ["fm"[code] for code in sex],
        "age": age.tolist(),
        "months_late": ["" if draw.random() < 0.1 else months for months in late.tolist()],
        "paid": draw.gamma(1, 20, ROWS).round(1).tolist(),
        "late": bad.astype(int).tolist(),
        "month": (202401 + draw.integers(MONTHS, size=ROWS)).tolist(),
        "stands_for": draw.choice([1, 3], size=ROWS).tolist(),
    }
    return [dict(zip(rows, values, strict=True)) for values in zip(*rows.values(), strict=True)]


@dataclass(frozen=True)
class Trained:
    folder: Path
    model: Model
    rows: Split

    def validation(self, name: str) -> Any:
        return self.model.card["scorecards"][name]["validation"]

    def predict(self, name: str, changes: dict[str, Any] | None = None) -> Floats:
        """What a scorecard says of the test rows, with some columns replaced."""
        card = self.model.scorecards[name]
        columns = {**self.rows.test.columns, **(changes or {})}
        matrix = np.column_stack([columns[predictor] for predictor in card.predictors])
        return card.probability_of_default(matrix.astype(np.float32))

    @property
    def weights(self) -> Floats:
        assert self.rows.test.weight is not None
        return self.rows.test.weight


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("validation")
    path = write_csv(folder / "people.csv", invented())
    (folder / "people.toml").write_text(SCHEMA, encoding="utf-8")
    model = by_command(path, folder / "people.toml", folder / "model", "--loss-to-margin=4")
    schema = load_schema(folder / "people.toml")
    rows = split(weighted(dataset.load(path, schema), schema.sample), 1)
    return Trained(folder / "model", model, rows)


@pytest.mark.parametrize("name", ["new", "known"])
def test_training_figures_are_those_of_the_training_rows(trained: Trained, name: str) -> None:
    card, part = trained.model.scorecards[name], trained.rows.train
    predicted = card.probability_of_default(part.matrix(card.predictors).astype(np.float32))

    train_test = trained.validation(name)["train_test"]

    area = metrics.roc_auc_score(part.bad, predicted, sample_weight=part.weight)
    brier = metrics.brier_score_loss(part.bad, predicted, sample_weight=part.weight)
    assert train_test["auc"]["train"] == pytest.approx(area, abs=1e-6)
    assert train_test["brier"]["train"] == pytest.approx(brier, abs=1e-6)
    # Trees know the rows that they drew.
    assert train_test["auc"]["out_of_bag"] < train_test["auc"]["train"] - 0.01
    figures = trained.model.card["scorecards"][name]["performance"]["scorecard"]
    for key, figure in train_test.items():
        assert figure["test"] == figures[key]
    assert train_test["auc"]["gap"]["value"] == pytest.approx(
        train_test["auc"]["train"] - figures["auc"]["value"], abs=2e-6
    )


def test_shifts_are_those_of_weighted_counts(trained: Trained) -> None:
    bins = trained.model.scorecards["known"].training_bins.fields["income"]
    weights = trained.weights
    people = weights * weights.sum() / np.sum(weights**2)
    edges = [-np.inf, *bins.edges, np.inf]
    column = trained.rows.test.columns["income"]
    counts = np.histogram(column, edges, weights=people)[0].round().astype(int)

    validation = trained.validation("known")

    psi = population_stability_index(bins.counts, counts.tolist())
    assert validation["shifts"]["income"]["psi"] == pytest.approx(psi, abs=1e-6)
    assert validation["shifts"]["income"]["rows"] == counts.sum()
    assert list(validation["shifts"]) == list(trained.model.schema.scorecards["known"].fields)
    assert validation["score_shift"]["verdict"] == "little"


def test_groups_and_bands_hold_all_rows_and_their_people(trained: Trained) -> None:
    test, weights, predicted = trained.rows.test, trained.weights, trained.predict("known")

    validation = trained.validation("known")

    men = test.columns["sex"] == 2
    group = validation["group_calibration"]["sex"][1]
    assert (group["group"], group["rows"]) == ("men", men.sum())
    mean = np.average(predicted[men], weights=weights[men])
    assert group["mean_predicted"] == pytest.approx(mean, abs=1e-6)
    rate = np.average(test.bad[men], weights=weights[men])
    assert group["observed"]["value"] == pytest.approx(rate, abs=1e-6)
    for groups in (validation["band_calibration"], *validation["group_calibration"].values()):
        assert sum(entry["rows"] for entry in groups) == len(test)
        assert sum(entry["bads"] for entry in groups) == test.bad.sum()
    means = [entry["mean_predicted"] for entry in validation["band_calibration"] if entry["rows"]]
    assert means == sorted(means, reverse=True)


def test_loss_is_that_of_the_approved_people(trained: Trained) -> None:
    test, weights, predicted = trained.rows.test, trained.weights, trained.predict("known")
    approved = predicted < 0.2

    figures = trained.validation("known")["expected_loss"]

    assert (figures["approved"], figures["loss_to_margin"]) == (approved.sum(), 4)
    loss = 4 * np.average(test.bad[approved], weights=weights[approved])
    assert figures["loss"]["value"] == pytest.approx(loss, abs=1e-5)
    expected = 4 * np.average(predicted[approved], weights=weights[approved])
    assert figures["expected_loss"] == pytest.approx(expected, abs=1e-5)


# Proxies


@pytest.mark.parametrize("name", ["new", "known"])
def test_what_tells_a_protected_field_is_found(trained: Trained, name: str) -> None:
    sex, age = trained.validation(name)["proxies"]

    assert (sex["field"], sex["measure"]) == ("sex", "auc")
    # Two normals 4 apart with a spread of 1.5: the AUC is Phi(4 / (1.5 sqrt 2)) = 0.97.
    assert sex["others"]["together"]["value"] == pytest.approx(0.97, abs=0.015)
    assert sex["others"]["together"]["low"] < 0.97 < sex["others"]["together"]["high"]
    assert sex["others"]["strongest"] == sex["unprotected"]["strongest"] == "shoes"
    assert sex["others"]["alone"]["value"] == pytest.approx(0.97, abs=0.02)
    assert sex["unprotected"]["verdict"] == "strong"
    assert sex["others"]["predictors"] == sex["unprotected"]["predictors"] + 1
    assert (age["field"], age["measure"]) == ("age", "r2")
    assert abs(age["others"]["together"]["value"]) < 0.1
    assert age["others"]["verdict"] == "weak"


# Stress


def test_a_moved_number_is_measured_by_moving_it(trained: Trained) -> None:
    before, weights = trained.predict("known"), trained.weights
    income = trained.rows.test.columns["income"]
    after = trained.predict("known", {"income": np.minimum(income * 0.9, 1e6)})

    effects = trained.validation("known")["stress"]["effects"]

    effect = next(
        item for item in effects if (item["fields"], item["change"]) == (["income"], -0.1)
    )
    change = np.average((after < 0.2) * 1 - (before < 0.2) * 1, weights=weights)
    assert effect["approval_change"] == pytest.approx(change, abs=1e-6)
    assert effect["mean_change"] == pytest.approx(
        np.average(after - before, weights=weights), abs=1e-6
    )
    flips = np.average((after < 0.2) != (before < 0.2), weights=weights)
    assert effect["labels_changed"]["value"] == pytest.approx(flips, abs=1e-6) != 0
    together = {tuple(item["fields"]) for item in effects if len(item["fields"]) > 1}
    assert together == {("income", "shoes", "noise", "months_late", "paid")}


def test_a_history_is_left_out_where_the_schema_lets_it(trained: Trained) -> None:
    before, weights = trained.predict("known"), trained.weights
    nothing = np.full(len(before), np.nan)
    hidden, smaller = trained.predict("known", {"months_late": nothing}), trained.predict("new")

    history = trained.validation("known")["stress"]["missing_history"]

    assert history["fields"] == ["months_late", "paid"]
    assert history["may_be_missing"] == ["months_late"]
    assert history["smaller_scorecard"] == "new"
    for effect, after in ((history["left_out"], hidden), (history["smaller"], smaller)):
        mean = np.average(after - before, weights=weights)
        assert effect["mean_change"] == pytest.approx(mean, abs=1e-6)
        flips = np.average((after < 0.2) != (before < 0.2), weights=weights)
        assert effect["labels_changed"]["value"] == pytest.approx(flips, abs=1e-6)
    assert trained.validation("new")["stress"]["missing_history"] is None


# By time


def test_periods_are_those_of_the_test_rows(trained: Trained) -> None:
    test, weights, predicted = trained.rows.test, trained.weights, trained.predict("known")

    periods = trained.validation("known")["periods"]

    firsts = [period["first"] for period in periods]
    assert firsts == sorted(firsts)
    assert sum(period["rows"] for period in periods) == len(test)
    assert test.time is not None
    times = test.time.astype(np.float64)
    for period in periods:
        inside = (times >= float(period["first"])) & (times <= float(period["last"]))
        assert period["rows"] == inside.sum()
        area = metrics.roc_auc_score(
            test.bad[inside], predicted[inside], sample_weight=weights[inside]
        )
        assert period["auc"]["value"] == pytest.approx(area, abs=1e-6)
        # Of 240 rows or so nothing is said of a shift.
        assert period["score"]["verdict"] == "insufficient"


def test_without_times_there_are_no_periods(model: Model) -> None:
    for section in model.card["scorecards"].values():
        assert section["validation"]["periods"] is None


# Recalibration


def test_the_need_of_a_line_is_judged_by_the_rarer_outcome(trained: Trained) -> None:
    """Of 20 % bad, 1 % of error is put up with: 0.05 times 0.2."""
    card = trained.model.scorecards["known"]
    rows = OutOfBag(np.full((1, 10), 0.2), np.array([1, 1] + [0] * 8))

    need = calibration_need(card, rows)

    assert need.bound == pytest.approx(0.01)
    assert need.needed is (card.calibration.error_before > 0.01)
    assert need.applied is (card.calibration.slope != 1)
    assert (need.rows, need.error_after) == (10, card.calibration.error_after)


# In words


def test_the_card_says_it_in_words(trained: Trained) -> None:
    words = (trained.folder / "model_card.md").read_text(encoding="utf-8")
    part = words.partition(". Validation\n")[2].partition("\n## ")[0]

    assert part.count("\n### ") == 2
    titles = ("fit", "psi", "cal", "two", "proxy", "loss", "stress", "time")
    for title in titles:
        assert part.count(f"#### {PAGE_TEXTS['en'][f'val_{title}_title']}") == 2
    assert "Recalibration was needed" in part or "No recalibration was needed" in part
    assert "Leaving a field out does not remove its influence" in part
    assert "If everyone left out the 1 of 2 fields of the history that may be missing" in part
    assert "answered by another scorecard (New customers)" in part
    assert "{" not in part


def test_the_page_has_it_in_short_and_in_full(trained: Trained, language: str) -> None:
    client = create_app(settings_of(trained.folder)).test_client()
    texts, write = PAGE_TEXTS[language], FORMATS[language]

    short = client.get(f"/model?lang={language}&scorecard=known", headers=BROWSER).text
    full = client.get(f"/model?part=validation&lang={language}", headers=BROWSER)

    read_page(short)
    read_page(full.text)
    assert full.headers["Content-Language"] == language
    assert f"/model?lang={language}&amp;part=validation#known" in short
    loss = trained.validation("known")["expected_loss"]["loss"]["value"]
    for page in (short, full.text):
        assert texts["val_proxy_title"] in page
        assert write.figure(loss) in page
        assert "{" not in page.partition(texts["val_title"])[2].partition("</section>")[0]
    for band in trained.validation("known")["band_calibration"]:
        title = texts["val_cal_predicted"]
        cell = f'<td data-title="{title}">{write.share(band["mean_predicted"])}</td>'
        assert cell in full.text
    other_language = next(code for code in LANGUAGES if code != language)
    assert f"/model?lang={other_language}&amp;part=validation" in full.text


@pytest.mark.parametrize("address", ["/model", "/model?part=validation"])
def test_a_card_of_an_earlier_release_shows_nothing_of_it(
    trained: Trained, tmp_path: Path, address: str
) -> None:
    card = json.loads(json.dumps(dict(trained.model.card)))
    for section in card["scorecards"].values():
        del section["validation"]
    artifact.save(replace(trained.model, card=card), tmp_path)
    client = create_app(settings_of(tmp_path)).test_client()

    page = client.get(address, headers=BROWSER)

    assert page.status_code == 200
    assert PAGE_TEXTS["en"]["val_proxy_title"] not in page.text
