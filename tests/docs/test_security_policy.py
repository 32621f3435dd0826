"""SECURITY.md promises nothing that no test or drill holds."""

from __future__ import annotations

import re

from answers import PROJECT

TEXT = (PROJECT / "SECURITY.md").read_text(encoding="utf-8")
#: A row of the table of threats: the threat, the defence, and what holds it.
ROWS = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ((?:`[\w./:]+`(?:, )?)+) \|$", TEXT, re.MULTILINE)
HOLDERS = sorted({name for _, _, holders in ROWS for name in re.findall("`([^`]+)`", holders)})


def test_every_threat_of_the_table_names_what_holds_its_defence() -> None:
    (section,) = re.findall("^## What is defended(.*?)^## ", TEXT, re.MULTILINE | re.DOTALL)
    lines = [line for line in section.splitlines() if line.startswith("| ")]

    assert len(ROWS) == len(lines) - len(["the heading", "the line below it"])
    assert len(ROWS) >= 20


def is_there(holder: str) -> bool:
    """Return whether a test is in its file, or a drill or benchmark in its folder."""
    name, _, function = holder.partition("::")
    if not function:
        return (PROJECT / name).is_file() and name.startswith(("drills/", "benchmarks/"))
    paths = [
        path for folder in ("*", "*/*") for path in (PROJECT / "tests").glob(f"{folder}/{name}")
    ]
    contents = [path.read_text(encoding="utf-8") for path in paths]
    return "".join(contents).count(f"\ndef {function}(") == 1


def test_what_is_said_to_hold_a_defence_is_there() -> None:
    assert [holder for holder in HOLDERS if not is_there(holder)] == []
