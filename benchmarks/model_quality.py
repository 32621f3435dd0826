"""Measure the scorecards, and the synthetic rows, on the real rows of card holders.

.venv/bin/python benchmarks/model_quality.py [--data REAL.csv]

First, five-fold cross-validation of both scorecards beside what anyone would try, and beside what
somebody tried who wanted the last thousandth: the ceiling of these fields. CatBoost is among them
where it is installed; it is no requirement of this project. Second, what
training on synthetic rows costs: a generator is fitted to 70 % of the real rows, the scorecards
are trained on what it draws and on those 70 %, and both are tested on the other 30 %. Each figure
with a goal is marked; the exit status is 1 when a goal is missed, 2 when nothing could be measured.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer, StandardScaler
from tqdm import tqdm

from benchmarks.command_line import make_parser
from benchmarks.forests import grow_forest
from benchmarks.synthetic_rows import mean, measure_splits, print_splits
from creditscore.arrays import Floats
from creditscore.errors import CreditScoreError
from creditscore.evaluation.confidence_intervals import summarise
from creditscore.folders import SAMPLE_SCHEMA
from creditscore.model_card.woe_scorecard import fit_woe_scorecard
from creditscore.schema import Schema, ScorecardSpec
from creditscore.schema.reader import load_schema
from creditscore.training import dataset
from creditscore.training.dataset import Dataset
from data.synthesis.generator import SynthesisError
from data.synthesis.privacy import PrivacyError
from data.synthesize import number_from, read_rows

VARIABLE = "CREDITSCORE_UCI_CSV"
OURS = "this project's forest"
FOLDS = 5
FIGURES = ("auc", "brier", "ece", "ks", "log_loss", "accuracy")


@dataclass(frozen=True)
class Goal:
    """A figure and what it must reach: at least, or at most."""

    scorecard: str
    figure: str
    bound: float
    at_least: bool

    def met(self, value: float) -> bool:
        """Check whether a value reaches it."""
        return value >= self.bound if self.at_least else value <= self.bound

    def say(self, value: float) -> str:
        """Return value, goal and verdict in a line."""
        sign, verdict = ">=" if self.at_least else "<=", "met" if self.met(value) else "MISSED"
        name = f"{self.scorecard} {self.figure}"
        return f"{name:<32} {value:>8.4f}   goal {sign} {self.bound:<6g} {verdict}"


GOALS = (
    Goal("application", "auc", 0.620, at_least=True),
    Goal("application", "brier", 0.168, at_least=False),
    Goal("application", "ece", 0.015, at_least=False),
    Goal("behavioural", "auc", 0.774, at_least=True),
    Goal("behavioural", "accuracy", 0.81, at_least=True),
    Goal("behavioural", "ece", 0.02, at_least=False),
)
#: How far the AUC may stay below that of the best of all that was tried.
CEILING_GOALS = (
    Goal("application", "AUC below the ceiling", 0.002, at_least=False),
    Goal("behavioural", "AUC below the ceiling", 0.004, at_least=False),
)
GAP_GOALS = (
    Goal("application", "AUC lost, synthetic", 0.006, at_least=False),
    Goal("behavioural", "AUC lost, synthetic", 0.012, at_least=False),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, tell, and give the exit status."""
    options = read_options(arguments)
    if not options.data:
        print(
            f"model_quality.py: set {VARIABLE} or give --data: the real rows, see data/README.md",
            file=sys.stderr,
        )
        return 2
    try:
        schema = load_schema(SAMPLE_SCHEMA)
        table, real = read_rows(options.data), dataset.load(options.data, schema)
        models = compare_all(real, schema, options.seed)
        splits = measure_splits(table, real, schema, splits=options.splits, seed=options.seed)
    except (CreditScoreError, SynthesisError, PrivacyError) as error:
        print(f"model_quality.py: {error}", file=sys.stderr)
        return 2
    print_models(models)
    print_splits(splits)
    return 0 if print_goals(models, splits) else 1


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__)
    parser.add_argument(
        "--data",
        type=Path,
        default=os.environ.get(VARIABLE) and Path(os.environ[VARIABLE]),
        metavar="FILE",
        help=f"the real rows (default: the environment variable {VARIABLE})",
    )
    parser.add_argument(
        "--splits",
        type=number_from(5, 1000),
        default=5,
        metavar="NUMBER",
        help="of the real rows in 70 and 30 %%, five or more (default: %(default)d)",
    )
    parser.add_argument(
        "--seed",
        type=number_from(0, 2**31),
        default=1,
        metavar="NUMBER",
        help="of folds, splits, forests and drawn rows (default: %(default)d)",
    )
    return parser.parse_args(arguments)


