"""What is told of a drawn table: figures for a file, and a short text for a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import pandas as pd

from data.synthesis import fidelity
from data.synthesis.columns import (
    AMOUNTS,
    CODED,
    FEATURES,
    LABEL,
    active,
    fold,
)
from data.synthesis.fidelity import Distances
from data.synthesis.leaves import MIN_ROWS
from data.synthesis.privacy import Stored, copies

T = TypeVar("T")

#: Decimals of figures.
DECIMALS = 4


def measure(
    real: pd.DataFrame, synthetic: pd.DataFrame, fewest: Stored, seed: int
) -> dict[str, Any]:
    """Compare the drawn table to the real one.

    Parameters
    ----------
    real, drawn : DataFrame
    fewest : Stored
        What the generator stores that covers the fewest rows.
    seed : int
        That the rows were drawn with.
    """
    same, real_same = copies(synthetic, real), real.duplicated(list(FEATURES), keep=False)
    return {
        "seed": seed,
        "rows": {"real": len(real), "drawn": len(synthetic)},
        "default_rate": _both(real, synthetic, lambda table: table[LABEL].mean()),
        "column_distance": _summarise(fidelity.column_distances(real, synthetic), with_names=True),
        "pair_distance": _summarise(fidelity.pair_distances(real, synthetic)),
        "rank_correlation_error": _summarise(fidelity.rank_correlation_errors(real, synthetic)),
        "fewest_rows_covered": fewest.rows,
        "inactive_accounts": _both(real, synthetic, lambda table: int((~active(table)).sum())),
        "identical_to_a_real_row": {
            "active": int(same.active.sum()),
            "inactive": int(same.inactive.sum()),
        },
        "real_rows_identical_to_another": int(real_same.sum()),
        "paid_the_bill_exactly": _both(real, synthetic, _paid_exactly),
        "paid_in_thousands": _both(real, synthetic, _paid_in_thousands),
        "over_the_limit": _both(
            real, synthetic, lambda table: (table["BILL_AMT1"] > table["LIMIT_BAL"]).mean()
        ),
        "percentile_99": {
            name: _both(real[name], synthetic[name], lambda column: int(column.quantile(0.99)))
            for name in ("LIMIT_BAL", *AMOUNTS)
        },
        "default_rate_by_code": {
            name: _by_code(fold(real), fold(synthetic), name)
            for name in ("SEX", "EDUCATION", "MARRIAGE")
        },
        "codes_never_drawn": {
            name: missing
            for name in CODED
            if (missing := sorted(set(real[name].tolist()) - set(synthetic[name].tolist())))
        },
    }


def summarise(figures: dict[str, Any]) -> str:
    """Return the most important figures in a few lines."""
    rate, columns = figures["default_rate"], figures["column_distance"]
    pairs, ranks = figures["pair_distance"], figures["rank_correlation_error"]
    same = figures["identical_to_a_real_row"]
    rows = (
        ("rows", f"{figures['rows']['drawn']:,} from {figures['rows']['real']:,}"),
        ("default rate", f"{rate['drawn']:.2%}, real {rate['real']:.2%}"),
        ("worst column", f"{columns['worst']}: distance {columns['worst_distance']:.3f}"),
        ("worst pair of columns", f"{pairs['worst']}: distance {pairs['worst_distance']:.3f}"),
        ("worst rank correlation", f"{ranks['worst']}: off by {ranks['worst_distance']:.3f}"),
        ("smallest stored count", f"{figures['fewest_rows_covered']} rows, allowed {MIN_ROWS}"),
        (
            "identical to a real row",
            f"{same['active']} active accounts, {same['inactive']} inactive ones "
            f"(of {figures['inactive_accounts']['drawn']})",
        ),
    )
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {text}" for name, text in rows)


def as_markdown(figures: dict[str, Any]) -> str:
    """Set all figures as the tables of data/README.md."""
    by_name, paid = figures["column_distance"]["by_name"], figures["paid_the_bill_exactly"]
    pairs, ranks = figures["pair_distance"], figures["rank_correlation_error"]
    same, over = figures["identical_to_a_real_row"], figures["over_the_limit"]
    inactive = figures["inactive_accounts"]
    missing = "; ".join(
        f"`{name}` {', '.join(map(str, codes))}"
        for name, codes in figures["codes_never_drawn"].items()
    )
    summary = (
        ("default rate", *_percent(figures["default_rate"])),
        ("payment equal to the bill before, to the dollar", *_percent(paid)),
        ("payment a multiple of 1,000", *_percent(figures["paid_in_thousands"])),
        ("newest bill above the limit", *_percent(over)),
        (
            "inactive accounts (all six amounts zero)",
            f"{inactive['real']:,}",
            f"{inactive['drawn']:,}",
        ),
        *(
            (f"99th percentile of `{name}`", f"{both['real']:,}", f"{both['drawn']:,}")
            for name, both in figures["percentile_99"].items()
        ),
        *(
            (f"default rate, `{name}` {code}", *_percent(both))
            for name, codes in figures["default_rate_by_code"].items()
            for code, both in codes.items()
        ),
    )
    return "\n".join(
        (
            *_table(("column", "distance"), ((f"`{k}`", f"{v:.4f}") for k, v in by_name.items())),
            "",
            f"- Worst pair of columns: {pairs['worst']} ({pairs['worst_distance']:.3f}); mean over "
            f"all pairs {pairs['mean_distance']:.3f}.",
            f"- Worst rank correlation: {ranks['worst']} (off by {ranks['worst_distance']:.3f}); "
            f"mean {ranks['mean_distance']:.3f}.",
            f"- Identical to a real row on all features: {same['active']} active accounts and "
            f"{same['inactive']} of the {inactive['drawn']:,} inactive ones.",
            f"- Smallest number of rows that a stored number covers: "
            f"{figures['fewest_rows_covered']}.",
            f"- Codes that real rows hold and these do not: {missing}.",
            "",
            *_table(("figure", "real", "synthetic"), summary),
        )
    )


def _table(head: Iterable[object], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    cells = [list(map(str, row)) for row in (head, *rows)]
    cells.insert(1, ["---"] * len(cells[0]))
    for row in cells:
        yield f"| {' | '.join(row)} |"


def _percent(both: dict[str, float]) -> tuple[str, str]:
    return f"{both['real']:.2%}", f"{both['drawn']:.2%}"


def _both(real: T, synthetic: T, figure: Callable[[T], float]) -> dict[str, float]:
    return {"real": _round(figure(real)), "drawn": _round(figure(synthetic))}


def _summarise(distances: Distances, *, with_names: bool = False) -> dict[str, Any]:
    name, distance = distances.worst
    summary = {
        "worst": name,
        "worst_distance": _round(distance),
        "mean_distance": _round(distances.mean),
    }
    if with_names:
        summary["by_name"] = {name: _round(off) for name, off in distances.by_name.items()}
    return summary


def _by_code(real: pd.DataFrame, synthetic: pd.DataFrame, name: str) -> dict[str, dict[str, float]]:
    rates = [table.groupby(name)[LABEL].mean() for table in (real, synthetic)]
    return {
        str(code): {"real": _round(rates[0][code]), "drawn": _round(rates[1][code])}
        for code in rates[0].index.intersection(rates[1].index)
    }


def _paid_exactly(table: pd.DataFrame) -> float:
    """Return the share of rows whose newest payment is the bill before, to the dollar."""
    exactly = (table["PAY_AMT1"] == table["BILL_AMT2"]) & (table["PAY_AMT1"] > 0)
    return float(exactly.mean())


def _paid_in_thousands(table: pd.DataFrame) -> float:
    """Return the share of round sums among the newest payments."""
    paid = table.loc[table["PAY_AMT1"] > 0, "PAY_AMT1"]
    return float((paid % 1000 == 0).mean())


def _round(figure: float) -> float:
    return figure if isinstance(figure, int) else round(float(figure), DECIMALS)
