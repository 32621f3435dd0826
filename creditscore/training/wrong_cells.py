"""Say what is wrong with the cells of a table: all of it at once, by column, with counts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from creditscore.errors import DatasetError, DatasetFaults
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE, shorten
from creditscore.i18n.number_format import FORMATS
from creditscore.schema import Field
from creditscore.schema.constraints import NumericRange
from creditscore.schema.number_text import CURRENCY

#: The kind of fault of a cell that holds nothing.
EMPTY = "empty"

#: Faults, and columns in a sentence, that are listed at most.
MAX_LISTED = 30

#: Characters that say what is allowed in a column, at most: it can have many codes.
MAX_ALLOWED_LENGTH = 300

#: Texts that are shown beside the first one, and how much of each.
MAX_EXAMPLES, MAX_EXAMPLE_LENGTH = 3, 40

REMEDY = "say missing = true of a field whose value may be unknown"

_WRITE = FORMATS[DEFAULT_LANGUAGE]

#: A number with something behind it, such as "36 months".
_WITH_SUFFIX = re.compile(r"[-+]?[0-9][0-9.,]*\s*([^0-9.,\s][^0-9]{0,19})", re.ASCII)

#: A number with a currency before it, such as "Rp 5.000".
_WITH_CURRENCY = re.compile(rf"({CURRENCY})\s*[-+]?[0-9][0-9.,]*", re.IGNORECASE)


@dataclass
class WrongCells:
    """Cells of one column that are wrong in the same way.

    Attributes
    ----------
    column : str
        Its name in the file.
    allowed : str
        What is allowed there.
    kind : str
        How they are wrong: a fault's code, or `EMPTY`.
    line : int
        The line of the first.
    first : str
        The first.
    got_text : str
        What stands there, in words.
    count : int
        How many they are.
    examples : list of str
        Some other texts of them.
    """

    column: str
    allowed: str
    kind: str
    line: int
    first: str
    got_text: str
    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        """Count a cell."""
        self.count += 1
        if self.count > 1 and len(self.examples) < MAX_EXAMPLES:
            short = text.strip()[:MAX_EXAMPLE_LENGTH]
            if short not in {self.first.strip(), *self.examples}:
                self.examples.append(short)

    def describe(self) -> str:
        """Return what is wrong: "must be a number, got 'x' (and 4 more such cells)"."""
        such = f", such as {', '.join(map(repr, self.examples))}" if self.examples else ""
        more = f" (and {_WRITE.number(self.count - 1)} more such cells{such})"
        more = more if self.count > 1 else ""
        if self.kind == EMPTY:
            return f"must be {self._allowed}, but the cell is empty{more}; {REMEDY}"
        return f"must be {self._allowed}, {self.got_text}{more}"

    @property
    def _allowed(self) -> str:
        return shorten(self.allowed, MAX_ALLOWED_LENGTH)


@dataclass(frozen=True)
class TableFault:
    """Anything else that is wrong with a table.

    Attributes
    ----------
    text : str
    line : int
    column : str
        Empty where it is about whole rows.
    """

    text: str
    line: int
    column: str = ""


def cell_hint(field: Field, raw: object) -> str:
    """Return what would make a cell a number, where that can be told; else nothing."""
    if not isinstance(raw, str) or not isinstance(field.rule, NumericRange):
        return ""
    if match := _WITH_CURRENCY.fullmatch(raw):
        if field.prefix:
            return ": write it without the currency"
        return f": where that may come before the number, say prefix = {match[1]!r} of the field"
    if match := _WITH_SUFFIX.fullmatch(raw):
        return f": where that may follow the number, say suffix = {match[1].strip()!r} of the field"
    return ""


def refuse_table(
    path: Path,
    cells: Sequence[WrongCells],
    other_faults: Sequence[TableFault],
    *,
    bad_rows: int,
    rows: int,
) -> None:
    """Raise what is wrong with a table's rows, if anything is.

    Parameters
    ----------
    path : Path
    cells : sequence of WrongCells
        By column.
    other_faults : sequence of TableFault
    bad_rows, rows : int
        How many rows have a fault, and how many there are.

    Raises
    ------
    DatasetError
        For a single kind of fault, with its line and column.
    DatasetFaults
        For several.
    """
    empty = [wrong for wrong in cells if wrong.kind == EMPTY]
    single = cells if len(empty) < 2 else [wrong for wrong in cells if wrong.kind != EMPTY]
    faults = [
        *(TableFault(wrong.describe(), wrong.line, wrong.column) for wrong in single),
        *other_faults,
    ]
    listed = [_describe(fault) for fault in faults]
    if len(empty) > 1:
        listed.insert(0, _empty_cells(empty))
    if len(faults) == len(listed) == 1:
        (fault,) = faults
        raise DatasetError(path, fault.text, line=fault.line, column=fault.column)
    if not listed:
        return
    first = min([fault.line for fault in faults] + [wrong.line for wrong in empty])
    share = f"{_WRITE.number(bad_rows)} of {_WRITE.number(rows)} rows"
    raise DatasetFaults(path, f"{share} cannot be trained on:", capped(listed), line=first)


def capped(listed: Sequence[str]) -> Sequence[str]:
    """Return the first of many lines, and how many more there are."""
    if len(listed) <= MAX_LISTED:
        return listed
    return [*listed[:MAX_LISTED], f"and {len(listed) - MAX_LISTED} more"]


def _describe(fault: TableFault) -> str:
    column = f", column {fault.column}" if fault.column else ""
    return f"line {fault.line}{column}: {fault.text}"


def _empty_cells(empty: Sequence[WrongCells]) -> str:
    """Return how many cells of which columns are empty, in one sentence."""
    total = _WRITE.number(sum(wrong.count for wrong in empty))
    columns = [
        f"{wrong.column} {_WRITE.number(wrong.count)} (from line {wrong.line})"
        for wrong in empty[:MAX_LISTED]
    ]
    if len(empty) > MAX_LISTED:
        columns.append(f"and {len(empty) - MAX_LISTED} more columns")
    return f"{total} cells of {len(empty)} columns are empty: {', '.join(columns)}; {REMEDY}"
