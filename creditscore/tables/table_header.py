"""What must hold of a table's header, whatever the table is written as."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence

from creditscore.errors import Fault, InvalidApplicants
from creditscore.i18n.catalogue import Text, say
from creditscore.schema import Schema


def check_header(columns: Sequence[str], schema: Schema, *, taken: Collection[str]) -> None:
    """Make sure that the columns can be told apart, and that none is missing.

    Parameters
    ----------
    columns : sequence of str
        The header; what is no field is passed through.
    schema : Schema
    taken : collection of str
        Names that no column may have.

    Raises
    ------
    InvalidApplicants
        With all that is wrong.
    """
    if not columns:
        raise InvalidApplicants([Fault("no_header", "", say("no_header"), 1)])
    faults = []
    for name in dict.fromkeys(columns):
        if columns.count(name) > 1:
            faults.append(Fault("column_twice", "", say("column_twice", name=_short(name)), 1))
        elif name in taken:
            faults.append(Fault("column_taken", "", say("column_taken", name=name), 1))
    for name in schema.base_fields:
        if name not in columns and name not in schema.optional:
            others = {each.upper(): each for each in columns if each not in schema.fields}
            faults.append(Fault("column_missing", f"/{name}", _missing(name, others), 1))
    if faults:
        raise InvalidApplicants(faults)


def _missing(name: str, others: dict[str, str]) -> Text:
    if near := difflib.get_close_matches(name.upper(), list(others), n=1):
        return say("column_missing_near", field=name, nearest=_short(others[near[0]]))
    return say("column_missing", field=name)


def _short(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:40]}…"
