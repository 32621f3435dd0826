"""What is declared of a model, on the page of the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Flask
from markupsafe import escape
from pages import BROWSER, read_page
from service_settings import Build

from creditscore.i18n.catalogue import PAGE_TEXTS, law_clauses
from creditscore.schema.reader import read_schema
from creditscore.scorecard.model import Model


def page_of(app: Flask, language: str = "en") -> str:
    answer = app.test_client().get(f"/model?lang={language}", headers=BROWSER)
    assert answer.status_code == 200
    read_page(answer.text)
    return answer.text


def with_governance(model: Model, stated: Mapping[str, Any]) -> Model:
    document = {**model.schema.document, "governance": stated}
    return replace(model, schema=read_schema(document, "test"))


def part(page: str, name: str) -> str:
    begin = page.index(f'<section id="{name}"')
    return page[begin : page.index("</section>", begin)]


def test_what_is_missing_is_said_in_words_and_in_a_class_of_its_own(
    build: Build, model: Model, language: str
) -> None:
    texts = PAGE_TEXTS[language]

    section = part(page_of(build(with_governance(model, {})), language), "governance")

    missing = f'<strong class="unstated">{texts["not_declared"]}</strong>'
    # Eight texts, versions, nine cells of the sign-off, and each field.
    assert section.count(missing) == 8 + 1 + 9 + len(model.schema.fields)
    assert section.count(f'<strong class="unstated">{texts["usual_limit"]}</strong>') == 9
    assert texts["governance_missing"].format(missing=14, total=14) in section


def test_what_is_declared_is_shown_in_the_language_of_the_page(build: Build, model: Model) -> None:
    stated = {
        "owner": {"en": "Risk <b>", "id": "Risiko"},
        "versions": [{"version": "1.0", "date": "2026-01-31", "change": "First", "by": "Ani"}],
        "variables": {"AGE": {"en": "Why", "id": "Sebabnya"}},
        "triggers": {"score_psi": 0.25},
        "sign_off": {"prepared": {"name": "Ani", "role": "Analis", "date": "2026-02-01"}},
    }

    section = part(page_of(build(with_governance(model, stated)), "id"), "governance")

    assert section.count(PAGE_TEXTS["id"]["usual_limit"]) == 8
    for words in (
        "Risiko",
        "1.0<br>31 Januari 2026, Ani",
        "First",
        "Sebabnya",
        "0,25",
        "2026-02-01",
    ):
        assert words in section
    english = part(page_of(build(with_governance(model, stated)), "en"), "governance")
    assert str(escape("Risk <b>")) in english


def test_law_and_the_way_of_the_rows_are_shown(build: Build, model: Model, language: str) -> None:
    page = page_of(build(), language)

    for clause in law_clauses(language):
        assert str(escape(clause["asks"])) in part(page, "use")
    for step in ("file", "left_out", "used", "train", "test"):
        assert PAGE_TEXTS[language][f"rows_{step}"] in part(page, "versions")


def test_a_card_of_an_earlier_release_is_served_without_it(build: Build, model: Model) -> None:
    newer = ("governance", "lineage", "law_clauses")
    older = {key: value for key, value in model.card.items() if key not in newer}

    page = page_of(build(replace(model, card=older)))

    assert 'id="governance"' not in page
    assert 'id="lineage-title"' not in page
    assert law_clauses("en")[0]["clause"] in page
