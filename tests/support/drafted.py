"""Tables with whatever columns a test needs, and drafts of their schema files."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from creditscore.drafting import Draft, draft_table
from creditscore.readers import clean_name, open_table_file
from creditscore.schema import Schema
from creditscore.schema.cell_reader import read_cell
from creditscore.schema.constraints import Rejected
from creditscore.schema.decimal_signs import decimal_signs
from creditscore.schema.outcomes import OutcomeReader
from creditscore.schema.reader import load_schema
from creditscore.schema.table_columns import field_columns

#: Every fourth of 400 rows is bad, as nothing else in them says.
ROWS = 400
OUTCOMES = ["bad" if row % 4 == 3 else "good" for row in range(ROWS)]

#: A field that says little, so that there is always one.
PLAIN = [str(1000 + row * 37 % 250) for row in range(ROWS)]


def cycle(*cells: str) -> list[str]:
    """Give a column of these cells, over and over, without regard to the outcome."""
    return [cells[row // 4 % len(cells)] for row in range(ROWS)]


def write_table(
    path: Path,
    columns: Mapping[str, Sequence[str]],
    *,
    separator: str = ",",
    encoding: str = "utf-8",
) -> Path:
    """Write a table with these columns, a plain field before them and an outcome behind."""
    table = {"amount": PLAIN, **columns}
    table.setdefault("default", OUTCOMES)
    return write_rows(path, list(table), zip(*table.values(), strict=True), separator, encoding)


def write_rows(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    separator: str = ",",
    encoding: str = "utf-8",
) -> Path:
    """Write a header and rows."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator)
    writer.writerow(header)
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def drafted(
    folder: Path, columns: Mapping[str, Sequence[str]], **options: Any
) -> tuple[Draft, dict[str, Any]]:
    """Draft a schema file for such a table; check that it is one and takes its rows."""
    outcome = options.pop("outcome", None)
    path = write_table(folder / "table.csv", columns, **options)
    draft = draft_table(path, outcome=outcome)
    check_takes_every_row(path, draft.text)
    return draft, tomllib.loads(draft.text)


def check_takes_every_row(path: Path, text: str) -> Schema:
    """Check that a draft is a schema file by which every row with an outcome is an applicant."""
    file = path.with_suffix(".toml")
    file.write_text(text, encoding="utf-8")
    schema = load_schema(file)
    with open_table_file(path, column_names=list(schema.fields), stated=schema.file) as table:
        names = [clean_name(name) for name in table.columns]
        expected_names = {*schema.fields, *schema.ignored_columns, schema.label.column}
        assert set(names) == expected_names
        positions = {
            name: column[0] for name, column in field_columns(table.columns, schema).items()
        }
        signs = decimal_signs(table, schema, positions)
        outcome, outcomes = names.index(schema.label.column), OutcomeReader(schema.label)
        for piece in table.pieces():
            for line, cells in piece.rows:
                if outcomes.read(cells[outcome]) is None:
                    continue
                for name, field in schema.fields.items():
                    raw = read_cell(
                        field, cells[positions[name]], decimal=signs.get(name), integral=True
                    )
                    try:
                        field.accept(raw)
                    except Rejected as rejected:
                        raise AssertionError(f"line {line}, {name}: {raw!r}") from rejected
                (applicant,) = schema.parser.parse_all(
                    [dict(_json(schema, cells, positions, signs))]
                )
                assert applicant.values.keys() == schema.fields.keys()
    return schema


def _json(
    schema: Schema, cells: Sequence[str], positions: Mapping[str, int], signs: Mapping[str, str]
) -> Iterable[tuple[str, object]]:
    for name, field in schema.fields.items():
        raw = read_cell(field, cells[positions[name]], decimal=signs.get(name), integral=True)
        yield name, None if raw == "" else raw
