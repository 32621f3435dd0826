"""Fit one scorecard: the only place of training where scikit-learn is at work."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from creditscore.arrays import Flags, Floats, Ints
from creditscore.errors import ReasonsTooLargeError
from creditscore.schema import ForestSettings, Schema, ScorecardSpec
from creditscore.scorecard.forest import Forest
from creditscore.scorecard.policy import Policy
from creditscore.scorecard.scorecard import Calibration, Scorecard
from creditscore.scorecard.shapley import compute_shapley_tables
from creditscore.training.calibration import OutOfBag, fit_calibration
from creditscore.training.dataset import Dataset
from creditscore.training.reference import (
    bin_training_rows,
    describe_reference,
    reference_rows,
    training_ranges,
)

#: Numbers that the exact reasons of a model may need, all its scorecards together, where settings
#: are chosen from the data: 40 of the 64 MB that a model's file may have.
MAX_VALUES_TOGETHER = 5_000_000

#: Rows that each tree draws, at most: of a million, all of them make trees no better, but growing
#: them takes minutes more.
MAX_DRAWN = 100_000

#: Rows whose out-of-bag predictions are judged, at most: each has a number by each tree.
MAX_JUDGED = 100_000

#: So many rows are few: trees are cheap, and each counts.
FEW_ROWS = 5000

#: Share of the trees that a row is out of bag for: about 1 / e.
OUT_OF_BAG_SHARE = 0.37


@dataclass(frozen=True)
class Grown:
    """A forest, and what judged it.

    Attributes
    ----------
    forest : Forest
        Recalibrated where that helps.
    calibration : Calibration
        Its line.
    out_of_bag : OutOfBag
        What each tree predicts for rows that it did not draw, before any line.
    """

    forest: Forest
    calibration: Calibration
    out_of_bag: OutOfBag


def fit(
    train: Dataset,
    schema: Schema,
    spec: ScorecardSpec,
    *,
    policy: Policy,
    exclude: Sequence[str],
    reference_group: str,
    seed: int,
) -> tuple[Scorecard, OutOfBag]:
    """Fit one scorecard.

    Parameters
    ----------
    train : Dataset
        The rows to learn from.
    schema : Schema
        Their data dictionary.
    spec : ScorecardSpec
        The scorecard's fields and how to grow its forest, with the size of a leaf.
    policy : Policy
        Its cut-off defines the approved, for the reference group.
    exclude : sequence of str
        Fields that no decision may depend on; they are only monitored.
    reference_group : {"approved", "all"}
        Whom reasons compare an applicant with.
    seed : int
        Of all that is random.

    Returns
    -------
    scorecard : Scorecard
    out_of_bag : OutOfBag
        The recalibrated mean of each training row over the trees that did not draw it.

    Raises
    ------
    ReasonsTooLargeError
        If the forest is too large for exact reasons.
    """
    predictors = tuple(name for name in spec.fields if name not in exclude)
    is_searched = schema.scorecards[spec.name].forest.min_samples_leaf is None
    grown = grow(train, predictors, schema, spec, seed=seed)
    forest, matrix = grown.forest, train.matrix(predictors)
    rounded = matrix.astype(np.float32)
    probability = forest.probability_of_default(rounded)
    group, rows = reference_rows(probability, cutoff=policy.cutoff, group=reference_group)
    try:
        games = compute_shapley_tables(
            forest,
            rounded[rows],
            max_values=max_values(schema) if is_searched else None,
        )
    except ValueError as error:
        key = f"scorecards.{spec.name}.forest"
        raise ReasonsTooLargeError("the schema", key, str(error)) from None
    scorecard = Scorecard(
        name=spec.name,
        predictors=predictors,
        monitored=tuple(name for name in spec.fields if name in exclude),
        forest=forest,
        shapley_tables=games,
        calibration=grown.calibration,
        reference=describe_reference(
            group, probability[rows], matrix[rows], predictors=predictors, schema=schema
        ),
        training_ranges=training_ranges(train, schema, spec.fields),
        training_bins=bin_training_rows(
            train, schema, spec.fields, scores=policy.scale.points(probability)
        ),
    )
    return scorecard, grown.out_of_bag.averaged(grown.calibration)


def max_values(schema: Schema) -> int:
    """Return how many numbers exact reasons may need where settings are chosen from the data."""
    return MAX_VALUES_TOGETHER // len(schema.scorecards)


def grow(
    train: Dataset,
    predictors: Sequence[str],
    schema: Schema,
    spec: ScorecardSpec,
    *,
    seed: int,
) -> Grown:
    """Grow a forest on some predictors, and recalibrate it where its probabilities are poor."""
    settings, matrix = spec.forest.completed(), train.matrix(predictors)
    forest = fit_forest(
        matrix,
        train.bad,
        judged(settings, len(train)),
        seed,
        monotonic=schema.monotonic_constraints(predictors, spec.name),
        weights=train.weight,
    )
    return calibrate(
        forest,
        matrix,
        train.bad,
        seed,
        trees=settings.trees,
        # Also where training saw none: the table that serves must know which way they go.
        missing=np.array([schema.fields[name].missing is not None for name in predictors]),
        weights=train.weight,
    )


def judged(settings: ForestSettings, rows: int) -> ForestSettings:
    """Return the settings of the forest whose out-of-bag predictions judge these settings.

    A row is out of bag for 0.37 of the trees, and the mean of fewer trees is farther off and less
    cautious. Where there are few rows, so many trees more are grown that each row is predicted
    by as many as an applicant is.
    """
    settings = settings.completed()
    if rows > FEW_ROWS or settings.trees is None:
        return settings
    return replace(settings, trees=ceil(settings.trees / OUT_OF_BAG_SHARE))


def fit_forest(
    matrix: Floats,
    bad: Ints,
    settings: ForestSettings,
    seed: int,
    *,
    monotonic: Sequence[int] = (),
    weights: Floats | None = None,
) -> RandomForestClassifier:
    """Grow a forest; the same data, settings and seed give the same trees on any machine.

    Parameters
    ----------
    matrix : ndarray of shape (n_rows, n_predictors)
    bad : ndarray of shape (n_rows,)
        1 for a default.
    settings : ForestSettings
    seed : int
    monotonic : sequence of int, optional
        Of each predictor, 1 where the probability may only rise with it, -1 to fall, 0 for either.
    weights : ndarray of shape (n_rows,), optional
        How many people of the population each row stands for. Each tree draws its rows in
        proportion, so that the shares of bad rows in its leaves are those of the population.
    """
    columns, settings = matrix.shape[1], settings.completed()
    forest = RandomForestClassifier(
        n_estimators=settings.trees,
        max_depth=settings.max_depth,
        min_samples_leaf=settings.min_samples_leaf,
        max_features=min(settings.max_features, columns) if settings.max_features else "sqrt",
        # None and zeros grow the same trees, but None is the faster way.
        monotonic_cst=list(monotonic) if any(monotonic) else None,
        max_samples=MAX_DRAWN if len(bad) > MAX_DRAWN else None,
        random_state=seed,
        n_jobs=-1,
    )
    # scikit-learn's threads each replace the filters of warnings, and can leave none behind.
    with warnings.catch_warnings():
        forest.fit(matrix, bad, sample_weight=weights)
    # Threads add up the trees in the order in which they end, which changes the last bits.
    return forest.set_params(n_jobs=None)


def calibrate(
    grown: RandomForestClassifier,
    matrix: Floats,
    bad: Ints,
    seed: int,
    *,
    trees: int | None = None,
    missing: Flags | None = None,
    weights: Floats | None = None,
) -> Grown:
    """Flatten a forest, recalibrated where its out-of-bag probabilities are poor.

    Parameters
    ----------
    grown : RandomForestClassifier
    matrix : ndarray of shape (n_rows, n_predictors)
        What it was grown on.
    bad : ndarray of shape (n_rows,)
        1 for a default.
    seed : int
    trees : int, optional
        How many of its trees, the first ones, make the forest; the others only help to judge it.
    missing : ndarray of shape (n_predictors,), optional
        Columns whose values may be missing later, beside those where some are.
    weights : ndarray of shape (n_rows,), optional
        Those that it was grown with.
    """
    has_missing = columns_with_missing(matrix)
    missing = has_missing if missing is None else has_missing | missing
    judges = flatten(grown, missing=missing)
    rows = out_of_bag_rows(grown, judges, matrix, bad, weights, seed=seed)
    calibration = fit_calibration(rows, seed=seed)
    forest = flatten(grown, missing=missing, trees=trees)
    if calibration.slope != 1 or calibration.intercept != 0:
        forest = forest.recalibrated(calibration.slope, calibration.intercept)
    return Grown(forest, calibration, rows)


def out_of_bag_rows(
    grown: RandomForestClassifier,
    forest: Forest,
    matrix: Floats,
    bad: Ints,
    weights: Floats | None = None,
    *,
    seed: int,
    max_rows: int = MAX_JUDGED,
) -> OutOfBag:
    """Return what each tree predicts for the rows that it did not draw.

    With few trees there are rows that each of them drew; these are left out. Where there are many
    rows, so many of them are drawn at random.
    """
    indices = np.sort(np.random.default_rng(seed).permutation(len(bad))[:max_rows])
    row_weights = None if weights is None else weights[indices]
    rows = OutOfBag(predict_by_tree(grown, forest, matrix, indices), bad[indices], row_weights)
    drawn_by_all = np.isnan(rows.by_tree).all(axis=0)
    return rows.rows(np.flatnonzero(~drawn_by_all)) if drawn_by_all.any() else rows


def predict_by_tree(
    grown: RandomForestClassifier, forest: Forest, matrix: Floats, rows: Ints
) -> Floats:
    """Return what each tree predicts for the chosen rows, NaN for those that it drew.

    Averaged over the trees, it is scikit-learn's `oob_decision_function_`, ten times as fast.
    """
    predicted = forest.of_each_tree(matrix[rows].astype(np.float32))
    for tree, sample in enumerate(grown.estimators_samples_):
        in_bag = np.zeros(len(matrix), dtype=np.bool_)
        in_bag[sample] = True
        predicted[tree, in_bag[rows]] = np.nan
    return predicted


def columns_with_missing(matrix: Floats) -> Flags:
    """Return for each column whether a value in it is missing (NaN)."""
    return np.asarray(np.isnan(matrix).any(axis=0))


def flatten(
    forest: RandomForestClassifier, *, missing: Flags | None = None, trees: int | None = None
) -> Forest:
    """Return the trees of a fitted forest of two classes as flat arrays.

    Parameters
    ----------
    forest : RandomForestClassifier
    missing : ndarray of shape (n_columns,), optional
        The columns whose values may be missing, in training or later. scikit-learn decides at each
        question which way a missing value goes, even where training saw none.
    trees : int, optional
        How many of its trees, the first ones.
    """
    grown = [estimator.tree_ for estimator in forest.estimators_[:trees]]
    roots = np.cumsum([0, *(tree.node_count for tree in grown[:-1])]).astype(np.int32)
    node = np.concatenate([np.arange(tree.node_count) for tree in grown])
    offset = np.repeat(roots, [tree.node_count for tree in grown])
    left = np.concatenate([tree.children_left for tree in grown])
    right = np.concatenate([tree.children_right for tree in grown])
    leaf = left < 0
    column = np.where(leaf, 0, np.concatenate([tree.feature for tree in grown])).astype(np.int32)
    missing_left = None
    if missing is not None and missing.any():
        goes_left = np.concatenate([tree.missing_go_to_left for tree in grown]).astype(np.bool_)
        missing_left = goes_left & ~leaf & missing[column]
    return Forest(
        roots=roots,
        column=column,
        threshold=np.where(leaf, 0.0, np.concatenate([tree.threshold for tree in grown])),
        left=(offset + np.where(leaf, node, left)).astype(np.int32),
        right=(offset + np.where(leaf, node, right)).astype(np.int32),
        probability=np.concatenate([tree.value[:, 0, 1] for tree in grown]),
        depth=int(max(tree.max_depth for tree in grown)),
        missing_left=missing_left,
    )
