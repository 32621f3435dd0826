"""The model card as typed values: one reader for the page, the document, monitoring and plots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from creditscore.evaluation.card_effects import (
    AttributeEffect,
    Constraints,
    Exclusion,
    FieldFairness,
    LeavingOut,
    Sensitivity,
)
from creditscore.evaluation.card_keys import with_current_keys
from creditscore.evaluation.card_reader import read_section
from creditscore.evaluation.card_sections import (
    Curves,
    DecisionFigures,
    Explanation,
    OutOfTime,
    Performance,
)
from creditscore.evaluation.confidence_intervals import Figure
from creditscore.evaluation.lineage import Lineage
from creditscore.evaluation.repeated_splits import CrossValidation
from creditscore.evaluation.retraining import Retraining
from creditscore.evaluation.validation import Validation
from creditscore.evaluation.woe import Variable
from creditscore.schema.declarations import Declarations

# What was trained, on what


@dataclass(frozen=True)
class LabelTexts:
    """The outcome: its column, the values that are good and bad, and what it means.

    ``event`` is empty in a card of 0.1.
    """

    column: str
    good: Any
    bad: Any
    title: str
    event: str = ""


@dataclass(frozen=True)
class FieldTexts:
    """A field in one language.

    Attributes
    ----------
    title, accepted : str
    unit : str or None
    codes : mapping of str to str
        The meaning of each code.
    protected, actionable : bool
    expected_risk : {"rises", "falls", None}
    """

    title: str
    unit: str | None
    accepted: str
    codes: Mapping[str, str]
    protected: bool
    actionable: bool
    expected_risk: str | None


@dataclass(frozen=True)
class PolicyFigures:
    """Cut-off and score scale."""

    cutoff: float
    loss_to_margin: float | None
    base_points: float
    base_odds: float
    points_to_double_odds: float


@dataclass(frozen=True)
class People:
    """How many different people are on each side of the split."""

    train: int
    test: int


@dataclass(frozen=True)
class Twins:
    """Test rows that equal a training row in all fields and the outcome."""

    test_rows: int
    share: Figure | None


@dataclass(frozen=True, kw_only=True)
class Data:
    """The rows that the model was trained and tested on.

    Attributes
    ----------
    file, sha256 : str
    rows, train_rows, test_rows, test_bads : int
    bad_rate : float
    folded_rows, left_out_rows : mapping of str to int
        By field, rows with undocumented codes; by outcome, rows that were not used.
    code_orders : mapping of str to tuple
        By field, the codes in the order that training learnt.
    format : mapping
        How the file is written, by names such as ``separator``.
    published_as, licence, about : str or None
    sample : mapping
        What the schema file says of how the rows were drawn, by its keys.
    people : People or None
    population_bad_rate : float or None
    twins : Twins
        None in a card of 0.1, which did not look for them.
    """

    file: str
    sha256: str
    rows: int
    bad_rate: float
    folded_rows: Mapping[str, int] = field(default_factory=dict)
    code_orders: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    left_out_rows: Mapping[str, int] = field(default_factory=dict)
    format: Mapping[str, Any] = field(default_factory=dict)
    published_as: str | None = None
    licence: str | None = None
    about: str | None = None
    train_rows: int
    test_rows: int
    test_bads: int
    sample: Mapping[str, Any] = field(default_factory=dict)
    people: People | None = None
    population_bad_rate: float | None = None
    twins: Twins = Twins(0, None)


@dataclass(frozen=True)
class Method:
    """How the figures were measured; None for what a card of an early release does not say."""

    confidence: float
    resamples: int
    ece_bins: int
    min_group_rows: int
    min_group_outcomes: int
    curve_rows: int
    importance_rows: int
    default_forest_rows: int | None = None
    woe_coarse_bins: int | None = None
    implementation_test_applicants: int | None = None


@dataclass(frozen=True)
class LawClause:
    """A clause of law, what it asks for, and what answers it."""

    place: str
    clause: str
    asks: str
    answer: str


# A scorecard


@dataclass(frozen=True)
class CalibrationLine:
    """The line that probabilities were recalibrated by, and the ECE before and after it."""

    slope: float
    intercept: float
    error_before: float
    error_after: float


@dataclass(frozen=True)
class ReasonBasis:
    """What the reasons of a scorecard are computed against."""

    value_function: str
    reference_group: str
    reference_rows: int
    baseline: float


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What is measured of a scorecard on the one split of the rows, in the order of the card.

    Attributes
    ----------
    decision : DecisionFigures
    fairness : mapping of str to FieldFairness
        By protected field.
    protected_attribute_effects : mapping of str to AttributeEffect
        By protected predictor.
    explanation : Explanation
    sensitivity : Sensitivity
    missing_values : mapping of str to LeavingOut
        By predictor that may be missing.
    curves : Curves
    performance : Performance
    variables : tuple of Variable
    out_of_time : OutOfTime or None
        None where no column has the time of the rows.
    ablation : tuple of Exclusion
    validation : Validation or None
    constraints : Constraints or None
        None where no field is monotone.
    """

    decision: DecisionFigures
    fairness: Mapping[str, FieldFairness]
    protected_attribute_effects: Mapping[str, AttributeEffect]
    explanation: Explanation
    sensitivity: Sensitivity
    missing_values: Mapping[str, LeavingOut] = field(default_factory=dict)
    curves: Curves
    performance: Performance
    variables: tuple[Variable, ...] = ()
    out_of_time: OutOfTime | None = None
    ablation: tuple[Exclusion, ...]
    validation: Validation | None = None
    constraints: Constraints | None = field(default=None, metadata={"optional": True})


