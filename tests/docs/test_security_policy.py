"""SECURITY.md promises nothing that no test or drill holds."""

from __future__ import annotations

import re

import pytest
from answers import PROJECT

TEXT = (PROJECT / "SECURITY.md").read_text(encoding="utf-8")
#: A row of the table of threats: the threat, the defence, and what holds it.
ROWS = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ((?:`[\w./:]+`(?:, )?)+) \|$", TEXT, re.MULTILINE)
HOLDERS = sorted({name for _, _, held in ROWS for name in re.findall("`([^`]+)`", held)})


def test_every_threat_of_the_table_names_what_holds_its_defence() -> None:
    (section,) = re.findall("^## What is defended(.*?)^## ", TEXT, re.MULTILINE | re.DOTALL)
    lines = [line for line in section.splitlines() if line.startswith("| ")]

    assert len(ROWS) == len(lines) - len(["the heading", "the line below it"])
    assert len(ROWS) >= 20


@pytest.mark.parametrize("holder", HOLDERS)
def test_what_is_said_to_hold_a_defence_is_there(holder: str) -> None:
    name, _, function = holder.partition("::")
    path = PROJECT / name if "/" in name else next((PROJECT / "tests").rglob(name))

    assert path.is_file()
    if function:
        found = re.findall(rf"^def {function}\(", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert found == [f"def {function}("]
    else:
        assert path.parent.name in {"drills", "benchmarks"}
