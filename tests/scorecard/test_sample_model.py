"""The sample model that comes with the package is the one that training makes."""

from __future__ import annotations

import gzip
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from creditscore.errors import ArtifactError
from creditscore.scorecard import artifact, sample_model
from creditscore.scorecard.model import Model


def of_any_training(card: Mapping[str, Any]) -> dict[str, Any]:
    """Return a model card without the moment of training and the versions of Python and NumPy."""
    return {name: part for name, part in card.items() if name not in {"trained_at", "software"}}


def test_it_is_the_model_of_the_bundled_rows(full_model: Model, tmp_path: Path) -> None:
    """When it is not: train.py, then tools/pack_sample_model.py."""
    folder = tmp_path / "model"

    saved = sample_model.save_sample_model(folder)

    loaded = artifact.load(folder)
    assert loaded.versions == saved.versions == full_model.versions
    assert of_any_training(loaded.card) == of_any_training(full_model.card)
    assert loaded.schema.document == full_model.schema.document
    assert loaded.manifest["golden"] == full_model.manifest["golden"]


def test_a_folder_that_is_a_file_is_refused_before_anything_is_computed(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_text("")

    with pytest.raises(ArtifactError, match="cannot be written"):
        sample_model.save_sample_model(path)

    assert path.read_text() == ""


def test_one_that_computes_something_else_is_refused() -> None:
    content = pickle.loads(gzip.decompress(sample_model.PATH.read_bytes()))
    content["manifest"]["golden"][0]["probability_of_default"] += 1e-9

    with pytest.raises(ArtifactError, match="does not compute here what it did at training"):
        sample_model.unpack(gzip.compress(pickle.dumps(content, protocol=5)))
