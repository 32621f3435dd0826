"""Where things lie: what comes with the package, and the folder that holds model, log and settings.

Every Python from 3.7 on must be able to read this file, with nothing installed.
"""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent

#: Files that a wheel brings; pyproject.toml says from where.
SAMPLE = PACKAGE / "sample"

#: Whether the package was installed as a wheel; else it runs from its checkout.
INSTALLED = (SAMPLE / "credit.csv").is_file()

#: Holds model/ and instance/: the checkout, or where an installed command is started.
WORKING_FOLDER = Path.cwd() if INSTALLED else PACKAGE.parent

#: The made-up rows that come with the project, and their data dictionary.
SAMPLE_DATA, SAMPLE_SCHEMA = (
    (SAMPLE if INSTALLED else PACKAGE.parent / "data") / name
    for name in ("credit.csv", "schema.toml")
)
