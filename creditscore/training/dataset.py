"""Read training data: a CSV file to columns of numbers.

Every cell passes the same constraints as a request does, so nothing is trained on that could not
be scored; undocumented codes are folded as the schema file says.
"""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from creditscore.arrays import Floats, Ints
from creditscore.csv_reader import CsvFile, open_csv
from creditscore.errors import DatasetError, NotATable
from creditscore.i18n.catalogue import FALLBACK_LANGUAGE, in_language
from creditscore.nearest_name import hint, nearest_name
from creditscore.schema import Field, Schema
from creditscore.schema.constraints import Rejected, describe_value, from_text
from creditscore.schema.decimal_signs import decimal_signs
from creditscore.schema.number_text import AmbiguousNumber
from creditscore.training.sample_columns import Times, read_groups, read_times, read_weights


@dataclass(frozen=True)
class Dataset:
    """Rows that satisfy the schema.

    Attributes
    ----------
    name : str
        The file's name.
    sha256 : str
        Of the file's bytes.
    columns : mapping of str to ndarray of shape (n_rows,)
        The fields, encoded for the model.
    bad : ndarray of shape (n_rows,)
        1 where the outcome was bad (a default), 0 where it was good.
    folded : mapping of str to int
        How many rows of a field held a code that counts as another.
    time, group, weight : ndarray of shape (n_rows,), or None
        When each row was, the number of its person, and how many people it stands for; None where
        the schema file names no such column.
    """

    name: str
    sha256: str
    columns: Mapping[str, Floats]
    bad: Ints
    folded: Mapping[str, int]
    time: Times | None = None
    group: Ints | None = None
    weight: Floats | None = None

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.bad)

    def matrix(self, names: Sequence[str]) -> Floats:
        """Return the named columns side by side, as an array of shape (n_rows, n_names)."""
        return np.column_stack([self.columns[name] for name in names])

    def rows(self, indices: Ints) -> Dataset:
        """Return some of the rows."""
        return replace(
            self,
            columns={name: column[indices] for name, column in self.columns.items()},
            bad=self.bad[indices],
            time=None if self.time is None else self.time[indices],
            group=None if self.group is None else self.group[indices],
            weight=None if self.weight is None else self.weight[indices],
        )


def load(path: Path, schema: Schema, *, columns: Mapping[str, str] | None = None) -> Dataset:
    """Read a CSV file whose columns are the schema's fields and its label.

    Parameters
    ----------
    path : Path
        A CSV file with a header, in UTF-8.
    schema : Schema
        What the columns must hold.
    columns : mapping of str to str, optional
        For a file that calls its columns otherwise: its name for each field and for the label;
        whatever else it holds is left out.

    Raises
    ------
    DatasetError
        Naming the file, and the line and column of the first fault.
    """
    sample = schema.sample.columns
    wanted = list(dict.fromkeys([*schema.fields, schema.label.column, *sample.values()]))
    headers = {name: columns[name] if columns else name for name in wanted}
    raw = _read_bytes(path)
    try:
        file = open_csv(io.BytesIO(raw), wanted=headers.values())
        extra_allowed = columns is not None
        _check_header(path, file.columns, headers, schema.ignored_columns, extra_allowed)
        numbers, table = _read_table(path, file)
    except NotATable as error:
        (fault,) = error.faults
        problem = in_language(fault.text, FALLBACK_LANGUAGE)
        raise DatasetError(path, problem, line=fault.line) from None
    reader = _CellReader(path, numbers, decimal_signs(file, schema, headers=headers))
    encoded = {
        name: reader.field(field, headers[name], table[headers[name]])
        for name, field in schema.fields.items()
    }
    bad = reader.label(schema, headers[schema.label.column], table[headers[schema.label.column]])
    drawn = {
        role: reader.sample(role, headers[column], table[headers[column]], schema.decimal)
        for role, column in sample.items()
    }
    reader.raise_first_fault()
    for value, word in ((0, schema.label.good), (1, schema.label.bad)):
        if not (bad == value).any():
            problem = f"must hold both outcomes, but no row has {word!r}"
            raise DatasetError(path, problem, column=headers[schema.label.column])
    return Dataset(
        name=path.name,
        sha256=hashlib.sha256(raw).hexdigest(),
        columns=encoded,
        bad=bad,
        folded=reader.folded,
        **drawn,
    )


