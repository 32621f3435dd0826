"""A draft asks for what only people can say of a model, and declares nothing itself."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from drafted import ROWS, cycle, drafted

from creditscore.schema.governance import Governance, Release
from creditscore.schema.reader import load_schema

COLUMNS = {
    "Monthly income (%)": [str(10 + row // 4 % 60) for row in range(ROWS)],
    "home": cycle("rents", "owns"),
}


def test_each_declaration_is_asked_for_and_none_is_made(tmp_path: Path) -> None:
    draft, document = drafted(tmp_path, COLUMNS)

    questions = {*document["governance"], "versions", "triggers"}
    assert questions == {key.name for key in fields(Governance)}
    assert "# [[governance.versions]]" in draft.text
    assert list(document["governance"]["variables"]) == list(document["fields"])
    (tmp_path / "draft.toml").write_text(draft.text, encoding="utf-8")
    assert load_schema(tmp_path / "draft.toml").governance == Governance()


def test_the_template_is_filled_in_where_it_stands(tmp_path: Path) -> None:
    draft, _ = drafted(tmp_path, COLUMNS)
    text = draft.text.replace('owner = ""', 'owner = "Risk"')
    text = text.replace('"Monthly income (%)" = ""', '"Monthly income (%)" = "Ability to pay"')
    text = text.replace(
        'approved = { name = "", role = "", date = "" }',
        'approved = { name = "Citra", role = "Director", date = 2026-02-03 }',
    )
    versions = text.split("# [[governance.versions]]")[1].split("\n\n")[0]
    first = "[[governance.versions]]" + versions.replace("\n# ", "\n").replace('""', '"2026-01-31"')
    text = text.replace(f"# [[governance.versions]]{versions}", first)
    (tmp_path / "draft.toml").write_text(text, encoding="utf-8")

    governance = load_schema(tmp_path / "draft.toml").governance

    assert governance.owner == {"en": "Risk"}
    assert governance.variables == {"Monthly income (%)": {"en": "Ability to pay"}}
    assert governance.sign_off["approved"].date == "2026-02-03"
    assert governance.versions[0] == Release(
        "2026-01-31", "2026-01-31", {"en": "2026-01-31"}, "2026-01-31"
    )
