"""Read a workbook that a stranger sent, in a process of its own with little memory and time.

A few bytes can make a workbook that fills all memory: XML that unpacks to gigabytes, or two cells
in opposite corners of a sheet. Whatever such a file does, it does it to that process alone.

    service -> wanted columns, workbook -> process -> header, rows -> service
"""

from __future__ import annotations

import importlib.util
import io
import subprocess
import sys
import threading
import zipfile
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from tempfile import TemporaryFile
from typing import Any, BinaryIO, cast

from creditscore.environment import CHECKOUT, interpreter
from creditscore.errors import NotATable, Overloaded
from creditscore.i18n.catalogue import say
from creditscore.json_codec import dumps_bytes, loads
from creditscore.readers.excel_reader import RowsPiece, open_excel
from creditscore.readers.file_format import EXCEL, FileFormat, StatedFormat

try:
    import resource
except ImportError:  # Windows, where one process serves its own user
    resource = None  # type: ignore[assignment]

#: Bytes that a workbook may unpack to: several times what a table of 16 MiB takes.
MAX_UNPACKED = 256 * 1024 * 1024

#: Bytes of memory, seconds of computing, and bytes of its rows that the process may take.
MAX_MEMORY, MAX_SECONDS, MAX_WRITTEN = 512 * 1024 * 1024, 60, 512 * 1024 * 1024


#: As many workbooks are read at a time, and another one waits for so many seconds.
AT_A_TIME, MAX_WAIT_SECONDS = threading.Semaphore(2), 1.0


@dataclass(frozen=True)
class WorkbookFile:
    """A sheet that has been read.

    Attributes
    ----------
    columns : tuple of str
        The header, without unnamed columns at its end.
    format : FileFormat
    file : file
        Its rows, as the process wrote them; closed with the workbook.
    """

    columns: tuple[str, ...]
    format: FileFormat
    file: BinaryIO

    def pieces(self) -> Iterator[RowsPiece]:
        """Read the rows below the header; errors as of `ExcelFile.pieces`."""
        self.file.seek(0)
        self.file.readline()
        for line in self.file:
            yield RowsPiece(_load(line))

    def close(self) -> None:
        """Remove the rows."""
        self.file.close()


def can_read_workbooks() -> bool:
    """Check whether python-calamine is installed."""
    return importlib.util.find_spec("python_calamine") is not None


def read_workbook(
    raw: bytes,
    *,
    column_names: Collection[str],
    stated: StatedFormat,
    max_seconds: int = MAX_SECONDS,
    at_a_time: threading.Semaphore = AT_A_TIME,
) -> WorkbookFile:
    """Read a sheet as `open_excel` does, all of it.

    Parameters
    ----------
    raw : bytes
        The workbook.
    column_names : collection of str
        Some names of its columns.
    stated : StatedFormat
        What is known of it.
    max_seconds : int
        After so many it is given up.
    at_a_time : threading.Semaphore
        As many are read at a time.

    Raises
    ------
    NotATable
        As of `open_excel`, or if it takes too much memory or time.
    Overloaded
        If too many others are being read.
    """
    job = dumps_bytes({"wanted": list(column_names), "stated": asdict(stated)}) + b"\n"
    with ExitStack() as stack:
        file = cast(BinaryIO, stack.enter_context(TemporaryFile()))
        if not at_a_time.acquire(timeout=MAX_WAIT_SECONDS):
            raise Overloaded
        try:
            subprocess.run(
                [str(interpreter()), "-m", __name__],
                input=job + raw,
                stdout=file,
                stderr=subprocess.DEVNULL,
                cwd=CHECKOUT,
                timeout=max_seconds,
                check=True,
            )
        except subprocess.SubprocessError:
            raise NotATable("not_csv", say("workbook_too_large"), 1) from None
        finally:
            at_a_time.release()
        file.seek(0)
        header = _load(file.readline())
        stack.pop_all()
    file_format = FileFormat(kind=EXCEL, header_line=header["header_line"], sheet=header["sheet"])
    return WorkbookFile(tuple(header["columns"]), file_format, file)


def _load(line: bytes) -> Any:
    """Read a line of the process, which may be what is wrong."""
    value = loads(line)
    if isinstance(value, dict) and "fault" in value:
        raise NotATable(**value["fault"])
    return value


def _check_unpacked(raw: bytes) -> None:
    """Check how large a workbook says that it is when it is unpacked; old ones are not packed."""
    if not raw.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            unpacked_size = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise NotATable("not_csv", say("not_readable", problem=str(error)), 1) from None
    if unpacked_size > MAX_UNPACKED:
        raise NotATable("not_csv", say("workbook_too_large"), 1)


def _serve(source: BinaryIO, target: BinaryIO) -> None:
    """Read a workbook, and write its header and its rows as lines of JSON, or what is wrong."""
    try:
        target.writelines(dumps_bytes(value) + b"\n" for value in _read(source))
    except NotATable as error:
        (fault,) = error.faults
        fault_fields = {"code": fault.code, "text": dict(fault.text), "line": fault.line}
        target.write(dumps_bytes({"fault": fault_fields}) + b"\n")


def _read(source: BinaryIO) -> Iterator[object]:
    """Read the header of a workbook, and its rows, some at a time."""
    job, raw = loads(source.readline()), source.read()
    _check_unpacked(raw)
    stated = StatedFormat(**job["stated"])
    sheet = open_excel(io.BytesIO(raw), column_names=job["wanted"], stated=stated)
    yield {"columns": sheet.columns, **asdict(sheet.format)}
    for piece in sheet.pieces():
        yield piece.typed_rows


def _limit_process() -> None:
    """Take no more memory, time and room on the disk than a workbook needs."""
    if resource is None:
        return
    for kind, limit in (
        (resource.RLIMIT_AS, MAX_MEMORY),
        (resource.RLIMIT_CPU, MAX_SECONDS),
        (resource.RLIMIT_FSIZE, MAX_WRITTEN),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        # The host may allow even less.
        value = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (value, value))


if __name__ == "__main__":
    _limit_process()
    _serve(sys.stdin.buffer, sys.stdout.buffer)
