"""Find the fields' columns in a table's header."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from creditscore.readers.file_format import clean_name
from creditscore.schema.schema import Schema

#: What pandas calls the nameless column of an index that was written and read again.
_INDEX = re.compile(r"Unnamed: ?[0-9]+(?:\.[0-9]+)*")


def field_names(schema: Schema) -> dict[str, str]:
    """Return the field of each name that tables may call it by: its own, and its `column`."""
    names = {
        clean_name(field.column): name
        for name, field in schema.fields.items()
        if field.column is not None
    }
    return names | {clean_name(name): name for name in schema.fields}


def field_columns(
    columns: Sequence[str], schema: Schema, *, headers: Mapping[str, str] | None = None
) -> dict[str, list[int]]:
    """Return the places of the columns of each field that a header has.

    Parameters
    ----------
    columns : sequence of str
        The header.
    schema : Schema
    headers : mapping of str to str, optional
        For a table that calls its columns otherwise: its name for each field.

    Returns
    -------
    dict of str to list of int
        In schema order. A field should have one column; more are for the caller to refuse.
    """
    names = field_names(schema)
    if headers is not None:
        names = {clean_name(headers[name]): name for name in schema.fields}
    indices: dict[str, list[int]] = {}
    for index, column in enumerate(columns):
        if name := names.get(clean_name(column)):
            indices.setdefault(name, []).append(index)
    return {name: indices[name] for name in schema.fields if name in indices}


def is_nameless(column: str) -> bool:
    """Check whether a column has no name, or the one that pandas gives an index without any."""
    return not clean_name(column) or _INDEX.fullmatch(clean_name(column)) is not None
