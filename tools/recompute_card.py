"""Recompute the figures of a model card outside the product, and say which of them agree.

.venv/bin/python tools/recompute_card.py
.venv/bin/python tools/recompute_card.py --data MINE.csv --schema MINE.toml --model MODEL_DIR

Nothing of the product is imported: rows, schema file, manifest and card are read as files, and the
forests are trained again with scikit-learn from the settings of the manifest. docs/validation.md
defines each figure. The exit status is 1 if a figure of the card is not what is recomputed.
"""

from __future__ import annotations

import os

# One thread adds up in one order. numpy reads this when it is imported.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tools import recompute_effects as effects
from tools import recompute_groups as groups
from tools import recompute_models as models
from tools import recompute_sections as sections
from tools.recompute_metrics import Bootstrap
from tools.recompute_proxies import proxies
from tools.recompute_rows import CannotRecomputeError, Grown, ModelFiles, read_files
from tools.recompute_shapley import impacts_of

PROJECT = Path(__file__).resolve().parent.parent

#: The card rounds to six decimals. A sum in another order may tip the last one.
TOLERANCE = 1e-6

#: Test rows that importance is taken from.
IMPORTANCE_ROWS = 1000

Leaf = tuple[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Recompute, print the table and a summary; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=PROJECT / "data" / "credit.csv")
    parser.add_argument("--schema", type=Path, default=PROJECT / "data" / "schema.toml")
    parser.add_argument("--model", type=Path, default=PROJECT / "model", help="its folder")
    parser.add_argument(
        "--scorecard", action="append", help="only this scorecard, or several; all if not given"
    )
    parser.add_argument("--all", action="store_true", help="print the figures that agree, too")
    options = parser.parse_args(arguments)
    try:
        files = read_files(options.data, options.schema, options.model)
    except (CannotRecomputeError, OSError) as error:
        print(f"recompute_card.py: {error}", file=sys.stderr)
        return 1
    names = options.scorecard or list(files.card["scorecards"])
    if unknown := [name for name in names if name not in files.card["scorecards"]]:
        parser.error(f"the card has no scorecard {unknown[0]!r}")
    return report(files.card, recompute(files, names), every=options.all)


def recompute(files: ModelFiles, names: Sequence[str]) -> dict[str, Any]:
    """Recompute what can be, in the shape of the card."""
    return {
        "policy": files.manifest["policy"],
        "data": sections.data_section(files),
        "lineage": sections.lineage(files),
        "scorecards": {name: scorecard(files, name) for name in names},
    }


def scorecard(files: ModelFiles, name: str) -> dict[str, Any]:
    """Recompute the section of one scorecard."""
    train, test = files.split
    names, policy = files.manifest["scorecards"][name]["predictors"], files.manifest["policy"]
    print(f"training the forests of the {name} scorecard again", file=sys.stderr)
    grown = files.grow(name, train, seed=files.seed)
    predicted, draws = grown.predict(test.matrix(names)), Bootstrap(len(test.bad), files.seed)
    woe = models.WoeScorecard(files, names)
    baselines = models.predictions(files, names, woe)
    section: dict[str, Any] = {
        "decision": sections.decision(test.bad, predicted, policy),
        "fairness": groups.fairness(files, name, test, predicted, draws),
        "curves": sections.curves(files, name, test, predicted),
        "performance": models.performance(files, predicted, baselines, draws),
        "variables": woe.variables(),
        "explanation": explanation(files, name, grown, predicted),
        "protected_attribute_effects": effects.protected_effects(files, name, grown),
        "sensitivity": {
            "partial_dependence": effects.partial_dependence(files, name, grown),
            "monotonicity_violations": effects.monotonicity(files, name, grown),
        },
    }
    section["validation"] = sections.validation(
        files, name, grown, section["performance"]["scorecard"], draws
    )
    section["validation"]["proxies"] = proxies(files, name, draws)
    section["validation"]["stress"] = effects.stress(files, name, grown, smaller(files, name))
    if (grown.slope, grown.intercept) == (1, 0):
        # Each other forest would have a line of its own, which is not fitted here.
        section |= trained_otherwise(files, name, predicted, draws)
    return section


def smaller(files: ModelFiles, name: str) -> Grown | None:
    """Train the forest of the next smaller scorecard; None of the smallest."""
    names = list(files.manifest["scorecards"])
    index = names.index(name)
    return files.grow(names[index - 1], files.split[0], seed=files.seed) if index else None


