"""Find the columns of training data in a header, and say all that is wrong with it at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from creditscore.errors import DatasetError, DatasetFaults
from creditscore.nearest_name import hint, nearest_name
from creditscore.readers import clean_name
from creditscore.schema import Schema
from creditscore.schema.table_columns import field_columns, field_names, is_nameless
from creditscore.training.wrong_cells import TableFault, capped

#: Columns that a message lists.
MAX_COLUMNS = 30


@dataclass(frozen=True)
class Header:
    """Where the columns of a table are.

    Attributes
    ----------
    fields : mapping of str to int
        The column of each field.
    label : int
        The column of the outcome.
    sample : mapping of str to int
        The columns of [sample], by what they are for.
    nameless : sequence of int
        The columns without a name.
    """

    fields: Mapping[str, int]
    label: int
    sample: Mapping[str, int]
    nameless: Sequence[int]


def wanted_columns(schema: Schema, headers: Mapping[str, str] | None) -> Collection[str]:
    """Return the names by which a table's header is recognised."""
    if headers:
        return headers.values()
    return {*field_names(schema), schema.label.column, *schema.sample.columns.values()}


def find_columns(
    path: Path,
    columns: Sequence[str],
    schema: Schema,
    *,
    headers: Mapping[str, str] | None,
    line: int,
) -> Header:
    """Find the fields and the outcome.

    Parameters
    ----------
    path : Path
        The file, for errors.
    columns : sequence of str
        Its header.
    schema : Schema
    headers : mapping of str to str or None
        For a file that calls its columns otherwise: its name for each field and for the label;
        whatever else it holds is left out.
    line : int
        The line of the header.

    Raises
    ------
    DatasetError
        With all that is wrong.
    """
    label_name = headers[schema.label.column] if headers else schema.label.column
    field_indices = field_columns(columns, schema, headers=headers)
    labels = [i for i, name in enumerate(columns) if clean_name(name) == clean_name(label_name)]
    ignored = {clean_name(name) for name in schema.ignored_columns}
    ignored_indices = {i for i, name in enumerate(columns) if clean_name(name) in ignored}
    known_indices = {index for indices in field_indices.values() for index in indices}
    sample = _sample_columns(columns, schema, field_indices, headers)
    named_indices = ignored_indices.union(sample.values())
    nameless = [i for i, name in enumerate(columns) if is_nameless(name) and i not in named_indices]
    known_indices |= {*labels, *nameless, *named_indices}
    missing_fields = {
        name: (headers[name] if headers else schema.fields[name].column or name)
        for name in schema.fields
        if name not in field_indices
    }
    missing = [*missing_fields.values(), *([] if labels else [label_name])]
    missing += [
        headers[name] if headers else name
        for role, name in schema.sample.columns.items()
        if role not in sample and name not in missing_fields
    ]
    unknown = [name for index, name in enumerate(columns) if index not in known_indices]
    near = {name: nearest_name(name, unknown) for name in missing}
    faults = _missing(near, columns, line)
    faults += _twice(columns, field_indices, line)
    if headers is None:
        # A misspelt column is one fault, not two.
        unknown = [name for name in unknown if name not in near.values()]
        faults += _unknown(unknown, [*field_names(schema), label_name], line)
    _refuse(path, faults, line)
    fields = {name: indices[0] for name, indices in field_indices.items()}
    return Header(fields, labels[0], sample, nameless)


def _sample_columns(
    columns: Sequence[str],
    schema: Schema,
    field_indices: Mapping[str, Sequence[int]],
    headers: Mapping[str, str] | None,
) -> dict[str, int]:
    """Find the columns of [sample], by what they are for; one may be that of a field."""
    indices = {clean_name(name): index for index, name in reversed(list(enumerate(columns)))}
    sample = {}
    for role, name in schema.sample.columns.items():
        index = indices.get(clean_name(headers[name] if headers else name))
        if index is None and name in field_indices:
            index = field_indices[name][0]
        if index is not None:
            sample[role] = index
    return sample


def _missing(near: Mapping[str, str | None], columns: Sequence[str], line: int) -> list[TableFault]:
    """Say which columns are missing, given the nearest name to each."""
    faults: list[TableFault] = []
    for name, nearest in near.items():
        text = "is missing"
        if not faults:
            more = ", ..." if len(columns) > MAX_COLUMNS else ""
            text += f", the header is {', '.join(columns[:MAX_COLUMNS])}{more}"
        faults.append(
            TableFault(text + (f"; nearest is {nearest!r}" if nearest else ""), line, name)
        )
    return faults


def _twice(
    columns: Sequence[str], field_indices: Mapping[str, Sequence[int]], line: int
) -> list[TableFault]:
    counts = Counter(clean_name(name) for name in columns if not is_nameless(name))
    faults = [
        TableFault("appears twice in the header", line, name)
        for name, count in counts.items()
        if count > 1
    ]
    for name, indices in field_indices.items():
        names = {clean_name(columns[index]) for index in indices}
        if len(names) > 1:
            both = " and ".join(sorted(names))
            faults.append(TableFault(f"is in the header as {both}: leave one out", line, name))
    return faults


def _unknown(unknown: Sequence[str], names: Sequence[str], line: int) -> list[TableFault]:
    problem = "is not a field of the schema, nor among its ignored_columns"
    if len(unknown) > MAX_COLUMNS:
        listed = ", ".join(unknown[:MAX_COLUMNS])
        text = f"{len(unknown)} columns are not fields of the schema, nor among its "
        return [TableFault(f"{text}ignored_columns: {listed}, ...", line)]
    return [TableFault(problem + hint(name, names), line, name) for name in unknown]


def _refuse(path: Path, faults: Sequence[TableFault], line: int) -> None:
    if len(faults) == 1:
        raise DatasetError(path, faults[0].text, line=line, column=faults[0].column)
    if faults:
        listed = [
            f"column {fault.column}: {fault.text}" if fault.column else fault.text
            for fault in faults
        ]
        problem = f"line {line}: the header has {len(faults)} faults:"
        raise DatasetFaults(path, problem, capped(listed), line=line)
