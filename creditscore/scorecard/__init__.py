"""What a trained scorecard is and computes: probability, exact reasons, points, recourse.

A `Model` holds the scorecards of a data set; `artifact` saves and loads it, `model_archive` keeps
every version that ever decided.
"""

from creditscore.scorecard.artifact import load, save
from creditscore.scorecard.bins import Bins, TrainingBins
from creditscore.scorecard.forest import Forest
from creditscore.scorecard.inference import (
    Engine,
    LeafTableEngine,
    LookupTableEngine,
    select_engine,
)
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import ELIGIBLE, NOT_ELIGIBLE, Policy, Scale
from creditscore.scorecard.reason_codes import Reason, principal_reasons
from creditscore.scorecard.recourse import Recourse, explain_recourse, find_recourse
from creditscore.scorecard.scorecard import Calibration, Reference, Scorecard
from creditscore.scorecard.shapley_tables import LeafShapleyTables

__all__ = [
    "ELIGIBLE",
    "NOT_ELIGIBLE",
    "Bins",
    "Calibration",
    "Engine",
    "Forest",
    "LeafShapleyTables",
    "LeafTableEngine",
    "LookupTableEngine",
    "Model",
    "Policy",
    "Reason",
    "Recourse",
    "Reference",
    "Scale",
    "Scorecard",
    "TrainingBins",
    "explain_recourse",
    "find_recourse",
    "load",
    "principal_reasons",
    "save",
    "select_engine",
]
