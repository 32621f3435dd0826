"""An uploaded table as its page shows it: how it is written, its columns, its rows and faults."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from creditscore.i18n.catalogue import PAGE_TEXTS, in_language, shorten
from creditscore.nearest_name import nearest_name
from creditscore.readers import TableFile, clean_name
from creditscore.readers.file_format import ENCODINGS, EXCEL, FileFormat
from creditscore.schema import Schema
from creditscore.schema.csv_cells import to_line
from creditscore.schema.descriptions import is_required, named_values
from creditscore.schema.reference import REFERENCE
from creditscore.schema.table_columns import field_columns
from creditscore.tables.table_check import CheckedRow
from creditscore.tables.uploaded_table import style_of

#: Columns, names of columns that are no fields, and characters of a cell that are shown.
MAX_COLUMNS, MAX_OTHERS, MAX_CELL_LENGTH = 24, 30, 40

#: The texts that name what separates cells.
SEPARATOR_TEXTS = {
    ",": "separator_comma",
    ";": "separator_semicolon",
    "\t": "separator_tab",
    "|": "separator_bar",
}


@dataclass(frozen=True)
class HeaderView:
    """How a table is written, and its columns.

    Attributes
    ----------
    format : str
        In words.
    columns : sequence of str
    used_columns : sequence of str
        Those that are fields or the reference.
    other_columns : sequence of (str, str)
        Those that are passed through, some of them, each with the field that it may have meant.
    more : int
        How many of those are not named.
    shown_indexes : sequence of int
        Of the columns whose cells are shown.
    """

    format: str
    columns: Sequence[str]
    used_columns: Sequence[str]
    other_columns: Sequence[tuple[str, str]]
    more: int
    shown_indexes: Sequence[int]

    def is_used(self, index: int) -> bool:
        """Return whether a column is a field or the reference."""
        return self.columns[index] in self.used_columns


@dataclass(frozen=True)
class CellView:
    """A cell, cut to what can be shown, and whether it is wrong."""

    text: str
    wrong: bool


@dataclass(frozen=True)
class RowView:
    """A row: its line, the cells that are shown, and its faults in words."""

    line: int
    cells: Sequence[CellView]
    faults: Sequence[str]


@dataclass(frozen=True)
class FieldView:
    """A column that a table may have: its name, and what its cells mean and may hold."""

    name: str
    title: str
    allowed: str
    needed: bool


def view_header(file: TableFile, schema: Schema, language: str) -> HeaderView:
    """Return how a table is written, and its columns."""
    columns = file.columns
    indexes = field_columns(columns, schema)
    used_indexes = {index for column_indexes in indexes.values() for index in column_indexes}
    used_indexes |= {index for index, name in enumerate(columns) if clean_name(name) == REFERENCE}
    other_indexes = [index for index in range(len(columns)) if index not in used_indexes]
    missing = [name for name in schema.fields if name not in indexes]
    shown_indexes = sorted([*used_indexes, *other_indexes][:MAX_COLUMNS])
    return HeaderView(
        format=_format_in_words(file.format, language),
        columns=columns,
        used_columns=[columns[index] for index in sorted(used_indexes)],
        other_columns=[
            (columns[index], nearest_name(columns[index], missing) or "")
            for index in other_indexes[:MAX_OTHERS]
        ],
        more=max(0, len(other_indexes) - MAX_OTHERS),
        shown_indexes=shown_indexes,
    )


def view_rows(header: HeaderView, rows: Iterable[CheckedRow], language: str) -> list[RowView]:
    """Return rows as they are shown."""
    return [
        RowView(
            line=row.line,
            cells=[
                CellView(
                    shorten(row.cells[index] if index < len(row.cells) else "", MAX_CELL_LENGTH),
                    index in row.wrong,
                )
                for index in header.shown_indexes
            ],
            faults=[in_language(fault.text, language) for fault in row.faults],
        )
        for row in rows
    ]


def describe_fields(schema: Schema, language: str) -> list[FieldView]:
    """Return the columns that a table may have."""
    needed = set(schema.base_fields) - set(schema.optional)
    return [
        FieldView(
            name=name,
            title=in_language(field.title, language),
            allowed="; ".join(
                [in_language(field.allowed, language), *named_values(field, language)]
            ),
            needed=name in needed,
        )
        for name, field in schema.fields.items()
    ]


def describe_groups(schema: Schema, language: str) -> list[str]:
    """Return which columns a row has all of or none, a sentence for each larger scorecard."""
    text = PAGE_TEXTS[language]["tables_together"]
    groups = [
        [name for name in spec.added_fields if is_required(schema, name)]
        for spec in list(schema.scorecards.values())[1:]
    ]
    return [
        text.format(count=len(names), columns=", ".join(names))
        for names in groups
        if len(names) > 1
    ]


def empty_table(schema: Schema, language: str) -> str:
    """Return the address (RFC 2397) of a table with all columns, and an example in each row."""
    style = style_of(language)
    rows: list[list[object]] = [[REFERENCE, *schema.fields]]
    for number, spec in enumerate(schema.scorecards.values(), start=1):
        cells = {name: schema.fields[name].example for name in spec.fields}
        rows.append([f"A-{number}", *(cells.get(name) for name in schema.fields)])
    text = "".join(f"{to_line(row, style.separator)}\n" for row in rows)
    return f"data:text/csv;base64,{base64.b64encode(text.encode('utf-8-sig')).decode()}"


def _format_in_words(file_format: FileFormat, language: str) -> str:
    texts = PAGE_TEXTS[language]
    if file_format.kind == EXCEL:
        return texts["format_workbook"].format(
            sheet=file_format.sheet, line=file_format.header_line
        )
    return texts["format_csv"].format(
        separator=texts[SEPARATOR_TEXTS[file_format.separator]],
        encoding=ENCODINGS.get(file_format.encoding, file_format.encoding),
        line=file_format.header_line,
    )
