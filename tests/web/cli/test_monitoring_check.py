"""`flask monitoring check`, and what Prometheus is told of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from logged import KEY, KEYS, decide_alike
from prometheus_client.parser import text_string_to_metric_families
from service_settings import Build

from creditscore.web.service import NAME


@pytest.fixture
def app_with_key(build: Build, tmp_path: Path) -> Flask:
    return build(api_keys=KEYS, runtime_dir=tmp_path / "run")


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


def test_each_trigger_that_fires_is_a_line_and_a_gauge(app_with_key: Flask) -> None:
    decide_alike(app_with_key.test_client(), 300)

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


def test_verdicts_that_cannot_be_kept_are_an_error(app_with_key: Flask, tmp_path: Path) -> None:
    decide_alike(app_with_key.test_client(), 300)
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
