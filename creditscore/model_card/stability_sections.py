"""Words on other splits of the rows and on other seeds: what one split and one seed hide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from creditscore.evaluation.card import ScorecardCard
from creditscore.evaluation.confidence_intervals import Figure
from creditscore.evaluation.repeated_splits import CrossValidation, Distribution
from creditscore.model_card.formats import (
    FIGURES,
    WRITE,
    count,
    share,
    share_alone,
    share_of,
    table,
)

#: Those of the table's figures that are shares.
SHARES = {"approval_rate": "Approved", "bad_rate_approved": "Bad among approved"}

#: Figures of the sentence.
IN_SHORT = ("auc", "brier")

NOT_MEASURED = (
    "Measured on one split and with one seed only: train.py --quick left out other splits and "
    "other seeds, and no answer warns that training again could change its label."
)


def over_splits_in_short(section: ScorecardCard) -> str:
    """Say in a sentence how the scorecard does over other splits; nothing for an older card."""
    validation = section.cross_validation
    if validation is None:
        return NOT_MEASURED if section.is_quick else ""
    phrases = [
        f"{FIGURES[name]} {WRITE.figure(distribution.mean)} on average (standard deviation "
        f"{WRITE.figure(distribution.sd)}, {WRITE.figure(distribution.lowest)} to "
        f"{WRITE.figure(distribution.highest)})"
        for name in IN_SHORT
        if (distribution := validation.figures.get(name))
    ]
    auc = validation.figures.get("auc")
    if not auc:
        return _too_few(validation)
    return (
        f"Over {validation.splits} other splits of the rows: {', '.join(phrases)}. The AUC of the "
        f"one split of all other figures, {WRITE.figure(auc.shipped)}, is higher than "
        f"{auc.lower} of the {auc.count}."
    )


def _too_few(validation: CrossValidation) -> str:
    split_count = validation.splits + validation.left_out
    return (
        f"Other splits of the rows could not be measured: of {split_count}, "
        f"{validation.left_out} have too few people to have both outcomes on both sides."
    )


def over_splits(section: ScorecardCard) -> Iterator[str]:
    """Write how each figure varies from split to split, ahead of those of one split."""
    if not (headline := over_splits_in_short(section)):
        return
    yield from (f"**{headline}**", "")
    validation = section.cross_validation
    if not validation or not validation.figures:
        return
    yield (
        f"Each of the {validation.splits} splits was made as that of this card, with the seeds "
        "that follow it, from the training rows followed by the test rows, and trained on as many "
        "rows with the same settings. These were chosen on the training rows of this "
        "card's split, some of which the other splits test on: a slight advantage."
    )
    yield ""
    yield from table(
        ["over other splits", "mean", "standard deviation", "lowest", "highest", "this split",
         "higher than"],
        (
            _row(name, distribution)
            for name, distribution in validation.figures.items()
            if distribution is not None
        ),
    )  # fmt: skip
    yield from ("", "The rest of this card, its plots and intervals are of one split.", "")


def _row(name: str, distribution: Distribution) -> Sequence[str]:
    title, write = (SHARES[name], share) if name in SHARES else (FIGURES[name], WRITE.figure)
    numbers = (
        distribution.mean,
        distribution.sd,
        distribution.lowest,
        distribution.highest,
        distribution.shipped,
    )
    return [title, *map(write, numbers), f"{distribution.lower} of {distribution.count}"]


def other_seeds(section: ScorecardCard) -> Iterator[str]:
    """Write what other seeds change for the same rows; nothing where none were tried."""
    retraining = section.retraining
    if not retraining:
        return
    spread, auc = retraining.probability_sd, retraining.auc
    yield (
        f"Trained on the same rows with {retraining.seeds} seeds, this card's among them, "
        f"{count(retraining.changed_rows)} of {count(retraining.rows)} held-out applicants "
        f"({share_of(retraining.changed)}) do not get the same label from all."
        + _auc(auc)
        + " The standard deviation of one person's probability is "
        f"{WRITE.impact(spread.median)} percentage points in the median, "
        f"{WRITE.impact(spread.percentile_95)} at the 95th percentile and "
        f"{WRITE.impact(spread.largest)} at most."
    )
    yield ""
    yield (
        f"{share_of(retraining.within_a_point)} lie within one percentage point of the cut-off. "
        f"{share_of(retraining.warned)} are answered with the warning `near_cutoff`: training "
        "again could change their label, and a person should look at them."
        + _caught(retraining.changed_warned)
    )
    yield ""


def _auc(auc: Distribution | None) -> str:
    if auc is None:
        return ""
    low, high = min(auc.lowest, auc.shipped), max(auc.highest, auc.shipped)
    return f" The AUC lies between {WRITE.figure(low)} and {WRITE.figure(high)}."


def _caught(caught: Figure | None) -> str:
    if caught is None:
        return ""
    return f" Of those whose label changed, {share_of(caught)} have it."


def other_seeds_in_short(section: ScorecardCard) -> str | None:
    """Say the same in one sentence for a terminal."""
    retraining = section.retraining
    if not retraining:
        return None
    return (
        f"With {retraining.seeds} seeds, {share_alone(retraining.changed)} of the test rows do not "
        f"get the same label from all; {share_alone(retraining.warned)} would get the warning "
        "near_cutoff."
    )