@dataclass(frozen=True, kw_only=True)
class ScorecardCard(Measured):
    """Everything that the model card says of one scorecard.

    Attributes
    ----------
    version, title : str
    predictors, monitored_attributes, protected_predictors : tuple of str
    forest : mapping of str to int or None
        Settings by name.
    forest_trials : tuple
        The settings that were tried.
    calibration : CalibrationLine
    reasons : ReasonBasis
    cross_validation : CrossValidation or None
    retraining : Retraining or None
    is_quick : bool
        Whether training left other splits and seeds out. An early card has neither, without that.
    """

    version: str
    title: str
    predictors: tuple[str, ...]
    monitored_attributes: tuple[str, ...]
    protected_predictors: tuple[str, ...]
    forest: Mapping[str, int | None]
    forest_trials: tuple[Any, ...] = ()
    calibration: CalibrationLine
    reasons: ReasonBasis
    cross_validation: CrossValidation | None = None
    retraining: Retraining | None = None
    is_quick: bool = False


# The card


@dataclass(frozen=True)
class Card:
    """A model card.

    Attributes
    ----------
    title, notice : str
    legal : str or None
        What law says of its protected predictors.
    intended_use, out_of_scope, limits, oversight, law : tuple of str
        Statements, each a sentence or more.
    law_clauses : tuple of LawClause
    label : LabelTexts
    fields : mapping of str to FieldTexts
    policy : PolicyFigures
    data : Data
    method : Method
    scorecards : mapping of str to ScorecardCard
    trained_at : str
        ISO 8601 in UTC.
    seed : int
    software : mapping of str to str
        Versions by name.
    governance : Declarations or None
    lineage : Lineage or None
        Both None in a card of 0.1.
    """

    title: str
    notice: str
    legal: str | None
    intended_use: tuple[str, ...]
    out_of_scope: tuple[str, ...]
    limits: tuple[str, ...]
    oversight: tuple[str, ...]
    law: tuple[str, ...]
    label: LabelTexts
    fields: Mapping[str, FieldTexts]
    policy: PolicyFigures
    data: Data
    method: Method
    scorecards: Mapping[str, ScorecardCard]
    trained_at: str
    seed: int
    software: Mapping[str, str]
    law_clauses: tuple[LawClause, ...] = ()
    governance: Declarations | None = None
    lineage: Lineage | None = None


def read_card(document: Mapping[str, Any]) -> Card:
    """Read a model card from its JSON, whichever release wrote it."""
    current = with_current_keys(document)
    scorecards = {name: _with_quick(section) for name, section in current["scorecards"].items()}
    return read_section(Card, {**current, "scorecards": scorecards})


def _with_quick(section: Mapping[str, Any]) -> dict[str, Any]:
    """Tell a training that left other splits out from a release that knew none."""
    left_out = "cross_validation" in section and section["cross_validation"] is None
    return {**section, "is_quick": left_out}
