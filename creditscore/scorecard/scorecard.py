"""A trained scorecard: probabilities of default, and every field's share in them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from creditscore.arrays import Floats, Matrix
from creditscore.schema import Value
from creditscore.scorecard.bins import TrainingBins
from creditscore.scorecard.forest import Forest
from creditscore.scorecard.retraining_spread import RetrainingSpread
from creditscore.scorecard.shapley_tables import LeafShapleyTables


@dataclass(frozen=True)
class Calibration:
    """The line that was applied: slope 1 and intercept 0 where none was.

    Attributes
    ----------
    slope, intercept : float
        Each leaf's probability is intercept + slope x its share of defaults, held between 0 and 1.
    error_before, error_after : float
        Expected calibration error on rows that the trees had not seen.
    """

    slope: float
    intercept: float
    error_before: float
    error_after: float


@dataclass(frozen=True)
class Reference:
    """The group that reasons compare an applicant with.

    Attributes
    ----------
    group : str
        Its name.
    rows : int
        How many it is.
    baseline : float
        Its mean probability of default.
    medians : mapping of str to float
        Of each predictor that is a number.
    spreads : mapping of str to float
        What lies between the tenth and the ninetieth percentile of each, never 0.
    """

    group: str
    rows: int
    baseline: float
    medians: Mapping[str, float]
    spreads: Mapping[str, float]


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
        The trees, calibrated.
    calibration : Calibration
        What was done to calibrate them.
    shapley_tables : LeafShapleyTables
        The Shapley values of its leaves.
    reference : Reference
        The group that reasons compare with.
    training_ranges : mapping of str to list
        What training saw of each field: the smallest and the largest number, or the codes.
    training_bins : TrainingBins
        How its rows were spread over each field and over the score.
    retraining_spread : RetrainingSpread or None
        How far other seeds move a probability; None if training did not try any.
    """

    name: str
    predictors: tuple[str, ...]
    monitored: tuple[str, ...]
    forest: Forest
    calibration: Calibration
    shapley_tables: LeafShapleyTables
    reference: Reference
    training_ranges: Mapping[str, Sequence[Value]]
    training_bins: TrainingBins
    retraining_spread: RetrainingSpread | None = None

    def probability_of_default(self, matrix: Matrix) -> Floats:
        """Compute probabilities of default.

        Parameters
        ----------
        matrix : ndarray of shape (n_applicants, n_predictors), float32
            Columns in the order of `predictors`.

        Returns
        -------
        ndarray of shape (n_applicants,)
        """
        return self.forest.probability_of_default(matrix)

    def impacts(self, matrix: Matrix) -> Floats:
        """Compute every predictor's Shapley value in each probability of default.

        Returns
        -------
        ndarray of shape (n_applicants, n_predictors)
            The baseline plus a row's sum is its probability of default, within 1e-12.
        """
        return self.shapley_tables.shapley_values(matrix)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain arrays, dicts, numbers and strings.

        The keys, here and within the parts, belong to the format and to every version's hash:
        they stay. Those of the forest, the games, the line and the group are their attributes. A
        spread is there where there is one, as it decides on warnings: models without it keep their
        versions.
        """
        spread = self.retraining_spread
        return {
            "name": self.name,
            "predictors": list(self.predictors),
            "monitored": list(self.monitored),
            "forest": self.forest.to_dict(),
            "calibration": asdict(self.calibration),
            "games": self.shapley_tables.to_dict(),
            "reference": asdict(self.reference),
            "training_ranges": {
                name: list(values) for name, values in self.training_ranges.items()
            },
            "training_bins": self.training_bins.to_dict(),
            **({} if spread is None else {"retraining_spread": spread.to_dict()}),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Scorecard:
        """Rebuild a scorecard from `to_dict`.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it was made by something else.
        """
        spread = content.get("retraining_spread")
        scorecard = cls(
            name=content["name"],
            predictors=tuple(content["predictors"]),
            monitored=tuple(content["monitored"]),
            forest=Forest(**content["forest"]),
            calibration=Calibration(**content["calibration"]),
            shapley_tables=LeafShapleyTables(**content["games"]),
            reference=Reference(**content["reference"]),
            training_ranges=content["training_ranges"],
            training_bins=TrainingBins.from_dict(content["training_bins"]),
            retraining_spread=None if spread is None else RetrainingSpread.from_dict(spread),
        )
        scorecard.forest.validate(len(scorecard.predictors))
        scorecard.shapley_tables.validate(len(scorecard.predictors))
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
        How the schema turns codes into numbers and names reasons, as plain data.
    """
    digest = hashlib.sha256()
    _digest([scorecard.to_dict(), policy, encoding], digest.update)
    return f"{scorecard.name}-{digest.hexdigest()[:8]}"


def _digest(content: object, update: Callable[[bytes], None]) -> None:
    """Feed a hash with plain data and arrays, each preceded by what it is."""
    if isinstance(content, np.ndarray):
        update(f"array{content.dtype.str[1:]}{content.shape}".encode())
        update(content.astype(content.dtype.newbyteorder("<")).tobytes())
    elif isinstance(content, Mapping):
        update(f"mapping{len(content)}".encode())
        for name, part in sorted(content.items()):
            update(json.dumps(name).encode())
            _digest(part, update)
    elif isinstance(content, list):
        update(f"list{len(content)}".encode())
        for part in content:
            _digest(part, update)
    else:
        update(json.dumps(content).encode())
