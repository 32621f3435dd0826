"""Read a Parquet file; needs pyarrow (the extra parquet)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from creditscore.environment import install_command
from creditscore.errors import MissingPackage, NotATable
from creditscore.i18n.catalogue import say
from creditscore.readers.cell_text import typed_cell
from creditscore.readers.excel_reader import RowsPiece
from creditscore.readers.file_format import PARQUET, FileFormat

if TYPE_CHECKING:
    import pyarrow.parquet as pq

#: Rows that are read at once.
READ_ROWS = 8192


@dataclass(frozen=True)
class ParquetFile:
    """A Parquet file that is open."""

    columns: tuple[str, ...]
    file: pq.ParquetFile

    @property
    def format(self) -> FileFormat:
        """How it is written."""
        return FileFormat(kind=PARQUET)

    def pieces(self) -> Iterator[RowsPiece]:
        """Read the rows, numbered from 1.

        Raises
        ------
        NotATable
            Where the file is damaged.
        """
        number = 1
        try:
            for batch in self.file.iter_batches(batch_size=READ_ROWS):
                columns = [list(map(typed_cell, column.to_pylist())) for column in batch.columns]
                rows = [list(cells) for cells in zip(*columns, strict=True)]
                yield RowsPiece(list(enumerate(rows, start=number)))
                number += len(rows)
        except (OSError, ValueError) as error:
            raise NotATable("not_csv", say("not_readable", problem=str(error)), number) from None


def require_pyarrow() -> None:
    """Check that pyarrow is installed.

    Raises
    ------
    MissingPackage
        If it is not.
    """
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        raise MissingPackage("Parquet", "pyarrow", install_command("parquet")) from None


def open_parquet(path: Path) -> ParquetFile:
    """Open a Parquet file.

    Raises
    ------
    MissingPackage
        If pyarrow is not installed.
    NotATable
        If it is none.
    """
    require_pyarrow()
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except pa.ArrowException as error:
        raise NotATable("not_csv", say("not_readable", problem=str(error)), 1) from None
    return ParquetFile(tuple(file.schema_arrow.names), file)
