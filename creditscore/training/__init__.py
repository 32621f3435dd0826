"""Training: from a data set to fitted and calibrated scorecards, never imported by the service.

`dataset` reads rows, `split` splits them, `pipeline` fits every scorecard, `fit` one.
"""

from creditscore.training.dataset import Dataset, load
from creditscore.training.pipeline import STEPS, train
from creditscore.training.retraining import OTHER_SEEDS
from creditscore.training.split import Split, split

__all__ = ["OTHER_SEEDS", "STEPS", "Dataset", "Split", "load", "split", "train"]
