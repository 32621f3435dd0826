"""What another seed changes for the same rows: labels, probabilities, AUC, and who is near."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from creditscore.arrays import Flags, Floats, Ints
from creditscore.evaluation.confidence_intervals import Figure, share, summarise
from creditscore.evaluation.repeated_splits import Distribution, distribution
from creditscore.evaluation.rounding import rounded

#: What "close to the cut-off" means beside what training measured: one percentage point.
ONE_POINT = 0.01


@dataclass(frozen=True)
class ProbabilitySpread:
    """The standard deviation of one person's probability over the seeds.

    Attributes
    ----------
    median, percentile_95, largest : float
        Of those of all persons.
    """

    median: float
    percentile_95: float
    largest: float


@dataclass(frozen=True)
class Retraining:
    """What training again on the same rows, with other seeds, changes for the test rows.

    Attributes
    ----------
    seeds : int
        Trainings that are compared, the shipped one among them.
    rows : int
        Test rows.
    changed_rows : int
        Those whose label is not the same in all of the trainings.
    changed : Figure
        Their share, of the people that they stand for where rows are weighted.
    auc : Distribution or None
        Of the other seeds, beside that of the shipped one.
    probability_sd : ProbabilitySpread
    within_a_point : Figure
        The share whose probability is within a percentage point of the cut-off.
    warned : Figure
        The share whose answer warns that training again could change its label.
    changed_warned : Figure or None
        Of those whose label changed, the share that is warned of.
    """

    seeds: int
    rows: int
    changed_rows: int
    changed: Figure | None
    auc: Distribution | None
    probability_sd: ProbabilitySpread
    within_a_point: Figure | None
    warned: Figure | None
    changed_warned: Figure | None


def compare_seeds(
    bad: Ints,
    shipped: Floats,
    other_predictions: Floats,
    *,
    cutoff: float,
    near: Flags,
    weights: Floats | None = None,
) -> Retraining:
    """Compare the probabilities of the same rows by trainings with several seeds.

    Parameters
    ----------
    bad : ndarray of shape (n_rows,)
    shipped : ndarray of shape (n_rows,)
        The probabilities of default that are served.
    other_predictions : ndarray of shape (n_other_seeds, n_rows)
    cutoff : float
    near : ndarray of shape (n_rows,)
        Whose answers warn.
    weights : ndarray of shape (n_rows,), optional
        How many people each row stands for.
    """
    predictions = np.vstack([shipped, other_predictions])
    approved = predictions < cutoff
    changed = np.asarray(approved.any(axis=0) & ~approved.all(axis=0))
    spread = predictions.std(axis=0, ddof=1)
    aucs = [summarise(bad, predicted, weights)["auc"] for predicted in predictions]
    return Retraining(
        seeds=len(predictions),
        rows=len(bad),
        changed_rows=int(changed.sum()),
        changed=share(changed, weights),
        auc=distribution(aucs[1:], aucs[0]),
        probability_sd=ProbabilitySpread(
            *(rounded(np.quantile(spread, level)) for level in (0.5, 0.95, 1))
        ),
        within_a_point=share(np.asarray(np.abs(shipped - cutoff) <= ONE_POINT), weights),
        warned=share(near, weights),
        changed_warned=share(near[changed], None if weights is None else weights[changed]),
    )
