"""The trained model on disk: pickle, model card and manifest, verified whenever it is loaded.

The pickle holds plain arrays, dicts, lists, numbers and texts only. Loading reads its bytes once,
compares their SHA-256 with the manifest's, unpickles those very bytes with two allowed names, and
scores the golden applicants: equal to the last bit, or the model is refused. The manifest also
holds the digest of the model card, so that no figures of another model are read, and its own.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import json
import os
import pickle
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from creditscore.environment import python_command
from creditscore.errors import ArtifactError
from creditscore.files import PUBLIC, atomic_write_all, describe_access
from creditscore.schema import read_schema
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import Policy
from creditscore.scorecard.scorecard import Scorecard
from creditscore.scorecard.verification import (
    SELF_DIGEST,
    golden_difference,
    sha256,
    to_json,
    verify_self_digest,
    with_self_digest,
)

#: Raised whenever the layout of the artifact changes.
FORMAT = 4

MODEL_FILE = "model.pkl"
CARD_FILE = "model_card.json"
MANIFEST_FILE = "manifest.json"
MAX_BYTES = 64 * 1024 * 1024

#: Parts of the manifest that the service shows to clients that ask about the model.
SHOWN_PARTS = ("scorecards", "data", "trained_at", "seed", "software")

#: What may stand in the pickle besides plain Python values: numpy arrays as protocol 5 writes them.
ALLOWED_NAMES = frozenset({("numpy._core.numeric", "_frombuffer"), ("numpy", "dtype")})

REMEDY = python_command("train.py")


def save(model: Model, folder: Path) -> None:
    """Write a model: the pickle, the card, and the manifest with the digests of both.

    All are on the disk before any takes its place, so a failure leaves the old model complete.

    Raises
    ------
    ArtifactError
        If it cannot be written, or would be too large to be loaded.
    """
    content = {
        "format": FORMAT,
        "schema": model.schema.document,
        "policy": model.policy.to_dict(),
        "scorecards": {name: card.to_dict() for name, card in model.scorecards.items()},
        "tables": model.lookup_tables,
    }
    raw, card = pickle.dumps(content, protocol=5), to_json(model.card)
    computed = {
        "format": FORMAT,
        "model": _digest_entry(MODEL_FILE, raw),
        "card": _digest_entry(CARD_FILE, card),
        "versions": model.versions,
        "schema": model.schema.document,
    }
    # The manifest of a loaded model has these keys too, of the files that it was loaded from.
    manifest = computed | dict(model.manifest) | computed
    files = {MODEL_FILE: raw, CARD_FILE: card, MANIFEST_FILE: with_self_digest(manifest)}
    for name, data in files.items():
        if len(data) > MAX_BYTES:
            problem = f"would be {len(data):,} bytes large, the most is {MAX_BYTES:,}"
            raise ArtifactError(folder / name, problem, "fewer or smaller trees in the schema file")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Readable for the service, which may run under another account than the training.
        atomic_write_all({folder / name: raw for name, raw in files.items()}, mode=PUBLIC)
    except OSError as error:
        raise _not_writable(folder, error.strerror or "") from None


def check_writable(folder: Path) -> None:
    """Check, before the work of training, that a model can be saved in a folder or a new one there.

    Raises
    ------
    ArtifactError
        If it is no folder, or may not be written into.
    """
    try:
        parent = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    except OSError as error:
        raise _not_writable(folder, error.strerror or "") from None
    if not parent.is_dir():
        raise _not_writable(folder, os.strerror(errno.ENOTDIR))
    if not os.access(parent, os.W_OK | os.X_OK):
        raise _not_writable(folder, os.strerror(errno.EACCES))


def _not_writable(folder: Path, reason: str) -> ArtifactError:
    if denial := describe_access(folder):
        return ArtifactError(folder, f"cannot be written: {denial.fact}", denial.remedy)
    remedy = "make room for it, or choose another folder with --model-dir"
    return ArtifactError(folder, f"cannot be written: {reason}", remedy)


def _digest_entry(name: str, raw: bytes) -> dict[str, Any]:
    return {"file": name, "bytes": len(raw), "sha256": sha256(raw)}


def load(folder: Path) -> Model:
    """Load a model and verify it.

    Raises
    ------
    ArtifactError
        If it is missing, damaged, foreign or of another format; says what fixes it.
    """
    path = folder / MODEL_FILE
    manifest = read_manifest(folder)
    raw = _read_verified(path, manifest["model"])
    card = _read_verified(folder / CARD_FILE, manifest["card"])
    try:
        content = read_plain(raw)
        model = _rebuild(content, manifest, json.loads(card), str(path))
        difference = golden_difference(model)
    except Exception as error:  # noqa: BLE001  # what others wrote can raise anything
        words = " ".join(str(error).split())[:200]
        problem = f"was not written by train.py: {type(error).__name__} {words}"
        raise ArtifactError(path, problem, REMEDY) from None
    if difference:
        raise ArtifactError(path, f"does not compute what it did at training: {difference}", REMEDY)
    return model


def is_complete(folder: Path) -> bool:
    """Check whether a folder holds all files with the manifest's digests, without loading them.

    They are read piece by piece: what a large read takes, the process would keep.
    """
    try:
        manifest = read_manifest(folder)
        for name, part in ((MODEL_FILE, "model"), (CARD_FILE, "card")):
            with _opened(folder / name) as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != manifest[part]["sha256"]:
                    return False
    except ArtifactError:
        return False
    return True


class Forbidden(Exception):
    """The pickle asks for something that no model holds."""


class _Unpickler(pickle.Unpickler):
    """Unpickles two names and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in ALLOWED_NAMES:
            raise Forbidden(f"{module}.{name}")
        return super().find_class(module, name)


