"""Every model that ever decided, each scorecard under its version: its decisions can be replayed.

A version is kept in a folder of its own, as a model of that one scorecard, and comes back through
the same gate as the model in service. Nothing here is ever deleted or replaced by another version.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from creditscore.errors import ArtifactError
from creditscore.scorecard import artifact
from creditscore.scorecard.artifact import Model

#: Inside the folder of the model in service.
FOLDER = "archive"

#: As `scorecard.version` makes them. A log that somebody edited must not lead out of the archive.
VERSION = re.compile(r"\w+-[0-9a-f]{8}")


def keep(model: Model, model_dir: Path) -> list[str]:
    """Put each scorecard of a model into the archive of a folder, unless it is there, and whole.

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
        if not artifact.is_whole(_place(model_dir, version)):
            artifact.save(_alone(model, name), _place(model_dir, version))
            added.append(version)
    return added


def keep_replaced(model_dir: Path, successor: Model) -> list[str]:
    """Archive the model in a folder before its successor takes its place.

    Who serves may not be allowed to write there, but who trains is.

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
    return [] if replaced.versions == successor.versions else keep(replaced, model_dir)


def find(version: str, model_dir: Path, in_service: Model) -> Model:
    """Load the model of a version: from the archive, or the one in service if it is that.

    Raises
    ------
    ArtifactError
        If it is in neither, or damaged.
    """
    if not VERSION.fullmatch(version):
        raise ArtifactError(
            f"model {version!r}", "is no version of any scorecard", "restore the log"
        )
    place = _place(model_dir, version)
    if (place / artifact.MANIFEST_FILE).exists():
        return artifact.load(place)
    if version in in_service.versions.values():
        return in_service
    raise ArtifactError(place, "is missing", "copy that folder from a backup")


def _place(model_dir: Path, version: str) -> Path:
    return model_dir / FOLDER / version


def _alone(model: Model, name: str) -> Model:
    """Give the model of one scorecard, with what the others need left out."""
    card = model.scorecards[name]
    asked_for = model.schema.scorecards[name].fields
    golden = [each for each in model.manifest["golden"] if _answers(model, name, each)]
    about = {name: model.manifest["scorecards"][name]}
    return replace(
        model,
        schema=replace(model.schema, document=_document(model.schema.document, name, asked_for)),
        scorecards={name: card},
        versions={name: model.versions[name]},
        manifest={**model.manifest, "golden": golden, "scorecards": about},
    )


def _answers(model: Model, name: str, golden: Mapping[str, Any]) -> bool:
    return model.schema.parse(golden["applicant"]).scorecard == name


def _document(document: Mapping[str, Any], name: str, fields: tuple[str, ...]) -> dict[str, Any]:
    """Cut a schema file down to one scorecard and its fields; sources would name others too."""
    kept = {field: content for field, content in document["fields"].items() if field in fields}
    rest = {key: content for key, content in document.items() if key != "sources"}
    return {**rest, "scorecards": {name: document["scorecards"][name]}, "fields": kept}
