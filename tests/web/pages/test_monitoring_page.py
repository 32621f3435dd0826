"""The page at /monitoring as plain HTTP: the course of its figures, and what has too few points."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from logged import KEY, decide_alike
from pages import BROWSER, read_page

from creditscore.i18n.catalogue import LANGUAGES, PAGE_TEXTS
from creditscore.web.service import NAME


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_shows_verdicts_and_bins_and_draws_no_single_day(
    guarded_app: Flask, language: str
) -> None:
    decide_alike(guarded_app, 300)
    client, texts = guarded_app.test_client(), PAGE_TEXTS[language]

    page = client.get(f"/monitoring?lang={language}&by=", headers={**BROWSER, **KEY}).text

    read_page(page)
    assert texts["course_whole_fails"] in page
    assert texts["course_one_day"] in page
    assert texts["drill_part"] in page
    assert "polyline" not in page
    assert "format=csv" in page
    assert '<option value="week"' in page


def test_outcomes_of_one_probability_draw_no_chart_of_one_point(guarded_app: Flask) -> None:
    decide_alike(guarded_app, 2)
    client = guarded_app.test_client()
    listed: Any = client.get("/decisions", headers=KEY).json
    for decision in listed["decisions"]:
        address = f"/decisions/{decision['decision_id']}/outcome"
        assert client.post(address, json={"defaulted": False}, headers=KEY).status_code < 300

    page = client.get("/monitoring?lang=en", headers={**BROWSER, **KEY}).text

    assert PAGE_TEXTS["en"]["outcomes_expected"] in page
    assert PAGE_TEXTS["en"]["calibration_title"] not in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_backtest_of_fewer_outcomes_than_a_trigger_takes_says_so(
    guarded_app: Flask, language: str
) -> None:
    fewest = guarded_app.extensions[NAME].assessor.model.schema.triggers.min_outcomes
    decisions = decide_alike(guarded_app, fewest)
    client, texts = guarded_app.test_client(), PAGE_TEXTS[language]

    def page_after(recorded: list[str]) -> str:
        outcomes = [{"decision_id": decision, "defaulted": False} for decision in recorded]
        with client.post("/outcomes", json=outcomes, headers=KEY) as answer:
            assert answer.status_code == 200
        return client.get(f"/monitoring?lang={language}", headers={**BROWSER, **KEY}).text

    page_of_fewer, page_of_enough = page_after(decisions[1:]), page_after(decisions[:1])

    caveat = texts["outcomes_few"].format(count=fewest)
    assert caveat in page_of_fewer
    assert caveat not in page_of_enough
    assert texts["outcomes_expected"] in page_of_enough


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_without_outcomes_leads_to_where_they_are_recorded(
    guarded_app: Flask, language: str
) -> None:
    decide_alike(guarded_app, 2)

    page = guarded_app.test_client().get(f"/monitoring?lang={language}", headers={**BROWSER, **KEY})

    link = page.text.partition(PAGE_TEXTS[language]["outcomes_none"])[2]
    assert link.strip().startswith(f'<a href="/outcomes?lang={language}">')
