"""Draft a schema file for the person who asked for it: written down, with what to do next."""

from __future__ import annotations

import sys
from pathlib import Path

from creditscore.drafting.document import LOOK
from creditscore.drafting.draft import Draft, draft_table
from creditscore.environment import python_command
from creditscore.errors import DatasetError
from creditscore.files import PUBLIC, atomic_write

#: Columns that a sentence names at most.
MAX_NAMES = 5


def draft(
    table: Path, target: Path | None = None, *, outcome: str | None, decimal: str | None
) -> None:
    """Draft a schema file, and say what to look at and what to do next.

    Parameters
    ----------
    table : Path
    target : Path, optional
        Where to write it; to standard output where it is left out.
    outcome : str or None
        The column of the outcome; None to guess it.
    decimal : {".", ",", None}
        The decimal sign of the table's numbers; None to find it out.

    Raises
    ------
    DatasetError
        If the table cannot be drafted from, or the file is there already or cannot be written.
    """
    if target is not None and (target.exists() or target.is_symlink()):
        raise DatasetError(target, "is there already, and would be lost: name another file")
    drafted = draft_table(table, outcome=outcome, decimal=decimal)
    if target is None:
        # As bytes: a name may hold letters that the terminal's encoding does not have.
        sys.stdout.buffer.write(drafted.text.encode())
    else:
        _write(target, drafted.text)
    print(summarise(drafted, table, target), file=sys.stderr if target is None else sys.stdout)


def _write(target: Path, text: str) -> None:
    try:
        with atomic_write(target, mode=PUBLIC, overwrite=False) as file:
            file.write(text.encode())
    except FileExistsError:
        raise DatasetError(target, "is there already, and would be lost") from None
    except OSError as error:
        raise DatasetError(target, f"cannot be written: {error.strerror}") from None


def summarise(drafted: Draft, table: Path, target: Path | None) -> str:
    """Return three lines: what was taken for the outcome, what to look at, and the next command."""
    outcome = drafted.outcome
    values = " or ".join(repr(value) for value in outcome.bad[:MAX_NAMES])
    bad, rows = (outcome.bad_rows == 1).sum(), (outcome.bad_rows >= 0).sum()
    where = target or Path("OUT.toml")
    summary = (
        f"The outcome is taken to be {outcome.column.name!r}, bad where it is {values}: "
        f"{bad:,} of {rows:,} rows."
    )
    if outcome.rows_left_out:
        summary += f" Rows without an outcome, so left out: {outcome.rows_left_out:,}."
    if outcome.is_guess:
        summary += " If it is another column, say --outcome COLUMN."
    names = [f"{column.name!r}" for column in drafted.ignored]
    ignored = f"{len(names)} {'column' if len(names) == 1 else 'columns'} ignored"
    if names:
        more = ", ..." if len(names) > MAX_NAMES else ""
        ignored += f" ({', '.join(names[:MAX_NAMES])}{more})"
    look = f"{len(drafted.fields)} fields, {ignored}. Look for {LOOK.strip(': ')} in {where}: "
    look += f"{drafted.looks} guesses and findings."
    model = where.parent / f"{table.stem}-model"
    command = python_command(
        "train.py", "--data", str(table), "--schema", str(where), "--model-dir", str(model)
    )
    return f"{summary}\n{look}\nThen train: {command}"
