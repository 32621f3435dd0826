"""Monitoring counts what is in the log: compared with a count by hand, on both databases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from drawing import decide_on_rows, number_of
from sklearn.metrics import brier_score_loss, roc_auc_score

from creditscore.decision_log.database import Database
from creditscore.decision_log.idempotency import RequestOrigin
from creditscore.decision_log.log import DecisionLog
from creditscore.decision_log.overrides import Override, record_override
from creditscore.decisions.assessor import Decision
from creditscore.monitoring.monitor import monitor_model
from creditscore.monitoring.periods import Window
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import ELIGIBLE, NOT_ELIGIBLE

MILLISECOND = timedelta(milliseconds=1)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BEGIN, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
ALWAYS = Window(BEGIN, END)
ORIGIN = RequestOrigin(request_id="r-1", key_id=None)


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


def record(database: Database, made: list[Decision], bad: Sequence[bool] = ()) -> Logged:
    """Log decisions, and outcomes of every second one."""
    log = DecisionLog(database, now=lambda: NOON)
    log.record(made, ORIGIN)
    defaulted = {one.decision_id: is_bad for one, is_bad in zip(made[::2], bad, strict=False)}
    for decision_id, is_bad in defaulted.items():
        log.record_outcome(decision_id, defaulted=is_bad, key_id=None)
    return Logged(log, made, defaulted)


@pytest.fixture
def logged(database: Database, model: Model) -> Logged:
    made = decide(model, "application", count=400) + decide(model, "behavioural", count=310)
    made += decide(model, "application", count=50, day=2)
    draw = np.random.default_rng(1)
    bad = [bool(draw.random() < one.probability_of_default) for one in made[::2]]
    return record(database, made, bad)


def of_scorecard(logged: Logged, name: str) -> list[Decision]:
    return [one for one in logged.decisions if one.applicant.scorecard == name]


@pytest.mark.parametrize("name", ["application", "behavioural"])
def test_approvals_are_those_of_the_log(logged: Logged, model: Model, name: str) -> None:
    found = logged.monitor(model)["scorecards"][name]

    mine = of_scorecard(logged, name)
    approved = [one.label == ELIGIBLE for one in mine]
    assert found["decisions"] == len(mine)
    assert found["approval_rate"]["value"] == pytest.approx(np.mean(approved), abs=1e-6)
    days = Counter(str(one.decided_at.date()) for one in mine)
    assert {one["day"]: one["decisions"] for one in found["approvals_by_day"]} == days
    for group in found["approvals_by_group"]["SEX"]:
        code = {"male": 1, "female": 2}[group["group"]]
        inside = [one.label == ELIGIBLE for one in mine if one.applicant.values["SEX"] == code]
        assert group["decisions"] == len(inside)
        assert group["rate"]["value"] == pytest.approx(np.mean(inside), abs=1e-6)
        told = len(inside) >= 200 or group["differs_from_rest"]
        assert group["verdict"] == ("conclusive" if told else "inconclusive")
    old = found["approvals_by_group"]["AGE"][-1]
    assert old["group"] == "62 and over"
    assert old["decisions"] == sum(number_of(one.applicant, "AGE") >= 62 for one in mine)


def test_a_difference_that_a_test_shows_is_told_of_a_small_group(
    database: Database, model: Model
) -> None:
    """Of 161 men 80 approved, of 252 women 165: fewer than 200, but z = 3.2."""
    rows = decide(model, "application", count=700)
    men = [one for one in rows if one.applicant.values["SEX"] == 1][:161]
    women = [one for one in rows if one.applicant.values["SEX"] == 2][:252]
    made = [
        one._replace(label=ELIGIBLE if index < approved else NOT_ELIGIBLE)
        for group, approved in ((men, 80), (women, 165))
        for index, one in enumerate(group)
    ]

    found = record(database, made).monitor(model)["scorecards"]["application"]

    male, female = found["approvals_by_group"]["SEX"]
    assert [male["decisions"], female["decisions"]] == [161, 252]
    assert [male["verdict"], female["verdict"]] == ["conclusive", "conclusive"]
    assert [male["differs_from_rest"], female["differs_from_rest"]] == ["lower", "higher"]


@pytest.mark.parametrize("name", ["application", "behavioural"])
def test_shares_by_bin_are_those_of_the_log(logged: Logged, model: Model, name: str) -> None:
    found = logged.monitor(model)["scorecards"][name]

    mine = of_scorecard(logged, name)
    trained = model.scorecards[name].training_bins
    rows = model.card["data"]["train_rows"]
    assert list(found["fields"]) == list(trained.fields)
    for field, bins in trained.fields.items():
        letters = [bins.bin_code(one.applicant.values[field]) for one in mine]
        counts = Counter(bins.bin_index(letter) for letter in letters)
        told = found["fields"][field]
        assert told["part"] == "predictor"
        assert told["rows"] == len(mine)
        for place, one in enumerate(told["bins"]):
            assert one["live"] == pytest.approx(counts[place] / len(mine))
            assert one["training"] == pytest.approx(bins.counts[place] / rows)
    # These are rows of training, for the most part: no drift.
    assert found["score"]["verdict"] == "little"
    assert found["score"]["significant"] is False


@pytest.mark.parametrize("name", ["application", "behavioural"])
def test_outcomes_are_compared_with_what_was_said(logged: Logged, model: Model, name: str) -> None:
    found = logged.monitor(model)["scorecards"][name]["outcomes"]

    known = [
        (one.probability_of_default, logged.defaulted[one.decision_id])
        for one in of_scorecard(logged, name)
        if one.decision_id in logged.defaulted
    ]
    said, happened = zip(*known, strict=True)
    assert found["matured"] == len(known)
    assert found["defaults"]["observed"] == sum(happened)
    assert found["defaults"]["expected"] == pytest.approx(sum(said))
    assert found["auc"] == pytest.approx(roc_auc_score(happened, said))
    assert found["brier"] == pytest.approx(brier_score_loss(happened, said))
    assert sum(one["decisions"] for one in found["bands"]) == len(known)
    assert 5 <= len(found["bands"]) <= 10


def test_overrides_are_counted_on_each_side_of_the_cut_off(logged: Logged, model: Model) -> None:
    mine = of_scorecard(logged, "application")
    refused = [one.decision_id for one in mine if one.label != ELIGIBLE]
    approved = [one.decision_id for one in mine if one.label == ELIGIBLE]
    for decision_id in refused[:3]:
        override = Override("eligible", "a guarantor", None, NOON, None)
        record_override(logged.log.database, decision_id, override)
    override = Override("not_eligible", "forged papers", None, NOON, None)
    record_override(logged.log.database, approved[-1], override)

    found = logged.monitor(model)["scorecards"]

    low, high = (found["application"]["overrides"][side] for side in ("low_side", "high_side"))
    assert (low["overridden"], low["decisions"]) == (3, len(refused))
    assert (high["overridden"], high["decisions"]) == (1, len(approved))
    assert low["rate"]["value"] == pytest.approx(3 / len(refused), abs=1e-6)
    others = found["behavioural"]["overrides"]
    assert [others[side]["overridden"] for side in others] == [0, 0]
    before = logged.monitor(model, Window(BEGIN, NOON + timedelta(days=2)))
    sides = before["scorecards"]["application"]["overrides"]
    assert sides["high_side"]["overridden"] == 0


def test_drift_is_told_where_the_applicants_are_others(database: Database, model: Model) -> None:
    made = decide(model, "application", count=4000)
    young = [one for one in made if number_of(one.applicant, "AGE") < 30][:400]

    found = record(database, young).monitor(model)["scorecards"]["application"]

    assert len(young) == 400
    assert found["fields"]["AGE"]["verdict"] == "large"
    assert found["fields"]["AGE"]["significant"] is True
    assert found["fields"]["SEX"]["verdict"] != "large"
    assert found["outcomes"] == {
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
    found = Logged(DecisionLog(database, now=lambda: NOON), [], {}).monitor(model)

    assert found["decisions"] == 0
    assert found["other_versions"] == {}
    for one in found["scorecards"].values():
        assert one["approval_rate"] is None
        assert one["approvals_by_day"] == []
        assert one["score"]["rows"] == 0
        assert all(group["rate"] is None for group in one["approvals_by_group"]["SEX"])


def test_decisions_of_another_version_are_counted_apart(database: Database, model: Model) -> None:
    made = decide(model, "application", count=20)
    foreign = [one._replace(model_version="application-00000000") for one in made]

    found = record(database, foreign).monitor(model)

    assert found["decisions"] == 20
    assert found["other_versions"] == {"application-00000000": 20}
    assert found["scorecards"]["application"]["decisions"] == 0


def test_outcomes_all_alike_have_no_ranking(database: Database, model: Model) -> None:
    made = decide(model, "application", count=40)

    found = record(database, made, [False] * 20).monitor(model)["scorecards"]["application"][
        "outcomes"
    ]

    assert found["matured"] == 20
    assert found["auc"] is None
    said = [one.probability_of_default for one in made[::2]]
    assert found["brier"] == pytest.approx(np.mean(np.square(said)))