def read_plain(raw: bytes) -> Any:
    """Unpickle plain values and arrays.

    Raises
    ------
    Forbidden
        If there is anything else in it.
    """
    return _Unpickler(io.BytesIO(raw)).load()


def _read_verified(path: Path, entry: Mapping[str, Any]) -> bytes:
    raw = _read(path)
    if sha256(raw) != entry["sha256"]:
        raise ArtifactError(path, "is damaged: its SHA-256 is not the manifest's", REMEDY)
    return raw


def _read(path: Path) -> bytes:
    with _opened(path) as file:
        return file.read()


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[io.BufferedReader]:
    try:
        if path.is_symlink() or path.stat().st_size > MAX_BYTES:
            raise ArtifactError(path, "is a link or larger than 64 MiB", REMEDY)
        with path.open("rb") as file:
            yield file
    except FileNotFoundError:
        raise ArtifactError(path, "not found: no model has been trained yet", REMEDY) from None
    except OSError as error:
        if denial := describe_access(path, write=False):
            raise ArtifactError(path, f"cannot be read: {denial.fact}", denial.remedy) from None
        raise ArtifactError(path, f"cannot be read: {error.strerror}", REMEDY) from None


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of a model alone: where it came from, without what it computes.

    Raises
    ------
    ArtifactError
        If it is missing, damaged or of another format.
    """
    path = folder / MANIFEST_FILE
    raw = _read(path)
    try:
        manifest = json.loads(raw)
        _validate_manifest(manifest)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ArtifactError(path, "is damaged: it is not a manifest of train.py", REMEDY) from None
    number = manifest["format"]
    if number != FORMAT:
        age = "an older" if number < FORMAT else "a newer"
        problem = f"was written by {age} release (format {number}, this one reads {FORMAT})"
        raise ArtifactError(path, problem, REMEDY)
    try:
        verify_self_digest(raw)
    except ValueError as error:
        raise ArtifactError(path, f"is damaged: {error}", REMEDY) from None
    del manifest[SELF_DIGEST]
    return dict(manifest)


def _validate_manifest(manifest: Any) -> None:
    """Check that a manifest has its parts: of another format, those that all formats have.

    Raises
    ------
    KeyError, TypeError, ValueError
        If it has not.
    """
    number, golden = manifest["format"], manifest["golden"]
    digests = [manifest["model"]["sha256"]]
    if number == FORMAT:
        digests.append(manifest["card"]["sha256"])
    if not isinstance(number, int) or not all(isinstance(digest, str) for digest in digests):
        raise ValueError("a format or a digest is of a wrong type")
    if not (isinstance(golden, list) and golden):
        raise ValueError("there are no golden applicants")
    for part in SHOWN_PARTS:
        manifest[part]


def _rebuild(
    content: Any, manifest: Mapping[str, Any], card: Mapping[str, Any], source: str
) -> Model:
    if content["format"] != FORMAT:
        raise ValueError(f"its format is {content['format']}")
    model = Model.assemble(
        schema=read_schema(content["schema"], source),
        scorecards={
            name: Scorecard.from_dict(parts) for name, parts in content["scorecards"].items()
        },
        policy=Policy.from_dict(content["policy"]),
        manifest=manifest,
        card=card,
        tables=content["tables"],
    )
    if model.versions != manifest["versions"]:
        raise ValueError("its versions are not the manifest's")
    names = list(model.schema.scorecards)
    if list(model.scorecards) != names or list(manifest["scorecards"]) != names:
        raise ValueError("its scorecards are not the schema's")
    return model
