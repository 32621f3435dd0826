"""`flask monitoring check`, what Prometheus is told of it, and the course over HTTP."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from answers import faults_of, problem_of
from click.testing import Result
from flask import Flask
from pages import BROWSER, read_page
from prometheus_client.parser import text_string_to_metric_families

from creditscore.api_docs.examples import example_applicants
from creditscore.i18n.catalogue import LANGUAGES, PAGE_TEXTS
from creditscore.schema import Schema
from creditscore.web.service import NAME

KEY = {"X-API-Key": "the-key-of-the-check-test"}

Build = Callable[..., Flask]


@pytest.fixture
def app_with_key(build: Build, tmp_path: Path) -> Flask:
    return build(api_keys=tuple(KEY.values()), runtime_dir=tmp_path / "run")


def decide(app: Flask, schema: Schema, *, count: int) -> None:
    """Have the service decide so many times on the same applicant: nothing like training."""
    applicant = dict(next(iter(example_applicants(schema).values())))
    answer = app.test_client().post("/predict", json=[applicant] * count, headers=KEY)
    assert answer.status_code == 200, answer.text


def check(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["monitoring", "check", *arguments])


def gauges(app: Flask) -> dict[tuple[str, str, str], float]:
    text = app.test_client().get("/metrics", headers=KEY).text
    return {
        (
            sample.name,
            sample.labels.get("trigger", ""),
            sample.labels.get("field", ""),
        ): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if family.name.startswith("creditscore_monitoring")
        and sample.labels.get("scorecard") in {None, "application"}
    }


def test_nothing_fires_on_an_empty_log(app_with_key: Flask) -> None:
    assert gauges(app_with_key) == {}

    result = check(app_with_key)

    assert result.exit_code == 0
    assert result.stdout == ""
    assert "0 decisions: too few" in result.stderr
    assert gauges(app_with_key)["creditscore_monitoring_verdict", "", ""] == -1


def test_each_trigger_that_fires_is_a_line_and_a_gauge(app_with_key: Flask, schema: Schema) -> None:
    decide(app_with_key, schema, count=300)

    result = check(app_with_key, "--by", "month")

    assert result.exit_code == 1
    lines = [line.split("\t") for line in result.stdout.splitlines()]
    assert lines[0][:2] == ["application", "fails"]
    assert any(text.startswith("PSI of the score ") for _, _, text in lines)
    assert any(text.startswith("PSI of Age ") for _, _, text in lines)
    values = gauges(app_with_key)
    assert values["creditscore_monitoring_verdict", "", ""] == 2
    assert values["creditscore_monitoring_trigger", "score_psi", ""] == 2
    assert values["creditscore_monitoring_trigger", "field_psi", "AGE"] == 2
    assert values["creditscore_monitoring_trigger", "auc", ""] == -1
    assert values["creditscore_monitoring_check_timestamp_seconds", "", ""] > 1.7e9


@pytest.mark.parametrize(
    "arguments", [("--since", "yesterday"), ("--since", "9999-01-01"), ("--by", "year")]
)
def test_a_wrong_option_is_an_error(app_with_key: Flask, arguments: tuple[str, ...]) -> None:
    assert check(app_with_key, *arguments).exit_code == 2


def test_verdicts_that_cannot_be_kept_are_an_error(
    app_with_key: Flask, schema: Schema, tmp_path: Path
) -> None:
    decide(app_with_key, schema, count=300)
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    svc = app_with_key.extensions[NAME]
    app_with_key.extensions[NAME] = replace(
        svc, settings=replace(svc.settings, runtime_dir=blocked / "run")
    )

    result = check(app_with_key)

    assert result.exit_code == 2
    assert "Error: " in result.stderr


def test_a_crash_is_not_taken_for_a_trigger(app_with_key: Flask) -> None:
    svc = app_with_key.extensions[NAME]
    app_with_key.extensions[NAME] = replace(svc, log=None)

    result = check(app_with_key)
    app_with_key.extensions[NAME] = svc

    assert result.exit_code == 70
    assert "Traceback" in result.stderr
    assert result.stdout == ""


def test_a_damaged_file_is_no_check(app_with_key: Flask, tmp_path: Path) -> None:
    for content in ("{", "[]", "{}"):
        (tmp_path / "run").mkdir(exist_ok=True)
        (tmp_path / "run" / "monitoring-check.json").write_text(content, encoding="utf-8")

        assert gauges(app_with_key) == {}


def test_json_has_the_course_by_the_period_that_is_asked_for(
    app_with_key: Flask, schema: Schema
) -> None:
    decide(app_with_key, schema, count=300)
    client = app_with_key.test_client()

    by_itself = client.get("/monitoring", headers=KEY).get_json()
    by_month = client.get("/monitoring?by=month&format=json", headers=KEY).get_json()

    assert (by_itself["by"], by_month["by"]) == ("day", "month")
    assert by_itself["verdict"] == by_month["verdict"] == "fails"
    (month,) = by_month["scorecards"]["application"]["series"]
    assert month["from"].endswith("-01")
    assert month["decisions"] == 300
    for query in ("by=year", "by=", "format=xml"):
        answer = client.get(f"/monitoring?{query}", headers=KEY)
        assert [pointer for pointer, _ in faults_of(answer, 422)] == [f"/{query.split('=')[0]}"]


@pytest.mark.parametrize(
    ("query", "accept"),
    [("?format=csv", "*/*"), ("?format=csv", BROWSER["Accept"]), ("", "text/csv, */*;q=0.1")],
)
def test_the_course_comes_as_csv(
    app_with_key: Flask, schema: Schema, query: str, accept: str
) -> None:
    decide(app_with_key, schema, count=300)

    answer = app_with_key.test_client().get(
        f"/monitoring{query}", headers={**KEY, "Accept": accept}
    )

    assert answer.status_code == 200
    assert answer.content_type == "text/csv; charset=utf-8"
    assert "Accept" in answer.headers["Vary"]
    assert "monitoring.csv" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    (age,) = [row for row in rows if row["field"] == "AGE" and row["scorecard"] == "application"]
    assert (age["figure"], age["verdict"]) == ("field_psi", "fails")
    assert float(age["value"]) > 0.25


def test_csv_needs_a_key_as_json_does(app_with_key: Flask) -> None:
    client = app_with_key.test_client()
    program, browser = (
        client.get("/monitoring?format=csv", headers=headers)
        for headers in ({"Accept": "text/csv"}, BROWSER)
    )

    problem_of(program, 401)
    # A browser gets the page to sign in.
    assert browser.status_code == 401
    assert 'name="api-key"' in browser.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_shows_verdicts_and_bins_and_draws_no_single_day(
    app_with_key: Flask, schema: Schema, language: str
) -> None:
    decide(app_with_key, schema, count=300)
    client, texts = app_with_key.test_client(), PAGE_TEXTS[language]

    page = client.get(f"/monitoring?lang={language}&by=", headers={**BROWSER, **KEY}).text

    read_page(page)
    assert texts["course_whole_fails"] in page
    assert texts["course_one_day"] in page
    assert texts["drill_part"] in page
    assert "polyline" not in page
    assert "format=csv" in page
    assert '<option value="week"' in page


def test_outcomes_of_one_probability_draw_no_chart_of_one_point(
    app_with_key: Flask, schema: Schema
) -> None:
    decide(app_with_key, schema, count=2)
    client = app_with_key.test_client()
    listed: Any = client.get("/decisions", headers=KEY).json
    for decision in listed["decisions"]:
        address = f"/decisions/{decision['decision_id']}/outcome"
        assert client.post(address, json={"defaulted": False}, headers=KEY).status_code < 300

    page = client.get("/monitoring?lang=en", headers={**BROWSER, **KEY}).text

    assert PAGE_TEXTS["en"]["outcomes_expected"] in page
    assert PAGE_TEXTS["en"]["calibration_title"] not in page
