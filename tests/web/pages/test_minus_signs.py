"""Negative numbers: with a minus sign in what people read, with a hyphen in what programs read."""

from __future__ import annotations

import re
from html import unescape

from flask.testing import FlaskClient
from pages import BROWSER

from creditscore.i18n.number_format import FORMATS, MINUS
from creditscore.schema import Schema

#: What is typed again or copied, and stays as programs write it.
COPIED = re.compile(r"<(pre|code|textarea)\b.*?</\1>", re.DOTALL)


def read_text(page: str) -> str:
    """Return what a page shows, without what is copied from it."""
    return unescape(re.sub(r"<[^>]*>", "\n", COPIED.sub("", page)))


def test_a_decision_shows_its_negative_numbers_with_minus_signs(
    client: FlaskClient, schema: Schema, language: str
) -> None:
    values = {name: field.example for name, field in schema.fields.items()} | {"BILL_AMT2": -27_900}
    typed = {
        name: value if isinstance(value, str) else FORMATS[language].exact(value)
        for name, value in values.items()
    }
    bill = FORMATS[language].number(27_900)

    page = client.post(f"/?lang={language}", data={**typed, "explore": "1"}, headers=BROWSER).text
    answer = client.post("/what-if", json=values, headers={"Accept-Language": language})

    text = read_text(page)
    assert f"{MINUS}{bill}" in text
    assert re.findall(r"(?<!\S)-\d.*", text) == []
    # As a form and a program read it back.
    assert f'value="-{bill}"' in page
    assert MINUS not in answer.get_data(as_text=True)
    assert "\\u2212" not in answer.get_data(as_text=True)


def test_the_page_of_the_model_shows_its_negative_numbers_with_minus_signs(
    client: FlaskClient, language: str
) -> None:
    page = client.get(f"/model?scorecard=behavioural&lang={language}", headers=BROWSER).text

    text = read_text(page)
    assert len(re.findall(rf"{MINUS}\d", text)) > 20
    assert re.findall(r"(?<![\w.,])-\d.*", text) == []
