"""The page of all decisions, and the form for the outcome of one, as plain HTTP."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from answers import Body
from flask.testing import FlaskClient
from logged import KEY, decide_for, other_label, schema_of
from markupsafe import escape
from pages import BROWSER, WITH_KEY, link, read_page, shown
from werkzeug.test import TestResponse

from creditscore.decision_log.log import PAGE_SIZE
from creditscore.i18n.catalogue import PAGE_TEXTS
from creditscore.i18n.number_format import FORMATS
from creditscore.scorecard.policy import ELIGIBLE, NOT_ELIGIBLE


def page_of(client: FlaskClient, query: str = "", *, status: int = 200) -> str:
    answer = client.get(f"/decisions?{query}", headers=WITH_KEY)
    assert answer.status_code == status, answer.text
    assert answer.content_type == "text/html; charset=utf-8"
    assert {"Accept", "Accept-Language"} <= set(answer.vary)
    read_page(answer.text)
    return answer.text


def ids_on(text: str) -> list[str]:
    """Give the ids of the decisions in the table, in its order."""
    _, _, body = text.partition("<tbody>")
    return re.findall(r"<code>([0-9a-f-]{36})</code>", body)


def test_the_table_shows_each_decision_in_the_language_of_the_page(
    guarded: FlaskClient, language: str
) -> None:
    texts, write = PAGE_TEXTS[language], FORMATS[language]
    decisions = decide_for(guarded, ["A-17", None])
    outcome = f"/decisions/{decisions[0]['decision_id']}/outcome"
    guarded.post(outcome, json={"defaulted": True}, headers=KEY)

    text = page_of(guarded, f"lang={language}")

    assert f'<html lang="{language}">' in text
    assert ids_on(text) == [decision["decision_id"] for decision in decisions[::-1]]
    for decision in decisions:
        assert f"/decisions/{decision['decision_id']}?lang={language}" in text
        assert f'<time datetime="{decision["decided_at"]}"' in text
        assert write.share(decision["probability_of_default"]) in text
        assert texts[decision["label"]] in text
    newest, older = text.partition("<tbody>")[2].split("</tr>")[:2]
    assert ">A-17<" in older
    assert f">{texts['list_bad']}<" in older
    assert f">{texts['list_enter']}<" in newest
    assert "#outcome-title" in newest
    assert "#outcome-title" not in older


def test_an_overridden_decision_has_the_final_label_beside_the_models(
    guarded: FlaskClient, language: str
) -> None:
    texts = PAGE_TEXTS[language]
    overridden, _ = decide_for(guarded, ["A-17", None])
    final_label = other_label(overridden)
    body = {"label": final_label, "reason": "a guarantor"}
    path = f"/decisions/{overridden['decision_id']}/override"
    assert guarded.post(path, json=body, headers=KEY).status_code == 200

    newest, older = page_of(guarded, f"lang={language}").partition("<tbody>")[2].split("</tr>")[:2]

    assert f">{texts[overridden['label']]}<" in older
    assert f">{texts[f'list_overridden_{final_label}']}<" in older
    for label in (ELIGIBLE, NOT_ELIGIBLE):
        assert texts[f"list_overridden_{label}"] not in newest


def test_an_empty_log_and_a_search_without_a_find_say_what_to_do(
    guarded: FlaskClient, language: str
) -> None:
    texts = PAGE_TEXTS[language]
    empty = page_of(guarded, f"lang={language}")
    decide_for(guarded, ["A-17"])
    none = page_of(guarded, f"lang={language}&search=a-17")

    assert texts["list_empty"] in empty
    assert texts["list_decide"] in empty
    assert html.escape(texts["list_none"]) in none
    assert 'value="a-17"' in none
    for text in (empty, none):
        assert "<table" not in text
        assert "format=csv" not in text


def test_a_form_without_values_is_no_filter_and_its_values_come_back(guarded: FlaskClient) -> None:
    decisions = decide_for(guarded, ["A-17", "A-18"])
    nothing = "lang=en&zone=&search=&label=&scorecard=&outcome=&from=&to="

    text = page_of(guarded, nothing)
    filtered = page_of(guarded, "search=A-17&label=not_eligible&outcome=missing&from=2020-01-31")

    assert ids_on(text) == [decision["decision_id"] for decision in decisions[::-1]]
    assert PAGE_TEXTS["en"]["list_clear"] not in text
    assert ids_on(filtered) == [decisions[0]["decision_id"]]
    assert 'value="A-17"' in filtered
    assert 'value="2020-01-31"' in filtered
    for value in ("not_eligible", "missing"):
        assert f'<option value="{value}" selected>' in filtered


def test_an_odd_reference_is_found_and_shown_as_it_is(guarded: FlaskClient) -> None:
    odd = ["100%", "A_17", "O'Brien & Söhne", '<b>"x"</b>', "漢字+é", "a?b=c&d#e"]
    for reference, decision in zip(odd, decide_for(guarded, odd), strict=True):
        answer = guarded.get("/decisions", query_string={"search": reference}, headers=WITH_KEY)

        assert ids_on(answer.text) == [decision["decision_id"]], reference
        assert str(escape(reference)) in answer.text
        table = guarded.get(
            html.unescape(link(answer.text, download="decisions.csv")), headers=WITH_KEY
        ).text
        assert decision["decision_id"] in table
        assert len(table.splitlines()) == 2
        translation = guarded.get(link(answer.text, lang="id"), headers=WITH_KEY)
        assert ids_on(translation.text) == [decision["decision_id"]]
        assert translation.headers["Content-Language"] == "id"


def test_pages_follow_each_other_without_gaps_and_doubles_while_others_arrive(
    guarded: FlaskClient,
) -> None:
    decisions = decide_for(guarded, ["A-17"] * (2 * PAGE_SIZE + 3))

    text = page_of(guarded, "lang=en&search=A-17")
    listed = ids_on(text)
    sizes = [len(listed)]
    while 'id="older"' in text:
        decide_for(guarded, ["A-17"])
        text = guarded.get(link(text, id="older"), headers=WITH_KEY).text
        listed += ids_on(text)
        sizes.append(len(ids_on(text)))

    assert listed == [decision["decision_id"] for decision in decisions[::-1]]
    assert sizes == [PAGE_SIZE, PAGE_SIZE, 3]
    first = guarded.get(link(text, id="first"), headers=WITH_KEY).text
    assert len(ids_on(first)) == PAGE_SIZE
    assert 'id="first"' not in first
    # All of them, from whichever page.
    table = guarded.get(link(text, download="decisions.csv"), headers=WITH_KEY).text
    assert len(table.splitlines()) == 1 + len(decisions) + 2


def test_days_are_whole_and_of_the_zone_of_the_reader(guarded: FlaskClient) -> None:
    (decision,) = decide_for(guarded, ["A-17"])
    at = datetime.fromisoformat(decision["decided_at"])

    def is_there(first_day: str, last_day: str, zone: str = "") -> bool:
        query = {"from": first_day, "to": last_day, "zone": zone}
        answer = guarded.get("/decisions", query_string=query, headers=WITH_KEY)
        assert answer.status_code == 200, answer.text
        is_listed = ids_on(answer.text) == [decision["decision_id"]]
        if is_listed:
            table = guarded.get(link(answer.text, download="decisions.csv"), headers=WITH_KEY).text
            assert decision["decision_id"] in table
        return is_listed

    for zone, hours in (("", 0), ("+07:00", 7), ("-11:30", -11.5), ("+14:00", 14)):
        day = (at.astimezone(UTC) + timedelta(hours=hours)).date()
        before, after = str(day - timedelta(days=1)), str(day + timedelta(days=1))
        assert is_there(str(day), str(day), zone)
        assert is_there(before, after, zone)
        assert not is_there(before, before, zone)
        assert not is_there(after, after, zone)


#: A query, the field that its fault names, and the value that comes back.
WRONG: list[tuple[str, str, str | None]] = [
    ("from=31.12.2026", "list_from", "31.12.2026"),
    ("to=2026-02-30", "list_to", "2026-02-30"),
    ("search=" + "x" * 101, "list_search", "x" * 101),
    ("outcome=good", "list_outcome", None),
    ("to=9999-12-31", "", "9999-12-31"),
    ("nonsense=1&_external=1", "", None),
    ("zone=%2B99:00&from=2026-01-01", "", "2026-01-01"),
]


def test_a_wrong_form_comes_back_with_what_was_typed_and_what_is_wrong(
    guarded: FlaskClient, language: str
) -> None:
    for query, field, value in WRONG:
        text = page_of(guarded, f"{query}&lang={language}", status=422)

        problem = text.partition('role="alert">')[2].partition("</div>")[0]
        assert problem.startswith(f"<p>{PAGE_TEXTS[language][field]}" if field else "<p>"), query
        assert value is None or f'value="{value}"' in text
        assert PAGE_TEXTS[language]["list_faults"] in text
        assert "_external" not in text.replace(problem, "")


def test_what_programs_ask_for_can_be_opened_in_a_browser(guarded: FlaskClient) -> None:
    first, second = decide_for(guarded, ["A-17", "A-18"])

    assert ids_on(page_of(guarded, "reference=A-17")) == [first["decision_id"]]
    assert ids_on(page_of(guarded, "since=2999-01-01")) == []
    assert len(ids_on(page_of(guarded, "until=2999-01-01&since=2020-01-01T00:00:00Z"))) == 2
    assert second["decision_id"] in page_of(guarded)


def test_without_a_key_the_page_holds_nothing(guarded: FlaskClient) -> None:
    (decision,) = decide_for(guarded, ["A-17"])

    answers = [
        guarded.get(path, headers=BROWSER)
        for path in ("/decisions", "/outcomes", "/decisions?format=csv")
    ]
    answers.append(post_outcome(guarded, decision, {"defaulted": "true"}, headers=BROWSER))

    for answer in answers:
        assert answer.status_code == 401
        assert "A-17" not in answer.text
        assert decision["model_version"] not in answer.text


def post_outcome(
    client: FlaskClient,
    decision: Body,
    form: dict[str, str],
    *,
    language: str = "en",
    headers: dict[str, str] | None = None,
) -> TestResponse:
    path = f"/decisions/{decision['decision_id']}/outcome?lang={language}"
    return client.post(path, data=form, headers=headers or WITH_KEY)


def logged_outcome(client: FlaskClient, decision: Body) -> Any:
    path = f"/decisions/{decision['decision_id']}"
    return client.get(path, headers=KEY).get_json()["outcome"]


@pytest.mark.parametrize("defaulted", [True, False])
def test_an_outcome_is_recorded_by_the_form_and_shown_with_time_and_key(
    guarded: FlaskClient, language: str, defaulted: bool
) -> None:
    texts = PAGE_TEXTS[language]
    (decision,) = decide_for(guarded, ["A-17"])
    path = f"/decisions/{decision['decision_id']}?lang={language}"
    before = guarded.get(path, headers=WITH_KEY).text
    form = {"defaulted": str(defaulted).lower(), "csrf_token": "whatever"}

    answer = post_outcome(guarded, decision, form, language=language)

    assert answer.status_code == 303
    assert answer.location == f"{path}#outcome-title"
    after = guarded.get(path, headers=WITH_KEY).text
    read_page(before), read_page(after)
    outcome = logged_outcome(guarded, decision)
    assert outcome["defaulted"] is defaulted
    assert shown(before, "outcome") == texts["outcome_unknown"]
    title = schema_of(guarded).label.title[language]
    outcome_text = texts["outcome_bad" if defaulted else "outcome_good"].format(title=title)
    assert html.unescape(shown(after, "outcome")) == outcome_text
    assert f'<time datetime="{outcome["recorded_at"]}"' in after
    assert outcome["key_id"] in after
    assert 'id="outcome-form"' in before
    assert 'id="outcome-form"' not in after
    # The same once more changes nothing.
    again = post_outcome(guarded, decision, form, language=language)
    assert again.status_code == 303
    assert logged_outcome(guarded, decision) == outcome


def test_another_outcome_is_refused_in_plain_words_beside_the_one_that_stays(
    guarded: FlaskClient, language: str
) -> None:
    texts = PAGE_TEXTS[language]
    (decision,) = decide_for(guarded, ["A-17"])
    post_outcome(guarded, decision, {"defaulted": "false"})

    answer = post_outcome(guarded, decision, {"defaulted": "true"}, language=language)

    assert answer.status_code == 409
    assert texts["outcome_conflicts"] in answer.text
    title = schema_of(guarded).label.title[language]
    good = texts["outcome_good"].format(title=title)
    assert html.unescape(shown(answer.text, "outcome")) == good
    assert logged_outcome(guarded, decision)["defaulted"] is False
    # Its links lead to the page of the decision, not to where forms are sent.
    assert f'href="/decisions/{decision["decision_id"]}?lang=' in answer.text
    read_page(answer.text)


def test_a_form_without_a_choice_asks_for_one_and_an_unknown_decision_is_not_found(
    guarded: FlaskClient,
) -> None:
    (decision,) = decide_for(guarded, ["A-17"])
    unknown = {"decision_id": "019b7c8a-0000-7000-8000-000000000000"}
    forms: list[dict[str, str]] = [{}, {"defaulted": ""}, {"defaulted": "perhaps"}]

    for form in forms:
        answer = post_outcome(guarded, decision, form)
        assert answer.status_code == 422
        assert PAGE_TEXTS["en"]["outcome_choose"] in answer.text
        assert 'id="outcome-form"' in answer.text
    for form in ({"defaulted": "true"}, {}):
        assert post_outcome(guarded, unknown, form).status_code == 404

    assert logged_outcome(guarded, decision) is None


def test_the_page_of_a_decision_has_a_copy_button_and_is_printed_with_notice_and_signature(
    guarded: FlaskClient, language: str
) -> None:
    (decision,) = decide_for(guarded, ["A-17"])

    text = guarded.get(
        f"/decisions/{decision['decision_id']}?lang={language}", headers=WITH_KEY
    ).text

    printed = text.partition('<section class="printed"')[2]
    texts = PAGE_TEXTS[language]
    for name in ("sign_name", "sign_position", "sign_date", "sign_signature", "sign_contact"):
        assert texts[name] in printed
    assert texts["notice_title"] in printed
    assert 'class="copy small" data-from="decision-id"' in text
    assert f'<time datetime="{decision["decided_at"]}"' in text
