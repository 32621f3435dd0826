"""Read the columns of [sample]: when each row was, whose it is, and how many people it stands for.

Each reader takes cells and returns their array beside the problem of each text that it cannot read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from creditscore.arrays import Floats, Ints
from creditscore.readers.cell_text import Cell, cell_text
from creditscore.schema.number_text import (
    AmbiguousNumber,
    find_decimal_sign,
    read_amount,
    read_undecided,
)
from creditscore.training.wrong_cells import TableFault

#: Times of rows: numbers such as 201503, or moments to the second.
Times = npt.NDArray[np.float64] | npt.NDArray[np.datetime64]

Problems = Mapping[Cell, str]

#: A time as a number.
NUMBER = re.compile(r"\d{1,17}(\.\d+)?")

#: Month and year, or day, month and year, in one number: it grows with the day first.
YEAR_LAST = re.compile(r"(0?[1-9]|[12]\d|3[01])?(0[1-9]|1[0-2]|[1-9])(19|20)\d\d")

#: How tables write dates, beside ISO 8601. A column may have one of them, the same in each row.
FORMATS = (
    "%Y-%m", "%Y/%m", "%Y/%m/%d", "%Y.%m.%d", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S",
    "%m/%Y", "%m-%Y", "%m.%Y",
    "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y",
    "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%d.%m.%Y %H:%M",
    "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S",
    "%b-%Y", "%b %Y", "%B %Y", "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%d%b%Y", "%b %d, %Y",
    "%B %d, %Y", "%b-%y",
)  # fmt: skip

NO_ROWS = np.empty(0, dtype=np.int64)

DATE = "must be a date such as 2015-03-31, or a number that grows with time such as 201503"


def read_times(cells: Sequence[str]) -> tuple[Times, Problems]:
    """Read the time of each row: all numbers, or all dates of one way of writing.

    Returns
    -------
    times : ndarray of shape (n_rows,), float64 or datetime64[s]
    problems : mapping of str to str
        Of texts that are no time, or, for the whole column, one that may be read in two ways.
    """
    texts = list(dict.fromkeys(cells))
    if not texts:
        return np.empty(0), {}
    moments, problems = _read_dates(texts)
    numbers = {text: float(text) for text in texts if NUMBER.fullmatch(text.strip())}
    if len(numbers) < len(texts) and len(numbers) <= len(moments):
        blank = datetime.min
        dates = [moments.get(text, blank) for text in cells]
        return np.array(dates, dtype="datetime64[s]"), problems
    if all(YEAR_LAST.fullmatch(text.strip()) for text in numbers):
        first = next(iter(numbers))
        problem = f"must have the year first, such as 201503, got {first.strip()!r}"
        return np.zeros(len(cells)), {first: problem}
    problems = {text: _no_time(text) for text in texts if text not in numbers}
    return np.array([numbers.get(text, 0) for text in cells], dtype=np.float64), problems


def _read_dates(texts: Sequence[str]) -> tuple[Mapping[str, datetime], Problems]:
    readings = [_parse_each(texts, datetime.fromisoformat)]
    readings += [_parse_each(texts, _reader(form)) for form in FORMATS]
    best = max(readings, key=len)
    for reading in readings:
        if len(reading) == len(best) == len(texts) and reading != best:
            text = next(text for text in texts if best[text] != reading[text])
            first, second = (dates[text].date().isoformat() for dates in (best, reading))
            problem = f"may be {first} or {second}: write the year first, such as {first}"
            return best, {text: problem}
    return best, {text: _no_time(text) for text in texts if text not in best}


def _no_time(text: str) -> str:
    return f"{DATE}, " + (f"got {text[:40]!r}" if text.strip() else "but the cell is empty")


def _reader(form: str) -> Callable[[str], datetime]:
    return lambda text: datetime.strptime(text, form)


def _parse_each(texts: Sequence[str], parse: Callable[[str], datetime]) -> dict[str, datetime]:
    """Parse what can be parsed; nothing if none of the first hundred texts can."""
    parsed: dict[str, datetime] = {}
    for index, text in enumerate(texts):
        if index == 100 and not parsed:
            break
        try:
            moment = parse(text.strip())
        except ValueError:
            continue
        # Without an offset it counts as UTC, like all others of its column.
        parsed[text] = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    return parsed


def time_text(time: Any) -> str:
    """Write a time as people read it: 201503, 2015-03-31 or 2015-03-31T10:00:00."""
    if isinstance(time, np.datetime64):
        return str(time).removesuffix("T00:00:00")
    return f"{float(time):.15g}"


def read_groups(cells: Sequence[str]) -> tuple[Ints, Problems]:
    """Return the number of each row's person, in the order in which they first appear."""
    numbers: dict[str, int] = {}
    for text in cells:
        numbers.setdefault(text.strip(), len(numbers))
    problems: Problems = {
        text: "must name a person, but the cell is empty" for text in set(cells) if not text.strip()
    }
    return np.array([numbers[text.strip()] for text in cells], dtype=np.int64), problems


