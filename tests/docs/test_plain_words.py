"""What people read is in the words of the trade: no idioms of ours, no thing that speaks."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from answers import PROJECT

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
    r"in earnest": "in production",
    r"by heart": "reconstruct",
    r"go(?:es)? on (?:deciding|where|from|meanwhile)": "continues; keeps deciding",
    r"stands? twice": "appears twice",
    r"other side of it": "complement",
    r"well again": "healthy again",
}

#: What an Indonesian bank does not write, and what it writes instead.
INDONESIAN_HABITS = {
    r"melewatkan|terlewat(?:kan)?": "menunggak; ditunggak",
    r"kloning\w*|mengkloning\w*|klona": "hasil git clone",
    r"eksak": "dihitung secara tepat",
    r"(?:meninggalkan|ditinggalkan|tinggalkan)\w*": "mengecualikan; mengosongkan",
    r"sah(?! menurut hukum)": "valid",
    r"di rumah": "di komputer sendiri",
    r"seadanya": "nilai bawaannya; tanpa perubahan",
    r"(?:di)?lupakan": "dihapus; hapus",
    r"coba saja": "uji coba",
    r"hal yang sama dari program": "panggil lewat API",
    r"(?:mem)?baca kembali": "buka kembali",
    r"belum pernah ada contoh\w*": "di luar rentang data pelatihan",
    r"catatan keputusan": "log keputusan",
    r"(?:mengatakan|dikatakan|katanya)\w*": "menyebutkan; menunjukkan; diprediksi",
    r"berakhir buruk": "gagal bayar",
    r"bita": "byte",
    r"poin persen": "poin persentase",
    r"nisbah": "rasio",
    r"marjin": "margin",
    r"hutan(?:nya)?": "random forest",
    r"(?:di|mem|pem)?batal\w*": "override",
}

PATTERN = re.compile(rf"\b(?:{'|'.join(HABITS)})\b", re.IGNORECASE)
# A per cent sign follows its number without a space, as the pages write it.
INDONESIAN_PATTERN = re.compile(
    rf"\b(?:{'|'.join(INDONESIAN_HABITS)})\b|\d[ \u00a0]%", re.IGNORECASE
)

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
        "postman_collection.json",
        "docs/images/*.svg",
    )
    for path in PROJECT.glob(pattern)
    # Changes of earlier releases stay as they were written.
    if ".id." not in path.name and path.name != "CHANGELOG.md"
)

INDONESIAN_TEXTS = sorted(
    path
    for pattern in ("**/*.id.md", "creditscore/**/*.id.*", "data/*.toml")
    for path in PROJECT.glob(pattern)
    if not {".venv", "node_modules", "demo"} & set(path.relative_to(PROJECT).parts[:-1])
)


def habits(text: str, pattern: re.Pattern[str] = PATTERN) -> list[str]:
    return [match.group() for match in pattern.finditer(text)]


def habits_in(paths: list[Path], pattern: re.Pattern[str]) -> dict[str, list[str]]:
    """Give the habits of texts, by file and line."""
    return {
        f"{path.relative_to(PROJECT)}:{number}": words
        for path in paths
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if (words := habits(line, pattern))
    }


@pytest.mark.parametrize(
    ("paths", "pattern", "instead"),
    [
        (TEXTS, PATTERN, HABITS),
        # As an Indonesian bank writes.
        (INDONESIAN_TEXTS, INDONESIAN_PATTERN, INDONESIAN_HABITS),
    ],
    ids=["English", "Indonesian"],
)
def test_texts_for_people_are_in_plain_words(
    paths: list[Path], pattern: re.Pattern[str], instead: dict[str, str]
) -> None:
    assert len(paths) > 20
    assert not habits_in(paths, pattern), f"write instead: {instead}"


def strings(path: Path) -> dict[int, str]:
    """Give the texts of a module that a person may read, by line: all but its docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and isinstance(node.body[0], ast.Expr)
    }
    return {
        node.lineno: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and " " in node.value
        and id(node) not in docstrings
    }


def test_errors_and_output_of_commands_are_in_plain_words() -> None:
    modules = [
        *PROJECT.glob("creditscore/**/*.py"),
        *PROJECT.glob("*.py"),
        *PROJECT.glob("data/*.py"),
    ]

    habits_by_line = {
        f"{path.relative_to(PROJECT)}:{line}": words
        for path in modules
        for line, text in strings(path).items()
        if (words := habits(text))
    }

    assert not habits_by_line, f"write instead: {HABITS}"


def test_an_indonesian_habit_is_found() -> None:
    text = "Yang melewatkan 5 % tidak sah; seadanya pun sah menurut hukum."

    phrases = habits(text, INDONESIAN_PATTERN)

    assert phrases == ["melewatkan", "5 %", "sah", "seadanya"]


def test_a_habit_is_found() -> None:
    assert habits("Whoever mends it is told anew.") == ["Whoever", "mends", "told", "anew"]
