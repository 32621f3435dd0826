"""Sections of the model card on groups, on fields, and on what changing or leaving out one does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from creditscore.evaluation.confidence_intervals import Figure

# Groups


@dataclass(frozen=True, kw_only=True)
class GroupFairness:
    """How one group of a protected field fares.

    Attributes
    ----------
    group : str
        In English.
    rows, bads : int
    verdict : {"conclusive", "inconclusive"}
        Whether it is compared with others.
    differs_from_rest : {"higher", "lower", None}
        What a test says of its approval rate beside that of all others.
    approval_rate, bad_rate_approved, approval_rate_good : Figure or None
        The last one is the approval rate of those who turned out good.
    approval_ratio : Figure or None
        Its approval rate over that of the reference group.
    """

    group: str
    rows: int
    bads: int
    verdict: str
    differs_from_rest: str | None = None
    approval_rate: Figure | None
    bad_rate_approved: Figure | None
    approval_rate_good: Figure | None
    approval_ratio: Figure | None


@dataclass(frozen=True)
class FieldFairness:
    """The groups of a protected field compared; what is overall is of the conclusive ones alone.

    Attributes
    ----------
    reference_group : str or None
        The conclusive group with the highest approval rate.
    groups : tuple of GroupFairness
    demographic_parity_ratio, demographic_parity_difference : Figure or None
        The lowest over, and below, the highest approval rate: 1 and 0 are equal treatment.
    equal_opportunity_difference : Figure or None
        The same difference among the good: 0 is equal. All None of fewer than two groups.
    """

    reference_group: str | None
    groups: tuple[GroupFairness, ...]
    demographic_parity_ratio: Figure | None
    demographic_parity_difference: Figure | None
    equal_opportunity_difference: Figure | None


@dataclass(frozen=True)
class AgeTest:
    """The rows of a number's highest band beside their best value below it (Regulation B).

    Attributes
    ----------
    from_ : float
        Where the band begins.
    rows : int
    worse_off : Figure or None
        The share with a higher probability of default than with that value.
    refused_due_to_age : Figure or None
        The share that is refused, and eligible with that value.
    mean_gap : float
        Of the probabilities.
    """

    from_: float
    rows: int
    worse_off: Figure | None
    refused_due_to_age: Figure | None
    mean_gap: float


@dataclass(frozen=True)
class AttributeEffect:
    """What a protected predictor alone does.

    Attributes
    ----------
    label_flips : Figure or None
        The share of rows whose label another of its values would change.
    age_62_test : AgeTest or None
        Of a number with bands.
    """

    label_flips: Figure | None
    age_62_test: AgeTest | None


# Fields


@dataclass(frozen=True)
class CurvePoint:
    """The mean probability were all rows to have a value, and what that value means, if known."""

    value: float | str
    label: str | None
    probability_of_default: float


@dataclass(frozen=True)
class PartialDependence:
    """A field's curve.

    Attributes
    ----------
    expected : {"rises", "falls", None}
        How the risk should go as the number grows.
    points : tuple of CurvePoint
    violating_steps : tuple
        Pairs of neighbouring values between which it goes the other way.
    """

    expected: str | None
    points: tuple[CurvePoint, ...]
    violating_steps: tuple[tuple[float | str, ...], ...]


@dataclass(frozen=True)
class LargestFall:
    """The step that should raise the risk and lowers the probability most."""

    from_: float | str
    to: float | str
    probability_from: float
    probability_to: float


@dataclass(frozen=True)
class MonotonicityViolations:
    """Rows where one step that should raise the risk lowers the probability of default.

    Attributes
    ----------
    rows : int
        Those with such a step.
    lowered : Figure or None
        The share of them whose probability it lowers.
    made_eligible : Figure or None
        The share that was refused and that it makes eligible.
    largest_fall : LargestFall or None
        None where no probability falls.
    proven_monotone : bool or None
        Of a field that is declared monotone: whether the trees prove it for every applicant.
    """

    rows: int
    lowered: Figure | None
    made_eligible: Figure | None
    largest_fall: LargestFall | None
    proven_monotone: bool | None = field(default=None, metadata={"optional": True})


@dataclass(frozen=True)
class Sensitivity:
    """How the probability goes with each predictor, and with which it goes the wrong way."""

    partial_dependence: Mapping[str, PartialDependence]
    monotonicity_violations: Mapping[str, MonotonicityViolations]


@dataclass(frozen=True)
class LeavingOut:
    """What it would do to leave out a predictor that may be missing.

    Attributes
    ----------
    missing : Figure or None
        The share of training rows without it.
    bad_rate_missing, bad_rate_stated : Figure or None
        Of these, and of the others.
    rows : int
        Test rows that state it.
    mean_change : float or None
        Of their probability, were it left out.
    lowered : Figure or None
        The share whose probability it would lower.
    refused : int
        How many of them are refused.
    approved_instead : Figure or None
        The share of the refused that would be approved.
    hiding_pays : bool
        Whether that share is too high.
    """

    missing: Figure | None
    bad_rate_missing: Figure | None
    bad_rate_stated: Figure | None
    rows: int
    mean_change: float | None
    lowered: Figure | None
    refused: int
    approved_instead: Figure | None
    hiding_pays: bool


# Other trainings


@dataclass(frozen=True)
class Exclusion:
    """A scorecard that was trained without some protected fields.

    Attributes
    ----------
    excluded : tuple of str
        None for the scorecard as it is.
    auc, brier : Figure or None
    change : mapping of str to Figure or None, or None
        By how much both exceed those of the scorecard as it is; None for itself.
    approval_rate, bad_rate_approved, bad_rate_declined : float or None
    demographic_parity_ratio : mapping of str to Figure or None
        By protected field.
    """

    excluded: tuple[str, ...]
    auc: Figure | None
    brier: Figure | None
    change: Mapping[str, Figure | None] | None
    approval_rate: float
    bad_rate_approved: float | None
    bad_rate_declined: float | None
    demographic_parity_ratio: Mapping[str, Figure | None]


@dataclass(frozen=True)
class Constraints:
    """What it costs that the probability may only go one way along some fields.

    Attributes
    ----------
    monotone : tuple of str
        These fields.
    change : mapping of str to Figure or None
        By how much the scorecard's AUC and Brier score exceed those without the constraints.
    """

    monotone: tuple[str, ...]
    change: Mapping[str, Figure | None]
