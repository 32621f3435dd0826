#!/usr/bin/env python3
"""Pack the model in model/, which train.py made of data/credit.csv, for the package.

.venv/bin/python train.py && .venv/bin/python tools/pack_sample_model.py

It lies in creditscore/sample/. A test fails when training gives another model.
"""

from __future__ import annotations

import argparse
import gzip
import pickle
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from creditscore import training
from creditscore.arrays import Matrix
from creditscore.folders import SAMPLE_DATA, SAMPLE_SCHEMA, WORKING_FOLDER
from creditscore.schema.reader import load_schema
from creditscore.scorecard import artifact, sample_model
from creditscore.scorecard.model import Model
from creditscore.training.code_order import encode_again, learn_order
from creditscore.training.reference import reference_rows
from creditscore.training.split import split, weighted


def main(arguments: Sequence[str] | None = None) -> int:
    """Pack it, check that it unpacks to the same, and print the size."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--model-dir", type=Path, default=WORKING_FOLDER / "model")
    parser.add_argument("--target", type=Path, default=sample_model.PATH)
    options = parser.parse_args(arguments)
    model = artifact.load(options.model_dir)
    raw = pack(model, find_reference_rows(model))
    if sample_model.unpack(raw).versions != model.versions:
        sys.exit("pack_sample_model.py: the model in model/ was not made of data/credit.csv")
    options.target.write_bytes(raw)
    print(f"{options.target}: {len(raw):,} bytes")
    return 0


def pack(model: Model, reference_rows: Mapping[str, Matrix]) -> bytes:
    """Return a model without its Shapley tables, compressed.

    Parameters
    ----------
    model : Model
        As loaded.
    reference_rows : mapping of str to ndarray of shape (n_reference, n_predictors), float32
        Each scorecard's reference group.
    """
    scorecards = {
        name: {
            **card.to_dict(),
            sample_model.TABLES: None,
            sample_model.REFERENCE_ROWS: reference_rows[name],
        }
        for name, card in model.scorecards.items()
    }
    content = {
        "format": artifact.FORMAT,
        "schema": model.schema.document,
        "policy": model.policy.to_dict(),
        "scorecards": scorecards,
        "manifest": dict(model.manifest),
        "card": dict(model.card),
    }
    # Without the time of packing: the same model gives the same bytes.
    return gzip.compress(pickle.dumps(content, protocol=5), mtime=0)


def find_reference_rows(model: Model) -> dict[str, Matrix]:
    """Find each scorecard's reference group among the training rows again."""
    schema = load_schema(SAMPLE_SCHEMA)
    data = weighted(training.load(SAMPLE_DATA, schema), schema.sample)
    rows = split(data, model.manifest["seed"])
    train = encode_again(rows.train, schema, learn_order(rows.train, schema))
    groups = {}
    for name, card in model.scorecards.items():
        matrix = train.model_matrix(card.predictors)
        _, reference = reference_rows(
            card.forest.probability_of_default(matrix),
            cutoff=model.policy.cutoff,
            group=card.reference.group.removesuffix("_training_rows"),
        )
        groups[name] = matrix[reference]
    return groups


if __name__ == "__main__":
    sys.exit(main())
