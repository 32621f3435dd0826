"""The trained model on disk: `model.pkl` and `manifest.json`; saved whole, loaded through a gate.

The pickle holds plain arrays, dicts, lists, numbers and texts only. Loading reads its bytes once,
compares their hash with the manifest, unpickles those very bytes with a list of two allowed
names, and scores the golden applicants: equal to the last bit, or it is refused.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from creditscore.errors import ArtefactError, CreditScoreError
from creditscore.golden import what_it_says
from creditscore.policy import Policy
from creditscore.schema import Schema
from creditscore.schema_file import read_schema
from creditscore.scorecard import Scorecard, version

#: Raised whenever the layout of the artefact changes.
FORMAT = 2

MODEL_FILE = "model.pkl"
MANIFEST_FILE = "manifest.json"
LARGEST_BYTES = 64 * 1024 * 1024

#: What may stand in the pickle besides plain Python values: numpy arrays as protocol 5 writes them.
ALLOWED_NAMES = frozenset({("numpy._core.numeric", "_frombuffer"), ("numpy", "dtype")})

REMEDY = "python train.py"


@dataclass(frozen=True)
class Model:
    """Everything a decision needs.

    Attributes
    ----------
    schema : Schema
        The data dictionary that it was trained with, less what it does not ask for.
    scorecards : mapping of str to Scorecard
        By name.
    versions : mapping of str to str
        Each scorecard's version, such as ``application-3f2a9c1d``.
    policy : Policy
        As chosen at training.
    manifest : mapping
        Where it came from and how good it is.
    """

    schema: Schema
    scorecards: Mapping[str, Scorecard]
    versions: Mapping[str, str]
    policy: Policy
    manifest: Mapping[str, Any]

    @classmethod
    def assemble(
        cls,
        *,
        schema: Schema,
        scorecards: Mapping[str, Scorecard],
        policy: Policy,
        manifest: Mapping[str, Any],
    ) -> Model:
        """Put the parts together, naming the scorecards' versions.

        What no scorecard decides on, applicants may leave out where the schema says so.
        """
        predictors = {name for card in scorecards.values() for name in card.predictors}
        schema = schema.excluding(name for name in schema.fields if name not in predictors)
        versions = {
            name: version(card, policy=policy.to_dict(), encoding=_encoding(schema, card))
            for name, card in scorecards.items()
        }
        return cls(schema, scorecards, versions, policy, manifest)

    def protected_predictors(self, scorecard: str) -> list[str]:
        """Name the protected attributes that a scorecard's decisions depend on."""
        predictors = self.scorecards[scorecard].predictors
        return [name for name in predictors if self.schema.fields[name].protected]


