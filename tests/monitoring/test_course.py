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
from creditscore.decision_log.idempotency import RequestOrigin
from creditscore.decision_log.log import DecisionLog
from creditscore.decisions.assessor import Decision
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


def young(made: list[Decision], count: int) -> list[Decision]:
    return [one for one in made if number_of(one.applicant, "AGE") < 30][:count]


def log(database: Database, *made: list[Decision]) -> DecisionLog:
    kept = DecisionLog(database, now=lambda: MONDAY)
    for some in made:
        kept.record(some, RequestOrigin(request_id="r-1", key_id=None))
    return kept


def of_application(found: Any) -> Any:
    return found["scorecards"]["application"]


def test_each_week_has_figures_and_one_of_few_decisions_none(
    database: Database, model: Model
) -> None:
    first, few = decide(model, count=400, day=0), decide(model, count=299, day=14)
    last = young(decide(model, count=4000, day=21), 400)
    log(database, first, few, last)

    found = monitor_model(database, model, ALWAYS)

    assert found["by"] == "week"
    weeks = of_application(found)["series"]
    assert [week["from"] for week in weeks] == ["2026-03-02", "2026-03-16", "2026-03-23"]
    assert [week["to"] for week in weeks] == ["2026-03-08", "2026-03-22", "2026-03-29"]
    assert [week["decisions"] for week in weeks] == [400, 299, 400]
    for week, made in zip(weeks, (first, few, last), strict=True):
        told = week["approval_rate"]["value"]
        if made is few:
            assert told is None
            assert {one["verdict"] for one in week["fields"].values()} == {"too_few"}
        else:
            assert told == pytest.approx(np.mean([one.label == ELIGIBLE for one in made]))
    assert weeks[0]["fields"]["AGE"]["verdict"] == "ok"
    assert weeks[2]["fields"]["AGE"]["verdict"] == "fails"


def test_a_shift_of_the_last_week_fires_though_the_whole_is_far_from_it(
    database: Database, model: Model
) -> None:
    log(database, decide(model, count=3000, day=0), young(decide(model, count=4000, day=20), 400))

    found = monitor_model(database, model, ALWAYS)

    assert found["verdict"] == of_application(found)["verdict"] == "fails"
    age = next(one for one in of_application(found)["triggers"] if one["field"] == "AGE")
    assert age["verdict"] == "fails"
    assert age["period"] == "2026-03-16"
    assert age["limit"] == 0.25
    assert of_application(found)["fields"]["AGE"]["psi"] < 0.25 < age["value"]
    assert {"scorecard": "application", **age} in found["reasons"]
    assert all(one["verdict"] in {"notice", "fails"} for one in found["reasons"])
    text = describe_trigger(age, model.schema)
    assert text["en"].startswith("PSI of Age ")
    assert text["en"].endswith("(limit 0.25), in the period from March 16, 2026")


def test_the_limits_are_those_of_the_schema_file(database: Database, model: Model) -> None:
    log(database, decide(model, count=100, day=0))
    strict = Triggers(field_psi=1e-9, field_psi_notice=1e-9, min_decisions=100)
    declared = replace(model.schema.governance, triggers=strict)
    stricter = replace(model, schema=replace(model.schema, governance=declared))

    usual = of_application(monitor_model(database, model, ALWAYS))
    told = of_application(monitor_model(database, stricter, ALWAYS))

    assert usual["verdict"] == "too_few"
    assert usual["fields"]["AGE"]["psi"] is None
    # Beyond the limit, but no more than chance: these are rows of training.
    fields = [one for one in told["triggers"] if one["trigger"] == "field_psi"]
    assert {one["verdict"] for one in fields} == {"notice"}
    assert told["fields"]["AGE"]["psi"] == pytest.approx(
        sum(one["contribution"] for one in told["fields"]["AGE"]["bins"])
    )


def test_outcomes_are_followed_over_time(database: Database, model: Model) -> None:
    made = [decide(model, count=320, day=day) for day in (0, 1)]
    kept = log(database, *made)
    draw = np.random.default_rng(3)
    bad = {one.decision_id: bool(draw.random() < 0.8) for one in made[1]}
    for decision_id, defaulted in bad.items():
        kept.record_outcome(decision_id, defaulted=defaulted, key_id=None)

    found = of_application(monitor_model(database, model, ALWAYS, by="day"))

    before, after = found["series"]
    assert before["defaults"] is None
    assert before["auc"] == {"value": None, "verdict": "too_few"}
    said = [one.probability_of_default for one in made[1]]
    happened = [bad[one.decision_id] for one in made[1]]
    assert after["matured"] == 320
    assert after["defaults"]["expected"] == pytest.approx(sum(said))
    assert after["defaults"]["observed"] == sum(happened)
    assert after["auc"]["value"] == pytest.approx(roc_auc_score(happened, said))
    # Four of five defaulted, of whom about one in five was expected to.
    assert after["calibration"]["value"] == pytest.approx(sum(happened) / sum(said))
    assert after["calibration"]["verdict"] == "fails"


def test_another_cutoff_is_compared_with_the_card_at_that_cutoff(
    database: Database, model: Model
) -> None:
    log(database, decide(model, count=400, day=0))
    rows = model.card["scorecards"]["application"]["curves"]["cutoffs"]

    found = of_application(monitor_model(database, model, ALWAYS, cutoff=0.1))

    told = next(one for one in found["triggers"] if one["trigger"] == "approval_rate")
    assert told["reference"] == pytest.approx(rows[9]["approval_rate"])
    assert told["verdict"] == "fails"


def test_csv_has_a_line_for_each_figure_of_each_period(database: Database, model: Model) -> None:
    log(database, decide(model, count=400, day=0), decide(model, count=20, day=1))

    found = monitor_model(database, model, ALWAYS)
    lines = [line.split(",") for line in course_csv(found).splitlines()]

    assert tuple(lines[0]) == COLUMNS
    fields = len(of_application(found)["fields"])
    assert len(lines) == 1 + 2 * (8 + fields)
    week = [dict(zip(COLUMNS, line, strict=True)) for line in lines[1:]]
    score = [one for one in week if one["figure"] == "score_psi"]
    assert float(score[0]["value"]) == of_application(found)["series"][0]["score_psi"]["value"]
    assert (score[0]["verdict"], score[1]["verdict"]) == ("ok", "too_few")
    assert score[1]["value"] == ""


def test_an_empty_log_has_no_course_and_no_verdict(database: Database, model: Model) -> None:
    found = monitor_model(database, model, ALWAYS)

    assert found["verdict"] == "too_few"
    assert found["reasons"] == []
    assert of_application(found)["series"] == []
