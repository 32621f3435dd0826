"""The command lines of the benchmarks."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

from creditscore.folders import WORKING_FOLDER


def make_parser(description: str | None, *, needs_model: bool = False) -> ArgumentParser:
    """Return a parser that describes a command by its docstring, and may ask for a model."""
    parser = ArgumentParser(description=description, formatter_class=RawDescriptionHelpFormatter)
    if needs_model:
        folder = WORKING_FOLDER / "model"
        parser.add_argument("--model-dir", type=Path, default=folder, metavar="FOLDER")
    return parser
