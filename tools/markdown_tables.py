"""The generated parts of the documentation, between their marks: tables and the model's figures."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from textwrap import fill
from typing import Any

from creditscore.evaluation.card import read_card
from creditscore.folders import WORKING_FOLDER
from creditscore.i18n.catalogue import CATALOGUES, DEFAULT_LANGUAGE, MESSAGES, in_language
from creditscore.i18n.number_format import FORMATS
from creditscore.schema import Field, Schema
from creditscore.schema.constraints import CodeList
from creditscore.schema.descriptions import field_meaning
from creditscore.scorecard.model import Model
from creditscore.settings import DEFINITIONS, Settings

#: Decimals of a decision that is shown shortened.
SHOWN_DIGITS = 3

#: Characters of a line of the documentation.
WIDTH = 104


def field_table(schema: Schema, language: str) -> str:
    """Return the fields as a Markdown table."""
    rows = [
        (
            f"`{name}`",
            _json_type(field),
            _accepted_values(field, language),
            field_meaning(field, language),
        )
        for name, field in schema.fields.items()
    ]
    return _table(CATALOGUES[language]["documents"]["field_columns"], rows)


def settings_table(language: str) -> str:
    """Return the settings as a Markdown table."""
    defaults, words = Settings(), CATALOGUES[language]["documents"]
    rows = []
    for row in DEFINITIONS:
        text = words["settings"][row.name]
        default = _setting_text(getattr(defaults, row.name)) or words["none"]
        rows.append((f"`{row.variable}`", text["allowed"], default, text["sentence"]))
    return _table(words["setting_columns"], rows)


def route_table(openapi: Mapping[bool, Mapping[str, Any]], language: str) -> str:
    """Return the routes as a Markdown table.

    Parameters
    ----------
    openapi : mapping of bool to dict
        The OpenAPI documents of a service, by whether a decision needs a key.
    language : str
        Of the table.
    """
    words = CATALOGUES[language]["documents"]
    rows = []
    for path, methods in openapi[True]["paths"].items():
        for method, operation in methods.items():
            summary = operation["summary"]
            if language != DEFAULT_LANGUAGE:
                summary = words["routes"][operation["operationId"]]
            without_keys = openapi[False]["paths"][path][method]
            key = "-"
            if operation.get("security"):
                key = words["key_always" if without_keys.get("security") else "key_once"]
            rows.append((f"`{method.upper()} {path}`", summary, key))
    return _table(words["route_columns"], rows)


def decision_summary(decision: Mapping[str, Any]) -> str:
    """Return the main parts of a decision, rounded, as a block of JSON."""
    names = ("label", "probability_of_default", "cutoff", "score", "model_version")
    lines = [f'"{name}": {_short(decision[name])}' for name in names]
    reasons = [
        f'    {{"impact": {_short(reason["impact"])}, "text": {_short(reason["text"])}}}'
        for reason in decision["reasons"]
    ]
    lines.append('"reasons": [\n' + ",\n".join(reasons) + "\n  ]")
    return "```json\n{\n  " + ",\n  ".join(lines) + "\n}\n```"


def calibration_list(model: Model, language: str) -> str:
    """Return how far probabilities are calibrated by the model's card, as items of a list."""
    words, write, card = CATALOGUES[language]["documents"], FORMATS[language], read_card(model.card)
    lead = words["calibration"].format(rows=write.number(card.data.test_rows))
    items = [fill(f"- {lead}", WIDTH, subsequent_indent="  ", break_on_hyphens=False)]
    for name, section in card.scorecards.items():
        slope = section.performance.scorecard["calibration_slope"]
        if slope is None:
            continue
        riskiest = section.curves.calibration[-1]
        text = words["calibration_of"].format(
            title=in_language(model.schema.scorecards[name].title, language),
            slope=write.figure(slope["value"]),
            confidence=write.setting(card.method.confidence),
            low=write.figure(slope["low"]),
            high=write.figure(slope["high"]),
            predicted=write.share(riskiest.mean_predicted),
            observed=write.share(riskiest.observed_rate),
        )
        items.append(fill(f"  - {text}", WIDTH, subsequent_indent="    ", break_on_hyphens=False))
    return "\n".join(items)


def replace_blocks(document: str, blocks: Mapping[str, str]) -> str:
    """Return a Markdown document with its generated parts renewed.

    A block named x stands between ``<!-- x: generated -->`` and ``<!-- end of x -->``.

    Raises
    ------
    KeyError
        If the document has no such block.
    """
    for name, text in blocks.items():
        head, opening, rest = document.partition(f"<!-- {name}: generated -->")
        _, closing, tail = rest.partition(f"<!-- end of {name} -->")
        if not opening or not closing:
            raise KeyError(name)
        document = f"{head}{opening}\n{text}\n{closing}{tail}"
    return document


def blocks_of(document: str) -> Iterator[str]:
    """Yield the names of the generated blocks of a Markdown document."""
    for line in document.splitlines():
        if line.startswith("<!-- ") and line.endswith(": generated -->"):
            yield line.removeprefix("<!-- ").removesuffix(": generated -->")


def _short(value: object) -> str:
    """Write a value as JSON, a number with few decimals."""
    rounded = round(value, SHOWN_DIGITS) if isinstance(value, float) else value
    return json.dumps(rounded, ensure_ascii=False)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _json_type(field: Field) -> str:
    json_type: str = field.rule.json_schema()["type"]
    return json_type if field.missing is None else f"{json_type} or null"


def _accepted_values(field: Field, language: str) -> str:
    rule = field.rule
    if isinstance(rule, CodeList):
        codes = ", ".join(
            f"`{code}`" if rule.python_type is str else str(code) for code in rule.labels
        )
        return f"{codes}; {in_language(rule.merged_text, language)}" if rule.merged_codes else codes
    text = in_language(replace(rule, unit={}).allowed, language)
    # Its kind has a column of its own. In Indonesian an integer is a number and a word more.
    for kind in ("integer", "number"):
        text = text.removeprefix(f"{MESSAGES[language][kind]} ")
    return text


def _setting_text(value: object) -> str:
    if value is None or value == ():
        return ""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int | float):
        return str(value)
    # Places in the project are shown as seen from there, wherever it is.
    return f"`{str(value).replace(f'{WORKING_FOLDER}{os.sep}', '').replace(os.sep, '/')}`"
