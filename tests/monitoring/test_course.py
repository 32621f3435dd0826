"""Figures over time and the triggers they are held against, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from drawing import decide_on_rows, number_of
from sklearn.metrics import roc_auc_score

from creditscore.decision_log.database import Database
from creditscore.decision_log.log import DecisionLog
from creditscore.decision_log.outcome_batch import StatedOutcome, record_outcomes
from creditscore.decisions.assessor import Decision
from creditscore.decisions.record import RequestOrigin
from creditscore.monitoring.course_csv import COLUMNS, course_csv
from creditscore.monitoring.monitor import monitor_model
from creditscore.monitoring.periods import Window
from creditscore.monitoring.trigger_texts import describe_trigger
from creditscore.schema.triggers import Triggers
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import ELIGIBLE

#: A Monday.
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
ALWAYS = Window(datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def decide(model: Model, *, count: int, day: int) -> list[Decision]:
    """Decide with the application scorecard on bundled rows, on a day after the Monday."""
    moment = MONDAY + timedelta(days=day)
    return decide_on_rows(model, "application", count=count, moment=moment)


def young(decisions: list[Decision], count: int) -> list[Decision]:
    return [decision for decision in decisions if number_of(decision.applicant, "AGE") < 30][:count]


def log(database: Database, *batches: list[Decision]) -> DecisionLog:
    decision_log = DecisionLog(database, now=lambda: MONDAY)
    for batch in batches:
        decision_log.record(batch, RequestOrigin(request_id="r-1", key_id=None))
    return decision_log


def of_application(result: Any) -> Any:
    return result["scorecards"]["application"]


def test_each_week_has_figures_and_one_of_few_decisions_none(
    database: Database, model: Model
) -> None:
    first_batch, small_batch = decide(model, count=400, day=0), decide(model, count=299, day=14)
    last_batch = young(decide(model, count=4000, day=21), 400)
    log(database, first_batch, small_batch, last_batch)

    result = monitor_model(database, model, ALWAYS)

    assert result["by"] == "week"
    weeks = of_application(result)["series"]
    assert [week["from"] for week in weeks] == ["2026-03-02", "2026-03-16", "2026-03-23"]
    assert [week["to"] for week in weeks] == ["2026-03-08", "2026-03-22", "2026-03-29"]
    assert [week["decisions"] for week in weeks] == [400, 299, 400]
    for week, batch in zip(weeks, (first_batch, small_batch, last_batch), strict=True):
        approval_rate = week["approval_rate"]["value"]
        if batch is small_batch:
            assert approval_rate is None
            assert {figure["verdict"] for figure in week["fields"].values()} == {"too_few"}
        else:
            assert approval_rate == pytest.approx(
                np.mean([figure.label == ELIGIBLE for figure in batch])
            )
    assert weeks[0]["fields"]["AGE"]["verdict"] == "ok"
    assert weeks[2]["fields"]["AGE"]["verdict"] == "fails"


def test_a_shift_of_the_last_week_fires_though_the_whole_is_far_from_it(
    database: Database, model: Model
) -> None:
    log(database, decide(model, count=3000, day=0), young(decide(model, count=4000, day=20), 400))

    result = monitor_model(database, model, ALWAYS)

    assert result["verdict"] == of_application(result)["verdict"] == "fails"
    age = next(
        trigger for trigger in of_application(result)["triggers"] if trigger["field"] == "AGE"
    )
    assert age["verdict"] == "fails"
    assert age["period"] == "2026-03-16"
    assert age["limit"] == 0.25
    assert of_application(result)["fields"]["AGE"]["psi"] < 0.25 < age["value"]
    assert {"scorecard": "application", **age} in result["reasons"]
    assert all(trigger["verdict"] in {"notice", "fails"} for trigger in result["reasons"])
    text = describe_trigger(age, model.schema)
    assert text["en"].startswith("PSI of Age ")
    assert text["en"].endswith("(limit 0.25), in the period from March 16, 2026")


def test_the_limits_are_those_of_the_schema_file(database: Database, model: Model) -> None:
    log(database, decide(model, count=100, day=0))
    triggers = Triggers(field_psi=1e-9, field_psi_notice=1e-9, min_decisions=100)
    governance = replace(model.schema.governance, triggers=triggers)
    stricter_model = replace(model, schema=replace(model.schema, governance=governance))

    result = of_application(monitor_model(database, model, ALWAYS))
    stricter_result = of_application(monitor_model(database, stricter_model, ALWAYS))

    assert result["verdict"] == "too_few"
    assert result["fields"]["AGE"]["psi"] is None
    # Beyond the limit, but no more than chance: these are rows of training.
    fields = [
        trigger for trigger in stricter_result["triggers"] if trigger["trigger"] == "field_psi"
    ]
    assert {trigger["verdict"] for trigger in fields} == {"notice"}
    assert stricter_result["fields"]["AGE"]["psi"] == pytest.approx(
        sum(bin_["contribution"] for bin_ in stricter_result["fields"]["AGE"]["bins"])
    )


def test_outcomes_are_followed_over_time(database: Database, model: Model) -> None:
    batches = [decide(model, count=320, day=day) for day in (0, 1)]
    log(database, *batches)
    draw = np.random.default_rng(3)
    bad = {decision.decision_id: bool(draw.random() < 0.8) for decision in batches[1]}
    outcomes = [StatedOutcome(decision_id, None, bad[decision_id]) for decision_id in bad]
    record_outcomes(database, outcomes, now=lambda: MONDAY, key_id=None)

    section = of_application(monitor_model(database, model, ALWAYS, by="day"))

    first_day, second_day = section["series"]
    assert first_day["defaults"] is None
    assert first_day["auc"] == {"value": None, "verdict": "too_few"}
    predicted = [decision.probability_of_default for decision in batches[1]]
    observed = [bad[decision.decision_id] for decision in batches[1]]
    assert second_day["matured"] == 320
    assert second_day["defaults"]["expected"] == pytest.approx(sum(predicted))
    assert second_day["defaults"]["observed"] == sum(observed)
    assert second_day["auc"]["value"] == pytest.approx(roc_auc_score(observed, predicted))
    # Four of five defaulted, of whom about one in five was expected to.
    assert second_day["calibration"]["value"] == pytest.approx(sum(observed) / sum(predicted))
    assert second_day["calibration"]["verdict"] == "fails"


def test_another_cutoff_is_compared_with_the_card_at_that_cutoff(
    database: Database, model: Model
) -> None:
    log(database, decide(model, count=400, day=0))
    rows = model.card["scorecards"]["application"]["curves"]["cutoffs"]

    section = of_application(monitor_model(database, model, ALWAYS, cutoff=0.1))

    trigger = next(
        trigger for trigger in section["triggers"] if trigger["trigger"] == "approval_rate"
    )
    assert trigger["reference"] == pytest.approx(rows[9]["approval_rate"])
    assert trigger["verdict"] == "fails"


def test_csv_has_a_line_for_each_figure_of_each_period(database: Database, model: Model) -> None:
    log(database, decide(model, count=400, day=0), decide(model, count=20, day=1))

    result = monitor_model(database, model, ALWAYS)
    lines = [line.split(",") for line in course_csv(result).splitlines()]

    assert tuple(lines[0]) == COLUMNS
    fields = len(of_application(result)["fields"])
    assert len(lines) == 1 + 2 * (8 + fields)
    week = [dict(zip(COLUMNS, line, strict=True)) for line in lines[1:]]
    score = [line for line in week if line["figure"] == "score_psi"]
    assert float(score[0]["value"]) == of_application(result)["series"][0]["score_psi"]["value"]
    assert (score[0]["verdict"], score[1]["verdict"]) == ("ok", "too_few")
    assert score[1]["value"] == ""


def test_an_empty_log_has_no_course_and_no_verdict(database: Database, model: Model) -> None:
    result = monitor_model(database, model, ALWAYS)

    assert result["verdict"] == "too_few"
    assert result["reasons"] == []
    assert of_application(result)["series"] == []
