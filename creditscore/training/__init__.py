"""Training: from a data set to fitted and calibrated scorecards, never imported by the service.

`dataset` reads rows, `pipeline` splits them and fits every scorecard, `fit` fits one.
"""

from creditscore.training.dataset import Dataset, load
from creditscore.training.pipeline import STEPS, Split, split, train

__all__ = ["STEPS", "Dataset", "Split", "load", "split", "train"]
