"""Sections of the model card on one scorecard's figures, decisions and explanations.

Figures that are looked up by their names, such as ``auc``, stay mappings of these names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from creditscore.evaluation.confidence_intervals import Figure

#: Metrics by name; None where a metric is not defined.
Figures = Mapping[str, Figure | None]


# Performance


@dataclass(frozen=True)
class WithoutTwins:
    """Metrics on the test rows that equal no training row.

    Attributes
    ----------
    rows : int
        How many these are.
    auc, gini, ks, brier, brier_skill, log_loss, accuracy, ece : Figure or None
    calibration_slope, calibration_intercept : Figure or None
    """

    rows: int
    auc: Figure | None
    gini: Figure | None
    ks: Figure | None
    brier: Figure | None
    brier_skill: Figure | None
    log_loss: Figure | None
    accuracy: Figure | None
    ece: Figure | None
    calibration_slope: Figure | None
    calibration_intercept: Figure | None


@dataclass(frozen=True, kw_only=True)
class Performance:
    """Metrics on the test rows, beside those of other models.

    Attributes
    ----------
    rows, bads : int
        Of the test.
    weighted : bool
        Whether the rows stand for different numbers of people.
    bad_rate : Figure or None
    mean_predicted : float or None
        The mean probability of default; None in a card of 0.1.
    scorecard : mapping of str to Figure or None
        Metrics by name.
    without_twins : WithoutTwins or None
        None where no row has a twin, or too few are left.
    baselines : mapping of str to mapping
        The same metrics by the name of another model.
    difference_to_baseline : mapping of str to mapping
        By how much the scorecard's AUC and Brier score exceed another model's.
    """

    rows: int
    bads: int
    weighted: bool = False
    bad_rate: Figure | None
    mean_predicted: float | None = None
    scorecard: Figures
    without_twins: WithoutTwins | None = None
    baselines: Mapping[str, Figures]
    difference_to_baseline: Mapping[str, Figures]

    @property
    def auc(self) -> Figure:
        """The scorecard's AUC: the test rows have both outcomes, so there always is one."""
        figure = self.scorecard["auc"]
        if figure is None:
            raise ValueError("the model card has no AUC")
        return figure


@dataclass(frozen=True)
class OutOfTime:
    """A test on the latest rows, of a forest that was fitted to the earlier ones.

    Attributes
    ----------
    since : str
        The time of the first of the latest rows.
    train_rows, rows : int
        The earlier and the latest ones.
    train_bad_rate, bad_rate : Figure or None
    known_people_rows : int
        Later rows that were left out, as their people have earlier ones too.
    mean_predicted : float or None
        For the latest rows; None where they are too few.
    scorecard : mapping of str to Figure or None, or None
        Metrics by name; None where rows of an outcome are too few.
    """

    since: str
    train_rows: int
    train_bad_rate: Figure | None
    rows: int
    bad_rate: Figure | None
    known_people_rows: int
    mean_predicted: float | None
    scorecard: Figures | None


# Decisions


@dataclass(frozen=True)
class CutoffRow:
    """Rates and cost of errors at a cut-off.

    Attributes
    ----------
    cutoff : float
    approval_rate : float
    bad_rate_approved, bad_rate_declined : float or None
        None where there is no one.
    cost : float
        The mean over all applicants, in margins of a good account.
    """

    cutoff: float
    approval_rate: float
    bad_rate_approved: float | None
    bad_rate_declined: float | None
    cost: float


@dataclass(frozen=True)
class DecisionFigures:
    """What the cut-off does to the test rows.

    Attributes
    ----------
    cutoff, loss_to_margin : float
        Of the policy at training; the ratio is the one that the cut-off implies if none was set.
    approval_rate, bad_rate_approved, bad_rate_declined : Figure or None
    table : tuple of CutoffRow
        The same for other cut-offs.
    """

    cutoff: float
    loss_to_margin: float
    approval_rate: Figure | None
    bad_rate_approved: Figure | None
    bad_rate_declined: Figure | None
    table: tuple[CutoffRow, ...]


# Explanation


@dataclass(frozen=True)
class Importance:
    """The mean size of a field's Shapley values."""

    field: str
    mean_impact: float


@dataclass(frozen=True)
class ReasonFrequency:
    """How many refusals a reason is given to, and for how many it comes first."""

    code: str
    given: int
    first: int
    share: Figure | None


@dataclass(frozen=True)
class Explanation:
    """What weighs in the decisions on the test rows, and what the refused would be told."""

    importance: tuple[Importance, ...]
    refusals: int
    reasons: tuple[ReasonFrequency, ...]


# Curves


@dataclass(frozen=True)
class Roc:
    """The ROC curve: shares of good and of bad applicants declined as the cut-off falls."""

    declined_good: tuple[float, ...]
    declined_bad: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class CalibrationBand:
    """Predicted and observed default rate of some test rows with about equal predictions.

    Attributes
    ----------
    rows : int
    mean_predicted, observed_rate : float
    interval : tuple of float
        Of the observed rate.
    bads : int
    effective_rows : float or None
        Where rows have weights.
    """

    rows: int
    bads: int
    mean_predicted: float
    observed_rate: float
    effective_rows: float | None = field(default=None, metadata={"optional": True})
    interval: tuple[float, float]


@dataclass(frozen=True)
class ScoreHistogram:
    """Counts of good and of bad applicants by score, between edges in points."""

    edges: tuple[int, ...]
    good: tuple[int, ...]
    bad: tuple[int, ...]
    cutoff: int


@dataclass(frozen=True)
class GroupApprovals:
    """A group's approval rate at each whole percentage; None for an empty group."""

    group: str
    rows: int
    approval_rates: tuple[float | None, ...]


@dataclass(frozen=True)
class Curves:
    """The curves of the test rows.

    Attributes
    ----------
    roc : Roc
    calibration : tuple of CalibrationBand
    scores : ScoreHistogram
    cutoffs : tuple of CutoffRow
        At each whole percentage from 1 to 99.
    groups : mapping of str to tuple of GroupApprovals, or None
        By protected field; None in an early card.
    """

    roc: Roc
    calibration: tuple[CalibrationBand, ...]
    scores: ScoreHistogram
    cutoffs: tuple[CutoffRow, ...]
    groups: Mapping[str, tuple[GroupApprovals, ...]] | None = None
