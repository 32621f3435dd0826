"""Monitoring counts what is in the log: compared with a count by hand, on both databases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from decided import ORIGIN
from drawing import decide_on_rows, number_of
from sklearn.metrics import brier_score_loss, roc_auc_score

from creditscore.decision_log.database import Database
from creditscore.decision_log.log import DecisionLog
from creditscore.decision_log.outcome_batch import StatedOutcome, record_outcomes
from creditscore.decisions.assessor import Decision
from creditscore.monitoring.monitor import monitor_model
from creditscore.monitoring.periods import Window
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import ELIGIBLE, NOT_ELIGIBLE

MILLISECOND = timedelta(milliseconds=1)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BEGIN, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
ALWAYS = Window(BEGIN, END)


@dataclass(frozen=True)
class Logged:
    """Decisions in a log, and what is known of how they ended."""

    log: DecisionLog
    decisions: list[Decision]
    defaulted: dict[str, bool]

    def monitor(self, model: Model, window: Window = ALWAYS) -> Any:
        """Ask for the figures."""
        return monitor_model(self.log.database, model, window)


def decide(model: Model, scorecard: str, *, count: int, day: int = 0) -> list[Decision]:
    """Decide on bundled rows, so many days after the first."""
    return decide_on_rows(model, scorecard, count=count, moment=NOON + timedelta(days=day))


def record(database: Database, decisions: list[Decision], bad: Sequence[bool] = ()) -> Logged:
    """Log decisions, and outcomes of every second one."""
    log = DecisionLog(database, now=lambda: NOON)
    log.record(decisions, ORIGIN)
    defaulted = {
        decision.decision_id: is_bad for decision, is_bad in zip(decisions[::2], bad, strict=False)
    }
    outcomes = [
        StatedOutcome(decision_id, None, defaulted=is_bad)
        for decision_id, is_bad in defaulted.items()
    ]
    record_outcomes(database, outcomes, now=lambda: NOON, key_id=None)
    return Logged(log, decisions, defaulted)


@pytest.fixture
def logged(database: Database, model: Model) -> Logged:
    decisions = decide(model, "application", count=400) + decide(model, "behavioural", count=310)
    decisions += decide(model, "application", count=50, day=2)
    draw = np.random.default_rng(1)
    bad = [bool(draw.random() < decision.probability_of_default) for decision in decisions[::2]]
    return record(database, decisions, bad)


def of_scorecard(logged: Logged, name: str) -> list[Decision]:
    return [decision for decision in logged.decisions if decision.applicant.scorecard == name]


@pytest.mark.parametrize("name", ["application", "behavioural"])
def test_approvals_are_those_of_the_log(logged: Logged, model: Model, name: str) -> None:
    section = logged.monitor(model)["scorecards"][name]

    decisions = of_scorecard(logged, name)
    approved = [decision.label == ELIGIBLE for decision in decisions]
    assert section["decisions"] == len(decisions)
    assert section["approval_rate"]["value"] == pytest.approx(np.mean(approved), abs=1e-6)
    days = Counter(str(decision.decided_at.date()) for decision in decisions)
    assert {row["day"]: row["decisions"] for row in section["approvals_by_day"]} == days
    for group in section["approvals_by_group"]["SEX"]:
        code = {"male": 1, "female": 2}[group["group"]]
        group_approved = [
            decision.label == ELIGIBLE
            for decision in decisions
            if decision.applicant.values["SEX"] == code
        ]
        assert group["decisions"] == len(group_approved)
        assert group["rate"]["value"] == pytest.approx(np.mean(group_approved), abs=1e-6)
        is_conclusive = len(group_approved) >= 200 or group["differs_from_rest"]
        assert group["verdict"] == ("conclusive" if is_conclusive else "inconclusive")
    oldest = section["approvals_by_group"]["AGE"][-1]
    assert oldest["group"] == "62 and over"
    assert oldest["decisions"] == sum(
        number_of(decision.applicant, "AGE") >= 62 for decision in decisions
    )


def test_a_difference_that_a_test_shows_is_told_of_a_small_group(
    database: Database, model: Model
) -> None:
    """Of 161 men 80 approved, of 252 women 165: fewer than 200, but z = 3.2."""
    rows = decide(model, "application", count=700)
    men = [decision for decision in rows if decision.applicant.values["SEX"] == 1][:161]
    women = [decision for decision in rows if decision.applicant.values["SEX"] == 2][:252]
    decisions = [
        decision._replace(label=ELIGIBLE if index < approved else NOT_ELIGIBLE)
        for group, approved in ((men, 80), (women, 165))
        for index, decision in enumerate(group)
    ]

    section = record(database, decisions).monitor(model)["scorecards"]["application"]

    male, female = section["approvals_by_group"]["SEX"]
    assert [male["decisions"], female["decisions"]] == [161, 252]
    assert [male["verdict"], female["verdict"]] == ["conclusive", "conclusive"]
    assert [male["differs_from_rest"], female["differs_from_rest"]] == ["lower", "higher"]


@pytest.mark.parametrize("name", ["application", "behavioural"])
def test_shares_by_bin_are_those_of_the_log(logged: Logged, model: Model, name: str) -> None:
    section = logged.monitor(model)["scorecards"][name]

    decisions = of_scorecard(logged, name)
    training_bins = model.scorecards[name].training_bins
    rows = model.card["data"]["train_rows"]
    assert list(section["fields"]) == list(training_bins.fields)
    for field, bins in training_bins.fields.items():
        bin_codes = [bins.bin_code(decision.applicant.values[field]) for decision in decisions]
        counts = Counter(bins.bin_index(code) for code in bin_codes)
        shift = section["fields"][field]
        assert shift["part"] == "predictor"
        assert shift["rows"] == len(decisions)
        for index, bin_ in enumerate(shift["bins"]):
            assert bin_["live"] == pytest.approx(counts[index] / len(decisions))
            assert bin_["training"] == pytest.approx(bins.counts[index] / rows)
    # These are rows of training, for the most part: no drift.
    assert section["score"]["verdict"] == "little"
    assert section["score"]["significant"] is False


@pytest.mark.parametrize("name", ["application", "behavioural"])
def test_outcomes_are_compared_with_what_was_said(logged: Logged, model: Model, name: str) -> None:
    outcomes = logged.monitor(model)["scorecards"][name]["outcomes"]

    pairs = [
        (decision.probability_of_default, logged.defaulted[decision.decision_id])
        for decision in of_scorecard(logged, name)
        if decision.decision_id in logged.defaulted
    ]
    predicted, observed = zip(*pairs, strict=True)
    assert outcomes["matured"] == len(pairs)
    assert outcomes["defaults"]["observed"] == sum(observed)
    assert outcomes["defaults"]["expected"] == pytest.approx(sum(predicted))
    assert outcomes["auc"] == pytest.approx(roc_auc_score(observed, predicted))
    assert outcomes["brier"] == pytest.approx(brier_score_loss(observed, predicted))
    assert sum(band["decisions"] for band in outcomes["bands"]) == len(pairs)
    assert 5 <= len(outcomes["bands"]) <= 10


def test_overrides_are_counted_on_each_side_of_the_cut_off(logged: Logged, model: Model) -> None:
    decisions = of_scorecard(logged, "application")
    refused = [decision.decision_id for decision in decisions if decision.label != ELIGIBLE]
    approved = [decision.decision_id for decision in decisions if decision.label == ELIGIBLE]
    for decision_id in refused[:3]:
        logged.log.record_override(decision_id, label="eligible", reason="a guarantor")
    logged.log.record_override(approved[-1], label="not_eligible", reason="forged papers")

    scorecards = logged.monitor(model)["scorecards"]

    low, high = (scorecards["application"]["overrides"][side] for side in ("low_side", "high_side"))
    assert (low["overridden"], low["decisions"]) == (3, len(refused))
    assert (high["overridden"], high["decisions"]) == (1, len(approved))
    assert low["rate"]["value"] == pytest.approx(3 / len(refused), abs=1e-6)
    other_overrides = scorecards["behavioural"]["overrides"]
    assert [other_overrides[side]["overridden"] for side in other_overrides] == [0, 0]
    earlier_result = logged.monitor(model, Window(BEGIN, NOON + timedelta(days=2)))
    earlier_overrides = earlier_result["scorecards"]["application"]["overrides"]
    assert earlier_overrides["high_side"]["overridden"] == 0


def test_drift_is_told_where_the_applicants_are_others(database: Database, model: Model) -> None:
    decisions = decide(model, "application", count=4000)
    young = [decision for decision in decisions if number_of(decision.applicant, "AGE") < 30][:400]

    section = record(database, young).monitor(model)["scorecards"]["application"]

    assert len(young) == 400
    assert section["fields"]["AGE"]["verdict"] == "large"
    assert section["fields"]["AGE"]["significant"] is True
    assert section["fields"]["SEX"]["verdict"] != "large"
    assert section["outcomes"] == {
        "matured": 0, "defaults": None, "auc": None, "brier": None, "bands": [],
    }  # fmt: skip


def test_the_window_holds_its_beginning_and_not_its_end(logged: Logged, model: Model) -> None:
    later = NOON + timedelta(days=2)

    only_later = logged.monitor(model, Window(later, later + MILLISECOND))
    only_before = logged.monitor(model, Window(BEGIN, later))

    assert only_later["decisions"] == 50
    assert only_before["decisions"] == 710
    assert logged.monitor(model, Window(later + MILLISECOND, END))["decisions"] == 0


def test_an_empty_log_has_figures_of_nothing(database: Database, model: Model) -> None:
    result = Logged(DecisionLog(database, now=lambda: NOON), [], {}).monitor(model)

    assert result["decisions"] == 0
    assert result["other_versions"] == {}
    for section in result["scorecards"].values():
        assert section["approval_rate"] is None
        assert section["approvals_by_day"] == []
        assert section["score"]["rows"] == 0
        assert all(group["rate"] is None for group in section["approvals_by_group"]["SEX"])


def test_decisions_of_another_version_are_counted_apart(database: Database, model: Model) -> None:
    decisions = decide(model, "application", count=20)
    foreign = [decision._replace(model_version="application-00000000") for decision in decisions]

    result = record(database, foreign).monitor(model)

    assert result["decisions"] == 20
    assert result["other_versions"] == {"application-00000000": 20}
    assert result["scorecards"]["application"]["decisions"] == 0


def test_outcomes_all_alike_have_no_ranking(database: Database, model: Model) -> None:
    decisions = decide(model, "application", count=40)

    outcomes = record(database, decisions, [False] * 20).monitor(model)["scorecards"][
        "application"
    ]["outcomes"]

    assert outcomes["matured"] == 20
    assert outcomes["auc"] is None
    predicted = [decision.probability_of_default for decision in decisions[::2]]
    assert outcomes["brier"] == pytest.approx(np.mean(np.square(predicted)))