def compare_all(real: Dataset, schema: Schema, seed: int) -> dict[str, Any]:
    """Cross-validate every model on the fields of every scorecard."""
    folds = list(StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(real.bad, real.bad))
    fits = contenders(schema, seed)
    total = len(schema.scorecards) * len(fits) * FOLDS
    with tqdm(total=total, desc="Models", unit="fit", leave=False) as bar:
        return {
            card: {
                name: [
                    measure(fit, real.rows(train), real.rows(test), spec, bar)
                    for train, test in folds
                ]
                for name, fit in fits.items()
            }
            for card, spec in schema.scorecards.items()
        }


Predict = Callable[[Dataset], Floats]
Fit = Callable[[Dataset, ScorecardSpec], Predict]


def contenders(schema: Schema, seed: int) -> Mapping[str, Fit]:
    """Return all that is compared, and how to fit it; ours is the last."""
    boosting = HistGradientBoostingClassifier(
        random_state=seed, learning_rate=0.05, max_iter=150, max_depth=3, min_samples_leaf=100
    )
    large = RandomForestClassifier(
        300, min_samples_leaf=60, max_features=4, random_state=seed, n_jobs=2
    )
    usual = {
        "always the average": DummyClassifier(),
        "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        "logistic, splines": make_pipeline(
            SplineTransformer(6, knots="quantile"),
            StandardScaler(),
            LogisticRegression(C=0.1, max_iter=1000),
        ),
        "default forest": RandomForestClassifier(random_state=seed, n_jobs=2),
        "large forest": large,
        "gradient boosting": HistGradientBoostingClassifier(random_state=seed),
        "tuned boosting": boosting,
        "boosting and forest": VotingClassifier(
            [("boosting", boosting), ("forest", large)], voting="soft"
        ),
        **_catboost(seed),
    }
    fits = {name: _fit_anew(model) for name, model in usual.items()}

    def woe(train: Dataset, spec: ScorecardSpec) -> Predict:
        return fit_woe_scorecard(train, spec.fields, schema).probability_of_default

    def ours(train: Dataset, spec: ScorecardSpec) -> Predict:
        return _predict(grow_forest(train, spec.fields, schema, spec.name, seed=seed), spec)

    return fits | {"WoE scorecard": woe, OURS: ours}


def _fit_anew(model: Any) -> Fit:
    return lambda train, spec: _predict(
        clone(model).fit(train.matrix(spec.fields), train.bad), spec
    )


def _predict(model: Any, spec: ScorecardSpec) -> Predict:
    def predict(rows: Dataset) -> Floats:
        probability: Floats = model.predict_proba(rows.matrix(spec.fields))[:, 1]
        return probability

    return predict


def _catboost(seed: int) -> dict[str, Any]:
    if importlib.util.find_spec("catboost") is None:
        return {}
    from catboost import CatBoostClassifier

    return {"CatBoost": CatBoostClassifier(
        iterations=400, learning_rate=0.03, depth=6, random_seed=seed, verbose=False,
        allow_writing_files=False, thread_count=2,
    )}  # fmt: skip


def measure(
    fit: Fit, train: Dataset, test: Dataset, spec: ScorecardSpec, bar: tqdm
) -> dict[str, float]:
    """Fit to some rows and measure on others."""
    predict = fit(train, spec)
    bar.update()
    figures = summarise(test.bad, predict(test))
    return {name: figures[name] for name in FIGURES}


def print_models(models: dict[str, Any]) -> None:
    """Print each model's mean figures over the folds, with the spread of the AUC."""
    for card, by_model in models.items():
        print(f"\n{card} scorecard, {FOLDS} folds, real rows")
        print(f"{'':<24}{''.join(f'{name:>10}' for name in FIGURES)}   AUC +-")
        for name, folds in by_model.items():
            means = "".join(f"{mean(folds, figure):>10.4f}" for figure in FIGURES)
            print(f"{name:<24}{means}{np.std([fold['auc'] for fold in folds]):>9.4f}")


def print_goals(models: dict[str, Any], splits: list[dict[str, Any]]) -> bool:
    """Print every goal and whether it is met; give whether all are."""
    values = [mean(models[goal.scorecard][OURS], goal.figure) for goal in GOALS]
    values += [below_ceiling(models[goal.scorecard]) for goal in CEILING_GOALS]
    values += [mean([split["auc_lost"] for split in splits], goal.scorecard) for goal in GAP_GOALS]
    goals = (*GOALS, *CEILING_GOALS, *GAP_GOALS)
    print("\nGoals")
    for goal, value in zip(goals, values, strict=True):
        print(goal.say(value))
    return all(goal.met(value) for goal, value in zip(goals, values, strict=True))


def below_ceiling(by_model: Mapping[str, list[dict[str, float]]]) -> float:
    """Return the mean AUC of the best of all that was tried, less ours."""
    best = max(mean(folds, "auc") for folds in by_model.values())
    return best - mean(by_model[OURS], "auc")


if __name__ == "__main__":
    sys.exit(main())
