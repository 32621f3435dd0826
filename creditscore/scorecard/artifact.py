"""The trained model on disk: pickle, model card and manifest; saved whole, loaded through a gate.

The pickle holds plain arrays, dicts, lists, numbers and texts only. Loading reads its bytes once,
compares their hash with the manifest, unpickles those very bytes with a list of two allowed
names, and scores the golden applicants: equal to the last bit, or it is refused. The model card
must have the hash that the manifest names, so that nobody reads figures of another model, and the
manifest its own. The hashes are against damage: whoever may write the folder may write them too.
"""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from creditscore.errors import ArtifactError
from creditscore.files import PUBLIC, atomic_write_all
from creditscore.schema.constraints import CodeList
from creditscore.schema.reader import read_schema
from creditscore.schema.schema import Schema
from creditscore.scorecard.inference import Engine, select_engine
from creditscore.scorecard.lookup_table import LookupTableEngine
from creditscore.scorecard.policy import Policy
from creditscore.scorecard.reason_codes import reason_code_fingerprint
from creditscore.scorecard.scorecard import Scorecard, version
from creditscore.scorecard.verification import score_applicant

Floats = npt.NDArray[np.float64]

#: Raised whenever the layout of the artefact changes.
FORMAT = 4

MODEL_FILE = "model.pkl"
CARD_FILE = "model_card.json"
MANIFEST_FILE = "manifest.json"
LARGEST_BYTES = 64 * 1024 * 1024

#: Parts of the manifest that the service shows to whoever asks about the model.
SHOWN_PARTS = ("scorecards", "data", "trained_at", "seed", "software")

#: What may stand in the pickle besides plain Python values: numpy arrays as protocol 5 writes them.
ALLOWED_NAMES = frozenset({("numpy._core.numeric", "_frombuffer"), ("numpy", "dtype")})

#: Where the manifest's own hash stands.
SEAL = "sha256"

#: How a manifest ends: with its seal, or, as that was made, without.
_SEALED, _END = re.compile(rb',\n  "sha256": "([0-9a-f]{64})"\n}\n\Z'), b"\n}\n"

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
        Where it came from.
    card : mapping
        How good it is: the model card, as plain data.
    engines : mapping of str to Engine
        What computes each scorecard's numbers.
    """

    schema: Schema
    scorecards: Mapping[str, Scorecard]
    versions: Mapping[str, str]
    policy: Policy
    manifest: Mapping[str, Any]
    card: Mapping[str, Any]
    engines: Mapping[str, Engine]

    @classmethod
    def assemble(
        cls,
        *,
        schema: Schema,
        scorecards: Mapping[str, Scorecard],
        policy: Policy,
        manifest: Mapping[str, Any],
        card: Mapping[str, Any],
        tables: Mapping[str, Floats] | None = None,
    ) -> Model:
        """Put the parts together, naming the scorecards' versions.

        What no scorecard decides on, applicants may leave out where the schema says so. Tables of
        scorecards, by their versions, need not be computed again.
        """
        predictors = {name for card in scorecards.values() for name in card.predictors}
        schema = schema.excluding(name for name in schema.fields if name not in predictors)
        versions = {
            name: version(card, policy=policy.to_dict(), encoding=_encoding(schema, card))
            for name, card in scorecards.items()
        }
        known = tables or {}
        engines = {
            name: select_engine(card, known.get(versions[name]))
            for name, card in scorecards.items()
        }
        return cls(schema, scorecards, versions, policy, manifest, card, engines)

    def protected_predictors(self, scorecard: str | None = None) -> list[str]:
        """Name the protected attributes that decisions of a scorecard, or of any, depend on."""
        cards = self.scorecards.values() if scorecard is None else [self.scorecards[scorecard]]
        predictors = {name for card in cards for name in card.predictors}
        fields = self.schema.fields.items()
        return [name for name, field in fields if field.protected and name in predictors]


def save(model: Model, folder: Path) -> None:
    """Write a model: the pickle, the card, and the manifest that vouches for both.

    All are on the disk before any takes its place, so a failure leaves the old model whole.

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
        "tables": _tables(model),
    }
    raw, card = pickle.dumps(content, protocol=5), _to_json(model.card)
    vouches = {
        "format": FORMAT,
        "model": _seal(MODEL_FILE, raw),
        "card": _seal(CARD_FILE, card),
        "versions": model.versions,
        "schema": model.schema.document,
    }
    # The manifest of a model that was loaded vouches for the files that it was loaded from.
    manifest = vouches | dict(model.manifest) | vouches
    files = {MODEL_FILE: raw, CARD_FILE: card, MANIFEST_FILE: sealed(manifest)}
    for name, written in files.items():
        if len(written) > LARGEST_BYTES:
            problem = f"would be {len(written):,} bytes large, the most is {LARGEST_BYTES:,}"
            raise ArtifactError(folder / name, problem, "fewer or smaller trees in the schema file")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Readable for the service, which may run under another account than the training.
        atomic_write_all({folder / name: raw for name, raw in files.items()}, mode=PUBLIC)
    except OSError as error:
        remedy = "make room for it, or select_engine another folder with --model-dir"
        raise ArtifactError(folder, f"cannot be written: {error.strerror}", remedy) from None


