"""Train a scorecard again with other seeds: how far its probabilities move without a new row."""

from __future__ import annotations

import numpy as np

from creditscore.arrays import Floats
from creditscore.schema import Schema, ScorecardSpec
from creditscore.scorecard.retraining_spread import RetrainingSpread
from creditscore.scorecard.scorecard import Scorecard
from creditscore.training.fit import grow
from creditscore.training.split import Split

#: Other seeds that each scorecard is trained with again.
OTHER_SEEDS = 4

#: Share of the repeated trainings in which a probability moves by at most the spread of its band.
SPREAD_QUANTILE = 0.95

#: Bands of probability, each of as many training rows, and the fewest of those rows.
BANDS = 20
MIN_IN_BAND = 100

#: Decimals of edges and spreads: fewer than machines agree on, as both are part of a version.
DIGITS = 6

#: scikit-learn's seeds are smaller.
SEED_END = 2**32


def train_again(
    scorecard: Scorecard, rows: Split, schema: Schema, spec: ScorecardSpec, *, seed: int, seeds: int
) -> tuple[RetrainingSpread, Floats]:
    """Grow a scorecard's forest with other seeds on the same rows, with the settings it has.

    Parameters
    ----------
    scorecard : Scorecard
    rows : Split
    schema : Schema
    spec : ScorecardSpec
        With the settings of its forest.
    seed : int
        The scorecard's own.
    seeds : int
        How many others.

    Returns
    -------
    spread : RetrainingSpread
        From the training rows, so that the test rows can show what it is worth.
    by_seed : ndarray of shape (seeds, n_test_rows)
        The test rows' probabilities of default by the forest of each seed.
    """
    names = scorecard.predictors
    learned, tested = (part.model_matrix(names) for part in (rows.train, rows.test))
    moved, by_seed = [], []
    predicted = scorecard.probability_of_default(learned)
    for offset in range(1, seeds + 1):
        forest = grow(rows.train, names, schema, spec, seed=(seed + offset) % SEED_END).forest
        moved.append(forest.probability_of_default(learned) - predicted)
        by_seed.append(forest.probability_of_default(tested))
    return measure_spread(predicted, np.array(moved)), np.array(by_seed)


def measure_spread(probability_of_default: Floats, moved: Floats) -> RetrainingSpread:
    """Measure how far probabilities move, by bands of about as many rows each.

    Parameters
    ----------
    probability_of_default : ndarray of shape (n_rows,)
        By the scorecard's own seed.
    moved : ndarray of shape (n_seeds, n_rows)
        The difference that each other seed makes.
    """
    bands = int(np.clip(len(probability_of_default) // MIN_IN_BAND, 1, BANDS))
    shares = np.linspace(0, 1, bands + 1)[1:-1]
    edges = np.unique(np.quantile(probability_of_default, shares).round(DIGITS))
    band = np.searchsorted(edges, probability_of_default, side="right")
    distances = [np.abs(moved[:, band == index]) for index in range(len(edges) + 1)]
    # Equal probabilities can leave a band without a row: then it is as the others together.
    spreads = [
        float(np.quantile(distance if distance.size else np.abs(moved), SPREAD_QUANTILE))
        for distance in distances
    ]
    return RetrainingSpread(
        tuple(edges.tolist()), tuple(round(spread, DIGITS) for spread in spreads)
    )
