"""The archive of models: each scorecard that ever decided, by version, so that it can be replayed.

Each version has a folder of its own, with a model of that one scorecard, verified when loaded like
the model in service. Nothing here is ever deleted or replaced by another version.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from creditscore.errors import ArtifactError
from creditscore.scorecard import artifact
from creditscore.scorecard.model import Model

#: Inside the folder of the model in service.
FOLDER = "archive"

#: As `scorecard.version` makes them. A log that was edited must not lead out of the archive.
VERSION = re.compile(r"\w+-[0-9a-f]{8}")


@dataclass(frozen=True)
class ArchivedVersion:
    """A version of a scorecard and where it came from; None throughout if it cannot be read.

    Attributes
    ----------
    version : str
        Such as ``application-3f2a9c1d``.
    trained_at : str or None
        When it was trained first, as ISO 8601 in UTC.
    rows : int or None
        Number of rows of the file that it was trained and tested on.
    cutoff : float or None
        Of its policy: the probability of default from which it refuses.
    """

    version: str
    trained_at: str | None = None
    rows: int | None = None
    cutoff: float | None = None

    @property
    def scorecard(self) -> str:
        """The name of the scorecard."""
        return self.version.rpartition("-")[0]


def archive_model(model: Model, model_dir: Path) -> list[str]:
    """Archive each scorecard of a model, unless it is archived and complete.

    Processes that do so at once write the same.

    Returns
    -------
    list of str
        The versions that were not there.

    Raises
    ------
    ArtifactError
        If the archive cannot be written.
    """
    added = []
    for name, version in model.versions.items():
        if not is_archived(version, model_dir):
            artifact.save(_single_scorecard(model, name), _folder(model_dir, version))
            added.append(version)
    return added


def archive_replaced_model(model_dir: Path, successor: Model) -> list[str]:
    """Archive the model in a folder before its successor takes its place.

    The service may not be allowed to write there; training is.

    Returns
    -------
    list of str
        The versions that were not there.

    Raises
    ------
    ArtifactError
        If the archive cannot be written.
    """
    try:
        replaced = artifact.load(model_dir)
    except ArtifactError:
        # There is none, or none that could have been served.
        return []
    return [] if replaced.versions == successor.versions else archive_model(replaced, model_dir)


def load_version(version: str, model_dir: Path, in_service: Model) -> Model:
    """Load the model of a version: from the archive, or the one in service if it is that.

    Raises
    ------
    ArtifactError
        If it is in neither, or damaged.
    """
    if not VERSION.fullmatch(version):
        raise ArtifactError(
            f"model {version!r}", "is not a version of any scorecard", "restore the log"
        )
    folder = _folder(model_dir, version)
    if (folder / artifact.MANIFEST_FILE).exists():
        return artifact.load(folder)
    if version in in_service.versions.values():
        return in_service
    raise ArtifactError(folder, "is missing", "copy that folder from a backup")


def list_versions(model_dir: Path, in_service: Model) -> list[ArchivedVersion]:
    """List the versions of all scorecards, the latest first: those archived, and those in service.

    Only manifests are read. A version that cannot be read is listed last.
    """
    archive = model_dir / FOLDER
    folders = archive.iterdir() if archive.is_dir() else ()
    names = (folder.name for folder in folders if VERSION.fullmatch(folder.name))
    entries = {name: _archived(name, archive / name) for name in names}
    for version in in_service.versions.values():
        if entries.get(version, ArchivedVersion(version)).trained_at is None:
            entries[version] = _read_entry(version, in_service.manifest)
    return sorted(
        entries.values(), key=lambda entry: (entry.trained_at or "", entry.version), reverse=True
    )


def is_archived(version: str, model_dir: Path) -> bool:
    """Check whether the archive has all files of a version, with the digests of its manifest."""
    return artifact.is_complete(_folder(model_dir, version))


def _archived(version: str, folder: Path) -> ArchivedVersion:
    try:
        return _read_entry(version, artifact.read_manifest(folder))
    except ArtifactError:
        # Of an older release, or damaged: it was in service all the same.
        return ArchivedVersion(version)


def _read_entry(version: str, manifest: Mapping[str, Any]) -> ArchivedVersion:
    return ArchivedVersion(
        version=version,
        trained_at=manifest["trained_at"],
        rows=manifest["data"]["rows"],
        cutoff=manifest["policy"]["cutoff"],
    )


def _folder(model_dir: Path, version: str) -> Path:
    return model_dir / FOLDER / version


def _single_scorecard(model: Model, name: str) -> Model:
    """Return the model of one scorecard, without what only others need."""
    fields = model.schema.scorecards[name].fields
    golden = [
        entry
        for entry in model.manifest["golden"]
        if model.schema.parse(entry["applicant"]).scorecard == name
    ]
    about = {name: model.manifest["scorecards"][name]}
    return replace(
        model,
        schema=replace(model.schema, document=_document(model.schema.document, name, fields)),
        scorecards={name: model.scorecards[name]},
        versions={name: model.versions[name]},
        engines={name: model.engines[name]},
        manifest={**model.manifest, "golden": golden, "scorecards": about},
    )


def _document(document: Mapping[str, Any], name: str, fields: tuple[str, ...]) -> dict[str, Any]:
    """Cut a schema file down to one scorecard and its fields; sources would name others too."""
    kept_fields = {
        field: _monotone_here(content, name)
        for field, content in document["fields"].items()
        if field in fields
    }
    rest = {key: content for key, content in document.items() if key != "sources"}
    governance = document.get("governance", {})
    if "variables" in governance:
        variables = {key: why for key, why in governance["variables"].items() if key in fields}
        rest["governance"] = {**governance, "variables": variables}
    return {**rest, "scorecards": {name: document["scorecards"][name]}, "fields": kept_fields}


def _monotone_here(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a field that is monotone in some scorecards as it is in the one that remains."""
    monotone = content.get("monotone")
    if not isinstance(monotone, list):
        return content
    return {**content, "monotone": name in monotone}
