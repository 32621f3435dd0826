"""Find the separator of CSV and the line of its header.

What a schema file states is tried first. Where the columns that are wanted are known, they settle
the rest: the header is the line that names most of them. Where they are not, the rows' own
regularity does.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from creditscore.readers.file_format import SEPARATORS, StatedFormat, clean_name

#: How Excel begins a CSV file to say what separates it.
_SEPARATOR_LINE = re.compile(r'\s*"?sep=(.)"?\s*', re.IGNORECASE)

#: A number in whatever notation, as cells of data hold it and headers do not.
_NUMBER = re.compile(r"[-+]?[0-9][0-9.,' \u00a0\u202f]*(?:[eE][-+]?[0-9]+)?\s?%?", re.ASCII)

#: Bytes that are looked at, lines that may hold the header, and rows that are compared.
SAMPLE_BYTES, HEADER_LINES, SAMPLE_ROWS = 64 * 1024, 30, 200

#: Lines that a header may take: a quoted name can hold line ends.
MAX_LINES = 50

#: Share of a column's cells that are numbers, above which the column is one of numbers; and of
#: rows as wide as most are, above which a separator can be the right one.
MAJORITY = 0.8


class _Header(NamedTuple):
    """A line that may be the header, and how many wanted names it has with a separator."""

    name_count: int
    separator: str
    line: int


def find_header(
    text: str, *, column_names: Collection[str], stated: StatedFormat
) -> tuple[str, int]:
    """Find the separator of CSV, and the line of its header.

    Parameters
    ----------
    text : str
        The beginning of the table.
    column_names : collection of str
        Some names of its columns, if any are known.
    stated : StatedFormat
        Preferred, where a wanted column is found by it.

    Returns
    -------
    separator : str
    line : int
        Counted from 1.
    """
    lines = _lines(text)
    declaration = _SEPARATOR_LINE.fullmatch(lines[0]) if lines else None
    declared_separator = declaration[1] if declaration and declaration[1] in SEPARATORS else None
    first_line = 2 if declaration else 1
    separators = [stated.separator or declared_separator or ","]
    separators += [separator for separator in SEPARATORS if separator not in separators]
    if column_names:
        names = frozenset(map(clean_name, column_names))
        stated_line = stated.header_line or (first_line if stated.separator else None)
        best_header = _best_header(
            lines, separators, names, first_line=first_line, stated_line=stated_line
        )
        if best_header.name_count:
            return best_header.separator, best_header.line
    if stated.separator is None and declared_separator is None:
        separators = [_likely_separator(text, separators)]
    line = stated.header_line or _likely_header(lines, separators[0], first_line)
    return separators[0], line


def _lines(text: str) -> list[str]:
    """Split at line ends as CSV has them: LF, CRLF and CR, and no others."""
    return list(io.StringIO(text, newline=""))


def _best_header(
    lines: Sequence[str],
    separators: Sequence[str],
    names: frozenset[str],
    *,
    first_line: int,
    stated_line: int | None,
) -> _Header:
    """Return the line that has most of the names; the earliest, by the separator named first."""
    if stated_line is not None:
        count = _count_names(lines[stated_line - 1 : stated_line + MAX_LINES], separators[0], names)
        if count:
            return _Header(count, separators[0], stated_line)
    best_header = _Header(0, separators[0], first_line)
    for line in range(first_line, 1 + min(len(lines), HEADER_LINES)):
        if not lines[line - 1].strip():
            continue
        for separator in separators:
            count = _count_names(lines[line - 1 : line + MAX_LINES], separator, names)
            if count > best_header.name_count:
                best_header = _Header(count, separator, line)
        if 2 * best_header.name_count > len(names):
            break
    return best_header


def _count_names(lines: Sequence[str], separator: str, names: frozenset[str]) -> int:
    cells = next(_rows(lines, separator), [])
    return len(names.intersection(map(clean_name, cells)))


def _rows(lines: Iterable[str], separator: str) -> Iterator[list[str]]:
    """Read cells, up to the first fault."""
    try:
        yield from csv.reader(lines, delimiter=separator)
    except csv.Error:
        return


def _likely_separator(text: str, separators: Sequence[str]) -> str:
    """Return the separator that makes the most columns of nearly all rows."""
    lines = _lines(text)
    lines = lines[:-1] or lines
    best, best_width = separators[0], 1
    for separator in separators:
        rows = [row for row in _rows(lines[:SAMPLE_ROWS], separator) if row]
        if rows:
            width, count = Counter(map(len, rows)).most_common(1)[0]
            if width > best_width and count >= MAJORITY * len(rows):
                best, best_width = separator, width
    return best


def _likely_header(lines: Sequence[str], separator: str, first_line: int) -> int:
    """Return the line of the header by what the rows look like."""
    rows: dict[int, list[str]] = {}
    reader = csv.reader(lines[first_line - 1 :], delimiter=separator)
    line = first_line
    try:
        for cells in reader:
            rows[line] = cells
            line = first_line + reader.line_num
            if len(rows) >= SAMPLE_ROWS:
                break
    except csv.Error:
        pass
    return likely_header(rows) or first_line


def likely_header(rows: Mapping[int, Sequence[str]]) -> int | None:
    """Return the number of the row that is the header, by what the rows look like.

    Titles above a table are not as wide as it is. Of two rows of names above columns of numbers,
    such as ``X1, X2`` and ``LIMIT_BAL, SEX``, the one next to the numbers is the header.

    Parameters
    ----------
    rows : mapping of int to sequence of str
        The first rows, by their lines.

    Returns
    -------
    int or None
        None where there are no rows.
    """
    filled_rows = {line: row for line, row in rows.items() if any(cell.strip() for cell in row)}
    if not filled_rows:
        return None
    usual_width = Counter(map(_count_cells, filled_rows.values())).most_common(1)[0][0]
    header, *lines_below = [
        line for line, row in filled_rows.items() if _count_cells(row) > usual_width / 2
    ]
    numbers = _number_columns([filled_rows[line] for line in lines_below])
    # One column of numbers could hold a word for "not known" in the first rows.
    if len(numbers) < 2:
        return header
    for line in lines_below[: HEADER_LINES - 1]:
        row = filled_rows[line]
        cells = [row[column].strip() if column < len(row) else "" for column in numbers]
        if not all(cells) or len(set(cells)) < len(cells) or any(map(_is_number, cells)):
            break
        header = line
    return header


def _count_cells(row: Sequence[str]) -> int:
    return sum(1 for cell in row if cell.strip())


def _number_columns(rows: Sequence[Sequence[str]]) -> list[int]:
    """Return the columns that hold numbers for the most part."""
    columns = []
    for column in range(max(map(len, rows), default=0)):
        cells = [row[column] for row in rows if column < len(row) and row[column].strip()]
        if cells and sum(map(_is_number, cells)) >= MAJORITY * len(cells):
            columns.append(column)
    return columns


def _is_number(cell: str) -> bool:
    return _NUMBER.fullmatch(cell.strip()) is not None
