"""Fit one scorecard: the only place of training where scikit-learn is at work."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from creditscore.arrays import Flags, Floats, Ints
from creditscore.errors import ReasonsTooLargeError
from creditscore.schema import ForestSettings, Schema, ScorecardSpec
from creditscore.scorecard.forest import Forest
from creditscore.scorecard.policy import Policy
from creditscore.scorecard.scorecard import Calibration, Scorecard
from creditscore.scorecard.shapley import compute_shapley_tables
from creditscore.training.calibration import fit_calibration
from creditscore.training.dataset import Dataset
from creditscore.training.reference import (
    bin_training_rows,
    describe_reference,
    reference_rows,
    training_ranges,
)

#: Rows whose predictions of each tree are held at once: 40 MB of 100 trees.
OUT_OF_BAG_ROWS = 50_000


def fit(
    train: Dataset,
    schema: Schema,
    spec: ScorecardSpec,
    *,
    policy: Policy,
    exclude: Sequence[str],
    reference_group: str,
    seed: int,
) -> Scorecard:
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

    Raises
    ------
    ReasonsTooLargeError
        If the forest is too large for exact reasons.
    """
    predictors = tuple(name for name in spec.fields if name not in exclude)
    calibration, forest = grow(train, predictors, schema, spec.forest, seed=seed)
    matrix = train.matrix(predictors)
    rounded = matrix.astype(np.float32)
    probability = forest.probability_of_default(rounded)
    group, rows = reference_rows(probability, cutoff=policy.cutoff, group=reference_group)
    try:
        games = compute_shapley_tables(forest, rounded[rows])
    except ValueError as error:
        key = f"scorecards.{spec.name}.forest"
        raise ReasonsTooLargeError("the schema", key, str(error)) from None
    return Scorecard(
        name=spec.name,
        predictors=predictors,
        monitored=tuple(name for name in spec.fields if name in exclude),
        forest=forest,
        shapley_tables=games,
        calibration=calibration,
        reference=describe_reference(
            group, probability[rows], matrix[rows], predictors=predictors, schema=schema
        ),
        training_ranges=training_ranges(train, schema, spec.fields),
        training_bins=bin_training_rows(
            train, schema, spec.fields, scores=policy.scale.points(probability)
        ),
    )


def grow(
    train: Dataset,
    predictors: Sequence[str],
    schema: Schema,
    settings: ForestSettings,
    *,
    seed: int,
) -> tuple[Calibration, Forest]:
    """Grow a forest on some predictors, and recalibrate it where its probabilities are poor."""
    matrix = train.matrix(predictors)
    monotonic = schema.monotonic_constraints(predictors)
    grown = fit_forest(matrix, train.bad, settings, seed, monotonic=monotonic)
    # A value that each training row has may be missing later.
    missing = np.array([schema.fields[name].missing is not None for name in predictors])
    return calibrate(grown, matrix, train.bad, seed, missing=missing)


