"""What is generated is up to date, and to renew it writes nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from answers import PROJECT

from creditscore.i18n.number_format import FORMATS
from creditscore.scorecard.model import Model
from tools.generate_docs import generated_files
from tools.markdown_tables import blocks_of, settings_table

SCRIPT = PROJECT / "tools" / "generate_docs.py"


def paths() -> set[Path]:
    """Return every file of a service that runs in earnest."""
    return {path for name in ("model", "instance") for path in (PROJECT / name).rglob("*")}


@pytest.fixture(scope="module")
def before() -> set[Path]:
    return paths()


@pytest.fixture(scope="module")
def files(
    before: set[Path], full_model: Model, tmp_path_factory: pytest.TempPathFactory
) -> dict[Path, str]:
    return generated_files(full_model, tmp_path_factory.mktemp("generated"))


def test_no_generated_file_is_stale(files: dict[Path, str]) -> None:
    assert len(files) >= 2
    for path, text in files.items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run {SCRIPT.name}"


def test_what_makes_the_generated_files_writes_no_other(
    files: dict[Path, str], before: set[Path]
) -> None:
    assert files
    assert paths() == before


def test_a_page_is_described_in_the_language_that_its_name_ends_in(files: dict[Path, str]) -> None:
    assert settings_table("en") in files[PROJECT / "docs" / "settings.md"]
    assert settings_table("id") in files[PROJECT / "docs" / "settings.id.md"]


def test_the_reference_promises_no_better_calibration_than_the_card_finds(
    files: dict[Path, str], full_model: Model
) -> None:
    for name, language in (("api.md", "en"), ("api.id.md", "id")):
        _, _, rest = files[PROJECT / "docs" / name].partition("<!-- calibration: generated -->")
        text = " ".join(rest.partition("<!-- end of calibration -->")[0].split())
        for section in full_model.card["scorecards"].values():
            slope = section["performance"]["scorecard"]["calibration_slope"]
            riskiest = section["curves"]["calibration"][-1]
            for end in ("value", "low", "high"):
                assert FORMATS[language].figure(slope[end]) in text
            for key in ("mean_predicted", "observed_rate"):
                assert FORMATS[language].share(riskiest[key]) in text
        assert {"en": "approximately calibrated", "id": "kira-kira terkalibrasi"}[language] in text


def test_translations_have_the_same_generated_parts_in_the_same_order() -> None:
    parts = []
    for path in [*PROJECT.glob("*.id.md"), *(PROJECT / "docs").glob("*.id.md")]:
        original = path.with_name(path.name.replace(".id.md", ".md"))
        indonesian, english = (
            list(blocks_of(page.read_text(encoding="utf-8"))) for page in (path, original)
        )
        assert indonesian == english, path.name
        parts += english

    assert sorted(parts) == [
        "calibration", "decision", "decision_summary", "fields", "routes", "settings",
    ]  # fmt: skip


def test_a_route_says_in_each_language_whether_it_asks_for_a_key(files: dict[Path, str]) -> None:
    english, indonesian = (files[PROJECT / "docs" / name] for name in ("api.md", "api.id.md"))

    assert "| `GET /decisions` | Logged decisions, newest first | yes |" in english
    assert "| `GET /health` | Health check: whether the service can decide | - |" in english
    assert "| `POST /predict` |" in indonesian
    assert "| begitu ada kunci |" in indonesian


def test_without_a_model_the_command_says_so_in_a_line(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, SCRIPT, "--check"],
        env={**os.environ, "CREDITSCORE_MODEL_DIR": str(tmp_path / "none")},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )

    assert result.returncode == 3
    assert result.stderr.startswith("cannot start: ")
    assert result.stderr.count("\n") == 1
