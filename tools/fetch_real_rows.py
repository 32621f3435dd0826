"""Fetch the real rows, and write the two files of them that tests and benchmarks ask for.

.venv/bin/python tools/fetch_real_rows.py FOLDER

FOLDER gets uci_350_data.csv, the archive's own file, and uci_credit_14.csv, its fourteen features
and the label, named as in data/schema.toml. `.ci/run` looks for both in ../shared/data, or where
CREDITSCORE_UCI_ARCHIVE_CSV and CREDITSCORE_UCI_CSV say. Keep them outside this project.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from creditscore.errors import CreditScoreError
from creditscore.schema import Source, load_schema
from creditscore.training.download import fetch

PROJECT = Path(__file__).resolve().parent.parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetch and write; return the exit status."""
    parser = argparse.ArgumentParser(description="Fetch the real rows for tests and benchmarks.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args(arguments).folder
    source = load_schema(PROJECT / "data" / "schema.toml").sources["uci"]
    try:
        fetched = fetch(source, folder)
    except CreditScoreError as error:
        print(f"the real rows cannot be had: {error}", file=sys.stderr)
        return 1
    archive, renamed = folder / "uci_350_data.csv", folder / "uci_credit_14.csv"
    shutil.copyfile(fetched, archive)
    write_renamed(source, archive, renamed)
    print(f"Wrote {archive} and {renamed}.")
    return 0


def write_renamed(source: Source, archive: Path, renamed: Path) -> None:
    """Write the columns that a source names, by the names that they have here.

    All hold whole numbers; the archive writes some as 5.00E+05.
    """
    with (
        archive.open(newline="", encoding="utf-8") as rows,
        renamed.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(source.columns)
        writer.writerows(
            [int(float(row[theirs])) for theirs in source.columns.values()]
            for row in csv.DictReader(rows)
        )


if __name__ == "__main__":
    sys.exit(main())
