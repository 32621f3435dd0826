"""The card of a model: its words are those of its figures, and the service shows it.

That its figures are right, test_recompute_card.py holds: it computes them outside the product.
"""

from __future__ import annotations

import json
import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from flask import Flask

from creditscore.evaluation.card import read_card
from creditscore.i18n.catalogue import card_statements
from creditscore.model_card.formats import group_name
from creditscore.model_card.markdown import to_markdown
from creditscore.schema import Schema
from creditscore.scorecard.model import Model

# In words

NUMBER = re.compile(r"(?<![\w.])[+-]?\d[\d,]*(?:\.\d+)?%?")


def numbers_of(content: Any) -> list[float]:
    """Gather every number of a JSON document, those in its texts too."""
    if isinstance(content, bool) or content is None:
        return []
    if isinstance(content, int | float):
        return [content]
    if isinstance(content, str):
        return []
    parts = content.values() if isinstance(content, dict) else content
    # How many there are of something is told by its list.
    return [len(content), *(number for part in parts for number in numbers_of(part))]


def texts_of(content: Any) -> list[str]:
    """Gather every text of a JSON document."""
    if isinstance(content, str):
        return [content]
    if isinstance(content, dict):
        return [*content, *(text for part in content.values() for text in texts_of(part))]
    if isinstance(content, list):
        return [text for part in content for text in texts_of(part)]
    return []


def list_forms(number: float) -> set[str]:
    """Write a number in every way that the card does."""
    exact = Decimal(str(number))
    forms = {f"{number:,}", f"{number:g}", f"{number:.4g}", f"{number:,.10g}"}
    for digits in (2, 3, 4):
        rounded = exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP) + 0
        forms |= {f"{rounded}", f"{rounded:+}"}
    in_percent = [(100 * exact).quantize(Decimal(unit), ROUND_HALF_UP) for unit in ("1", "0.1")]
    # Mean impacts and changes are in percentage points; a minus is no part of the number there.
    points = [(100 * exact).quantize(Decimal(unit), ROUND_HALF_UP) for unit in ("0.1", "0.01")]
    forms |= {f"{number:{sign}}" for number in points for sign in ("", "+")} | {f"{abs(points[0])}"}
    return forms | {f"{number:{sign}}%" for number in in_percent for sign in ("", "+")}


def test_every_number_of_the_words_comes_from_the_json(card: Any, model_dir: Path) -> None:
    text = (model_dir / "model_card.md").read_text(encoding="utf-8")
    text = re.sub(r"^(?:#+ [\d.]+|\d+\. \[.*)", "", text, flags=re.MULTILINE)
    # Sentences that are the same for every model, and texts of the JSON, stand as they are.
    texts = {group_name(text) for text in texts_of(card) if len(text) > 3}
    fixed = sorted(texts, key=len, reverse=True)
    for sentence in fixed:
        text = text.replace(sentence, " ")
    allowed = {form for number in numbers_of(card) for form in list_forms(number)}
    # The formula of the cut-off, the accuracy's threshold, what perfection is, and SHA-256.
    allowed |= {"1", "0", "0.5", "256"}

    foreign = [number for number in NUMBER.findall(text) if number.strip(",") not in allowed]

    assert foreign == []
    assert len(NUMBER.findall(text)) > 500


def test_another_number_in_the_json_is_another_number_in_the_words(card: Any) -> None:
    before = to_markdown(read_card(card))
    changed = json.loads(json.dumps(card))
    changed["scorecards"]["application"]["performance"]["scorecard"]["auc"]["value"] = 0.123

    assert to_markdown(read_card(changed)).count("0.123 (") == before.count("0.123 (") + 1


def test_the_words_are_those_of_the_json_beside_them(card: Any, model_dir: Path) -> None:
    plots = sorted(path.name for path in (model_dir / "plots").iterdir())

    words = (model_dir / "model_card.md").read_text(encoding="utf-8")

    assert words == to_markdown(read_card(card), plots=plots)
    for plot in plots:
        assert f"](plots/{plot})" in words


def test_the_card_has_all_its_sections_and_no_gap(card: Any, model_dir: Path) -> None:
    words = (model_dir / "model_card.md").read_text(encoding="utf-8")

    titles = re.findall(r"^## \d+\. (.*)$", words, re.MULTILINE)
    assert titles == [
        "Governance", "Intended use", "Out of scope", "Data and lineage",
        "Predictors and monitored attributes", "Performance", "Variables", "Decision",
        "Fairness", "Explanation",
        "Where the model goes the wrong way", "Validation", "Limits",
        "Human oversight and monitoring", "Law", "Versions", "Sign-off",
    ]  # fmt: skip
    for gap in ("TODO", "{", "}", "[]", "n/a"):
        assert gap not in words
    assert not re.search(r"\bnan\b|\bNone\b(?! of )", words)
    for name in card_statements("en"):
        for sentence in card[name]:
            assert f"- {sentence}\n" in words


# The service


def test_the_service_shows_the_card(client: Any, card: Any, schema: Schema) -> None:
    answer = client.get("/model").get_json()

    assert answer == card


def test_the_card_is_shown_in_indonesian_where_it_is_words(
    full_app: Flask, full_model: Model
) -> None:
    """The card of the bundled rows, of which there is something to say."""
    card = full_model.card

    answer = full_app.test_client().get("/model", headers={"Accept-Language": "id"}).get_json()

    for name, statements in card_statements("id").items():
        assert answer[name] == statements
    assert answer["data"]["about"] != card["data"]["about"]
    assert answer["legal"] != card["legal"]
    for name, section in answer["scorecards"].items():
        assert section["title"] != card["scorecards"][name]["title"]
        assert section["performance"] == card["scorecards"][name]["performance"]
