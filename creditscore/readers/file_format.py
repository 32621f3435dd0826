"""How a table is written: what a schema file states of it, and what was found out."""

from __future__ import annotations

import codecs
import unicodedata
from dataclasses import dataclass

#: What separates the cells of CSV, and how that is called. The first one is preferred.
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}

CSV, EXCEL, PARQUET = "csv", "excel", "parquet"

#: How encodings are called; one that is not here is called by its name.
ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "cp1252": "Windows-1252",
}

#: Taken where bytes are no UTF-8: what Windows programs write in Western languages.
LEGACY_ENCODING = "cp1252"

#: Marks that some programs put before a text, and the encoding that each stands for.
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}


@dataclass(frozen=True)
class StatedFormat:
    """What a schema file's `[file]` says of its tables; None where it is to be found out.

    Attributes
    ----------
    separator : str or None
        One of `SEPARATORS`.
    decimal : {".", ",", None}
        The decimal sign of numbers; the other one separates thousands.
    encoding : str or None
        As Python calls it.
    header_line : int or None
        The line that holds the header, counted from 1.
    sheet : str or None
        The sheet of an Excel workbook.
    """

    separator: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    header_line: int | None = None
    sheet: str | None = None


#: Of a table of which nothing is known.
NOTHING_STATED = StatedFormat()


@dataclass(frozen=True)
class FileFormat:
    """How a table is written.

    Attributes
    ----------
    kind : {"csv", "excel", "parquet"}
    encoding : str
        As Python calls it; of CSV.
    separator : str
        Of the cells of CSV.
    header_line : int
        The line (CSV) or row (Excel) that holds the header, counted from 1.
    sheet : str or None
        The sheet of an Excel workbook.
    """

    kind: str = CSV
    encoding: str = "utf-8"
    separator: str = ","
    header_line: int = 1
    sheet: str | None = None

    def describe(self) -> str:
        """Return how the table is written, in words: "CSV with semicolons, in UTF-16"."""
        if self.kind == PARQUET:
            return "Parquet"
        header = f", header in line {self.header_line}" if self.header_line > 1 else ""
        if self.kind == EXCEL:
            return f"an Excel workbook, sheet {self.sheet!r}{header}"
        encoding = ENCODINGS.get(self.encoding, self.encoding)
        return f"CSV with {SEPARATORS[self.separator]}, in {encoding}{header}"


def clean_name(text: str) -> str:
    """Return a name or code as it is compared: no spaces around it, in one Unicode form (NFC)."""
    stripped = text.strip()
    return stripped if stripped.isascii() else unicodedata.normalize("NFC", stripped)
