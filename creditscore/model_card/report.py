"""Report of a training: the model card as files for people, and a summary for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from textwrap import fill

from creditscore.charts.model_card_charts import model_card_plots
from creditscore.errors import ArtifactError
from creditscore.evaluation.benchmark import benchmark_in_short
from creditscore.evaluation.card import Card, ScorecardCard, read_card
from creditscore.files import PUBLIC, atomic_write
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE, LEGAL_SENTENCE, PAGE_TEXTS
from creditscore.model_card.formats import FIGURES, WRITE, figure_alone, listed, share_alone
from creditscore.model_card.markdown import left_out_rows, to_markdown
from creditscore.model_card.missing import warning
from creditscore.model_card.sample_sections import (
    drawn_rows,
    later_in_short,
    without_twins_in_short,
)
from creditscore.model_card.sections import MODELS, calibration_warning
from creditscore.model_card.stability_sections import other_seeds_in_short, over_splits_in_short
from creditscore.model_card.variables import leak_questions
from creditscore.schema.declarations import Declarations
from creditscore.scorecard.artifact import CARD_FILE, MANIFEST_FILE, MODEL_FILE
from creditscore.scorecard.model import Model

TEXT_FILE = "model_card.md"
PLOTS_FOLDER = "plots"

#: Characters of a line of the summary.
WIDTH = 100

#: Fewer rows, or rows of one outcome, leave every figure rough.
FEW_ROWS, FEW_OF_AN_OUTCOME = 1000, 100

#: Figures in the summary's table.
SUMMARISED = ("auc", "brier", "ece", "accuracy")


def write(card: Card, folder: Path, *, plots: bool) -> None:
    """Write a model card as Markdown, with its plots unless they are not wanted.

    Files of an earlier training are removed first: a plot never shows another model than the card.

    Parameters
    ----------
    card : Card
    folder : Path
        Of the model.
    plots : bool

    Raises
    ------
    ArtifactError
        If the files cannot be written.
    """
    drawings = dict(model_card_plots(card, PAGE_TEXTS[DEFAULT_LANGUAGE])) if plots else {}
    try:
        (folder / TEXT_FILE).unlink(missing_ok=True)
        for old in (folder / PLOTS_FOLDER).glob("*.svg"):
            old.unlink()
        for name, svg in drawings.items():
            (folder / PLOTS_FOLDER).mkdir(exist_ok=True)
            (folder / PLOTS_FOLDER / name).write_text(svg, encoding="utf-8")
        with atomic_write(folder / TEXT_FILE, mode=PUBLIC) as file:
            file.write(to_markdown(card, plots=list(drawings)).encode())
    except OSError as error:
        problem = f"cannot be written: {error.strerror}"
        raise ArtifactError(folder / TEXT_FILE, problem, "make room for it") from None


def summarise(model: Model, folder: Path, *, plots: bool) -> str:
    """Return in a few lines what was trained, how good it is, and which files were written."""
    files = [MODEL_FILE, MANIFEST_FILE, CARD_FILE, TEXT_FILE]
    if plots:
        files.append(f"{PLOTS_FOLDER}/")
    wrote = f"Wrote {', '.join(files[:-1])} and {files[-1]} to {folder}."
    return "\n".join([*_lines(model), "", wrote])


def _lines(model: Model) -> Iterator[str]:
    card = read_card(model.card)
    data = card.data
    yield (
        f"Data: {data.file}, {WRITE.number(data.rows)} rows, "
        f"{WRITE.share(data.bad_rate)} bad; tested on rows that training never saw."
    )
    for field, rows in data.folded_rows.items():
        folded_rows = f"{WRITE.number(rows)} rows with undocumented codes"
        yield f"  {field}: {folded_rows}, folded as the schema file says"
    if left_out := left_out_rows(data):
        yield _indented(left_out)
    rarer = round(data.rows * min(data.bad_rate, 1 - data.bad_rate))
    if data.rows < FEW_ROWS or rarer < FEW_OF_AN_OUTCOME:
        auc = list(card.scorecards.values())[-1].performance.auc
        text = (
            f"Few rows: {WRITE.number(rarer)} have the rarer outcome, and a fifth of them are in "
            "the test. Every figure below is rough: the AUC of the last scorecard may lie anywhere "
            f"from {WRITE.figure(auc['low'])} to {WRITE.figure(auc['high'])}; the model card has "
            "the intervals of all."
        )
        yield _indented(text)
    yield from map(_indented, drawn_rows(data))
    if card.governance:
        yield _governance_line(card.governance)
    for name in model.scorecards:
        yield from _scorecard(model, card.scorecards[name])


def _governance_line(declarations: Declarations) -> str:
    """Say how much of what only people can say of the model is missing."""
    missing, total = len(declarations.missing), declarations.total
    if not missing:
        return f"  Governance: all {total} declarations are made in [governance]"
    return (
        f"  Governance: {missing} of {total} declarations are missing or incomplete in [governance]"
    )


def _scorecard(model: Model, card: ScorecardCard) -> Iterator[str]:
    performance, decision = card.performance, card.decision
    measured = {"scorecard": performance.scorecard, **performance.baselines}
    yield ""
    yield fill(f"{card.version}: {listed(card.predictors)}", WIDTH, subsequent_indent="  ")
    if card.forest_trials:
        forest = card.forest
        features = forest["max_features"] or "the square root of all"
        yield (
            f"  Forest settings from the data: leaves of {forest['min_samples_leaf']} rows, "
            f"{features} features a split ({len(card.forest_trials)} settings tried)"
        )
    rows = f"{WRITE.number(performance.rows)} test rows"
    yield "  " + rows.ljust(30) + _columns(FIGURES[name] for name in SUMMARISED)
    for key, metrics in measured.items():
        figures = (figure_alone(metrics[name]) for name in SUMMARISED)
        yield f"  {MODELS[key]:30}" + _columns(figures)
    bad_rate = decision.bad_rate_approved
    yield (
        f"  Eligible below a probability of default of {WRITE.cutoff(model.policy.cutoff)}: "
        f"{share_alone(decision.approval_rate)} approved"
        + ("" if bad_rate is None else f", of whom {share_alone(bad_rate)} turned out bad")
    )
    notes = (
        *leak_questions(card),
        benchmark_in_short(performance),
        over_splits_in_short(card),
        other_seeds_in_short(card),
        calibration_warning(performance.scorecard["calibration_slope"]),
        without_twins_in_short(performance),
        later_in_short(card),
        warning(card),
    )
    yield from (_indented(note) for note in notes if note)
    if card.protected_predictors:
        yield _indented(f"Uses protected attributes: {listed(card.protected_predictors)}.")
        legal = LEGAL_SENTENCE[DEFAULT_LANGUAGE]
        yield _indented(f"{legal}; --exclude leaves them out.")
    if card.monitored_attributes:
        yield _indented(f"Only monitored: {listed(card.monitored_attributes)}.")


def _indented(text: str) -> str:
    return fill(text, WIDTH, initial_indent="  ", subsequent_indent="  ")


def _columns(texts: Iterable[str]) -> str:
    widths = (max(len(FIGURES[name]) + 3, 9) for name in SUMMARISED)
    return "".join(text.rjust(width) for text, width in zip(texts, widths, strict=True))
