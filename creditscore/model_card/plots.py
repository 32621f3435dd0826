"""The model card's plots, drawn from its numbers alone: SVG files for light and dark pages.

Only here is matplotlib at work, and nothing depends on it: without it there are no plots.
"""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from creditscore.evaluation.fairness import FEWEST_OF_EACH, INCONCLUSIVE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Card = Mapping[str, Any]

# Okabe & Ito's palette: told apart by colour-blind people. Of its colours, those that are seen on
# white and on black alike.
GOOD, BAD, THIRD, MUTED = "#0072B2", "#D55E00", "#009E73", "#8A8A8A"

#: Text and axes; a page in dark colours gets the second.
INK, INK_IN_THE_DARK = "#333333", "#dddddd"

#: Follows the page where a browser shows the file; other programs show it as on paper.
STYLE = (
    "<style>@media (prefers-color-scheme: dark) {"
    f' [style*="fill: {INK}"] {{ fill: {INK_IN_THE_DARK} !important }}'
    f' [style*="stroke: {INK}"] {{ stroke: {INK_IN_THE_DARK} !important }} }}</style>'
)

SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    # The same numbers give the same file.
    "svg.hashsalt": "creditscore",
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "legend.frameon": False,
    "legend.fontsize": 9,
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": MUTED,
    "grid.alpha": 0.25,
    "hatch.linewidth": 0.6,
    **dict.fromkeys(
        ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), INK
    ),
}

#: Reasons drawn, at most.
MOST_REASONS = 12

#: Columns of the sheet of partial dependence curves.
COLUMNS = 3


def available() -> bool:
    """Tell whether matplotlib is installed."""
    return importlib.util.find_spec("matplotlib") is not None


def names(card: Card) -> list[str]:
    """Name the files that `write` makes of a model card."""
    return [f"{scorecard}-{kind}.svg" for scorecard in card["scorecards"] for kind in KINDS]


def write(card: Card, folder: Path) -> list[str]:
    """Draw every plot of a model card; give the files' names.

    Parameters
    ----------
    card : mapping
        What `model_card.build` gave.
    folder : Path
        Made if it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for scorecard in card["scorecards"]:
        for kind in KINDS:
            path = folder / f"{scorecard}-{kind}.svg"
            path.write_text(draw(card, scorecard, kind), encoding="utf-8")
    return names(card)


def draw(card: Card, scorecard: str, kind: str) -> str:
    """Draw one plot of one scorecard, as SVG.

    Parameters
    ----------
    card : mapping
    scorecard : str
        Its name.
    kind : str
        One of `KINDS`.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(6.4, 4.4), layout="constrained")
        KINDS[kind](figure, card, card["scorecards"][scorecard])
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    head, opening, rest = file.getvalue().partition("<defs>")
    return f"{head}{STYLE}\n {opening}{rest}"


# The plots


def _roc(figure: Figure, card: Card, section: Card) -> None:
    axes = figure.subplots()
    curve, auc = section["curves"]["roc"], section["performance"]["scorecard"]["auc"]
    axes.plot([0, 1], [0, 1], color=MUTED, linestyle="--", label="guessing")
    axes.plot(
        curve["declined_good"],
        curve["declined_bad"],
        color=GOOD,
        linewidth=2,
        label=f"AUC {auc['value']:.3f} ({auc['low']:.3f} to {auc['high']:.3f})",
    )
    axes.set(xlabel="Good applicants declined", ylabel="Bad applicants declined", aspect="equal")
    _in_percent(axes, "both")
    axes.legend(loc="lower right")
    _title(axes, section, "who is declined as the cut-off falls")


def _calibration(figure: Figure, card: Card, section: Card) -> None:
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    groups = section["curves"]["calibration"]
    said = [group["said"] for group in groups]
    happened = [group["happened"] for group in groups]
    end = 1.05 * max(*said, *(group["interval"][1] for group in groups))
    below = [group["happened"] - group["interval"][0] for group in groups]
    above = [group["interval"][1] - group["happened"] for group in groups]
    upper.plot([0, end], [0, end], color=MUTED, linestyle="--", label="perfect")
    upper.errorbar(
        said, happened, yerr=[below, above], fmt="o", color=GOOD, capsize=3, label="held-out rows"
    )
    upper.set(ylabel="Turned out bad")
    upper.legend(loc="upper left")
    _in_percent(upper, "y")
    lower.bar(said, [group["rows"] for group in groups], width=end / 60, color=GOOD)
    lower.set(xlabel="Probability of default said", ylabel="Rows", xlim=(0, end))
    _in_percent(lower, "x")
    _title(upper, section, "what was said, and what happened")