def load(folder: Path) -> Model:
    """Load a model through the gate.

    Raises
    ------
    ArtifactError
        If it is missing, damaged, foreign or of another format; says what mends it.
    """
    path = folder / MODEL_FILE
    manifest, raw, card = _read_whole(folder)
    try:
        content = _Unpickler(io.BytesIO(raw)).load()
        model = _rebuild(content, manifest, json.loads(card), str(path))
        difference = _golden_difference(model)
    except Exception as error:  # noqa: BLE001  # what others wrote can raise anything
        words = " ".join(str(error).split())[:200]
        problem = f"was not written by train.py: {type(error).__name__} {words}"
        raise ArtifactError(path, problem, REMEDY) from None
    if difference:
        raise ArtifactError(path, f"does not compute what it did at training: {difference}", REMEDY)
    return model


def sealed(manifest: Mapping[str, Any]) -> bytes:
    """Write a manifest with its own SHA-256: of all the rest of it."""
    rest = {name: part for name, part in manifest.items() if name != SEAL}
    return _to_json(rest | {SEAL: hashlib.sha256(_to_json(rest)).hexdigest()})


def _is_sealed(raw: bytes) -> bool:
    """Tell whether the bytes of a manifest are those that its own SHA-256 was made of."""
    seal = _SEALED.search(raw)
    if seal is None:
        return False
    rest = raw[: seal.start()] + _END
    return hashlib.sha256(rest).hexdigest() == seal[1].decode()


def is_whole(folder: Path) -> bool:
    """Tell whether a folder holds a model as its manifest vouches for it, without loading it."""
    try:
        _read_whole(folder)
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


def _read_whole(folder: Path) -> tuple[dict[str, Any], bytes, bytes]:
    """Read the manifest, and the pickle and the card that it vouches for."""
    manifest = _read_manifest(folder / MANIFEST_FILE)
    raw = _read_sealed(folder / MODEL_FILE, manifest["model"])
    return manifest, raw, _read_sealed(folder / CARD_FILE, manifest["card"])


def _read(path: Path) -> bytes:
    try:
        if path.is_symlink() or path.stat().st_size > LARGEST_BYTES:
            raise ArtifactError(path, "is a link or larger than 64 MiB", REMEDY)
        return path.read_bytes()
    except FileNotFoundError:
        raise ArtifactError(path, "is missing: no model has been trained yet", REMEDY) from None
    except OSError as error:
        raise ArtifactError(path, f"cannot be read: {error.strerror}", REMEDY) from None


