"""The page at /monitoring as plain HTTP: the course of its figures, and what has too few points."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from logged import KEY, decide_alike, schema_of
from pages import WITH_KEY, read_page

from creditscore.i18n.catalogue import PAGE_TEXTS


def test_the_page_shows_verdicts_and_bins_and_draws_no_single_day(
    guarded: FlaskClient, language: str
) -> None:
    decide_alike(guarded, 300)
    texts = PAGE_TEXTS[language]

    page = guarded.get(f"/monitoring?lang={language}&by=", headers=WITH_KEY).text

    read_page(page)
    assert texts["course_whole_fails"] in page
    assert texts["course_one_day"] in page
    assert texts["drill_part"] in page
    assert "polyline" not in page
    assert "format=csv" in page
    assert '<option value="week"' in page


def test_outcomes_of_one_probability_draw_no_chart_of_one_point(guarded: FlaskClient) -> None:
    decide_alike(guarded, 2)
    listed: Any = guarded.get("/decisions", headers=KEY).json
    for decision in listed["decisions"]:
        address = f"/decisions/{decision['decision_id']}/outcome"
        assert guarded.post(address, json={"defaulted": False}, headers=KEY).status_code < 300

    page = guarded.get("/monitoring?lang=en", headers=WITH_KEY).text

    assert PAGE_TEXTS["en"]["outcomes_expected"] in page
    assert PAGE_TEXTS["en"]["calibration_title"] not in page


def test_a_backtest_of_fewer_outcomes_than_a_trigger_takes_says_so(
    guarded: FlaskClient, language: str
) -> None:
    fewest = schema_of(guarded).triggers.min_outcomes
    decisions = decide_alike(guarded, fewest)
    texts = PAGE_TEXTS[language]

    def page_after(recorded: list[str]) -> str:
        outcomes = [{"decision_id": decision, "defaulted": False} for decision in recorded]
        with guarded.post("/outcomes", json=outcomes, headers=KEY) as answer:
            assert answer.status_code == 200
        return guarded.get(f"/monitoring?lang={language}", headers=WITH_KEY).text

    page_of_fewer, page_of_enough = page_after(decisions[1:]), page_after(decisions[:1])

    caveat = texts["outcomes_few"].format(count=fewest)
    assert caveat in page_of_fewer
    assert caveat not in page_of_enough
    assert texts["outcomes_expected"] in page_of_enough


def test_a_page_without_outcomes_leads_to_where_they_are_recorded(
    guarded: FlaskClient, language: str
) -> None:
    decide_alike(guarded, 2)

    page = guarded.get(f"/monitoring?lang={language}", headers=WITH_KEY)

    link = page.text.partition(PAGE_TEXTS[language]["outcomes_none"])[2]
    assert link.strip().startswith(f'<a href="/outcomes?lang={language}">')