def _scores(figure: Figure, card: Card, section: Card) -> None:
    axes = figure.subplots()
    scores = section["curves"]["scores"]
    for name, colour, style in (("good", GOOD, "-"), ("bad", BAD, "--")):
        total = sum(scores[name])
        shares = [count / total for count in scores[name]]
        axes.stairs(shares, scores["edges"], color=colour, fill=True, alpha=0.2)
        label = f"{name} ({total:,} rows)"
        axes.stairs(shares, scores["edges"], color=colour, linewidth=2, linestyle=style,
                    label=label)  # fmt: skip
    axes.axvline(scores["cutoff"], color=INK, linestyle=":")
    _beside_line(axes, scores["cutoff"], f"cut-off {scores['cutoff']}")
    axes.set(xlabel="Score in points (higher is safer)", ylabel="Share of the kind")
    _in_percent(axes, "y")
    axes.legend(loc="upper left")
    _title(axes, section, "scores of the good and of the bad")


def _cutoffs(figure: Figure, card: Card, section: Card) -> None:
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[2, 1])
    table, cutoff = section["curves"]["cutoffs"], section["decision"]["cutoff"]
    levels = [row["cutoff"] for row in table]
    lines = (
        ("approval_rate", "approved", GOOD, "-"),
        ("bad_rate_approved", "bad among the approved", BAD, "--"),
        ("bad_rate_declined", "bad among the declined", THIRD, "-."),
    )
    rows = section["performance"]["rows"]
    for key, label, colour, style in lines:
        shares = [_share_of_enough(row, key, rows) for row in table]
        upper.plot(levels, shares, color=colour, linestyle=style, linewidth=2, label=label)
    lower.plot(levels, [row["cost"] for row in table], color=GOOD, linewidth=2)
    for axes in (upper, lower):
        axes.axvline(cutoff, color=INK, linestyle=":")
    _beside_line(lower, cutoff, f"cut-off {cutoff:.4g}")
    upper.set(ylabel="Share")
    _in_percent(upper, "y")
    upper.legend(loc="center right")
    lower.set(
        xlabel="Cut-off: eligible below this probability of default",
        ylabel="Cost, in margins\nof a good account",
        xlim=(0, 1),
    )
    _title(upper, section, "what another cut-off would do")


def _share_of_enough(row: Card, key: str, rows: int) -> float:
    """Give a share, or a gap where it would be that of a handful."""
    of = {
        "approval_rate": 1,
        "bad_rate_approved": row["approval_rate"],
        "bad_rate_declined": 1 - row["approval_rate"],
    }
    enough = of[key] * rows >= FEWEST_OF_EACH
    return row[key] if enough and row[key] is not None else float("nan")


