"""A trained scorecard as plain arrays: probabilities of default, exactly.

"Exactly" means equal to `RandomForestClassifier.predict_proba` to the last bit, without
scikit-learn: the same comparisons in single precision, the same sum in the same order.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from creditscore.rule import Value
from creditscore.schema import Matrix

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

#: Node visits held in memory at once: 100 trees by 2,000 rows.
BLOCK = 200_000


@dataclass(frozen=True, eq=False)
class Forest:
    """Decision trees, one after the other in flat arrays; a leaf is its own child.

    Attributes
    ----------
    roots : ndarray of shape (n_trees,)
        The node that each tree starts at.
    column : ndarray of shape (n_nodes,)
        The matrix column that a node compares.
    threshold : ndarray of shape (n_nodes,)
        Values up to and including it go left.
    left, right : ndarray of shape (n_nodes,)
        The next node.
    probability : ndarray of shape (n_nodes,)
        Share of defaults among a node's training rows.
    depth : int
        Comparisons from the root to the deepest leaf.
    """

    roots: Ints
    column: Ints
    threshold: Floats
    left: Ints
    right: Ints
    probability: Floats
    depth: int

    def probability_of_default(self, matrix: Matrix) -> Floats:
        """Give the mean over the trees.

        Parameters
        ----------
        matrix : ndarray of shape (n_applicants, n_predictors), float32

        Returns
        -------
        ndarray of shape (n_applicants,)
        """
        rows = max(1, BLOCK // len(self.roots))
        blocks = [self._block(matrix[at : at + rows]) for at in range(0, len(matrix), rows)]
        return np.concatenate(blocks) if blocks else np.empty(0)

    def _block(self, matrix: Matrix) -> Floats:
        rows = np.arange(len(matrix))
        node = np.repeat(self.roots[:, np.newaxis], len(matrix), axis=1)
        for _ in range(self.depth):
            goes_left = matrix[rows, self.column[node]] <= self.threshold[node]
            node = np.where(goes_left, self.left[node], self.right[node])
        # A running sum adds the trees in their order; numpy's sum() pairs them, which rounds
        # differently, and differently again for one row than for many.
        total: Floats = np.cumsum(self.probability[node], axis=0)[-1]
        return total / len(self.roots)

    def problem(self, n_columns: int) -> str | None:
        """Say what is wrong with the arrays, if anything is."""
        nodes = len(self.column)
        whole = [self.column, self.left, self.right, self.roots]
        real = [self.threshold, self.probability]
        if any(array.dtype != np.int32 or array.ndim != 1 for array in whole):
            return "a node array is not of 32-bit integers"
        if any(array.dtype != np.float64 or array.ndim != 1 for array in real):
            return "a node array is not of 64-bit numbers"
        sizes = {array.size for array in (self.left, self.right, self.threshold, self.probability)}
        if sizes != {nodes}:
            return "the node arrays differ in length"
        if not len(self.roots) or not nodes:
            return "the forest is empty"
        inside = all(((array >= 0) & (array < nodes)).all() for array in whole[1:])
        if not inside or not ((self.column >= 0) & (self.column < n_columns)).all():
            return "a node points outside the forest"
        if type(self.depth) is not int or not 0 <= self.depth <= nodes:
            return "the depth is not that of any of its trees"
        if not ((self.probability >= 0) & (self.probability <= 1)).all():
            return "a probability is not between 0 and 1"
        return None


@dataclass(frozen=True, eq=False)
class Scorecard:
    """A trained scorecard.

    Attributes
    ----------
    name : str
        As the schema file calls it.
    predictors : tuple of str
        The fields that the forest sees, in the order of its columns.
    monitored : tuple of str
        Fields that are asked for and watched, but that no decision depends on.
    forest : Forest
        The trees.
    training_ranges : mapping of str to list
        What training saw of each field: the smallest and the largest number, or the codes.
    baseline : float
        Mean probability of default of the reference group, which reasons are measured against.
    reference_group : str
        Name of that group.
    """

    name: str
    predictors: tuple[str, ...]
    monitored: tuple[str, ...]
    forest: Forest
    training_ranges: Mapping[str, Sequence[Value]]
    baseline: float
    reference_group: str

    def probability_of_default(self, matrix: Matrix) -> Floats:
        """Give probabilities of default.

        Parameters
        ----------
        matrix : ndarray of shape (n_applicants, n_predictors), float32
            Columns in the order of `predictors`.

        Returns
        -------
        ndarray of shape (n_applicants,)
        """
        return self.forest.probability_of_default(matrix)

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain arrays, dicts, numbers and strings."""
        return {
            "name": self.name,
            "predictors": list(self.predictors),
            "monitored": list(self.monitored),
            "forest": {field.name: getattr(self.forest, field.name) for field in fields(Forest)},
            "training_ranges": {name: list(seen) for name, seen in self.training_ranges.items()},
            "baseline": self.baseline,
            "reference_group": self.reference_group,
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Scorecard:
        """Rebuild a scorecard from `to_dict`.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it was made by something else.
        """
        scorecard = cls(
            name=content["name"],
            predictors=tuple(content["predictors"]),
            monitored=tuple(content["monitored"]),
            forest=Forest(**content["forest"]),
            training_ranges=content["training_ranges"],
            baseline=content["baseline"],
            reference_group=content["reference_group"],
        )
        problem = scorecard.forest.problem(len(scorecard.predictors))
        if problem:
            raise ValueError(problem)
        return scorecard


def version(scorecard: Scorecard, *, policy: Mapping[str, Any], encoding: object) -> str:
    """Name a scorecard by what it computes: its name and eight digits of a hash.

    Two scorecards that give the same answers have the same version, whenever, wherever and with
    whatever version of pickle they were written.

    Parameters
    ----------
    scorecard : Scorecard
    policy : mapping
        Cut-off and scale.
    encoding : object
        How the schema turns codes into numbers, as plain data.
    """
    content = scorecard.to_dict()
    digest = hashlib.sha256()
    for name, part in sorted(content.pop("forest").items()):
        array = np.asarray(part)
        digest.update(f"{name}{array.shape}".encode())
        digest.update(array.astype(array.dtype.newbyteorder("<")).tobytes())
    plain = [content, policy, encoding]
    digest.update(json.dumps(plain, sort_keys=True, ensure_ascii=False).encode())
    return f"{scorecard.name}-{digest.hexdigest()[:8]}"
