"""Draw synthetic rows of card holders: real rows in, as many made-up ones like them out.

.venv/bin/python data/synthesize.py REAL.csv OUT.csv

REAL.csv holds the real rows, fourteen features and the label, integers; data/README.md says where
to get them. They never go into this project: data/credit.csv was drawn with this command.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from data.synthesis import generator, privacy, report
from data.synthesis.columns import COLUMNS, LABEL
from data.synthesis.generator import SynthesisError
from data.synthesis.privacy import PrivacyError

#: Rows to learn from, and rows of each outcome among them, at least.
MIN_ROWS = 2_000
MIN_OF_EACH = 200


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, draw, check, write, tell, and give the exit status."""
    options = read_options(arguments)
    try:
        real = read_rows(options.real)
        refuse_targets(options.real, options.out, options.report)
        synthetic, fewest = synthesise(real, options.rows, options.seed)
        figures = report.measure(real, synthetic, fewest, options.seed)
        write(options.out, synthetic.to_csv(index=False, lineterminator="\n"))
        if options.report:
            write(options.report, render(figures, options.report) + "\n")
    except (SynthesisError, PrivacyError) as error:
        print(f"synthesize.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("synthesize.py: stopped; nothing was changed", file=sys.stderr)
        return 130
    print(report.summarise(figures))
    return 0


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("real", type=Path, metavar="REAL.csv", help="the real rows")
    parser.add_argument("out", type=Path, metavar="OUT.csv", help="where the drawn rows go")
    parser.add_argument(
        "--rows",
        type=number_from(1, 10_000_000),
        default=30_000,
        metavar="NUMBER",
        help="how many to draw (default: %(default)d)",
    )
    parser.add_argument(
        "--seed",
        type=number_from(0, 2**32 - 1),
        default=1,
        metavar="NUMBER",
        help="of all that is random; the same seed draws the same rows (default: %(default)d)",
    )
    parser.add_argument(
        "--report",
        type=Path,
        metavar="FILE",
        help="where all figures on how faithful the rows are go: JSON, or, if the name ends in "
        ".md, the tables of data/README.md",
    )
    return parser.parse_args(arguments)


def synthesise(real: pd.DataFrame, rows: int, seed: int) -> tuple[pd.DataFrame, privacy.Stored]:
    """Fit to real rows and draw others, the privacy rules checked before and after.

    Returns
    -------
    DataFrame
        The drawn rows.
    Stored
        What the generator stores that covers the fewest rows.
    """
    with tqdm(total=generator.STEPS + 1, unit="step", leave=False) as bar:

        def progress(step: str) -> None:
            bar.update()
            bar.set_postfix_str(step)

        fitted = generator.fit(real, progress)
        fewest = privacy.check(fitted)
        progress("drawing")
        synthetic = fitted.draw(rows, seed, avoid=real)
    return synthetic, fewest


def read_rows(path: Path) -> pd.DataFrame:
    """Read the real rows.

    Raises
    ------
    SynthesisError
        Saying what is allowed, and what came.
    """
    try:
        table = pd.read_csv(path)
    except OSError as error:
        raise SynthesisError(f"{path} cannot be read: {error.strerror}") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError):
        raise SynthesisError(f"{path} must be a CSV file with a header, in UTF-8") from None
    if tuple(table.columns) != COLUMNS:
        header = ",".join(map(str, table.columns[:30]))
        raise SynthesisError(f"{path} must have the header {','.join(COLUMNS)}, got {header}")
    for name in COLUMNS:
        if not pd.api.types.is_integer_dtype(table[name]):
            raise SynthesisError(f"{path}, column {name}: must hold integers and no gaps")
    refuse_unfit(path, table)
    return table


def refuse_unfit(path: Path, table: pd.DataFrame) -> None:
    """Refuse rows that nothing can be learnt from."""
    if len(table) < MIN_ROWS:
        raise SynthesisError(f"{path} must hold at least {MIN_ROWS} rows, got {len(table)}")
    if not table[LABEL].isin((0, 1)).all():
        raise SynthesisError(f"{path}, column {LABEL}: must be 0 or 1")
    fewest = int(table[LABEL].value_counts().reindex((0, 1), fill_value=0).min())
    if fewest < MIN_OF_EACH:
        raise SynthesisError(
            f"{path}, column {LABEL}: must hold each of 0 and 1 in at least {MIN_OF_EACH} rows, "
            f"got {fewest}"
        )
    if (table["LIMIT_BAL"] <= 0).any():
        raise SynthesisError(f"{path}, column LIMIT_BAL: must be above 0")


def refuse_targets(real: Path, *targets: Path | None) -> None:
    """Refuse to write over the real rows, or into a folder that is not there."""
    for path in targets:
        if path is None:
            continue
        if not path.parent.is_dir():
            raise SynthesisError(f"{path} cannot be written: there is no folder {path.parent}")
        if path.exists() and path.samefile(real):
            raise SynthesisError(f"{path} holds the real rows and must not be written over")


def render(figures: dict[str, Any], path: Path) -> str:
    """Set the figures in the form that the name of a file asks for."""
    if path.suffix == ".md":
        return report.as_markdown(figures)
    return json.dumps(figures, indent=2)


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    try:
        with tempfile.NamedTemporaryFile(
            "w",
            dir=path.parent,
            prefix=f".{path.name}.",
            delete=False,
            encoding="utf-8",
            newline="",
        ) as file:
            unfinished = Path(file.name)
            try:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
                unfinished.chmod(0o644)
                unfinished.replace(path)
            except BaseException:
                unfinished.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise SynthesisError(f"{path} cannot be written: {error.strerror}") from None


def number_from(low: int, high: int) -> Callable[[str], int]:
    """Return a reader of whole numbers within bounds."""

    def parse_number(text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
            raise argparse.ArgumentTypeError(
                f"must be a whole number from {low} to {high}, got {text!r}"
            )
        return int(text)

    return parse_number


if __name__ == "__main__":
    sys.exit(main())