def _read_bytes(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DatasetError(path, f"cannot be read: {error.strerror}") from None
    return raw


def _check_header(
    path: Path,
    header: Sequence[str],
    headers: Mapping[str, str],
    ignored: Sequence[str],
    extra_allowed: bool,
) -> None:
    missing = [column for column in headers.values() if column not in header]
    if missing:
        column, *others = missing
        near = nearest_name(column, (name for name in header if name not in headers.values()))
        found = f"; nearest is {near!r}" if near else ""
        more = f"; missing too: {', '.join(others[:30])}" if others else ""
        problem = f"is missing, the header is {', '.join(header[:30])}{found}{more}"
        raise DatasetError(path, problem, line=1, column=column)
    known = {*headers.values(), *ignored}
    for column, count in Counter(header).items():
        if count > 1:
            raise DatasetError(path, "stands twice in the header", line=1, column=column)
        if column not in known and not extra_allowed:
            near = hint(column, headers.values())
            problem = f"is no field of the schema and not among its ignored_columns{near}"
            raise DatasetError(path, problem, line=1, column=column)


def _read_table(path: Path, file: CsvFile) -> tuple[Sequence[int], Mapping[str, Sequence[str]]]:
    """Read the line of each row, and every column as text."""
    numbers, rows, width = [], [], len(file.columns)
    for piece in file.pieces():
        for line, cells in piece.rows:
            if len(cells) != width:
                problem = f"has {len(cells)} cells, the header has {width}"
                raise DatasetError(path, problem, line=line)
            numbers.append(line)
            rows.append(cells)
    if not rows:
        raise DatasetError(path, "holds a header but no rows")
    return numbers, dict(zip(file.columns, zip(*rows, strict=True), strict=True))


class _CellReader:
    """Reads columns of text by the constraints of their fields, collecting the faults of all."""

    def __init__(self, path: Path, lines: Sequence[int], decimals: Mapping[str, str]) -> None:
        self.path = path
        self.lines = lines
        self.decimals = decimals
        self.faults: list[tuple[int, str, str]] = []
        self.folded: dict[str, int] = {}

    def field(self, field: Field, column: str, cells: Sequence[str]) -> Floats:
        """Read and encode one field's column."""
        rule, folded, numbers, problems = field.rule, 0, {}, {}
        decimal = self.decimals.get(field.name)
        # Each distinct text is parsed once, however many rows hold it.
        for text, count in Counter(cells).items():
            raw = from_text(rule, text, decimal=decimal, whole=True)
            try:
                value = field.accept(raw)
                numbers[text] = field.encode(value)
                folded += count if field.counts_as(value) != value else 0
            except Rejected:
                allowed = field.allowed[FALLBACK_LANGUAGE]
                problems[text] = f"must be {allowed}, {_got(raw)}"
        self._add(column, cells, problems)
        if folded:
            self.folded[field.name] = folded
        return np.array([numbers.get(text, np.nan) for text in cells])

    def label(self, schema: Schema, column: str, cells: Sequence[str]) -> Ints:
        """Read the label's column: 1 for the bad value, 0 for the good one."""
        outcomes = {str(schema.label.good): 0, str(schema.label.bad): 1}
        allowed = f"must be {schema.label.good} (good) or {schema.label.bad} (bad)"
        wrong = set(cells) - outcomes.keys()
        self._add(column, cells, {text: f"{allowed}, {_got(text)}" for text in wrong})
        return np.array([outcomes.get(text, 0) for text in cells])

    def sample(self, role: str, column: str, cells: Sequence[str], decimal: str | None) -> Any:
        """Read a column of [sample], by what it is for."""
        readers: Mapping[str, Callable[[Sequence[str]], tuple[Any, Mapping[str, str]]]] = {
            "time": read_times,
            "group": read_groups,
            "weight": partial(read_weights, decimal=decimal),
        }
        read, problems = readers[role](cells)
        self._add(column, cells, problems)
        return read

    def raise_first_fault(self) -> None:
        """Raise the fault that is first in the file, with the number of other ones."""
        if self.faults:
            line, column, problem = min(self.faults)
            more = len(self.faults) - 1
            also = f" (and {more} more kinds of wrong cells)" if more else ""
            raise DatasetError(self.path, problem + also, line=line, column=column)

    def _add(self, column: str, cells: Sequence[str], problems: Mapping[str, str]) -> None:
        """Keep what is wrong with the texts of some cells, each with its first line."""
        if problems:
            first = dict(zip(reversed(cells), reversed(self.lines), strict=True))
            self.faults += [(first[text], column, problem) for text, problem in problems.items()]


def _got(raw: object) -> str:
    if isinstance(raw, str):
        return f"got {raw[:40]!r}" if raw.strip() else "but the cell is empty"
    got = describe_value(raw)
    text = got if isinstance(got, str) else in_language(got, FALLBACK_LANGUAGE)
    mend = ", or say [file] decimal in the schema file" if isinstance(raw, AmbiguousNumber) else ""
    return f"got {text}{mend}"