def trained_otherwise(
    files: ModelFiles, name: str, predicted: Any, draws: Bootstrap
) -> dict[str, Any]:
    """Recompute what the same forest shows without fields, on other splits and by other seeds."""
    card = files.card["scorecards"][name]
    section: dict[str, Any] = {"ablation": models.ablation(files, name, predicted, draws)}
    if card.get("constraints"):
        section["constraints"] = models.constraints(files, name, predicted, draws)
    if repeated := card.get("cross_validation"):
        section["cross_validation"] = models.cross_validation(
            files, name, predicted, repeated["splits"]
        )
    if again := card.get("retraining"):
        section["retraining"] = models.retraining(files, name, predicted, again["seeds"])
    return section


def explanation(files: ModelFiles, name: str, grown: Any, predicted: Any) -> dict[str, Any]:
    """Recompute the importance of each field and the reasons, against the reference rows."""
    (train, test), section = files.split, files.manifest["scorecards"][name]
    names, cutoff = section["predictors"], files.manifest["policy"]["cutoff"]
    matrix = train.matrix(names)
    if section["reasons"]["reference_group"] == "approved_training_rows":
        matrix = matrix[grown.predict(matrix) < cutoff]
    rows, refused = test.matrix(names), predicted >= cutoff
    impacts = impacts_of(grown, rows, matrix)
    means = np.abs(impacts[:IMPORTANCE_ROWS]).mean(axis=0).tolist()
    ranked = sorted(zip(names, means, strict=True), key=lambda pair: -pair[1])
    return {
        "importance": [{"field": field, "mean_impact": mean} for field, mean in ranked],
        "refusals": int(refused.sum()),
        "reasons": effects.reason_frequencies(
            files, names, rows[refused], impacts[refused], matrix
        ),
    }


# The comparison


def leaves(content: Any, path: str = "") -> Iterator[Leaf]:
    """Yield each single value of a document with its place."""
    parts: Iterable[tuple[Any, Any]]
    if isinstance(content, dict):
        parts = content.items()
    elif isinstance(content, list):
        parts = enumerate(content)
    else:
        yield path, content
        return
    for key, value in parts:
        yield from leaves(value, f"{path}.{key}" if path else str(key))


def agrees(card: Any, ours: Any) -> bool:
    """Compare a value of the card with the same, recomputed."""
    numbers = [
        isinstance(value, int | float) and not isinstance(value, bool) for value in (card, ours)
    ]
    if all(numbers):
        return bool(abs(card - ours) <= TOLERANCE)
    return type(card) is type(ours) and bool(card == ours)


def section_of(path: str) -> str:
    """Return the section that a place belongs to, short enough for a table."""
    parts = path.split(".")
    if parts[0] != "scorecards":
        return parts[0]
    deep = 4 if parts[2] in {"curves", "performance", "validation", "sensitivity"} else 3
    return ".".join(parts[1:deep])


def report(card: Any, recomputed: Any, *, every: bool) -> int:
    """Print what agrees and what does not, and what is not recomputed; return the exit status."""
    stated, ours = dict(leaves(card)), dict(leaves(recomputed))
    results = {path: path in stated and agrees(stated[path], value) for path, value in ours.items()}
    print(f"{'section':32} {'figures':>8} {'agree':>8}")
    counts = Counter(map(section_of, ours))
    good = Counter(section_of(path) for path, same in results.items() if same)
    for section, count in counts.items():
        print(f"{section:32} {count:8} {good[section]:8}")
    paths = [path for path, same in results.items() if every or not same]
    if paths:
        print(f"\n{'section':32} {'figure':60} {'card':>22} {'recomputed':>22} agrees")
    for path in paths:
        section, figure = section_of(path), path.partition(section_of(path) + ".")[2]
        values = f"{stated.get(path, 'not there')!s:>22} {ours[path]!s:>22}"
        print(f"{section:32} {figure or path:60} {values} {'yes' if results[path] else 'NO'}")
    rest = [path for path in stated if path not in ours]
    missing = ", ".join(
        f"{section} ({count})" for section, count in Counter(map(section_of, rest)).items()
    )
    print(
        f"\n{sum(results.values())} of {len(results)} figures agree; {len(rest)} values of the "
        f"card are not recomputed: {missing or 'none'}"
    )
    return 0 if all(results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