def _read_sealed(path: Path, seal: Mapping[str, Any]) -> bytes:
    """Read a file that the manifest vouches for."""
    raw = _read(path)
    if hashlib.sha256(raw).hexdigest() != seal["sha256"]:
        raise ArtifactError(path, "is damaged: its SHA-256 is not the manifest's", REMEDY)
    return raw


def _seal(name: str, raw: bytes) -> dict[str, Any]:
    return {"file": name, "bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}


def _to_json(content: Mapping[str, Any]) -> bytes:
    return f"{json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)}\n".encode()


def _read_manifest(path: Path) -> dict[str, Any]:
    raw = _read(path)
    try:
        manifest = json.loads(raw)
        found = manifest["format"]
        sound = isinstance(manifest["model"]["sha256"], str) and isinstance(found, int)
        sound = sound and (found != FORMAT or isinstance(manifest["card"]["sha256"], str))
        sound = sound and isinstance(manifest["golden"], list) and bool(manifest["golden"])
        sound = sound and all(part in manifest for part in SHOWN_PARTS)
    except (ValueError, KeyError, TypeError, RecursionError):
        sound = False
    if not sound:
        raise ArtifactError(path, "is damaged: it is no manifest of train.py", REMEDY)
    if found != FORMAT:
        age = "an older" if found < FORMAT else "a newer"
        problem = f"was written by {age} release (format {found}, this one reads {FORMAT})"
        raise ArtifactError(path, problem, REMEDY)
    if not _is_sealed(raw):
        raise ArtifactError(path, "is damaged: its SHA-256 is not its own", REMEDY)
    del manifest[SEAL]
    return dict(manifest)


def _rebuild(
    content: Any, manifest: Mapping[str, Any], card: Mapping[str, Any], source: str
) -> Model:
    if content["format"] != FORMAT:
        raise ValueError(f"its format is {content['format']}")
    model = Model.assemble(
        schema=read_schema(content["schema"], source),
        scorecards={
            name: Scorecard.from_dict(card) for name, card in content["scorecards"].items()
        },
        policy=Policy.from_dict(content["policy"]),
        manifest=manifest,
        card=card,
        tables=content["tables"],
    )
    if model.versions != manifest["versions"]:
        raise ValueError("its versions are not the manifest's")
    named = list(model.schema.scorecards)
    if list(model.scorecards) != named or list(manifest["scorecards"]) != named:
        raise ValueError("its scorecards are not the schema's")
    return model


def _tables(model: Model) -> dict[str, Floats]:
    """Give the tables of those scorecards that have one, each by the version it belongs to."""
    engines = {model.versions[name]: model.engines[name] for name in model.scorecards}
    return {
        name: engine.table
        for name, engine in engines.items()
        if isinstance(engine, LookupTableEngine)
    }


def _golden_difference(model: Model) -> str | None:
    """Score applicants whose numbers were written down at training, by scorecard and by engine."""
    for golden in model.manifest["golden"]:
        applicant = model.schema.parse(golden["applicant"])
        card = model.scorecards[applicant.scorecard]
        row = model.schema.row(applicant, card.predictors)
        probability, impacts = model.engines[card.name].predict_one(row)
        by_engine = {"probability_of_default": probability, "impacts": impacts}
        for found in (score_applicant(card, model.schema, applicant), by_engine):
            for name, number in found.items():
                if number != golden[name]:
                    return f"{name} {number!r}, not {golden[name]!r}"
    return None


def _encoding(schema: Schema, card: Scorecard) -> list[Any]:
    """Tell how codes become numbers and reasons get theirs: what a scorecard answers needs both."""
    encoding = []
    for name in card.predictors:
        field = schema.fields[name]
        codes = field.rule.positions if isinstance(field.rule, CodeList) else {}
        places = [[code, place] for code, place in codes.items()]
        encoding.append([name, places, reason_code_fingerprint(field)])
    return encoding
