"""Decisions on a table's rows, spooled to temporary files until they can be logged.

The files have no name, so that nothing of a table is left when they are closed, or the process
ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, NamedTuple, Self, cast

from creditscore.decisions.assessor import Decision
from creditscore.decisions.decision_columns import DecisionColumns
from creditscore.decisions.record import RequestOrigin, Row, RowTemplate
from creditscore.json_codec import dumps_bytes, loads
from creditscore.schema.csv_cells import to_line
from creditscore.tables.table import Table

#: Bytes that a spooled file keeps in memory.
IN_MEMORY = 1024 * 1024

#: Results of different rows that are kept for equal ones to come: about 60 MB.
MAX_RESULTS = 10_000


class Result(NamedTuple):
    """What follows from the fields' cells of a row: its row in the log, and of its answer.

    Both but for id, time and reference.
    """

    template: RowTemplate
    text: str

    @classmethod
    def of(cls, decision: Decision, *, columns: DecisionColumns, origin: RequestOrigin) -> Self:
        """Return what is written of a decision, in columns without its id and time."""
        return cls(RowTemplate.of(decision, origin), columns.text(decision))


def spooled_file() -> BinaryIO:
    """Open a temporary file that is kept in memory while it is small."""
    return cast(BinaryIO, SpooledTemporaryFile(IN_MEMORY))  # callers close it


def logged_ends(
    results: Sequence[Result], ids: Sequence[str], decided_at: str, separator: str
) -> Iterator[str]:
    """Return the cells of decisions that are logged, made at one moment."""
    for result, decision_id in zip(results, ids, strict=True):
        yield f"{decision_id}{separator}{decided_at}{separator}{result.text}"


def write_header(file: BinaryIO, table: Table, columns: DecisionColumns) -> None:
    """Write the header of a table, with a decision's columns behind it."""
    line = to_line([*table.columns, *columns.types], columns.separator)
    file.write(f"{line}{table.style.newline}".encode())


def write_rows(file: BinaryIO, table: Table, lines: Iterable[bytes], ends: Iterable[str]) -> None:
    """Write rows of a table as lines of CSV, each with the cells of its decision behind it."""
    separator, newline = table.style.separator, table.style.newline
    pairs = zip(lines, ends, strict=True)
    file.writelines([line + f"{separator}{end}{newline}".encode() for line, end in pairs])


def spool(
    file: BinaryIO, results: Sequence[Result], ids: Sequence[str], references: Sequence[object]
) -> None:
    """Write the decisions of a block: each different result once, and which one each id has."""
    unique_results = {id(result): result for result in results}
    numbers = {key: number for number, key in enumerate(unique_results)}
    content = [
        [[*result.template] for result in unique_results.values()],
        [numbers[id(result)] for result in results],
        ids,
        references,
    ]
    file.write(dumps_bytes(content) + b"\n")


def spooled_rows(file: BinaryIO, milliseconds: int) -> Iterator[list[Row]]:
    """Read the rows of spooled decisions from the beginning of a file, a block at a time."""
    file.seek(0)
    for line in file:
        content, numbers, ids, references = loads(line)
        templates = [RowTemplate(tuple(values), canonical) for values, canonical in content]
        yield [
            templates[number].row(decision_id, milliseconds, reference)
            for number, decision_id, reference in zip(numbers, ids, references, strict=True)
        ]
