"""Fetch a published data set once: checked, cached, and resumed where it was cut off."""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.request
from pathlib import Path

from tqdm import tqdm

from creditscore.errors import DatasetError
from creditscore.schema import Source

TIMEOUT_SECONDS = 30
CHUNK_BYTES = 1 << 16


def fetch(source: Source, cache: Path) -> Path:
    """Fetch a source's file into a folder, unless it is there already.

    Parameters
    ----------
    source : Source
        Where it is published, and its SHA-256.
    cache : Path
        Folder for the file, made if need be.

    Returns
    -------
    Path
        A file whose SHA-256 is the expected one.

    Raises
    ------
    DatasetError
        If it cannot be had. What came before a cut is kept, and the next call goes on from it.
    """
    target = cache / f"{source.sha256[:16]}.csv"
    if target.exists() and _sha256(target) == source.sha256:
        return target
    if not source.url.startswith(("http://", "https://")):
        raise DatasetError(source.url, "is not an http or https address")
    part = target.with_suffix(".part")
    try:
        cache.mkdir(parents=True, exist_ok=True)
        _download(source.url, part)
    except urllib.error.HTTPError as error:
        error.close()
        raise DatasetError(source.url, f"answered {error.code} {error.reason}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        # ValueError: an address such as http://[ that Python cannot take apart.
        reason = getattr(error, "reason", None) or error
        raise DatasetError(source.url, f"cannot be fetched: {reason}{_kept_note(part)}") from None
    digest = _sha256(part)
    if digest != source.sha256:
        part.unlink()
        problem = f"has SHA-256 {digest}, expected {source.sha256}; it was not kept"
        raise DatasetError(source.url, problem)
    part.replace(target)
    return target


def _download(url: str, part: Path) -> None:
    """Append to a partial file what is still missing of it, showing progress."""
    offset = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url)
    if offset:
        request.add_header("Range", f"bytes={offset}-")
    try:
        answer = urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        # 416: the partial file is no beginning of what is there now; start over.
        if error.code != 416 or not offset:
            raise
        error.close()
        part.unlink()
        _download(url, part)
        return
    with answer:
        if answer.status != 206:
            offset = 0
        length = answer.headers.get("Content-Length")
        total = offset + int(length) if length else None
        _append(answer, part, offset=offset, total=total)
        size = part.stat().st_size
        if total is not None and size < total:
            raise http.client.HTTPException(f"it was cut off after {size} of {total} bytes")


def _append(
    answer: http.client.HTTPResponse, part: Path, *, offset: int, total: int | None
) -> None:
    label = "Fetching the data"
    with (
        part.open("ab" if offset else "wb") as file,
        tqdm(total=total, initial=offset, unit="B", unit_scale=True, desc=label) as bar,
    ):
        while chunk := answer.read(CHUNK_BYTES):
            file.write(chunk)
            bar.update(len(chunk))


def _kept_note(part: Path) -> str:
    if part.exists() and part.stat().st_size:
        return "; run the same command again, it continues from there"
    return ""


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
