"""Groups of people: approval rates and calibration of each, and of pairs of them."""

from __future__ import annotations

from itertools import combinations, product
from math import sqrt

import numpy as np
from scipy.stats import norm

from tools import recompute_metrics as metrics
from tools.recompute_metrics import Array, Section
from tools.recompute_rows import ModelFiles, Rows

#: What a group needs to be compared with any other: rows, and rows of each outcome.
GROUP_ROWS, GROUP_OUTCOMES = 200, 30

#: Pairs of groups that are listed, at most.
MAX_PAIRS = 30


def is_large(inside: Array, bad: Array) -> bool:
    """Return whether a group has enough rows, and enough of each outcome."""
    rows, bads = int(inside.sum()), int(bad[inside].sum())
    return rows >= GROUP_ROWS and min(bads, rows - bads) >= GROUP_OUTCOMES


def differing(parts: list[Array], approved: Array) -> list[str | None]:
    """Test each group's approval rate against that of all others (z-test, Bonferroni)."""
    everyone = np.any(parts, axis=0)
    filled = sum(inside.any() for inside in parts)
    level = 0.05 / (filled if filled > 2 else 1)
    ways: list[str | None] = []
    for inside in parts:
        rest = everyone & ~inside
        n, m = int(inside.sum()), int(rest.sum())
        hits, rest_hits = int(approved[inside].sum()), int(approved[rest].sum())
        together = hits + rest_hits
        if min(together, n + m - together) * min(n, m) < 5 * (n + m):
            ways.append(None)
            continue
        share = together / (n + m)
        z = (hits / n - rest_hits / m) / sqrt(share * (1 - share) * (1 / n + 1 / m))
        way = "higher" if z > 0 else "lower"
        ways.append(way if abs(z) > norm.ppf(1 - level / 2) else None)
    return ways


def by_group(
    parts: list[tuple[str, Array]], bad: Array, approved: Array, draws: metrics.Bootstrap
) -> Section:
    """Compare the groups of a field."""
    members = [inside for _, inside in parts]
    ways = differing(members, approved)
    good = bad == 0
    hits, rows, good_hits, good_rows = (
        draws.sums(*(inside & condition for inside in members))
        for condition in (approved, np.ones_like(approved), approved & good, good)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        rates, good_rates = hits / rows, good_hits / good_rows
    compared = [
        index for index, inside in enumerate(members) if is_large(inside, bad) or ways[index]
    ]
    best = max(compared, key=lambda index: rates[0, index])
    entries = [
        {
            **({"group": label} if label else {}),
            "rows": int(inside.sum()),
            "bads": int(bad[inside].sum()),
            "verdict": "conclusive" if index in compared else "inconclusive",
            "differs_from_rest": ways[index],
            "approval_rate": metrics.rate(approved[inside]),
            "bad_rate_approved": metrics.rate(bad[inside & approved]),
            "approval_rate_good": metrics.rate(approved[inside & good]),
            "approval_ratio": metrics.interval(rates[:, index] / rates[:, best])
            if index in compared
            else None,
        }
        for index, (label, inside) in enumerate(parts)
    ]
    reference = {"reference_group": parts[best][0]} if parts[best][0] else {}
    return {**reference, "groups": entries, **_parity(rates[:, compared], good_rates[:, compared])}


def _parity(rates: Array, good_rates: Array) -> Section:
    names = ("demographic_parity_ratio", "demographic_parity_difference")
    if rates.shape[1] < 2:
        return {**dict.fromkeys(names), "equal_opportunity_difference": None}
    low, high = rates.min(axis=1), rates.max(axis=1)
    gap = metrics.interval(1 - low / high, centred=True)
    ends = zip(("value", "low", "high"), ("value", "high", "low"), strict=True)
    return {
        names[0]: {end: 1 - gap[opposite] for end, opposite in ends},
        names[1]: metrics.interval(high - low, centred=True),
        "equal_opportunity_difference": metrics.interval(np.ptp(good_rates, axis=1), centred=True),
    }


def fairness(
    files: ModelFiles, name: str, test: Rows, predicted: Array, draws: metrics.Bootstrap
) -> Section:
    """Compare the groups of each protected field of a scorecard."""
    approved = predicted < files.manifest["policy"]["cutoff"]
    return {
        field: by_group(files.groups(field, test), test.bad, approved, draws)
        for field in files.protected(name)
    }


def two_way(
    files: ModelFiles, name: str, test: Rows, approved: Array, draws: metrics.Bootstrap
) -> list[Section]:
    """Compare the groups of each pair of protected fields."""
    return [
        _pair(files, pair, test, approved, draws) for pair in combinations(files.protected(name), 2)
    ]


def _pair(
    files: ModelFiles,
    pair: tuple[str, str],
    test: Rows,
    approved: Array,
    draws: metrics.Bootstrap,
) -> Section:
    cells = [
        first & second
        for (_, first), (_, second) in product(*(files.groups(f, test) for f in pair))
    ]
    large = [inside for inside in cells if is_large(inside, test.bad)]
    small = [inside for inside in cells if inside.any() and not is_large(inside, test.bad)]
    largest = sorted(sorted(range(len(large)), key=lambda at: -large[at].sum())[:MAX_PAIRS])
    entries = by_group([("", large[at]) for at in largest], test.bad, approved, draws)["groups"]
    names = ("rows", "bads", "approval_rate", "approval_ratio", "bad_rate_approved")
    return {
        "fields": list(pair),
        "large": [{name: entry[name] for name in names} for entry in entries],
        "small": len(small),
        "small_rows": int(sum(inside.sum() for inside in small)),
    }


def calibration_of(parts: list[tuple[str, Array]], bad: Array, predicted: Array) -> list[Section]:
    """Compare each group's mean probability with the rate that came true."""
    entries = []
    for label, inside in parts:
        observed, mean = metrics.rate(bad[inside]), float(predicted[inside].mean())
        verdict = compared(mean, observed)
        if verdict == "as_predicted" and not is_large(inside, bad):
            verdict = "inconclusive"
        entries.append(
            {
                **({"group": label} if label else {}),
                "rows": int(inside.sum()),
                "bads": int(bad[inside].sum()),
                "mean_predicted": mean,
                "observed": observed,
                "verdict": verdict,
            }
        )
    return entries


def compared(mean: float, observed: dict[str, float] | None) -> str:
    """Return where a mean lies against an interval."""
    low, high = (observed["low"], observed["high"]) if observed else (0, 1)
    if low > mean:
        return "more_bad"
    return "fewer_bad" if high < mean else "as_predicted"