def read_weights(cells: Sequence[Cell], *, decimal: str | None) -> tuple[Floats, Problems]:
    """Read how many people each row stands for; the texts settle a decimal sign that is None."""
    sign = decimal or find_decimal_sign(cell.strip() for cell in cells if isinstance(cell, str))
    weights: dict[Cell, float] = {}
    problems: dict[Cell, str] = {}
    for cell in set(cells):
        bare = cell_text(cell).strip()
        if isinstance(cell, float):
            number: float | AmbiguousNumber | None = cell
        else:
            number = read_amount(bare, sign) if sign else read_undecided(bare)
        if isinstance(number, AmbiguousNumber):
            both = f"{number.with_point} or {number.with_comma}"
            problems[cell] = f"may be {both}, got {bare!r}: say [file] decimal in the schema file"
        elif number is None or not 0 < number < np.inf:
            problems[cell] = f"must be a number above 0, got {cell_text(cell)[:40]!r}"
        else:
            weights[cell] = float(number)
    return np.array([weights.get(cell, 1.0) for cell in cells]), problems


class SampleColumn:
    """Reads a column of [sample] piece by piece; each different cell is kept once.

    Parameters
    ----------
    role : {"time", "group", "weight"}
        What it is for.
    column : str
        Its name in the file.
    decimal : {".", ",", None}
        The decimal sign of its numbers, where that is known.
    """

    def __init__(self, role: str, column: str, decimal: str | None) -> None:
        self.role, self._column, self._decimal = role, column, decimal
        self._numbers: dict[Cell, int] = {}
        self._first_lines: list[int] = []
        self._pieces: list[Ints] = []

    def read(self, cells: Sequence[Cell], lines: Sequence[int]) -> None:
        """Read the cells of some rows."""
        numbers = self._numbers
        if self.role != "weight":
            cells = list(map(cell_text, cells))
        for cell, line in zip(cells, lines, strict=True):
            if cell not in numbers:
                numbers[cell] = len(numbers)
                self._first_lines.append(line)
        self._pieces.append(np.array([numbers[cell] for cell in cells], dtype=np.int64))

    def fault(self) -> TableFault | None:
        """Return what is wrong with it, if anything is."""
        _, problems = self._reading
        if not problems:
            return None
        first, *_ = sorted(self._numbers[text] for text in problems)
        text = list(self._numbers)[first]
        more = len(self.wrong_rows()) - 1
        also = f" (and {more:,} more such rows)" if more else ""
        return TableFault(problems[text] + also, self._first_lines[first], self._column)

    def wrong_rows(self) -> Ints:
        """Return the indices of the rows whose cells cannot be read."""
        _, problems = self._reading
        wrong = [self._numbers[text] for text in problems]
        return np.flatnonzero(np.isin(np.concatenate(self._pieces), wrong)) if wrong else NO_ROWS

    def finish(self) -> npt.NDArray[Any]:
        """Return the whole column."""
        values, _ = self._reading
        return values[np.concatenate(self._pieces)]

    @cached_property
    def _reading(self) -> tuple[npt.NDArray[Any], Problems]:
        """The values of the different cells, and the problems of some."""
        if self.role == "weight":
            return read_weights(list(self._numbers), decimal=self._decimal)
        read = read_times if self.role == "time" else read_groups
        return read(list(map(cell_text, self._numbers)))
