"""Read a model's files and its rows, and train its forests again with scikit-learn alone."""

from __future__ import annotations

import json
import tomllib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

from tools.recompute_metrics import Array, edges_of

#: Share of the rows that are held out.
TEST_SHARE = 0.2


class CannotRecomputeError(Exception):
    """The files do not belong together, or hold what is not recomputed here."""


@dataclass(frozen=True)
class Rows:
    """The rows of one side of a split.

    Attributes
    ----------
    table : DataFrame
        The fields, codes folded as the schema file says.
    bad : ndarray of shape (n_rows,)
        1 for a default.
    """

    table: pd.DataFrame
    bad: Array

    def matrix(self, names: Sequence[str]) -> Array:
        """Return some columns."""
        return np.asarray(self.table[list(names)], dtype=np.float64)


def split_by(rows: Rows, seed: int) -> tuple[Rows, Rows]:
    """Split at random with the same share of defaults on both sides, rows in their order."""
    sides = train_test_split(
        np.arange(len(rows.bad)), test_size=TEST_SHARE, stratify=rows.bad, random_state=seed
    )
    train, test = (
        Rows(rows.table.iloc[indices], rows.bad[indices]) for indices in map(np.sort, sides)
    )
    return train, test


@dataclass(frozen=True)
class Grown:
    """A forest that was trained again, with the line that maps its leaves.

    Attributes
    ----------
    forest : RandomForestClassifier
    slope, intercept : float
        A leaf's share v of defaults becomes min(1, max(0, intercept + slope v)).
    """

    forest: RandomForestClassifier
    slope: float
    intercept: float

    def without_line(self) -> Grown:
        """Return the same forest as it was before recalibration."""
        return Grown(self.forest, 1.0, 0.0)

    def by_tree(self, matrix: Array) -> Array:
        """Return the mapped share of each row's leaf, of shape (n_trees, n_rows)."""
        leaves = self.forest.apply(matrix).T
        shares = [
            tree.tree_.value[nodes, 0, 1]
            for tree, nodes in zip(self.forest.estimators_, leaves, strict=True)
        ]
        return np.clip(self.intercept + self.slope * np.array(shares), 0, 1)

    def predict(self, matrix: Array) -> Array:
        """Return each row's probability of default, the mean over the trees."""
        return np.asarray(self.by_tree(matrix).mean(axis=0))

    def out_of_bag(self, matrix: Array) -> Array:
        """Return for each training row the mean over the trees that did not draw it."""
        predicted = self.by_tree(matrix)
        for shares, sample in zip(predicted, self.forest.estimators_samples_, strict=True):
            shares[sample] = np.nan
        return np.asarray(np.nanmean(predicted, axis=0))


