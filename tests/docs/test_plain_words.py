"""What people read is in the words of the trade: no idioms of ours, no thing that speaks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]

#: Each habit, and what to write instead.
HABITS = {
    r"whoever": "anyone who; a client that; the operator",
    r"anew": "again",
    r"mend(?:s|ed|ing)?": "fix; correct",
    r"fallback": "default",
    r"nobody": "no one; no client",
    r"anybody": "anyone",
    r"somebody": "someone; a person; a client",
    r"tells?": "says; shows; distinguishes",
    r"told": "said; predicted; reported",
    r"stands? in for": "is a proxy for; represents",
    r"(?:became|become) of": "the outcome of",
    r"said and happened": "predicted and observed",
}

PATTERN = re.compile(rf"\b(?:{'|'.join(HABITS)})\b", re.IGNORECASE)

#: What is written for people, in English.
TEXTS = sorted(
    path
    for pattern in (
        "*.md",
        "docs/*.md",
        "data/*.md",
        "benchmarks/README.md",
        "model/README.md",
        "data/*.toml",
        "creditscore/i18n/*.en.toml",
        "creditscore/api_docs/*.json",
        "creditscore/web/templates/*.html",
        "creditscore/web/cli/*.py",
        "creditscore/client.py",
    )
    for path in PROJECT.glob(pattern)
    # Changes of earlier releases stay as they were written.
    if ".id." not in path.name and path.name != "CHANGELOG.md"
)


def habits(text: str) -> list[str]:
    return [found.group() for found in PATTERN.finditer(text)]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_texts_for_people_are_in_plain_words(path: Path) -> None:
    lines = enumerate(path.read_text("utf-8").splitlines(), start=1)

    found = {number: words for number, line in lines if (words := habits(line))}

    assert not found, f"write instead: {HABITS}"


def test_a_habit_is_found() -> None:
    assert habits("Whoever mends it is told anew.") == ["Whoever", "mends", "told", "anew"]
