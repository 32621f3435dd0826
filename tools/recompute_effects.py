"""What a change of the test rows does to a scorecard's decisions, and the reasons it would give."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from tools import recompute_metrics as metrics
from tools.recompute_metrics import Array, Section
from tools.recompute_rows import Grown, ModelFiles

#: Smaller differences of probabilities are rounding.
TOLERANCE = 1e-9

#: Test rows of a curve, its points, and the values of a field that has a point for each.
CURVE_ROWS, CURVE_POINTS, MAX_VALUES = 500, 21, 30

#: Test rows that are put under stress, at most, and by how much their numbers are moved.
STRESS_ROWS, CHANGES = 5000, (-0.10, 0.10)

#: Reasons of a refusal, at most, and the smallest impact that is one.
MAX_REASONS, MIN_IMPACT = 4, 0.005


def with_column(matrix: Array, column: int, values: Any) -> Array:
    """Return rows with one column replaced."""
    changed = matrix.copy()
    changed[:, column] = values
    return changed


def labels_of(about: Section) -> dict[float, str]:
    """Return the label of each code of a field, and of each number with a meaning of its own."""
    return {float(code["value"]): code["en"] for code in about.get("codes", [])}


# Protected fields


def protected_effects(files: ModelFiles, name: str, grown: Grown) -> Section:
    """Compute whose label another value of a protected field would change."""
    predictors, cutoff, matrix = _rows(files, name)
    predicted, effects = grown.predict(matrix), {}
    for column, field in enumerate(predictors):
        if field not in files.protected(name):
            continue
        train = files.split[0].matrix([field])[:, 0]
        # Of a band the median of its training rows, of a code itself.
        typical = [
            float(np.quantile(train[inside], 0.5, method="nearest"))
            for _, inside in files.groups(field, files.split[0])
            if inside.any()
        ]
        approvals = [
            grown.predict(with_column(matrix, column, value)) < cutoff for value in typical
        ]
        flipped = (np.array(approvals) != (predicted < cutoff)).any(axis=0)
        bands = files.schema["fields"][field].get("bands")
        effects[field] = {
            "label_flips": metrics.rate(flipped),
            "age_62_test": None
            if not bands
            else _highest_band(grown, matrix, column, bands[-1], np.unique(train), cutoff),
        }
    return effects


def _highest_band(
    grown: Grown, matrix: Array, column: int, edge: float, values: Array, cutoff: float
) -> Section | None:
    """Compare the rows of the highest band with their best value below it."""
    rows, lower = matrix[matrix[:, column] >= edge], values[values < edge]
    if not len(rows) or not len(lower):
        return None
    predicted = grown.predict(rows)
    best = np.min([grown.predict(with_column(rows, column, value)) for value in lower], axis=0)
    return {
        "from": edge,
        "rows": len(rows),
        "worse_off": metrics.rate(predicted > best + TOLERANCE),
        "refused_due_to_age": metrics.rate((predicted >= cutoff) & (best < cutoff)),
        "mean_gap": float(np.maximum(predicted - best, 0).mean()),
    }


# Curves


def partial_dependence(files: ModelFiles, name: str, grown: Grown) -> Section:
    """Compute the mean probability of some rows at each value of a field."""
    predictors, _, matrix = _rows(files, name)
    sample = matrix[np.random.default_rng(files.seed).permutation(len(matrix))[:CURVE_ROWS]]
    section: Section = {}
    for column, field in enumerate(predictors):
        about, train = files.schema["fields"][field], files.split[0].matrix([field])[:, 0]
        values = np.unique(train)
        if about["kind"] == "number" or len(values) > MAX_VALUES:
            shares = np.linspace(0.01, 0.99, CURVE_POINTS)
            values = np.unique(np.quantile(train, shares, method="nearest"))
        means = [
            float(grown.predict(with_column(sample, column, value)).mean()) for value in values
        ]
        way, labels = {"rises": 1, "falls": -1}.get(about.get("risk", ""), 0), labels_of(about)
        section[field] = {
            "expected": about.get("risk"),
            "points": [
                {"value": float(value), "label": labels.get(value), "probability_of_default": mean}
                for value, mean in zip(values, means, strict=True)
            ],
            # A step of less than the card's last decimal is none.
            "violating_steps": [
                [float(values[index]), float(values[index + 1])]
                for index, step in enumerate(np.diff(np.round(means, 6)))
                if way * step < 0
            ],
        }
    return section


# Directions


def monotonicity(files: ModelFiles, name: str, grown: Grown) -> Section:
    """Compute how often one step of higher risk lowers the probability."""
    predictors, cutoff, matrix = _rows(files, name)
    section = {}
    for column, field in enumerate(predictors):
        about = files.schema["fields"][field]
        if "risk" not in about or about["kind"] == "coded":
            continue
        way = {"rises": 1, "falls": -1}[about["risk"]]
        values = np.unique(files.split[0].matrix([field])[:, 0])
        steps = way * np.setdiff1d(values, list(labels_of(about)))
        steps.sort()
        positions = np.searchsorted(steps, way * matrix[:, column], side="right")
        rows, after = matrix[positions < len(steps)], way * steps[positions[positions < len(steps)]]
        section[field] = _steps(grown, rows, column, after, cutoff)
        if files.way(field, name):
            section[field]["proven_monotone"] = all(
                _goes_one_way(tree.tree_, column, way) for tree in grown.forest.estimators_
            )
    return section


def _steps(grown: Grown, rows: Array, column: int, after: Array, cutoff: float) -> Section:
    predicted, stepped = grown.predict(rows), grown.predict(with_column(rows, column, after))
    worst = int(np.argmax(predicted - stepped))
    lowered = predicted - stepped > TOLERANCE
    return {
        "rows": len(rows),
        "lowered": metrics.rate(lowered),
        "made_eligible": metrics.rate((predicted >= cutoff) & (stepped < cutoff)),
        "largest_fall": {
            "from": float(rows[worst, column]),
            "to": float(after[worst]),
            "probability_from": float(predicted[worst]),
            "probability_to": float(stepped[worst]),
        }
        if lowered.any()
        else None,
    }


def _goes_one_way(tree: Any, column: int, way: int) -> bool:
    """Check each question to a field: no leaf of the safer side above one of the riskier side."""

    def leaves(top: int) -> Array:
        stack, values = [top], []
        while stack:
            node = stack.pop()
            if tree.children_left[node] < 0:
                values.append(tree.value[node, 0, 1])
            else:
                stack += [tree.children_left[node], tree.children_right[node]]
        return np.array(values)

    for node in np.flatnonzero((tree.children_left >= 0) & (tree.feature == column)):
        sides = [leaves(tree.children_left[node]), leaves(tree.children_right[node])][::way]
        if sides[0].max() > sides[1].min():
            return False
    return True


# Stress


def stress(files: ModelFiles, name: str, grown: Grown, smaller: Grown | None) -> Section:
    """Compute what becomes of decisions if numbers were higher or lower."""
    predictors, cutoff, matrix = _rows(files, name)
    sample = np.sort(np.random.default_rng(files.seed).permutation(len(matrix))[:STRESS_ROWS])
    rows = matrix[sample]
    before = grown.predict(rows)
    effects = []
    for names, change in _changes(files, predictors):
        changed = rows.copy()
        for field in names:
            column = predictors.index(field)
            about = files.schema["fields"][field]
            changed[:, column] = _move(rows[:, column], about, change)
        # The card predicts in single precision, as the model serves.
        moved = (changed.astype(np.float32) != rows.astype(np.float32)).any(axis=1)
        if moved.any():
            effects.append(_effect(names, change, before, grown.predict(changed), moved, cutoff))
    effects.sort(
        key=lambda effect: (-effect["labels_changed"]["value"], -abs(effect["mean_change"]))
    )
    section: Section = {
        "rows": len(rows),
        "approval_rate": float((before < cutoff).mean()),
        "mean_predicted": float(before.mean()),
        "effects": effects,
    }
    if smaller is not None:
        names = list(files.manifest["scorecards"])
        base = files.manifest["scorecards"][names[names.index(name) - 1]]["predictors"]
        history = [field for field in predictors if field not in base]
        theirs = smaller.predict(files.split[1].matrix(base)[sample])
        everybody = np.ones(len(rows), dtype=bool)
        section["missing_history"] = {
            "fields": history,
            "smaller_scorecard": names[names.index(name) - 1],
            "smaller": _effect(history, None, before, theirs, everybody, cutoff),
        }
    return section


def _changes(files: ModelFiles, predictors: list[str]) -> Iterator[tuple[list[str], float]]:
    fields = files.schema["fields"]
    numbers = [name for name in predictors if fields[name]["kind"] != "coded"]
    together = [name for name in numbers if not fields[name]["protected"]]
    for change in CHANGES:
        yield from (([name], change) for name in numbers)
        if len(together) > 1:
            yield together, change


def _move(column: Array, about: Section, change: float) -> Array:
    """Move numbers by a share of themselves; whole ones stay whole, and none leaves its bounds."""
    moved = column * (1 + change)
    if about["kind"] == "integer":
        moved = np.rint(moved)
    special = list(labels_of(about))
    inside = (moved >= about.get("minimum", -np.inf)) & (moved <= about.get("maximum", np.inf))
    inside &= (moved > about.get("exclusive_minimum", -np.inf)) & (
        moved < about.get("exclusive_maximum", np.inf)
    )
    stays = np.isin(column, special) | np.isin(moved, special) | ~inside
    return np.where(stays, column, moved)


def _effect(
    names: list[str],
    change: float | None,
    before: Array,
    after: Array,
    moved: Array,
    cutoff: float,
) -> Section:
    was, now = before < cutoff, after < cutoff
    return {
        "fields": names,
        "change": change,
        "moved": metrics.rate(moved),
        "approval_change": float(now.mean() - was.mean()),
        "mean_change": float((after - before).mean()),
        "labels_changed": metrics.rate(was != now),
    }


# Reasons


def reason_frequencies(
    files: ModelFiles, predictors: list[str], rows: Array, impacts: Array, reference: Array
) -> list[Section]:
    """Count in how many refusals each reason is given, and in how many it comes first.

    Parameters
    ----------
    files : ModelFiles
    predictors : list of str
    rows, impacts : ndarray of shape (n_refused, n_predictors)
    reference : ndarray of shape (n_reference, n_predictors)
        The rows that the refused are compared with.
    """
    medians = dict(zip(predictors, np.median(reference, axis=0), strict=True))
    counts: Counter[str] = Counter()
    first_counts: Counter[str] = Counter()
    for row, shares in zip(rows, impacts, strict=True):
        ranked = np.argsort(-shares, kind="stable")[:MAX_REASONS]
        columns = [column for column in ranked if shares[column] >= MIN_IMPACT] or ranked[:1]
        fields = [predictors[column] for column in columns]
        codes = [
            f"{field}_{_code(files.schema['fields'][field], row[column], medians[field])}"
            for field, column in zip(fields, columns, strict=True)
        ]
        counts.update(codes)
        first_counts.update(codes[:1])
    return [
        {
            "code": code,
            "given": count,
            "first": first_counts[code],
            "share": metrics.share_of(count, len(rows)),
        }
        for code, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]


def _code(about: Section, value: float, median: float) -> str:
    """Return the code of a value: of the first entry that fits, or of its label, or its side."""
    side = "high" if about["kind"] != "coded" and value > median else "low"
    for entry in about.get("reasons", []):
        values = entry.get("values")
        inside = entry.get("low", -np.inf) <= value <= entry.get("high", np.inf)
        if (not values or value in values) and inside and entry.get("side", side) == side:
            return str(entry["code"])
    label = labels_of(about).get(value)
    return side.upper() if label is None else re.sub("[^A-Z0-9]+", "_", label.upper()).strip("_")


def _rows(files: ModelFiles, name: str) -> tuple[list[str], float, Array]:
    predictors = files.manifest["scorecards"][name]["predictors"]
    return predictors, files.manifest["policy"]["cutoff"], files.split[1].matrix(predictors)