def _partial_dependence(figure: Figure, card: Card, section: Card) -> None:
    curves = section["behaviour"]["partial_dependence"]
    rows = -(-len(curves) // COLUMNS)
    figure.set_size_inches(9.6, 0.6 + 2.5 * rows)
    sheet = figure.subplots(rows, COLUMNS, sharey=True, squeeze=False)
    for axes, (name, curve) in zip(sheet.flat, curves.items(), strict=False):
        _curve(axes, curve)
        field = card["fields"][name]
        unit = f"\n({field['unit']})" if field["unit"] else ""
        axes.set_xlabel(f"{field['title']}{unit}", fontsize=9)
        axes.tick_params(labelsize=8)
    for axes in sheet.flat[len(curves) :]:
        axes.set_visible(False)
    _in_percent(sheet[0, 0], "y")
    figure.supylabel("Mean probability of default", fontsize=10, color=INK)
    wrong = any(curve["wrong_steps"] for curve in curves.values())
    note = "\n(thick and orange: where the risk goes the wrong way)" if wrong else ""
    title = f"{section['title']}: were all to have this value{note}"
    figure.suptitle(title, fontsize=11, color=INK)


def _curve(axes: Axes, curve: Card) -> None:
    points = curve["points"]
    values = [point["value"] for point in points]
    means = [point["probability_of_default"] for point in points]
    labelled = all(point["label"] for point in points)
    places = list(range(len(values))) if labelled else values
    axes.plot(
        places, means, color=GOOD, marker="o", markersize=3, linestyle="" if labelled else "-"
    )
    for start, end in curve["wrong_steps"]:
        at = [values.index(start), values.index(end)]
        axes.plot([places[i] for i in at], [means[i] for i in at], color=BAD, linewidth=2.5,
                  marker="o", markersize=3)  # fmt: skip
    if labelled:
        words = [point["label"].replace(" ", "\n") for point in points]
        axes.set_xticks(places, words)
        axes.margins(x=0.15)
    elif max(abs(value) for value in values) >= 10_000:
        axes.xaxis.set_major_formatter(lambda value, _: f"{value / 1000:,.0f}k" if value else "0")
        axes.locator_params(axis="x", nbins=5)


def _fairness(figure: Figure, card: Card, section: Card) -> None:
    bars = [
        (f"{card['fields'][name]['title']}: {group['group']}", group)
        for name, one in section["fairness"].items()
        for group in one["groups"]
        if group["rows"]
    ]
    figure.set_size_inches(9.6, 1.6 + 0.32 * len(bars))
    sheet = figure.subplots(1, 3, sharey=True)
    kinds = (
        ("approval_rate", "approved", GOOD),
        ("approval_rate_good", "approved among the good", THIRD),
        ("bad_rate_approved", "bad among the approved", BAD),
    )
    for axes, (key, label, colour) in zip(sheet, kinds, strict=True):
        for place, (_, group) in enumerate(bars):
            _bar(axes, place, group[key], colour, faint=group["verdict"] == INCONCLUSIVE)
        axes.set_xlabel(label)
        _in_percent(axes, "x")
        axes.grid(visible=False, axis="y")
    small = [group["verdict"] == INCONCLUSIVE for _, group in bars]
    words = [
        f"{label} ({group['rows']:,})" + ("*" if faint else "")
        for (label, group), faint in zip(bars, small, strict=True)
    ]
    sheet[0].set_yticks(range(len(bars)), words, fontsize=9)
    sheet[0].invert_yaxis()
    note = "\n(* too few rows to be compared)" if any(small) else ""
    figure.suptitle(f"{section['title']}: protected groups{note}", fontsize=11, color=INK)


def _bar(axes: Axes, place: int, figure: Card | None, colour: str, *, faint: bool) -> None:
    if figure is None:
        return
    axes.barh(
        place,
        figure["value"],
        color="none" if faint else colour,
        edgecolor=colour,
        hatch="////" if faint else None,
        height=0.7,
    )
    whisker = [[figure["value"] - figure["low"]], [figure["high"] - figure["value"]]]
    axes.errorbar(figure["value"], place, xerr=whisker, color=INK, capsize=2, linewidth=1)


def _reasons(figure: Figure, card: Card, section: Card) -> None:
    explanation = section["explanation"]
    reasons = explanation["reasons"][:MOST_REASONS]
    figure.set_size_inches(7.2, 1.6 + 0.3 * max(1, len(reasons)))
    axes = figure.subplots()
    places = range(len(reasons))
    refusals = max(1, explanation["refusals"])
    axes.barh(
        places, [one["given"] / refusals for one in reasons], color="none", edgecolor=GOOD,
        label="among the reasons", height=0.7,
    )  # fmt: skip
    axes.barh(
        places, [one["first"] / refusals for one in reasons], color=GOOD,
        label="the first reason", height=0.7,
    )  # fmt: skip
    axes.set_yticks(places, [one["code"] for one in reasons], fontsize=9)
    axes.invert_yaxis()
    axes.set_xlabel(f"Share of the {explanation['refusals']:,} held-out refusals")
    _in_percent(axes, "x")
    axes.grid(visible=False, axis="y")
    axes.legend(loc="lower right")
    _title(axes, section, "what refused applicants would be told")


KINDS: Mapping[str, Callable[[Figure, Card, Card], None]] = {
    "roc": _roc,
    "calibration": _calibration,
    "scores": _scores,
    "cutoffs": _cutoffs,
    "partial_dependence": _partial_dependence,
    "fairness": _fairness,
    "reasons": _reasons,
}


def _in_percent(axes: Axes, which: str) -> None:
    from matplotlib.ticker import PercentFormatter

    for axis in ([axes.xaxis] if which != "y" else []) + ([axes.yaxis] if which != "x" else []):
        axis.set_major_formatter(PercentFormatter(1))


def _beside_line(axes: Axes, place: float, words: str) -> None:
    axes.annotate(
        words, (place, 1), xycoords=("data", "axes fraction"), xytext=(4, -10),
        textcoords="offset points", fontsize=9,
    )  # fmt: skip


def _title(axes: Axes, section: Card, words: str) -> None:
    axes.set_title(f"{section['title']}: {words}", fontsize=11)
