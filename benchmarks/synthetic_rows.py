"""What training on synthetic rows costs, and how near they are to real ones.

A generator is fitted to 70 % of the real rows; what it draws is compared to the other 30 %, which
it never saw. `benchmarks/model_quality.py` is the command.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split
from tqdm import tqdm

from benchmarks.forests import grow_forest
from creditscore.arrays import Ints
from creditscore.evaluation import metrics
from creditscore.schema import Schema
from creditscore.training import dataset
from creditscore.training.dataset import Dataset
from data.synthesis import fidelity, generator, privacy

TEST_SHARE = 0.3


def measure_splits(
    table: pd.DataFrame, real: Dataset, schema: Schema, *, splits: int, seed: int
) -> list[dict[str, Any]]:
    """Measure, split by split, what training on synthetic rows costs."""
    rows_of_splits = []
    for split in tqdm(range(seed, seed + splits), desc="Splits", unit="split", leave=False):
        train, test = split_rows(real.bad, split)
        fitted = generator.fit(table.iloc[train])
        privacy.check(fitted)
        synthetic = fitted.draw(len(table), split, avoid=table.iloc[train])
        lost = auc_lost(
            read_back(synthetic, schema), real.rows(train), real.rows(test), schema, split
        )
        rows_of_splits.append(
            {"auc_lost": lost, **compare_rows(table.iloc[train], table.iloc[test], synthetic)}
        )
    return rows_of_splits


def split_rows(bad: Ints, seed: int) -> tuple[Ints, Ints]:
    """Split the rows in 70 and 30 %, with the same default rate in both."""
    train, test = train_test_split(
        np.arange(len(bad)), test_size=TEST_SHARE, stratify=bad, random_state=seed
    )
    return np.sort(train), np.sort(test)


def read_back(synthetic: pd.DataFrame, schema: Schema) -> Dataset:
    """Take drawn rows through the door that all training data takes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "drawn.csv"
        synthetic.to_csv(path, index=False)
        return dataset.load(path, schema)


def auc_lost(
    synthetic: Dataset, train: Dataset, test: Dataset, schema: Schema, seed: int
) -> dict[str, float]:
    """Return, for each scorecard, how much AUC is lost by training on drawn rows."""
    lost = {}
    for name, spec in schema.scorecards.items():
        reached = []
        for rows in (train, synthetic):
            forest = grow_forest(rows, spec.fields, schema, name, seed=seed)
            predicted = forest.predict_proba(test.matrix(spec.fields))[:, 1]
            reached.append(metrics.auc(test.bad, predicted))
        lost[name] = reached[0] - reached[1]
    return lost


def compare_rows(
    train: pd.DataFrame, test: pd.DataFrame, synthetic: pd.DataFrame
) -> dict[str, Any]:
    """Compare drawn rows, and real ones that the generator never saw, to those it was fitted to."""
    sample = synthetic.head(len(test))
    return {
        "column_distance": fidelity.column_distances(train, synthetic).worst[1],
        "column_distance_of_unseen": fidelity.column_distances(train, test).worst[1],
        "drawn": {**vars(fidelity.nearness(sample, train)), **share_of_copies(synthetic, train)},
        "unseen": {**vars(fidelity.nearness(test, train)), **share_of_copies(test, train)},
    }


def share_of_copies(rows: pd.DataFrame, train: pd.DataFrame) -> dict[str, float]:
    """Return the share of rows that equal one the generator was fitted to."""
    same = privacy.copies(rows, train)
    return {
        "identical_active": float(same.active.mean()),
        "identical_inactive": float(same.inactive.mean()),
    }


def print_splits(splits: list[dict[str, Any]]) -> None:
    """Print what synthetic rows cost, and how near they are to real ones."""
    print(f"\nAUC lost by training on synthetic rows, {len(splits)} splits of the real rows")
    for card in splits[0]["auc_lost"]:
        lost = [split["auc_lost"][card] for split in splits]
        print(
            f"{card:<24}{np.mean(lost):>10.4f} +- {np.std(lost):.4f}, "
            f"from {min(lost):.4f} to {max(lost):.4f}"
        )
    print("\nagainst the real rows that the generator was fitted to, means over the splits")
    print(f"{'':<44}{'synthetic':>12}{'unseen real':>12}")
    columns = [mean(splits, name) for name in ("column_distance", "column_distance_of_unseen")]
    print(f"{'worst column distance':<44}{columns[0]:>12.4f}{columns[1]:>12.4f}")
    for name in splits[0]["drawn"]:
        pair = [mean([split[whose] for split in splits], name) for whose in ("drawn", "unseen")]
        kind = "share" if name.startswith("identical") else "distance to the nearest,"
        print(f"{kind + ' ' + name.replace('_', ' '):<44}{pair[0]:>12.4f}{pair[1]:>12.4f}")


def mean(rows: Sequence[Mapping[str, float]], name: str) -> float:
    """Average one figure."""
    return float(np.mean([row[name] for row in rows]))
