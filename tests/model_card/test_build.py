"""The card of the bundled model: every figure computed anew, by others' formulas or by brute force.

The tests of `evaluation`, of baselines and of ablation test how figures are made; this file tests
that the card has them of the right model and rows.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sklearn import metrics
from sklearn.ensemble import HistGradientBoostingClassifier

from creditscore.api_docs.examples import EXAMPLE_TIME
from creditscore.cli import train
from creditscore.decisions.assessor import Assessor
from creditscore.decisions.record import new_decision_ids
from creditscore.evaluation.card import read_card
from creditscore.i18n.catalogue import card_statements
from creditscore.model_card.formats import group_name
from creditscore.model_card.markdown import to_markdown
from creditscore.schema import Schema
from creditscore.schema.reader import load_schema
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import NOT_ELIGIBLE
from creditscore.training import dataset
from creditscore.training.split import Split, split

PROJECT = Path(__file__).resolve().parents[2]
SCORECARDS = ("application", "behavioural")
#: Figures are rounded to six digits.
ROUNDING = 6e-7

Floats = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def model_dir(full_model_dir: Path) -> Path:
    return full_model_dir


@pytest.fixture(scope="module")
def model(full_model: Model) -> Model:
    return full_model


@pytest.fixture(scope="module")
def client(full_app: Flask) -> FlaskClient:
    return full_app.test_client()


@pytest.fixture(scope="module")
def card(model_dir: Path) -> Any:
    return json.loads((model_dir / "model_card.json").read_bytes())


@pytest.fixture(scope="module")
def rows(model: Model) -> Split:
    schema = load_schema(PROJECT / "data" / "schema.toml")
    return split(dataset.load(PROJECT / "data" / "credit.csv", schema), model.manifest["seed"])


@pytest.fixture(scope="module", params=SCORECARDS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def said(model: Model, rows: Split, name: str) -> Floats:
    """What the scorecard says of the held-out rows."""
    scorecard = model.scorecards[name]
    matrix = rows.test.matrix(scorecard.predictors)
    return scorecard.probability_of_default(matrix.astype(np.float32))


def near(expected: float) -> Any:
    return pytest.approx(expected, abs=ROUNDING)


def test_the_card_tells_which_rows_it_is_about(card: Any, rows: Split) -> None:
    data = card["data"]

    assert data["rows"] == 30_000
    assert (data["train_rows"], data["test_rows"]) == (len(rows.train), len(rows.test))
    assert data["test_bads"] == rows.test.bad.sum()
    assert data["published_as"] is None
    assert data["about"].startswith("A synthetic replica of the UCI rows")


def test_performance_is_what_scikit_learn_finds_on_the_held_out_rows(
    card: Any, rows: Split, said: Floats, name: str
) -> None:
    bad = rows.test.bad
    found = card["scorecards"][name]["performance"]["scorecard"]

    false, true, _ = metrics.roc_curve(bad, said)
    auc = metrics.roc_auc_score(bad, said)
    brier = metrics.brier_score_loss(bad, said)
    expected = {
        "auc": auc,
        "gini": 2 * auc - 1,
        "ks": np.abs(true - false).max(),
        "brier": brier,
        "brier_skill": 1 - brier / (bad.mean() * (1 - bad.mean())),
        "log_loss": metrics.log_loss(bad, said),
        "accuracy": metrics.accuracy_score(bad, said >= 0.5),
    }
    for figure, number in expected.items():
        assert found[figure]["value"] == near(number)
    for figure in found.values():
        assert figure["low"] <= figure["value"] <= figure["high"]
        assert figure["low"] < figure["high"]


def test_gradient_boosting_is_measured_on_the_same_rows(
    card: Any, model: Model, rows: Split, said: Floats, name: str
) -> None:
    predictors, bad = model.scorecards[name].predictors, rows.test.bad
    boosting = HistGradientBoostingClassifier(random_state=model.manifest["seed"])
    boosting.fit(rows.train.matrix(predictors), rows.train.bad)
    theirs = boosting.predict_proba(rows.test.matrix(predictors))[:, 1]

    performance = card["scorecards"][name]["performance"]

    auc = metrics.roc_auc_score(bad, theirs)
    # Histograms are added up by several threads here, in another order.
    found = performance["baselines"]["gradient_boosting"]["auc"]["value"]
    assert found == pytest.approx(auc, abs=1e-3)
    lead = performance["difference_to_baseline"]["gradient_boosting"]["auc"]
    assert lead["value"] == near(performance["scorecard"]["auc"]["value"] - found)


def test_the_cutoff_table_is_a_count_of_the_held_out_rows(
    card: Any, model: Model, rows: Split, said: Floats, name: str
) -> None:
    section, bad = card["scorecards"][name], rows.test.bad
    decision = section["decision"]

    assert decision["cutoff"] == model.policy.cutoff == 0.25
    assert decision["cutoff"] in [row["cutoff"] for row in decision["table"]]
    for row in (*decision["table"], *section["curves"]["cutoffs"]):
        approved = said < row["cutoff"]
        cost = 3 * bad[approved].sum() + (1 - bad[~approved]).sum()
        assert row["approval_rate"] == near(approved.mean())
        assert row["cost"] == near(cost / len(bad))
        for key, group in (("bad_rate_approved", approved), ("bad_rate_declined", ~approved)):
            if group.any():
                assert row[key] == near(bad[group].mean())
            else:
                assert row[key] is None


def test_groups_are_counts_of_the_held_out_rows(
    card: Any, rows: Split, said: Floats, name: str, schema: Schema
) -> None:
    compared = card["scorecards"][name]["fairness"]
    approved, bad = said < 0.25, rows.test.bad
    sex, rule = rows.test.columns["SEX"], schema.fields["SEX"].rule

    assert list(compared) == ["SEX", "MARRIAGE", "AGE"]
    for group, code in zip(compared["SEX"]["groups"], (1, 2), strict=True):
        inside = sex == rule.encode(code)
        assert group["rows"] == inside.sum()
        assert group["approval_rate"]["value"] == near(approved[inside].mean())
        assert group["bad_rate_approved"]["value"] == near(bad[inside & approved].mean())
        good = inside & (bad == 0)
        assert group["approval_rate_good"]["value"] == near(approved[good].mean())
    age = rows.test.columns["AGE"]
    old = compared["AGE"]["groups"][-1]
    assert old["group"] == "62 and over"
    assert old["rows"] == (age >= 62).sum()
    assert old["verdict"] == "inconclusive"


def test_reason_frequencies_are_those_of_the_decisions_that_refusals_would_get(
    card: Any, model: Model, rows: Split, said: Floats, name: str
) -> None:
    predictors = model.scorecards[name].predictors
    rules = [model.schema.fields[field].rule for field in predictors]
    matrix = rows.test.matrix(predictors)[said >= 0.25]
    applicants = [
        model.schema.parse(
            {
                field: rule.decode(number)
                for field, rule, number in zip(predictors, rules, row, strict=True)
            }
        )
        for row in matrix.tolist()
    ]
    assessor = Assessor(model, model.policy, lambda: EXAMPLE_TIME, new_decision_ids)

    decisions = assessor.assess_batch(applicants)

    assert {decision.label for decision in decisions} == {NOT_ELIGIBLE}
    given = Counter(reason.code for decision in decisions for reason in decision.reasons)
    first = Counter(decision.reasons[0].code for decision in decisions)
    found = card["scorecards"][name]["explanation"]
    assert found["refusals"] == len(decisions)
    assert {one["code"]: one["given"] for one in found["reasons"]} == given
    assert {one["code"]: one["first"] for one in found["reasons"] if one["first"]} == first
    for one in found["reasons"]:
        assert one["share"]["value"] == near(one["given"] / len(decisions))


def test_importance_is_the_mean_size_of_the_impacts(
    card: Any, model: Model, rows: Split, name: str
) -> None:
    scorecard = model.scorecards[name]
    first = rows.test.matrix(scorecard.predictors)[: card["method"]["importance_rows"]]
    mean = np.abs(scorecard.impacts(first.astype(np.float32))).mean(axis=0)

    found = card["scorecards"][name]["explanation"]["importance"]

    assert [one["field"] for one in found] == [
        scorecard.predictors[place] for place in np.argsort(-mean)
    ]
    for one in found:
        assert one["mean_impact"] == near(mean[scorecard.predictors.index(one["field"])])


@pytest.mark.slow
def test_what_exclusion_costs_is_what_a_training_without_the_fields_finds(
    card: Any, tmp_path: Path
) -> None:
    without = ["SEX", "MARRIAGE", "AGE"]
    assert (
        train.main(["--model-dir", str(tmp_path), "--quick", "--no-plots", "--exclude", *without])
        == 0
    )
    lawful = json.loads((tmp_path / "model_card.json").read_bytes())

    for name, section in card["scorecards"].items():
        other = lawful["scorecards"][name]
        last = section["ablation"][-1]
        assert last["excluded"] == without
        assert last["auc"] == other["performance"]["scorecard"]["auc"]
        assert last["brier"] == other["performance"]["scorecard"]["brier"]
        assert last["approval_rate"] == near(other["decision"]["approval_rate"]["value"])
        for field in without:
            parity = other["fairness"][field]["demographic_parity_ratio"]
            assert last["demographic_parity_ratio"][field] == parity
        assert other["ablation"] == other["ablation"][:1]
        assert other["protected_attribute_effects"] == {}
        assert other["protected_predictors"] == []
    assert lawful["legal"] is None
    assert "Unlawful" not in (tmp_path / "model_card.md").read_text(encoding="utf-8")


# In words

NUMBER = re.compile(r"(?<![\w.])[+-]?\d[\d,]*(?:\.\d+)?%?")


def numbers_of(content: Any) -> list[float]:
    """Gather every number of a JSON document, those in its texts too."""
    if isinstance(content, bool) or content is None:
        return []
    if isinstance(content, int | float):
        return [content]
    if isinstance(content, str):
        return []
    parts = content.values() if isinstance(content, dict) else content
    # How many there are of something is told by its list.
    return [len(content), *(number for part in parts for number in numbers_of(part))]


def texts_of(content: Any) -> list[str]:
    """Gather every text of a JSON document."""
    if isinstance(content, str):
        return [content]
    if isinstance(content, dict):
        return [*content, *(text for part in content.values() for text in texts_of(part))]
    if isinstance(content, list):
        return [text for part in content for text in texts_of(part)]
    return []


def written(number: float) -> set[str]:
    """Write a number in every way that the card does."""
    exact = Decimal(str(number))
    forms = {f"{number:,}", f"{number:g}", f"{number:.4g}", f"{number:,.10g}"}
    for digits in (2, 3, 4):
        rounded = exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP) + 0
        forms |= {f"{rounded}", f"{rounded:+}"}
    in_percent = [(100 * exact).quantize(Decimal(unit), ROUND_HALF_UP) for unit in ("1", "0.1")]
    # Mean impacts and changes are in percentage points; a minus is no part of the number there.
    points = [(100 * exact).quantize(Decimal(unit), ROUND_HALF_UP) for unit in ("0.1", "0.01")]
    forms |= {f"{each:{sign}}" for each in points for sign in ("", "+")} | {f"{abs(points[0])}"}
    return forms | {f"{each:{sign}}%" for each in in_percent for sign in ("", "+")}


def test_every_number_of_the_words_comes_from_the_json(card: Any, model_dir: Path) -> None:
    text = (model_dir / "model_card.md").read_text(encoding="utf-8")
    text = re.sub(r"^(?:#+ [\d.]+|\d+\. \[.*)", "", text, flags=re.MULTILINE)
    # Sentences that are the same for every model, and texts of the JSON, stand as they are.
    texts = {group_name(text) for text in texts_of(card) if len(text) > 3}
    fixed = sorted(texts, key=len, reverse=True)
    for sentence in fixed:
        text = text.replace(sentence, " ")
    allowed = {form for number in numbers_of(card) for form in written(number)}
    # The formula of the cut-off, the accuracy's threshold, what perfection is, and SHA-256.
    allowed |= {"1", "0", "0.5", "256"}

    foreign = [found for found in NUMBER.findall(text) if found.strip(",") not in allowed]

    assert foreign == []
    assert len(NUMBER.findall(text)) > 500


def test_another_number_in_the_json_is_another_number_in_the_words(card: Any) -> None:
    before = to_markdown(read_card(card))
    changed = json.loads(json.dumps(card))
    changed["scorecards"]["application"]["performance"]["scorecard"]["auc"]["value"] = 0.123

    assert "0.123 (" in to_markdown(read_card(changed))
    assert "0.123 (" not in before


def test_the_words_are_those_of_the_json_beside_them(card: Any, model_dir: Path) -> None:
    plots = sorted(path.name for path in (model_dir / "plots").iterdir())

    words = (model_dir / "model_card.md").read_text(encoding="utf-8")

    assert words == to_markdown(read_card(card), plots=plots)
    for plot in plots:
        assert f"](plots/{plot})" in words


def test_the_card_has_all_its_sections_and_no_gap(card: Any, model_dir: Path) -> None:
    words = (model_dir / "model_card.md").read_text(encoding="utf-8")

    titles = re.findall(r"^## \d+\. (.*)$", words, re.MULTILINE)
    assert titles == [
        "Governance", "Intended use", "Out of scope", "Data and lineage",
        "Predictors and monitored attributes", "Performance", "Variables", "Decision",
        "Fairness", "Explanation",
        "Where the model goes the wrong way", "Validation", "Limits",
        "Human oversight and monitoring", "Law", "Versions", "Sign-off",
    ]  # fmt: skip
    for gap in ("TODO", "{", "}", "[]", "n/a"):
        assert gap not in words
    assert not re.search(r"\bnan\b|\bNone\b(?! of )", words)
    for name in card_statements("en"):
        for sentence in card[name]:
            assert f"- {sentence}\n" in words


def test_the_card_says_it_where_a_later_payment_or_a_lower_limit_lowers_the_risk(
    card: Any, model: Model, rows: Split, model_dir: Path
) -> None:
    """Step by step, by brute force: the next value that training saw, past those with a name."""
    scorecard = model.scorecards["behavioural"]
    column = scorecard.predictors.index("LIMIT_BAL")
    matrix = rows.test.matrix(scorecard.predictors).astype(np.float32)
    steps = np.unique(rows.train.columns["LIMIT_BAL"])
    lower = np.searchsorted(steps, matrix[:, column]) - 1
    movable = lower >= 0
    moved = matrix[movable].copy()
    moved[:, column] = steps[lower[movable]]
    own = scorecard.probability_of_default(matrix[movable])
    fall = own - scorecard.probability_of_default(moved)

    found = card["scorecards"]["behavioural"]["sensitivity"]["monotonicity_violations"]

    assert list(found) == ["LIMIT_BAL", "PAY_1", "PAY_2", "PAY_3"]
    assert found["LIMIT_BAL"]["rows"] == movable.sum()
    assert found["LIMIT_BAL"]["lowered"]["value"] == near((fall > 1e-9).mean())
    words = (model_dir / "model_card.md").read_text(encoding="utf-8")
    assert words.count("should raise the risk, but **lowers** the probability of default") == 4


# The service


def test_the_service_shows_the_card(client: Any, card: Any, schema: Schema) -> None:
    shown = client.get("/model").get_json()

    assert shown == card


def test_the_card_is_shown_in_indonesian_where_it_is_words(client: Any, card: Any) -> None:
    shown = client.get("/model", headers={"Accept-Language": "id"}).get_json()

    for name, statements in card_statements("id").items():
        assert shown[name] == statements
    assert shown["data"]["about"] != card["data"]["about"]
    assert shown["legal"] != card["legal"]
    for name, section in shown["scorecards"].items():
        assert section["title"] != card["scorecards"][name]["title"]
        assert section["performance"] == card["scorecards"][name]["performance"]
