"""The sections of a scorecard's card, each recomputed from rows and predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import chi2

from tools import recompute_metrics as metrics
from tools.recompute_groups import calibration_of, compared, two_way
from tools.recompute_metrics import Array, Section
from tools.recompute_rows import Grown, ModelFiles, Rows

#: Points of a bar of the score distribution.
SCORE_BIN_POINTS = 20


def data_section(files: ModelFiles) -> Section:
    """Count the rows, those of each side, and those whose code was folded."""
    train, test = files.split
    fields = files.schema["fields"]
    folded = {
        name: int((files.raw[name] != files.table[name]).sum())
        for name in fields
        if "fold" in fields[name]
    }
    twins = twin_rows(files)
    return {
        "sha256": files.sha256,
        "rows": len(files.bad),
        "bad_rate": float(files.bad.mean()),
        "folded_rows": folded,
        "train_rows": len(train.bad),
        "test_rows": len(test.bad),
        "test_bads": int(test.bad.sum()),
        "twins": {"test_rows": int(twins.sum()), "share": metrics.rate(twins)},
    }


def lineage(files: ModelFiles) -> Section:
    """Count the rows from the file to both sides of the split, and missing values by field."""
    (train, test), everybody = files.split, {"rows": len(files.bad), "bad": int(files.bad.sum())}
    sides = {
        name: {"rows": len(rows.bad), "bad": int(rows.bad.sum())}
        for name, rows in (("train", train), ("test", test))
    }
    return {
        "steps": {"file": everybody, "left_out": {"rows": 0}, "used": everybody, **sides},
        "missing": {name: int(files.raw[name].isna().sum()) for name in files.schema["fields"]},
        "seed": files.seed,
    }


def twin_rows(files: ModelFiles) -> Array:
    """Find the test rows that a training row equals, in every field and the outcome."""
    names = list(files.schema["fields"])
    train_rows, test_rows = (
        [(*row, bad) for row, bad in zip(rows.matrix(names).tolist(), rows.bad, strict=True)]
        for rows in files.split
    )
    seen_rows = set(train_rows)
    return np.array([row in seen_rows for row in test_rows])


def decision(bad: Array, predicted: Array, policy: Section) -> Section:
    """Compute the rates at the cut-off, and the table of others."""
    cutoff, ratio = policy["cutoff"], _ratio(policy)
    approved = predicted < cutoff
    cutoffs = sorted({*(step / 20 for step in range(1, 13)), cutoff})
    return {
        "cutoff": cutoff,
        "loss_to_margin": ratio,
        "approval_rate": metrics.rate(approved),
        "bad_rate_approved": metrics.rate(bad[approved]),
        "bad_rate_declined": metrics.rate(bad[~approved]),
        "table": metrics.cutoff_rows(bad, predicted, cutoffs, ratio),
    }


def _ratio(policy: Section) -> float:
    return float(policy["loss_to_margin"] or (1 - policy["cutoff"]) / policy["cutoff"])


def curves(files: ModelFiles, name: str, test: Rows, predicted: Array) -> Section:
    """Compute ROC, calibration by tenths, score distribution and rates at every percentage."""
    policy, bad = files.manifest["policy"], test.bad
    every = [step / 100 for step in range(1, 100)]
    return {
        "roc": roc(bad, predicted),
        "calibration": tenths(bad, predicted),
        "scores": scores(bad, predicted, policy),
        "cutoffs": metrics.cutoff_rows(bad, predicted, every, _ratio(policy)),
        "groups": {
            field: [
                {
                    **({"group": label} if label else {}),
                    "rows": int(inside.sum()),
                    "approval_rates": [
                        float((predicted[inside] < cutoff).mean()) for cutoff in every
                    ],
                }
                for label, inside in files.groups(field, test)
            ]
            for field in files.protected(name)
        },
    }


def roc(bad: Array, predicted: Array) -> Section:
    """Compute the shares of good and of bad rows declined, at 101 places along the curve."""
    levels = np.unique(predicted)[::-1]
    sides = [np.sort(predicted[bad == outcome]) for outcome in (0, 1)]
    declined = [
        1 - np.searchsorted(predictions, levels, side="left") / len(predictions)
        for predictions in sides
    ]
    good, bads = (np.concatenate([[0.0], rates]) for rates in declined)
    points = np.unique(np.searchsorted(good + bads, np.linspace(0, 2, 101)))
    points = np.minimum(points, len(levels))
    return {"declined_good": good[points].tolist(), "declined_bad": bads[points].tolist()}


def tenths(bad: Array, predicted: Array) -> list[Section]:
    """Compare predicted and observed rates of ten groups of about equal size."""
    edges = np.unique(np.quantile(predicted, np.linspace(0, 1, 11)[1:-1]))
    bins = np.searchsorted(edges, predicted, side="left")
    groups = []
    for index in np.unique(bins):
        inside = bins == index
        share = metrics.rate(bad[inside]) or {}
        groups.append(
            {
                "rows": int(inside.sum()),
                "bads": int(bad[inside].sum()),
                "mean_predicted": float(predicted[inside].mean()),
                "observed_rate": share["value"],
                "interval": [share["low"], share["high"]],
            }
        )
    return groups


def scores(bad: Array, predicted: Array, policy: Section) -> Section:
    """Count good and bad rows by score, in bars of 20 points."""
    score = metrics.points(predicted, policy)
    first, last = score.min() // SCORE_BIN_POINTS, score.max() // SCORE_BIN_POINTS
    bars = score // SCORE_BIN_POINTS
    return {
        "edges": [int(bar) * SCORE_BIN_POINTS for bar in range(first, last + 2)],
        **{
            kind: [int(((bars == bar) & (bad == value)).sum()) for bar in range(first, last + 1)]
            for kind, value in (("good", 0), ("bad", 1))
        },
        "cutoff": int(metrics.points(np.array([policy["cutoff"]]), policy)[0]),
    }


# Train against test, and shifts


def shift(before: Array, now: Array) -> Section:
    """Compare test rows with training rows, counted by bin."""
    index = metrics.stability_index(before, now)
    bound = (1 / before.sum() + 1 / now.sum()) * float(chi2.ppf(0.99, len(before) - 1))
    band = "little" if index < 0.1 else "moderate" if index < 0.25 else "large"
    return {
        "rows": int(now.sum()),
        "psi": index,
        "verdict": band,
        "significant": bool(index > bound),
    }


def field_shift(files: ModelFiles, field: str) -> Section:
    """Compute the shift of a field, in its codes, its bands, or tenths of the training rows."""
    bins_of_sides = [files.bins(field, rows) for rows in files.split]
    about = files.schema["fields"][field]
    size = len(about["codes"]) if about["kind"] == "coded" else int(bins_of_sides[0].max()) + 1
    return shift(*(np.bincount(bins, minlength=size) for bins in bins_of_sides))


def _counts(column: Array, edges: Any) -> Array:
    bins = np.searchsorted(edges, column, side="right")
    return np.bincount(bins, minlength=len(edges) + 1)


def expected_loss(bad: Array, predicted: Array, policy: Section) -> Section:
    """Compare the loss that was expected of the approved with the one that came."""
    ratio, approved = _ratio(policy), predicted < policy["cutoff"]
    mean, rate = float(predicted[approved].mean()), metrics.rate(bad[approved]) or {}
    swapped = zip(("value", "low", "high"), ("value", "high", "low"), strict=True)
    return {
        "loss_to_margin": ratio,
        "approved": int(approved.sum()),
        "expected_loss": ratio * mean,
        "expected_result": 1 - (1 + ratio) * mean,
        "loss": {end: ratio * number for end, number in rate.items()},
        "result": {end: 1 - (1 + ratio) * rate[opposite] for end, opposite in swapped},
        "verdict": compared(mean, rate),
    }


def validation(
    files: ModelFiles,
    name: str,
    grown: Grown,
    figures: Section,
    draws: metrics.Bootstrap,
) -> Section:
    """Recompute what is measured on training and test rows beside each other."""
    (train, test), section = files.split, files.manifest["scorecards"][name]
    policy, names = files.manifest["policy"], section["predictors"]
    train_predicted, predicted = (grown.predict(rows.matrix(names)) for rows in (train, test))
    before, now = (
        metrics.points(probabilities, policy) for probabilities in (train_predicted, predicted)
    )
    edges = metrics.edges_of(before, 10)
    unseen = grown.out_of_bag(train.matrix(names))
    bins = np.searchsorted(edges, now, side="right")
    bands = [("", bins == index) for index in range(len(edges) + 1)]
    return {
        "train_test": train_test(train.bad, train_predicted, unseen, figures),
        "score_shift": shift(_counts(before, edges), _counts(now, edges)),
        "shifts": {
            field: field_shift(files, field) for field in files.schema["scorecards"][name]["fields"]
        },
        "calibration": calibration(train, grown, names),
        "group_calibration": {
            field: calibration_of(files.groups(field, test), test.bad, predicted)
            for field in files.protected(name)
        },
        "band_calibration": calibration_of(bands, test.bad, predicted),
        "two_way_groups": two_way(files, name, test, predicted < policy["cutoff"], draws),
        "expected_loss": expected_loss(test.bad, predicted, policy),
    }


def calibration(train: Rows, grown: Grown, names: list[str]) -> Section:
    """Compute the out-of-bag error before a line, and after it where there is none to be fitted."""
    share = float(train.bad.mean())
    raw = grown.without_line().out_of_bag(train.matrix(names))
    before, bound = metrics.calibration_error(train.bad, raw), 0.05 * min(share, 1 - share)
    applied = (grown.slope, grown.intercept) != (1, 0)
    return {
        "needed": before > bound,
        "applied": applied,
        "bound": bound,
        "rows": len(train.bad),
        "error_before": before,
        **({} if applied else {"error_after": before}),
    }


def train_test(bad: Array, in_sample: Array, unseen: Array, figures: Section) -> Section:
    """Put the figures of the training rows beside those of the test rows."""
    train, outside = (
        metrics.point_figures(bad, probabilities) for probabilities in (in_sample, unseen)
    )
    swapped = (("value", "value"), ("low", "high"), ("high", "low"))
    section: Section = {}
    for name, test in figures.items():
        train_value, outside_value = train[name], outside[name]
        section[name] = {"train": train_value, "out_of_bag": outside_value, "test": test}
        if train_value is not None:
            section[name]["gap"] = {end: train_value - test[end_of] for end, end_of in swapped}
        if outside_value is not None:
            section[name]["out_of_bag_agrees"] = bool(test["low"] <= outside_value <= test["high"])
    return section
