"""What a validator asks of a scorecard beyond its figures, as the model card has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from creditscore.evaluation.expected_loss import ExpectedLoss
from creditscore.evaluation.group_calibration import CalibrationGroup, CalibrationNeed
from creditscore.evaluation.overfitting import TrainTestFigure
from creditscore.evaluation.proxies import Proxy
from creditscore.evaluation.stability import Period, Shift
from creditscore.evaluation.stress import Stress
from creditscore.evaluation.two_way_groups import TwoWayGroups


@dataclass(frozen=True)
class Validation:
    """Everything that is measured here of one scorecard.

    Attributes
    ----------
    train_test : mapping of str to TrainTestFigure
        By figure.
    score_shift : Shift
        Of the score, from training to test rows.
    shifts : mapping of str to Shift
        The same of each field.
    calibration : CalibrationNeed
    group_calibration : mapping of str to tuple of CalibrationGroup
        By protected field.
    band_calibration : tuple of CalibrationGroup
        By the bins of the score in training, in points.
    two_way_groups : tuple of TwoWayGroups
        Of each pair of protected fields.
    proxies : tuple of Proxy
        Of each protected field.
    expected_loss : ExpectedLoss or None
    stress : Stress
    periods : tuple of Period, or None
        None where no column has the time of the rows.
    """

    train_test: Mapping[str, TrainTestFigure]
    score_shift: Shift
    shifts: Mapping[str, Shift]
    calibration: CalibrationNeed
    group_calibration: Mapping[str, tuple[CalibrationGroup, ...]]
    band_calibration: tuple[CalibrationGroup, ...]
    two_way_groups: tuple[TwoWayGroups, ...]
    proxies: tuple[Proxy, ...]
    expected_loss: ExpectedLoss | None
    stress: Stress
    periods: tuple[Period, ...] | None
