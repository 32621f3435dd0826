"""Tables in, decisions out: CSV, Parquet, Dask.

A table is read block by block, so that its size takes no memory. Parquet, Dask, requests and logged
runs have modules of their own, as they load libraries that plain CSV does not need.
"""

from creditscore.tables.csv_table import CsvTable, open_table
from creditscore.tables.output import Counts, CsvOutput, Rejects
from creditscore.tables.scorer import Scorer
from creditscore.tables.table import Block, RejectedRow, RowReader, Table

__all__ = [
    "Block",
    "Counts",
    "CsvOutput",
    "CsvTable",
    "RejectedRow",
    "Rejects",
    "RowReader",
    "Scorer",
    "Table",
    "open_table",
]
