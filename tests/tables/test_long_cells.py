"""What is kept of a table's cells while it is read."""

from __future__ import annotations

import tracemalloc

from creditscore.schema import Schema
from creditscore.tables.csv_table import CellReader


def test_long_cells_are_not_kept(schema: Schema) -> None:
    cells, field = CellReader({}, ()), next(iter(schema.fields.values()))

    tracemalloc.start()
    try:
        for number in range(500):
            cells.read(field, f"{number:010000}x")
        kept_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert kept_bytes < 100_000
