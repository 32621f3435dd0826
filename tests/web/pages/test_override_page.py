"""The form of a decision's page that overrides it: without JavaScript, with the key in a header."""

from __future__ import annotations

import html
import re

import pytest
from answers import Body
from flask.testing import FlaskClient
from logged import KEY, other_label
from pages import WITH_KEY, read_page, shown
from werkzeug.test import TestResponse

from creditscore.decision_log.overrides import MAX_NAME_LENGTH, MAX_REASON_LENGTH
from creditscore.i18n.catalogue import PAGE_TEXTS


def page(client: FlaskClient, decision: Body, language: str = "en") -> str:
    path = f"/decisions/{decision['decision_id']}?lang={language}"
    answer = client.get(path, headers=WITH_KEY)
    assert answer.status_code == 200, answer.text
    return answer.text


def send(client: FlaskClient, text: str, **typed: str) -> TestResponse:
    """Send the form of a page as a browser does, with something typed into it."""
    elements = read_page(text).elements
    (action,) = [
        element["action"] for tag, element in elements if element.get("id") == "override-form"
    ]
    (label,) = [element["value"] for tag, element in elements if element.get("name") == "label"]
    data = {"label": label, "reason": "", "decided_by": "", **typed}
    return client.post(str(action), data=data, headers=WITH_KEY)


def test_the_form_offers_the_other_label_and_records_it(
    guarded: FlaskClient, decided: Body, language: str
) -> None:
    texts, final_label = PAGE_TEXTS[language], other_label(decided)
    before = page(guarded, decided, language)
    assert texts[f"override_to_{final_label}"] in before
    assert shown(before, "result-title") == texts["result_title"]

    answer = send(guarded, before, reason="  a guarantor\r\nwith land ", decided_by="A. Officer")

    assert answer.status_code == 303
    after = page(guarded, decided, language)
    assert 'id="override-form"' not in after
    assert shown(after, "override") == texts[f"override_{final_label}"]
    assert shown(after, "overridden") == texts[f"override_{final_label}"]
    assert after.index('id="overridden"') < after.index('class="verdict')
    assert html.unescape(shown(after, "result-title")) == texts["result_of_model"]
    assert shown(after, "override-reason") == "a guarantor with land"
    assert "A. Officer" in after
    logged = guarded.get(f"/decisions/{decided['decision_id']}", headers=KEY).get_json()
    assert logged["override"]["label"] == final_label
    assert logged["label"] == decided["label"]


@pytest.mark.parametrize("reason", ["", "   ", "<i>" + "x" * MAX_REASON_LENGTH])
def test_what_was_typed_stays_where_it_is_not_recorded(
    guarded: FlaskClient, decided: Body, language: str, reason: str
) -> None:
    answer = send(guarded, page(guarded, decided, language), reason=reason, decided_by='"<b>')

    assert answer.status_code == 422
    elements = read_page(answer.text).elements
    assert any(element.get("id") == "override-problem" for _, element in elements)
    only_empty = f"<p>{PAGE_TEXTS[language]['override_no_reason']}</p>" in answer.text
    assert only_empty == (not reason.strip())
    assert '<details class="paperless" open>' in answer.text
    (name,) = [element["value"] for _, element in elements if element.get("name") == "decided_by"]
    assert name == '"<b>'
    typed = re.search(r"<textarea[^>]*>(.*?)</textarea>", answer.text, re.DOTALL)
    assert typed
    assert html.unescape(typed[1]) == reason.strip()
    assert 'id="override"' not in page(guarded, decided)


EN_TOO_LONG = "{}: at most {} characters, and this text has {}. Please shorten it."
ID_TOO_LONG = "{}: paling banyak {} karakter, sedangkan teks ini {}. Mohon dipersingkat."


@pytest.mark.parametrize(
    ("language", "name", "longest", "message"),
    [
        ("en", "reason", MAX_REASON_LENGTH, EN_TOO_LONG.format("Reason", "1,000", "1,001")),
        ("id", "reason", MAX_REASON_LENGTH, ID_TOO_LONG.format("Alasan", "1.000", "1.001")),
        ("en", "decided_by", MAX_NAME_LENGTH, EN_TOO_LONG.format("Decided by", "100", "101")),
        ("id", "decided_by", MAX_NAME_LENGTH, ID_TOO_LONG.format("Diputuskan oleh", "100", "101")),
    ],
)
def test_a_text_that_is_too_long_is_refused_with_its_length_and_the_most(
    guarded: FlaskClient, decided: Body, language: str, name: str, longest: int, message: str
) -> None:
    before = page(guarded, decided, language)
    fields = [element for _, element in read_page(before).elements if element.get("name") == name]
    assert [field["maxlength"] for field in fields] == [str(longest)]

    answer = send(guarded, before, **{"reason": "a guarantor", name: "x" * (longest + 1)})

    assert answer.status_code == 422
    assert f'role="alert"><p>{message}</p></div>' in answer.text


def test_a_second_override_is_refused_in_words(guarded: FlaskClient, decided: Body) -> None:
    before = page(guarded, decided)
    assert send(guarded, before, reason="first").status_code == 303

    answer = send(guarded, before, reason="second")

    assert answer.status_code == 409
    assert PAGE_TEXTS["en"]["override_conflicts"] in answer.text
    assert shown(answer.text, "override-reason") == "first"


def test_a_form_that_names_the_models_own_label_is_refused(
    guarded: FlaskClient, decided: Body
) -> None:
    answer = send(guarded, page(guarded, decided), reason="I agree", label=decided["label"])

    assert answer.status_code == 409
    assert PAGE_TEXTS["en"]["override_none"] in answer.text
    assert 'id="override"' not in page(guarded, decided)
