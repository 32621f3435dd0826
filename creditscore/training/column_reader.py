"""Read columns of text into numbers, piece by piece, and count what is wrong with their cells."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

import numpy as np

from creditscore.arrays import Floats, Ints
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE, in_language
from creditscore.readers.cell_text import cell_text
from creditscore.schema import Field, Label
from creditscore.schema.cell_reader import accepts_empty, read_cell
from creditscore.schema.constraints import CodeList, NumericRange, Rejected, describe_value
from creditscore.schema.number_text import AmbiguousNumber
from creditscore.schema.outcomes import OutcomeReader
from creditscore.training.plain_numbers import PlainNumbers
from creditscore.training.wrong_cells import EMPTY, TableFault, WrongCells, cell_hint

#: Different texts of a column that are kept with their numbers: 3 MB at most.
MAX_TEXTS = 20_000

#: Different outcomes that are counted one by one, and the name for all others.
MAX_OUTCOMES, OTHER_OUTCOMES = 20, "others"

#: Characters of an outcome that are kept.
MAX_OUTCOME_LENGTH = 40


class FieldReader:
    """Reads the column of a field by its rule: each different text of a piece is read once.

    Parameters
    ----------
    field : Field
    column : str
        Its name in the file.
    decimal : {".", ",", None}
        Its decimal sign, where that is known.
    """

    def __init__(self, field: Field, column: str, decimal: str | None) -> None:
        self.field, self.column, self.decimal = field, column.strip(), decimal
        self._plain: PlainNumbers | None = None
        if isinstance(field.rule, NumericRange):
            self._plain = PlainNumbers(field.rule, field.missing, decimal)
        self._all_differ = False
        #: What is wrong with its cells, by kind.
        self.wrong: dict[str, WrongCells] = {}
        #: How many rows held an undocumented code.
        self.folded = 0
        #: Whether all numbers have exactly three digits behind their decimal sign, and no other.
        self.only_thousandths = False
        self._may_fold = isinstance(field.rule, CodeList)
        self._any = False
        self._numbers: dict[str, float] = {}
        self._kinds: dict[str, str] = {}
        self._folded_texts: set[str] = set()
        self._pieces: list[Floats] = []

    def read(self, cells: Sequence[str], lines: Sequence[int]) -> Sequence[int]:
        """Read the cells of some rows, and return the indices of those that are wrong."""
        if self._plain is not None and self._all_differ:
            column = self._plain.read_all(cells)
            if column is not None:
                self._look_for_thousandths(cells)
                self._pieces.append(column)
                return ()
        different = set(cells)
        if len(self._numbers) > MAX_TEXTS:
            self._numbers.clear()
            self._kinds.clear()
        new = different.difference(self._numbers)
        # Where most texts are new, looking them up is slower than reading them.
        self._all_differ = 2 * len(new) > len(cells)
        self._look_for_thousandths(new)
        if self._plain is not None:
            plain = self._plain.read(new)
            self._numbers.update(plain)
            new = new.difference(plain)
        for text in new:
            self._read(text)
        numbers = list(map(self._numbers.__getitem__, cells))
        self._pieces.append(np.array(numbers, dtype=np.float64))
        if self._folded_texts:
            self.folded += sum(map(self._folded_texts.__contains__, cells))
        if self._kinds.keys().isdisjoint(different):
            return ()
        wrong = [index for index, text in enumerate(cells) if text in self._kinds]
        for index in wrong:
            self._count(cells[index], lines[index])
        return wrong

    def write(self, number: float) -> str:
        """Write a number of a workbook or of Parquet as a text that is read as this number."""
        text = cell_text(number)
        if self._plain is None:
            return text
        if self.decimal == ",":
            return text.replace(".", ",")
        # Where no sign is known, "30.125" could mean 30125.
        return f"{text}0" if self.decimal is None and text[-4:-3] == "." else text

    def finish(self) -> Floats:
        """Return the whole column, which is forgotten here."""
        column = np.concatenate([*self._pieces, np.empty(0)])
        self._pieces.clear()
        return column

    def _look_for_thousandths(self, texts: Collection[str]) -> None:
        if self.decimal is None or (self._any and not self.only_thousandths):
            return
        alike = [_has_three_decimals(text, self.decimal) for text in texts if text.strip()]
        if alike:
            self.only_thousandths, self._any = all(alike), True

    def _read(self, text: str) -> None:
        """Read a text, and keep the number that the model sees for it; NaN where it is wrong."""
        field = self.field
        raw = read_cell(field, text, decimal=self.decimal, integral=True)
        try:
            value = field.accept(raw)
            self._numbers[text] = field.encode(value)
            if self._may_fold and field.counts_as(value) != value:
                self._folded_texts.add(text)
        except Rejected as rejected:
            self._numbers[text] = np.nan
            is_empty = not text.strip() and not accepts_empty(field)
            self._kinds[text] = EMPTY if is_empty else rejected.code

    def _count(self, text: str, line: int) -> None:
        kind = self._kinds[text]
        if kind not in self.wrong:
            raw = read_cell(self.field, text, decimal=self.decimal, integral=True)
            self.wrong[kind] = WrongCells(
                column=self.column,
                allowed=self.field.allowed[DEFAULT_LANGUAGE],
                kind=kind,
                line=line,
                first=text,
                got_text="" if kind == EMPTY else _got_text(raw) + cell_hint(self.field, raw),
            )
        self.wrong[kind].add("" if kind == EMPTY else text)


class OutcomeColumn:
    """Reads the column of the outcome.

    Parameters
    ----------
    label : Label
    """

    def __init__(self, label: Label) -> None:
        self._reader = OutcomeReader(label)
        self._outcomes: dict[str, int | None] = {}
        self._pieces: list[Ints] = []
        #: How many rows have another outcome, by its text.
        self.left_out: dict[str, int] = {}

    def read(self, cells: Sequence[str]) -> Sequence[int] | None:
        """Read some rows, and return the indices of those that count; None for all of them."""
        if len(self._outcomes) > MAX_TEXTS:
            self._outcomes.clear()
        for text in set(cells).difference(self._outcomes):
            self._outcomes[text] = self._reader.read(text)
        outcomes = list(map(self._outcomes.__getitem__, cells))
        if None not in outcomes:
            self._pieces.append(np.array(outcomes, dtype=np.int64))
            return None
        indices = []
        for index, outcome in enumerate(outcomes):
            if outcome is None:
                self._leave_out(cells[index])
            else:
                indices.append(index)
        self._pieces.append(np.array([outcomes[index] for index in indices], dtype=np.int64))
        return indices

    def finish(self) -> Ints:
        """Return the whole column: 1 for a bad outcome, 0 for a good one."""
        return np.concatenate([*self._pieces, np.empty(0, dtype=np.int64)])

    def _leave_out(self, cell: str) -> None:
        text = cell.strip()[:MAX_OUTCOME_LENGTH]
        if text not in self.left_out and len(self.left_out) >= MAX_OUTCOMES:
            text = OTHER_OUTCOMES
        self.left_out[text] = self.left_out.get(text, 0) + 1


class NamelessColumn:
    """Looks whether a column without a name holds nothing but an index, or nothing at all.

    Parameters
    ----------
    column : str
        What its header has.
    number : int
        Counted from 1.
    """

    def __init__(self, column: str, number: int) -> None:
        name = column.strip()
        self.name = f"{number} (its name is {name!r})" if name else f"{number} (it has no name)"
        self._ignored = name
        self._line, self._cell = 0, ""
        self._indices: set[int] = set()
        self._row = 0

    def read(self, cells: Sequence[str], lines: Sequence[int]) -> None:
        """Look at the cells of some rows."""
        for cell, line in zip(cells, lines, strict=True):
            self._row += 1
            text = cell.strip()
            if not text or self._line:
                continue
            # Counted from 0, as pandas does, or from 1, as R does.
            begins = self._row - int(text) if text.isdecimal() else None
            self._indices.add(-1 if begins is None else begins)
            if self._indices not in ({0}, {1}):
                self._line, self._cell = line, text

    def fault(self) -> TableFault | None:
        """Return what is wrong with it, if anything is."""
        if not self._line:
            return None
        problem = (
            f"has no name and is not an index from 0 or 1 on, got {self._cell[:40]!r}: name it in "
            f"the file, leave it out, or have {json.dumps(self._ignored)} among the ignored_columns"
        )
        return TableFault(problem, self._line, self.name)


def _has_three_decimals(text: str, decimal: str) -> bool:
    """Check whether a number would be thousands in a group, were the decimal sign the other one."""
    before, sign, behind = text.strip().lstrip("+-").partition(decimal)
    return bool(sign) and 0 < len(before) < 4 and len(behind) == 3 and (before + behind).isdigit()


def _got_text(raw: object) -> str:
    if isinstance(raw, str):
        return f"got {raw[:40]!r}"
    words = describe_value(raw)
    text = words if isinstance(words, str) else in_language(words, DEFAULT_LANGUAGE)
    advice = (
        ", or say [file] decimal in the schema file" if isinstance(raw, AmbiguousNumber) else ""
    )
    return f"got {text}{advice}"
