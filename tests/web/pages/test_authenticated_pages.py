"""The pages that need a key, /monitoring and a decision's own, as plain HTTP."""

from __future__ import annotations

import re
from typing import Any

import pytest
from answers import Body, problem_of
from flask.testing import FlaskClient
from logged import KEY
from pages import BROWSER, WITH_KEY, read_page, shown
from service_settings import Build

from creditscore.i18n.catalogue import PAGE_TEXTS


@pytest.fixture
def decision_id(decided: Body) -> str:
    return str(decided["decision_id"])


def inputs_in(text: str) -> bool:
    return "model_version" in text or 'class="chart"' in text or 'class="figures"' in text


def test_without_a_key_a_browser_is_asked_to_sign_in_and_shown_nothing(
    guarded: FlaskClient, decision_id: str, language: str
) -> None:
    for path in ("/monitoring", f"/decisions/{decision_id}"):
        page = guarded.get(f"{path}?lang={language}", headers=BROWSER)

        assert (page.status_code, page.content_type) == (401, "text/html; charset=utf-8")
        assert page.headers["Content-Language"] == language
        assert "Accept" in page.headers["Vary"]
        assert PAGE_TEXTS[language]["sign_in_lead"] in page.text
        assert f'name="next" value="{path}?lang={language}"' in page.text
        assert not inputs_in(page.text)


def test_who_has_not_signed_in_learns_of_no_decision_whether_it_is_there(
    guarded: FlaskClient, decision_id: str
) -> None:
    other_id = decision_id[:-1] + ("0" if decision_id[-1] != "0" else "1")

    existing_text = guarded.get(f"/decisions/{decision_id}", headers=BROWSER).text
    missing_text = guarded.get(f"/decisions/{other_id}", headers=BROWSER).text

    assert existing_text.replace(decision_id, "") == missing_text.replace(other_id, "")


def test_with_a_key_the_decision_stands_on_its_page(
    guarded: FlaskClient, decision_id: str, language: str
) -> None:
    logged = guarded.get(f"/decisions/{decision_id}", headers=KEY).get_json()

    page = guarded.get(f"/decisions/{decision_id}?lang={language}", headers=WITH_KEY)

    assert page.status_code == 200
    assert f'data-label="{logged["label"]}"' in page.text
    assert shown(page.text, "score") == str(logged["score"])
    assert shown(page.text, "decision-id") == decision_id
    assert shown(page.text, "outcome") == PAGE_TEXTS[language]["outcome_unknown"]
    assert KEY["X-API-Key"] not in page.text
    outcome = {"defaulted": True}
    guarded.post(f"/decisions/{decision_id}/outcome", json=outcome, headers=KEY)
    page = guarded.get(f"/decisions/{decision_id}?lang=en", headers=WITH_KEY)
    outcome_in_words = shown(page.text, "outcome")
    assert outcome_in_words.startswith("Bad: ")
    assert outcome_in_words.endswith(" Missed the next month&#39;s payment")


def test_a_decision_that_is_not_there_is_a_page_for_a_browser_and_a_problem_for_others(
    guarded: FlaskClient, language: str
) -> None:
    nobody = f"/decisions/019b7c8a-0000-7000-8000-000000000001?lang={language}"

    page = guarded.get(nobody, headers=WITH_KEY)

    assert page.status_code == 404
    read_page(page.text)
    problem = problem_of(guarded.get(nobody, headers=KEY), 404)
    assert shown(page.text, "refusal").lower() == f"{problem['detail']}."


def test_monitoring_shows_days_verdicts_and_outcomes(
    guarded: FlaskClient, decision_id: str, language: str
) -> None:
    texts = PAGE_TEXTS[language]
    none = guarded.get(
        f"/monitoring?days=7&until=2020-01-01&lang={language}", headers=WITH_KEY
    ).text
    empty = guarded.get(f"/monitoring?lang={language}", headers=WITH_KEY).text
    outcome: dict[str, Any] = {"defaulted": False}
    guarded.post(f"/decisions/{decision_id}/outcome", json=outcome, headers=KEY)
    full = guarded.get(f"/monitoring?lang={language}", headers=WITH_KEY).text

    assert texts["watch_none"] in none
    assert texts["outcomes_none"] in empty
    assert texts["verdict_insufficient"] in full
    assert texts["watch_by_day"] in full
    # One outcome is one point, and a point is no chart.
    assert texts["calibration_title"] not in full
    assert texts["outcomes_auc_none"] in full
    for page in (empty, full):
        read_page(page)
        assert not re.search(r"\d\s+%", page)
        assert len(re.findall(r'<time datetime="[^"]+Z" title="[0-9: -]+ UTC">', page)) == 2


def test_a_wrong_window_is_refused_and_a_stray_parameter_too(guarded: FlaskClient) -> None:
    for query in ("days=0", "days=x", "nonsense=1"):
        problem = problem_of(guarded.get(f"/monitoring?{query}", headers=KEY), 422)
        page = guarded.get(f"/monitoring?{query}", headers=WITH_KEY)
        assert page.status_code == 422
        name = problem["errors"][0]["detail"].partition(" ")[0]
        assert f"<li>{name} " in page.text
    problem_of(guarded.get("/monitoring?lang=en", headers=KEY), 422)


def test_where_there_is_no_key_at_all_the_page_says_how_to_make_one(
    build: Build,
) -> None:
    for path in ("/monitoring?lang=en", "/sign-in?lang=en"):
        page = build().test_client().get(path, headers=BROWSER)

        assert "keys new --name" in shown(page.text, "no-key-yet")


@pytest.mark.parametrize(
    ("verdict", "differs", "key"),
    [
        ("conclusive", "lower", "fair_lower"),
        ("conclusive", "higher", "fair_higher"),
        ("inconclusive", None, "fair_few"),
        ("conclusive", None, None),
    ],
)
def test_a_page_says_too_few_only_where_no_test_shows_a_difference(
    guarded: FlaskClient, language: str, verdict: str, differs: str | None, key: str | None
) -> None:
    texts = PAGE_TEXTS[language]
    plots: Any = guarded.application.jinja_env.get_template("plots.html").module

    text = plots.compared({"verdict": verdict, "differs_from_rest": differs}, texts)

    assert text.strip() == (f", {texts[key]}" if key else "")
