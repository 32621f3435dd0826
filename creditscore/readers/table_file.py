"""Open a table of any kind: CSV, an Excel workbook or Parquet, by its first bytes."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Protocol

from creditscore.errors import DatasetError, NotATable
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE, in_language
from creditscore.readers.csv_reader import Piece, open_csv
from creditscore.readers.detection import file_kind
from creditscore.readers.excel_reader import RowsPiece, open_excel
from creditscore.readers.file_format import (
    EXCEL,
    NOTHING_STATED,
    PARQUET,
    FileFormat,
    StatedFormat,
)
from creditscore.readers.header_search import SAMPLE_BYTES
from creditscore.readers.parquet_reader import open_parquet


class TableFile(Protocol):
    """A table whose header has been read.

    Attributes
    ----------
    columns : tuple of str
        The header as it stands there, to be compared by `clean_name`; empty for columns without a
        name.
    format : FileFormat
        How it is written.
    """

    @property
    def columns(self) -> tuple[str, ...]: ...  # noqa: D102

    @property
    def format(self) -> FileFormat: ...  # noqa: D102

    def pieces(self) -> Iterator[Piece | RowsPiece]:
        """Read the rows, some at a time; blank ones are left out."""


@contextlib.contextmanager
def naming_file(path: Path) -> Iterator[None]:
    """Turn what is wrong with a file, or with it as a table, into an error that names it.

    Raises
    ------
    DatasetError
    """
    try:
        yield
    except OSError as error:
        raise DatasetError(path, f"cannot be read: {error.strerror}") from None
    except NotATable as error:
        (fault,) = error.faults
        problem = in_language(fault.text, DEFAULT_LANGUAGE)
        raise DatasetError(path, problem, line=fault.line) from None


@contextlib.contextmanager
def open_table_file(
    path: Path, *, column_names: Collection[str] = (), stated: StatedFormat = NOTHING_STATED
) -> Iterator[TableFile]:
    """Open a table, and read its header.

    Parameters
    ----------
    path : Path
    column_names : collection of str
        Some names of its columns, if any are known.
    stated : StatedFormat
        What the schema file says of it.

    Raises
    ------
    OSError
        If it cannot be read.
    NotATable
        If it is no table, with the line.
    MissingPackage
        If it needs a package that is not installed.
    """
    # Peeked at, as a pipe has no way back.
    with (
        path.open("rb", buffering=0) as raw,
        io.BufferedReader(raw, buffer_size=4 * SAMPLE_BYTES) as file,
    ):
        kind = file_kind(file.peek())
        if kind == EXCEL:
            yield open_excel(path, column_names=column_names, stated=stated)
        elif kind == PARQUET:
            yield open_parquet(path)
        else:
            yield open_csv(file, column_names=column_names, stated=stated)