def save(model: Model, folder: Path) -> None:
    """Write a model: first the pickle, then the manifest that vouches for it, each in one step."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "format": FORMAT,
        "schema": model.schema.document,
        "policy": model.policy.to_dict(),
        "scorecards": {name: card.to_dict() for name, card in model.scorecards.items()},
    }
    raw = pickle.dumps(content, protocol=5)
    manifest = {
        "format": FORMAT,
        "model": {
            "file": MODEL_FILE,
            "bytes": len(raw),
            "sha256": hashlib.sha256(raw).hexdigest(),
        },
        "versions": model.versions,
        "schema": model.schema.document,
        **model.manifest,
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False)
    _write(folder / MODEL_FILE, raw)
    _write(folder / MANIFEST_FILE, f"{text}\n".encode())


def load(folder: Path) -> Model:
    """Load a model through the gate.

    Raises
    ------
    ArtefactError
        If it is missing, damaged, foreign or of another format; says what mends it.
    """
    manifest = _read_manifest(folder / MANIFEST_FILE)
    path = folder / MODEL_FILE
    raw = _read(path)
    if hashlib.sha256(raw).hexdigest() != manifest["model"]["sha256"]:
        raise ArtefactError(path, "is damaged: its SHA-256 is not the manifest's", REMEDY)
    try:
        model = _rebuild(_unpickle(raw), manifest, str(path))
    except _Forbidden as error:
        problem = f"was not written by train.py: it holds {error}"
        raise ArtefactError(path, problem, REMEDY) from None
    except (CreditScoreError, KeyError, TypeError, ValueError, AttributeError) as error:
        problem = f"was not written by train.py: {type(error).__name__} {error}"
        raise ArtefactError(path, problem, REMEDY) from None
    _check_golden(model, path)
    return model


class _Forbidden(Exception):
    """The pickle asks for something that no model holds."""


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in ALLOWED_NAMES:
            raise _Forbidden(f"{module}.{name}")
        return super().find_class(module, name)


def _unpickle(raw: bytes) -> Any:
    """Unpickle bytes, allowing two names and nothing else."""
    try:
        return _Unpickler(io.BytesIO(raw)).load()
    except _Forbidden:
        raise
    except Exception as error:  # noqa: BLE001  # a pickle machine fed with garbage raises anything
        raise ValueError(f"{type(error).__name__} while reading it") from None


def _read(path: Path) -> bytes:
    try:
        if path.is_symlink() or path.stat().st_size > LARGEST_BYTES:
            raise ArtefactError(path, "is a link or larger than 64 MiB", REMEDY)
        return path.read_bytes()
    except FileNotFoundError:
        raise ArtefactError(path, "is missing: no model has been trained yet", REMEDY) from None
    except OSError as error:
        raise ArtefactError(path, f"cannot be read: {error.strerror}", REMEDY) from None


def _read_manifest(path: Path) -> dict[str, Any]:
    raw = _read(path)
    try:
        manifest = json.loads(raw)
        found = manifest["format"]
        sound = isinstance(manifest["model"]["sha256"], str) and isinstance(found, int)
        sound = sound and isinstance(manifest["golden"], list) and bool(manifest["golden"])
    except (ValueError, KeyError, TypeError, RecursionError):
        sound = False
    if not sound:
        raise ArtefactError(path, "is damaged: it is no manifest of train.py", REMEDY)
    if found != FORMAT:
        age = "an older" if found < FORMAT else "a newer"
        problem = f"was written by {age} release (format {found}, this one reads {FORMAT})"
        raise ArtefactError(path, problem, REMEDY)
    return dict(manifest)


def _rebuild(content: Any, manifest: Mapping[str, Any], source: str) -> Model:
    if content["format"] != FORMAT:
        raise ValueError(f"its format is {content['format']}")
    model = Model.assemble(
        schema=read_schema(content["schema"], source),
        scorecards={
            name: Scorecard.from_dict(card) for name, card in content["scorecards"].items()
        },
        policy=Policy.from_dict(content["policy"]),
        manifest=manifest,
    )
    if model.versions != manifest["versions"]:
        raise ValueError("its versions are not the manifest's")
    if list(model.scorecards) != list(model.schema.scorecards):
        raise ValueError("its scorecards are not the schema's")
    return model


def _check_golden(model: Model, path: Path) -> None:
    """Score applicants whose probabilities were written down at training."""
    try:
        for golden in model.manifest["golden"]:
            applicant = model.schema.parse(golden["applicant"])
            card = model.scorecards[applicant.scorecard]
            for name, found in what_it_says(card, model.schema, applicant).items():
                if found != golden[name]:
                    problem = (
                        f"does not compute what it did: {name} {found!r}, not {golden[name]!r}"
                    )
                    raise ArtefactError(path, problem, REMEDY)
    except (CreditScoreError, KeyError, TypeError) as error:
        if isinstance(error, ArtefactError):
            raise
        problem = f"has golden applicants that cannot be scored: {error}"
        raise ArtefactError(path, problem, REMEDY) from None


def _encoding(schema: Schema, card: Scorecard) -> list[Any]:
    """Tell how codes become numbers, as plain data: it is part of what a scorecard computes."""
    encoding = []
    for name in card.predictors:
        codes = getattr(schema.fields[name].rule, "positions", {})
        encoding.append([name, [[code, place] for code, place in codes.items()]])
    return encoding


def _write(path: Path, raw: bytes) -> None:
    """Put a file in place in one step: never half of it, not even after a power cut."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp's 0600 would keep the server's own user out where it is another one.
        part.chmod(0o644)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
