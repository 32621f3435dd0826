"""Read training data: a table of any kind to columns of numbers.

Every cell passes the same constraints as a request does, so nothing is trained on that could not
be scored; undocumented codes are folded as the schema file says.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from creditscore.arrays import Flags, Floats, Ints, Matrix
from creditscore.readers import naming_file, open_table_file
from creditscore.schema import Schema
from creditscore.training.header import find_columns, wanted_columns
from creditscore.training.row_reader import RowReader
from creditscore.training.sample_columns import Times


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
    left_out : mapping of str to int
        How many rows of the file had an outcome that is neither good nor bad, by its text.
    file_format : mapping
        How the file is written: kind, encoding, separator and so on.
    notes : sequence of str
        What to know of the file before training on it.
    header : sequence of str
        The names of the file's columns.
    """

    name: str
    sha256: str
    columns: Mapping[str, Floats]
    bad: Ints
    folded: Mapping[str, int]
    time: Times | None = None
    group: Ints | None = None
    weight: Floats | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    file_format: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()
    header: Sequence[str] = ()

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.bad)

    def matrix(self, names: Sequence[str]) -> Floats:
        """Return the named columns side by side, as an array of shape (n_rows, n_names)."""
        return np.column_stack([self.columns[name] for name in names])

    def model_matrix(self, names: Sequence[str]) -> Matrix:
        """Return the same in single precision, as forests compare values."""
        return self.matrix(names).astype(np.float32)

    def rows(self, indices: Ints | Flags) -> Dataset:
        """Return some of the rows, given their indices or a flag for each row."""
        return replace(
            self,
            columns={name: column[indices] for name, column in self.columns.items()},
            bad=self.bad[indices],
            time=None if self.time is None else self.time[indices],
            group=None if self.group is None else self.group[indices],
            weight=None if self.weight is None else self.weight[indices],
        )


def load(path: Path, schema: Schema, *, columns: Mapping[str, str] | None = None) -> Dataset:
    """Read a table whose columns are the schema's fields and its label: CSV, Excel or Parquet.

    Parameters
    ----------
    path : Path
        A file with a header.
    schema : Schema
        What the columns must hold.
    columns : mapping of str to str, optional
        For a file that calls its columns otherwise: its name for each field and for the label;
        whatever else it holds is left out.

    Raises
    ------
    DatasetError
        Naming the file, and everything that is wrong with it, by line and column.
    MissingPackage
        If it needs a package that is not installed.
    """
    with (
        naming_file(path),
        _on_disk(path) as (local, sha256),
        open_table_file(
            local, column_names=wanted_columns(schema, columns), stated=schema.file
        ) as file,
    ):
        line = file.format.header_line
        header = find_columns(path, file.columns, schema, headers=columns, line=line)
        reader = RowReader(path, file, schema, header)
        for piece in file.pieces():
            reader.read(piece.typed_rows)
        reader.refuse_faults()
        return Dataset(
            name=path.name,
            sha256=sha256,
            bad=reader.outcomes(),
            columns=reader.columns(),
            folded=reader.folded,
            **reader.sample(),
            left_out=reader.left_out,
            file_format=reader.describe_file(),
            notes=tuple(reader.notes()),
            header=file.columns,
        )


@contextlib.contextmanager
def _on_disk(path: Path) -> Iterator[tuple[Path, str]]:
    """Give a file that can be read twice, and its SHA-256: a pipe is copied first."""
    with contextlib.ExitStack() as stack:
        if not path.is_file() and path.exists() and not path.is_dir():
            copy = stack.enter_context(tempfile.NamedTemporaryFile())
            with path.open("rb") as pipe:
                shutil.copyfileobj(pipe, copy)
            copy.flush()
            path = Path(copy.name)
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        yield path, sha256