@dataclass(frozen=True)
class ModelFiles:
    """Everything that is read: the card that is checked, and what it is checked with."""

    card: Mapping[str, Any]
    manifest: Mapping[str, Any]
    schema: Mapping[str, Any]
    raw: pd.DataFrame
    table: pd.DataFrame
    bad: Array
    sha256: str

    @property
    def seed(self) -> int:
        """Return the seed of all that is random."""
        return int(self.manifest["seed"])

    @cached_property
    def split(self) -> tuple[Rows, Rows]:
        """Return the training rows and the test rows of the card."""
        return split_by(Rows(self.table, self.bad), self.seed)

    def other_split(self, number: int) -> tuple[Rows, Rows]:
        """Return another split: of the training rows followed by the test rows."""
        train, test = self.split
        both = Rows(pd.concat([train.table, test.table]), np.concatenate([train.bad, test.bad]))
        return split_by(both, self.seed + number)

    def grow(
        self,
        name: str,
        train: Rows,
        *,
        seed: int,
        predictors: Sequence[str] | None = None,
        constrained: bool = True,
    ) -> Grown:
        """Train a scorecard's forest again, with the settings and the line of the manifest."""
        section = self.manifest["scorecards"][name]
        predictors = section["predictors"] if predictors is None else predictors
        ways = [self.way(field, name) if constrained else 0 for field in predictors]
        settings = section["forest"]
        forest = RandomForestClassifier(
            n_estimators=settings["trees"],
            max_depth=settings["max_depth"],
            min_samples_leaf=settings["min_samples_leaf"],
            max_features=min(settings["max_features"], len(predictors)),
            monotonic_cst=ways if any(ways) else None,
            random_state=seed,
            n_jobs=-1,
        )
        # scikit-learn's threads each replace the filters of warnings.
        with warnings.catch_warnings():
            forest.fit(train.matrix(predictors), train.bad)
        line = section["calibration"]
        return Grown(forest.set_params(n_jobs=None), line["slope"], line["intercept"])

    def way(self, field: str, scorecard: str) -> int:
        """Return 1 where the probability may only rise with a field, -1 to fall, 0 for either."""
        about = self.schema["fields"][field]
        monotone = about.get("monotone", False)
        if monotone is not True and scorecard not in (monotone or []):
            return 0
        return {"rises": 1, "falls": -1}[about["risk"]]

    def protected(self, scorecard: str) -> list[str]:
        """Return a scorecard's protected fields."""
        fields = self.schema["scorecards"][scorecard]["fields"]
        return [name for name in fields if self.schema["fields"][name]["protected"]]

    def bins(self, field: str, rows: Rows) -> Array:
        """Return the place of each row's bin: a code, a band, or a tenth of the training rows."""
        about, column = self.schema["fields"][field], rows.matrix([field])[:, 0]
        if about["kind"] == "coded":
            codes = [code["value"] for code in about["codes"]]
            return np.select([column == code for code in codes], range(len(codes)), -1)
        train = self.split[0].matrix([field])[:, 0]
        edges = about.get("bands") or edges_of(train, 4 if about["protected"] else 10)
        return np.asarray(np.searchsorted(edges, column, side="right"))

    def groups(self, field: str, rows: Rows) -> list[tuple[str, Array]]:
        """Return the label and the members of each group of a field."""
        about, column = self.schema["fields"][field], rows.matrix([field])[:, 0]
        if about["kind"] == "coded":
            return [(code["en"], column == code["value"]) for code in about["codes"]]
        train = self.split[0].matrix([field])[:, 0]
        edges = about.get("bands") or np.unique(np.quantile(train, [0.25, 0.5, 0.75]))
        bins = np.searchsorted(edges, column, side="right")
        return [("", bins == index) for index in range(len(edges) + 1)]


def read_files(data: Path, schema: Path, model: Path) -> ModelFiles:
    """Read a model's card and manifest, its schema file and its rows.

    Raises
    ------
    CannotRecomputeError
        If the rows are others than the manifest's, or something is not recomputed here.
    """
    card = json.loads((model / "model_card.json").read_text(encoding="utf-8"))
    manifest = json.loads((model / "manifest.json").read_text(encoding="utf-8"))
    document = tomllib.loads(schema.read_text(encoding="utf-8"))
    digest = sha256(data.read_bytes()).hexdigest()
    if digest != manifest["data"]["sha256"]:
        raise CannotRecomputeError(f"{data} is not the file that the manifest names")
    if document.get("sample") or manifest["data"]["code_orders"]:
        raise CannotRecomputeError(
            "rows with weights, times or persons, and codes ordered by the outcome, "
            "are not recomputed here"
        )
    raw, names = pd.read_csv(data), list(document["fields"])
    if raw[names].isna().to_numpy().any():
        raise CannotRecomputeError("missing values are not recomputed here")
    table = raw[names].copy()
    for name, about in document["fields"].items():
        fold = {int(code): new for code, new in about.get("fold", {}).items()}
        table[name] = table[name].replace(fold)
    label = document["label"]
    bad = (raw[label["column"]] == label["bad"]).to_numpy(dtype=np.int64)
    return ModelFiles(card, manifest, document, raw, table, bad, digest)