def fit_forest(
    matrix: Floats,
    bad: Ints,
    settings: ForestSettings,
    seed: int,
    *,
    monotonic: Sequence[int] = (),
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
    """
    columns = matrix.shape[1]
    forest = RandomForestClassifier(
        n_estimators=settings.trees,
        max_depth=settings.max_depth,
        min_samples_leaf=settings.min_samples_leaf,
        max_features=min(settings.max_features, columns) if settings.max_features else "sqrt",
        # None and zeros grow the same trees, but None is the faster way.
        monotonic_cst=list(monotonic) if any(monotonic) else None,
        random_state=seed,
        n_jobs=-1,
    )
    forest.fit(matrix, bad)
    # Threads add up the trees in the order in which they end, which changes the last bits.
    return forest.set_params(n_jobs=None)


def calibrate(
    grown: RandomForestClassifier,
    matrix: Floats,
    bad: Ints,
    seed: int,
    *,
    missing: Flags | None = None,
) -> tuple[Calibration, Forest]:
    """Flatten a forest, recalibrated where its out-of-bag probabilities are poor.

    Parameters
    ----------
    grown : RandomForestClassifier
    matrix : ndarray of shape (n_rows, n_predictors)
        What it was grown on.
    bad : ndarray of shape (n_rows,)
        1 for a default.
    seed : int
    missing : ndarray of shape (n_predictors,), optional
        Columns whose values may be missing later, beside those where some are.
    """
    seen = columns_with_missing(matrix)
    forest = flatten(grown, missing=seen if missing is None else seen | missing)
    predicted = out_of_bag(grown, forest, matrix)
    # With few trees there are rows that each of them drew.
    finite = np.isfinite(predicted)
    calibration = fit_calibration(predicted[finite], bad[finite], bounds=forest.bounds(), seed=seed)
    if calibration.slope == 1 and calibration.intercept == 0:
        return calibration, forest
    return calibration, forest.recalibrated(calibration.slope, calibration.intercept)


def out_of_bag(grown: RandomForestClassifier, forest: Forest, matrix: Floats) -> Floats:
    """Return for each training row the mean over the trees that did not draw it; NaN without any.

    The same as scikit-learn's `oob_decision_function_`, ten times as fast.
    """
    rounded = matrix.astype(np.float32)
    # A byte for each tree and row: a probability for each would take gigabytes of a million rows.
    seen = np.zeros((len(forest.roots), len(matrix)), dtype=np.bool_)
    for tree, drawn in enumerate(grown.estimators_samples_):
        seen[tree, drawn] = True
    mean = np.full(len(matrix), np.nan)
    for begin in range(0, len(matrix), OUT_OF_BAG_ROWS):
        rows = slice(begin, begin + OUT_OF_BAG_ROWS)
        predicted = np.where(seen[:, rows], 0.0, forest.of_each_tree(rounded[rows]))
        trees = (~seen[:, rows]).sum(axis=0)
        np.divide(predicted.sum(axis=0), trees, out=mean[rows], where=trees > 0)
    return mean


def columns_with_missing(matrix: Floats) -> Flags:
    """Return for each column whether a value in it is missing (NaN)."""
    return np.asarray(np.isnan(matrix).any(axis=0))


def flatten(forest: RandomForestClassifier, *, missing: Flags | None = None) -> Forest:
    """Return the trees of a fitted forest of two classes as flat arrays.

    Parameters
    ----------
    forest : RandomForestClassifier
    missing : ndarray of shape (n_columns,), optional
        The columns whose values may be missing, in training or later. scikit-learn decides at each
        question which way a missing value goes, even where training saw none.
    """
    trees = [estimator.tree_ for estimator in forest.estimators_]
    roots = np.cumsum([0, *(tree.node_count for tree in trees[:-1])]).astype(np.int32)
    node = np.concatenate([np.arange(tree.node_count) for tree in trees])
    offset = np.repeat(roots, [tree.node_count for tree in trees])
    left = np.concatenate([tree.children_left for tree in trees])
    right = np.concatenate([tree.children_right for tree in trees])
    leaf = left < 0
    column = np.where(leaf, 0, np.concatenate([tree.feature for tree in trees])).astype(np.int32)
    missing_left = None
    if missing is not None and missing.any():
        goes_left = np.concatenate([tree.missing_go_to_left for tree in trees]).astype(np.bool_)
        missing_left = goes_left & ~leaf & missing[column]
    return Forest(
        roots=roots,
        column=column,
        threshold=np.where(leaf, 0.0, np.concatenate([tree.threshold for tree in trees])),
        left=(offset + np.where(leaf, node, left)).astype(np.int32),
        right=(offset + np.where(leaf, node, right)).astype(np.int32),
        probability=np.concatenate([tree.value[:, 0, 1] for tree in trees]),
        depth=int(max(tree.max_depth for tree in trees)),
        missing_left=missing_left,
    )
