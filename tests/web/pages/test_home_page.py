"""The page at / as plain HTTP: the form works without JavaScript, in both languages."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest
from answers import Body, problem_of
from flask.testing import FlaskClient
from logged import KEY, KEYS
from pages import BROWSER, FIRST_LOAD, Page, bytes_of_first_load, read_page, shown
from service_settings import Build

from creditscore.i18n.catalogue import LANGUAGES, PAGE_TEXTS
from creditscore.i18n.number_format import FORMATS
from creditscore.schema import Schema
from creditscore.scorecard.model import Model


def test_the_form_gives_the_decision_that_a_program_gets_and_logs_it_unless_tried_out(
    build: Build, applicant: Body
) -> None:
    client = build(api_keys=KEYS, open_predict=True).test_client()

    page = client.post("/", data=applicant)

    assert (page.status_code, page.content_type) == (200, "text/html; charset=utf-8")
    decided = client.post("/predict", json=applicant).get_json()
    assert f'data-label="{decided["label"]}"' in page.text
    assert shown(page.text, "score") == str(decided["score"])
    assert shown(page.text, "probability") == FORMATS["en"].share(decided["probability"])
    for reason in decided["reasons"]:
        assert reason["text"] in page.text
    path = f"/decisions/{shown(page.text, 'decision-id')}"
    logged = client.get(path, headers=KEY).get_json()
    assert logged["inputs"] == applicant
    assert logged["score"] == decided["score"]
    before = client.get("/decisions", headers=KEY).get_json()
    tried = client.post("/", data={**applicant, "explore": "1"})
    assert tried.status_code == 200
    assert PAGE_TEXTS["en"]["what_if"] in tried.text
    assert "decision-id" not in tried.text
    assert client.get("/decisions", headers=KEY).get_json() == before


@pytest.mark.parametrize(("cutoff", "label"), [(0.01, "not_eligible"), (0.99, "eligible")])
def test_what_would_have_to_change_stands_only_under_a_refusal(
    build: Build, applicant: Body, cutoff: float, label: str
) -> None:
    client = build(cutoff=cutoff).test_client()

    page = client.post("/?lang=en", data={**applicant, "explore": "1"}).text

    assert f'data-label="{label}"' in page
    assert (PAGE_TEXTS["en"]["recourse_title"] in page) == (label == "not_eligible")


@pytest.mark.parametrize(("step", "label"), [(-0.00002, "not_eligible"), (0.00002, "eligible")])
def test_a_probability_beside_the_cutoff_is_shown_to_be_on_its_side(
    build: Build, client: FlaskClient, example: Body, step: float, label: str
) -> None:
    risk = client.post("/what-if", json=example).get_json()["probability_of_default"]

    page = build(cutoff=risk + step).test_client().post("/?lang=en", data=example).text

    assert f'data-label="{label}"' in page
    pays, needed = re.findall(r"([0-9.]+)%</dd>", page)[:2]
    assert (float(pays) > float(needed)) == (label == "eligible")
    assert PAGE_TEXTS["en"]["scores_rounded"] in page


@pytest.mark.parametrize("content_type", ["multipart/form-data", "text/plain", "application/json"])
def test_a_form_of_another_type_is_told_how_the_page_sends_it(
    client: FlaskClient, content_type: str
) -> None:
    boundary = "; boundary=x" if "multipart" in content_type else ""

    answer = client.post("/", data="AGE=30", content_type=content_type + boundary)

    assert problem_of(answer, 415)["detail"] == (
        f"the form must be sent as application/x-www-form-urlencoded, got {content_type}; "
        "programs send JSON to POST /predict"
    )


def test_errors_stand_at_their_fields_in_the_language_of_the_page(
    client: FlaskClient, schema: Schema, example: Body, language: str
) -> None:
    wrong, missing = next(iter(example)), list(example)[-1]

    page = client.post(f"/?lang={language}", data={**example, wrong: "<b>", missing: "  "})

    assert page.status_code == 422
    title = schema.fields[wrong].title[language]
    assert shown(page.text, f"field-{wrong}-error").startswith(title)
    assert shown(page.text, f"field-{missing}-error").startswith(
        schema.fields[missing].title[language]
    )
    elements = Page(page.text).elements
    controls = {a["name"]: a for _, a in elements if a.get("name") in example}
    invalid = [name for name, attributes in controls.items() if "aria-invalid" in attributes]
    assert invalid == [wrong, missing]
    for name in invalid:
        assert f"field-{name}-error" in str(controls[name]["aria-describedby"])
    assert controls[wrong]["value"] == "<b>"
    assert "<b>" not in page.text


def test_a_list_without_a_choice_is_answered_without_its_codes(
    client: FlaskClient, example: Body, language: str
) -> None:
    page = client.post(f"/?lang={language}", data={**example, "SEX": ""})

    assert page.status_code == 422
    assert shown(page.text, "field-SEX-error") == PAGE_TEXTS[language]["choose_one"]


def test_fields_missing_from_a_group_are_marked_and_named_once_above_it(
    client: FlaskClient, schema: Schema, example: Body, language: str
) -> None:
    texts, group = PAGE_TEXTS[language], list(schema.scorecards.values())[-1]
    name, *missing = group.added_fields
    data = {**example, name: str(schema.fields[name].example)}

    page = client.post(f"/?lang={language}", data=data)

    assert page.status_code == 422
    message = texts["group_incomplete"].format(scorecard=group.title[language])
    assert page.text.count(message) == 1
    marks = [shown(page.text, f"field-{name}-error") for name in group.added_fields]
    assert marks == ["", *[texts["fill_in"]] * len(missing)]
    assert message not in client.get(f"/?lang={language}").text


def test_a_name_that_is_no_field_is_refused_above_the_form(
    client: FlaskClient, applicant: Body
) -> None:
    page = client.post("/", data={**applicant, "NOBODY": "1"})

    assert page.status_code == 422
    assert "&#34;NOBODY&#34; is not a field" in page.text


@pytest.mark.parametrize(
    ("accepted", "query", "language"),
    [("", "", "en"), ("id", "", "id"), ("id", "?lang=en", "en"), ("", "?lang=id", "id"),
     ("id", "?lang=xx", "id")],
)  # fmt: skip
def test_the_language_is_the_switchs_or_else_the_browsers(
    client: FlaskClient, schema: Schema, accepted: str, query: str, language: str
) -> None:
    page = client.get(f"/{query}", headers={"Accept-Language": accepted})

    assert page.headers["Content-Language"] == language
    assert ("html", {"lang": language}) in Page(page.text).elements
    for field in schema.fields.values():
        assert field.title[language] in page.text
    other_language = next(code for code in LANGUAGES if code != language)
    assert f'href="/?lang={other_language}"' in page.text


def test_it_says_what_the_model_is_and_that_it_uses_protected_fields(
    build: Build, model: Model
) -> None:
    digest, about = next(iter(model.schema.files.items()))
    card = {**model.card, "data": {**model.card["data"], "sha256": digest}}
    app = build(replace(model, card=card))

    text = app.test_client().get("/?lang=id").text

    notice = text.partition('<aside class="notice"')[2].partition("</aside>")[0]
    verdict = notice.partition("</summary>")[0]
    assert "Model ini hanya untuk belajar." in verdict
    assert "Taiwan tahun 2005" not in verdict
    assert "Taiwan tahun 2005" in notice
    assert f"{PAGE_TEXTS['id']['data_file']}: {about['id'][:40]}" in notice
    for name in model.protected_predictors():
        assert model.schema.fields[name].title["id"] in notice


def test_an_example_can_be_filled_in(client: FlaskClient, schema: Schema) -> None:
    for name, spec in schema.scorecards.items():
        text = client.get(f"/?example={name}").text
        number = next(name for name in spec.fields if f'<input id="field-{name}"' in text)

        assert f'name="{number}" value="{schema.fields[number].example:,}"' in text
        assert ('<details class="group" open>' in text) == (len(spec.fields) > 5)
    assert ">1 month late</option>" in client.get("/?example=nothing&lang=en").text


def test_the_request_for_programs_is_this_one(build: Build, applicant: Body) -> None:
    page = build().test_client().post("/", data=applicant)

    curl = shown(page.text, "curl")
    assert curl.startswith("curl http://localhost/predict ")
    assert "X-API-Key" not in curl
    for name, value in applicant.items():
        assert f"&#34;{name}&#34;: {value}" in curl


def test_where_a_decision_needs_a_key_the_page_asks_for_it_and_never_holds_it(
    build: Build, applicant: Body
) -> None:
    asks = 'name="api-key"'
    for settings in ({}, {"api_keys": KEYS, "open_predict": True}):
        assert asks not in build(**settings).test_client().get("/").text
    client = build(api_keys=KEYS).test_client()

    assert asks in client.get("/").text
    problem_of(client.post("/", data=applicant), 401)
    problem_of(client.post("/", data={**applicant, "explore": "1"}), 401)
    page = client.post("/", data=applicant, headers=KEY)
    assert page.status_code == 200
    assert KEYS[0] not in page.text
    assert "YOUR_KEY" in shown(page.text, "curl")


def test_browsers_are_told_to_run_and_load_only_files_of_this_service(
    client: FlaskClient, applicant: Body
) -> None:
    for page in (client.get("/"), client.post("/", data=applicant), client.post("/", data={})):
        assert page.headers["Content-Security-Policy"] == (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        read_page(page.text)


def test_the_first_load_is_small(client: FlaskClient) -> None:
    page = client.get("/?example=behavioural")

    assert bytes_of_first_load(client, page.text) < FIRST_LOAD


def test_a_merged_code_is_decided_on_and_its_option_stays_chosen(
    client: FlaskClient, applicant: Body
) -> None:
    answer = client.post("/?lang=en", data={**applicant, "EDUCATION": "0"})

    assert answer.status_code == 200
    assert "Education 0 counts as 4 (other)" in answer.text
    assert '<option value="4" selected>other</option>' in answer.text
    assert '<option value="0"' not in answer.text.partition('name="MARRIAGE"')[0]


# test_number_text.py holds what else may be typed.
@pytest.mark.parametrize(
    ("language", "typed", "amount"),
    [("en", "30,000", 30000), ("id", "30.000,50", 30000.5), ("id", "1,5", 1.5)],
)
def test_an_amount_is_read_by_the_language_of_the_page(
    client: FlaskClient, example: Body, language: str, typed: str, amount: float
) -> None:
    answer = client.post(f"/?lang={language}", data={**example, "LIMIT_BAL": typed})

    assert answer.status_code == 200
    assert f'"LIMIT_BAL": {amount}' in unescape(shown(answer.text, "curl"))
    # The field keeps what was typed, and the slider beside it stands there.
    assert f'name="LIMIT_BAL" value="{typed}"' in answer.text
    assert f'value="{amount}"\n    aria-label' in answer.text


@pytest.mark.parametrize(
    ("language", "typed", "text"),
    [
        ("en", "30.000", "30.000, which can mean 30 or 30000: write it without a separator"),
        ("id", "30,000", "30,000, yang bisa berarti 30000 atau 30: tulis tanpa pemisah"),
    ],
)
def test_thousands_in_the_other_languages_way_are_no_fraction(
    client: FlaskClient, example: Body, language: str, typed: str, text: str
) -> None:
    answer = client.post(f"/?lang={language}", data={**example, "LIMIT_BAL": typed})

    assert answer.status_code == 422
    assert text in answer.text


@pytest.mark.parametrize(
    ("language", "typed", "hint"),
    [
        ("en", "30.000,50", "Thousands and decimals are written as in 30,000 and 1.5."),
        ("id", "30,000.50", "Ribuan dan desimal ditulis seperti 30.000 dan 1,5."),
    ],
)
def test_a_wrongly_grouped_amount_is_refused_and_told_how_to_write_it(
    client: FlaskClient, example: Body, language: str, typed: str, hint: str
) -> None:
    answer = client.post(f"/?lang={language}", data={**example, "LIMIT_BAL": typed})

    assert answer.status_code == 422
    error = shown(answer.text, "field-LIMIT_BAL-error")
    assert f"{typed}" in error
    assert error.endswith(f". {hint}")


def test_how_to_write_amounts_is_not_told_of_other_mistakes(
    client: FlaskClient, example: Body
) -> None:
    for wrong in ("much", "-5", "1e999"):
        answer = client.post("/?lang=en", data={**example, "LIMIT_BAL": wrong})

        assert answer.status_code == 422
        assert "Thousands" not in shown(answer.text, "field-LIMIT_BAL-error")


def test_a_demo_says_on_every_page_that_its_data_are_made_up(build: Build, language: str) -> None:
    banner = PAGE_TEXTS[language]["demo"]
    for demo in (True, False):
        client = build(demo=demo).test_client()
        for path in ("/", "/model", "/monitoring", "/docs"):
            page = client.get(f"{path}?lang={language}", headers=BROWSER).text
            assert (banner in page) == demo, path
