"""Fetch a published data set once, and check that it is the one expected."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from pathlib import Path

from creditscore.errors import DatasetError
from creditscore.files import PUBLIC, atomic_write_all
from creditscore.schema import Source
from creditscore.scorecard.verification import sha256

TIMEOUT_S = 30.0


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
        If it cannot be had.
    """
    target = cache / f"{source.sha256[:16]}.csv"
    if target.exists() and sha256(target.read_bytes()) == source.sha256:
        return target
    if not source.url.startswith(("http://", "https://")):
        raise DatasetError(source.url, "is not an http or https address")
    try:
        with urllib.request.urlopen(source.url, timeout=TIMEOUT_S) as answer:
            content = answer.read()
    except urllib.error.HTTPError as error:
        error.close()
        raise DatasetError(source.url, f"answered {error.code} {error.reason}") from None
    except http.client.IncompleteRead as error:
        problem = f"was cut off after {len(error.partial):,} bytes"
        raise DatasetError(source.url, problem) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        # ValueError: an address such as http://[ that Python cannot take apart.
        reason = getattr(error, "reason", None) or error
        raise DatasetError(source.url, f"cannot be fetched: {reason}") from None
    digest = sha256(content)
    if digest != source.sha256:
        problem = f"has SHA-256 {digest}, expected {source.sha256}; it was not kept"
        raise DatasetError(source.url, problem)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        atomic_write_all({target: content}, mode=PUBLIC)
    except OSError as error:
        raise DatasetError(str(cache), f"cannot be written: {error.strerror}") from None
    return target
