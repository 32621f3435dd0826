"""What is declared of a model in its card: shown, missing in bold, and signed at the end."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from creditscore.evaluation.card import read_card
from creditscore.evaluation.card_reader import plain
from creditscore.i18n.catalogue import law_clauses
from creditscore.model_card import report
from creditscore.model_card.markdown import anchor, numbered, to_markdown
from creditscore.schema import Schema
from creditscore.schema.declarations import Declarations, declared
from creditscore.schema.governance import Governance, Signature
from creditscore.schema.reader import read_schema
from creditscore.scorecard import artifact
from creditscore.scorecard.model import Model

TEXT = {"en": "Something | to\nsay", "id": "Sesuatu"}
SIGNED = Signature("Ani", {"en": "Analyst"}, "2026-02-01")


def complete(schema: Schema) -> Governance:
    """Declare all that there is."""
    document = {
        "versions": [{"version": "1", "date": "2026-01-31", "change": "First", "by": "Ani"}],
        "triggers": {"score_psi": 0.25},
    }
    governance = read_schema({**schema.document, "governance": document}, "test").governance
    return replace(
        governance,
        owner=TEXT, purpose=TEXT, business_use=TEXT, observation_window=TEXT, outcome_window=TEXT,
        exclusions=TEXT, override_policy=TEXT, revalidation_interval=TEXT,
        variables=dict.fromkeys(schema.fields, TEXT),
        sign_off={"prepared": SIGNED, "validated": SIGNED, "approved": SIGNED},
    )  # fmt: skip


def words_with(card: dict[str, Any], declarations: Declarations) -> str:
    return to_markdown(read_card({**card, "governance": plain(declarations)}))


def chapter(words: str, title: str) -> str:
    match = re.search(rf"^## \d+\. {title}\n(.*?)(?=^## |\Z)", words, re.DOTALL | re.MULTILINE)
    assert match, title
    return match[1]


def test_what_is_not_declared_is_missing_in_bold(card: dict[str, Any], model: Model) -> None:
    words = words_with(card, declared(Governance(), list(model.schema.fields), "en"))

    governance = chapter(words, "Governance")
    assert "**14 of 14 declarations are missing or incomplete.**" in governance
    assert "| Owner | **Not stated** |" in governance
    # Eight texts, the versions, and each field.
    assert governance.count("**Not stated**") == 9 + len(model.schema.fields)
    assert governance.count("**usual limit, not declared**") == 9
    assert "| `score_psi` | 0.25 | **usual limit, not declared** |" in governance
    assert chapter(words, "Sign-off").count("**Not stated**") == 9
    assert "| Status | **Not signed off**: prepared, validated, approved missing |" in words


def test_what_is_declared_stands_in_its_place(card: dict[str, Any], model: Model) -> None:
    declarations = declared(complete(model.schema), list(model.schema.fields), "en")

    words = words_with(card, declarations)

    assert "Not stated" not in words
    assert "All 14 declarations are made." in chapter(words, "Governance")
    # A bar in a text begins no cell of its own, and a line break ends no row.
    assert "| Owner | Something \\| to say |" in words
    assert "| 1 | 2026-01-31 | First | Ani |" in words
    assert "| `score_psi` | 0.25 | yes |" in words
    assert "| `calibration` | 0.8 to 1.25 | **usual limit, not declared** |" in words
    assert "| Approved | Ani | Analyst | 2026-02-01 | \\_" in chapter(words, "Sign-off")
    assert "| Status | Approved on 2026-02-01 |" in words


def test_the_summary_says_in_a_line_how_much_is_missing(model: Model) -> None:
    missing = len(model.card["governance"]["missing"])
    everything = {**model.card, "governance": {**model.card["governance"], "missing": []}}

    summary = report.summarise(model, Path("model"), plots=False)
    complete = report.summarise(replace(model, card=everything), Path("model"), plots=False)

    assert missing > 0
    sentence = (
        f"  Governance: {missing} of 14 declarations are missing or incomplete in [governance]\n"
    )
    assert sentence in summary
    assert "  Governance: all 14 declarations are made in [governance]\n" in complete


def test_the_bundled_model_says_what_can_be_said_and_signs_nothing(model: Model) -> None:
    declarations = model.declarations("en")

    assert declarations.missing[:1] == ["owner"]
    assert {"prepared", "validated", "approved"} <= set(declarations.missing)
    assert declarations.purpose
    assert None not in declarations.variables.values()
    assert declarations.observation_window is not None
    assert "2005" in declarations.observation_window


def test_no_version_depends_on_what_is_declared(model: Model, tmp_path: Path) -> None:
    document = {**model.schema.document, "governance": {"owner": "Somebody else"}}
    other_model = Model.assemble(
        schema=read_schema(document, "test"),
        scorecards=model.scorecards,
        policy=model.policy,
        manifest=model.manifest,
        card=model.card,
    )
    artifact.save(other_model, tmp_path / "model")

    loaded = artifact.load(tmp_path / "model")

    assert loaded.versions == model.versions
    assert loaded.schema.governance == Governance(owner={"en": "Somebody else"})


def test_the_rows_are_counted_from_the_file_to_the_test(card: dict[str, Any]) -> None:
    steps, data = card["lineage"]["steps"], card["data"]

    assert steps["used"]["rows"] == data["rows"] == data["train_rows"] + data["test_rows"]
    assert steps["test"] == {"rows": data["test_rows"], "bad": data["test_bads"]}
    assert steps["train"]["bad"] + steps["test"]["bad"] == steps["used"]["bad"]
    assert set(card["lineage"]["missing"]) == set(card["fields"])
    assert "No field is empty" in chapter(to_markdown(read_card(card)), "Data and lineage")


def test_gaps_and_columns_without_use_are_listed(card: dict[str, Any]) -> None:
    lineage = {**card["lineage"], "ignored_columns": ["no"]}
    lineage["missing"] = {**lineage["missing"], "AGE": 30}
    rows = lineage["steps"]["used"]["rows"]

    words = chapter(to_markdown(read_card({**card, "lineage": lineage})), "Data and lineage")

    assert f"| `AGE` | 30 | {100 * 30 / rows:.1f}% |" in words
    assert f"The other fields, {len(card['fields']) - 1}, have no gap." in words
    assert "Columns of the file that are not used: no." in words


def test_each_clause_of_law_stands_beside_what_answers_it(card: dict[str, Any]) -> None:
    law = chapter(to_markdown(read_card(card)), "Law")

    assert card["law_clauses"] == law_clauses("en")
    for clause in card["law_clauses"]:
        assert (
            f"| {clause['place']} | {clause['clause']} | {clause['asks']} | {clause['answer']} |"
            in law
        )


def test_headings_are_numbered_and_listed_with_links() -> None:
    lines = ["# Card", "", "## Use", "text", "### Small", "### Other", "## Odd (one): a, b"]

    assert list(numbered(lines)) == [
        "# Card",
        "",
        "**Contents**",
        "",
        "1. [Use](#1-use)",
        "2. [Odd (one): a, b](#2-odd-one-a-b)",
        "",
        "## 1. Use",
        "text",
        "### 1.1 Small",
        "### 1.2 Other",
        "## 2. Odd (one): a, b",
    ]
    assert anchor("4. Data and lineage") == "4-data-and-lineage"


def test_the_implementation_test_is_reported(card: dict[str, Any], model: Model) -> None:
    words = chapter(to_markdown(read_card(card)), "Versions")

    golden = len(model.manifest["golden"])
    assert f"Training stored the scores of {golden} invented applicants." in words
