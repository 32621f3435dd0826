"""The trained model of the made-up rows, small enough to come with the package.

Of the tables of exact Shapley values, which are nine tenths of a model, it holds only what they are
computed from: the forests and the reference groups' rows. They come out the same on every machine,
to the last bit, or the model is refused.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from creditscore.environment import python_command
from creditscore.errors import ArtifactError
from creditscore.folders import PACKAGE
from creditscore.schema import read_schema
from creditscore.scorecard import artifact
from creditscore.scorecard.forest import Forest
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import Policy
from creditscore.scorecard.scorecard import Scorecard
from creditscore.scorecard.shapley import compute_shapley_tables
from creditscore.scorecard.verification import golden_difference

#: Where it lies; `tools/pack_sample_model.py` writes it.
PATH = PACKAGE / "sample" / "model.pkl.gz"

#: The key of a scorecard's Shapley tables, and of what stands in their place.
TABLES, REFERENCE_ROWS = "games", "reference_rows"


def unpack(raw: bytes) -> Model:
    """Return the model that was packed, its Shapley tables computed again.

    Raises
    ------
    ArtifactError
        If it does not compute here what it did at training.
    """
    content = artifact.read_plain(gzip.decompress(raw))
    manifest = content["manifest"]
    model = Model.assemble(
        schema=read_schema(content["schema"], str(PATH)),
        scorecards={name: _rebuild(parts) for name, parts in content["scorecards"].items()},
        policy=Policy.from_dict(content["policy"]),
        manifest=manifest,
        card=content["card"],
    )
    difference = golden_difference(model)
    if model.versions != manifest["versions"]:
        difference = difference or "other versions"
    if difference:
        problem = f"does not compute here what it did at training: {difference}"
        raise ArtifactError(PATH, problem, python_command("train.py"))
    return model


def save_sample_model(folder: Path) -> Model:
    """Write the sample model into a folder as training would, and return it.

    Raises
    ------
    ArtifactError
        If the folder cannot be written, or the model does not compute here what it did at training.
    """
    artifact.check_writable(folder)
    model = unpack(PATH.read_bytes())
    artifact.save(model, folder)
    return model


def _rebuild(parts: Mapping[str, Any]) -> Scorecard:
    forest = Forest(**parts["forest"])
    tables = compute_shapley_tables(forest, parts[REFERENCE_ROWS])
    return Scorecard.from_dict({**parts, TABLES: tables.to_dict()})
