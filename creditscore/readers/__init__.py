"""Read tables as they are: CSV of any separator and encoding, Excel workbooks, Parquet.

`open_table_file` finds out how a file is written, and gives its header and its rows as texts. The
libraries for Excel and Parquet are extras, and loaded only for such files.
"""

from creditscore.readers.csv_reader import CsvFile, Piece, open_csv
from creditscore.readers.file_format import FileFormat, StatedFormat, clean_name
from creditscore.readers.table_file import TableFile, naming_file, open_table_file

__all__ = [
    "CsvFile",
    "FileFormat",
    "Piece",
    "StatedFormat",
    "TableFile",
    "clean_name",
    "naming_file",
    "open_csv",
    "open_table_file",
]
