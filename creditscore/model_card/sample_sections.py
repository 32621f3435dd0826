"""Words on how the rows were drawn, on later rows, and on rows that training has seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from creditscore.evaluation.card import Data, ScorecardCard
from creditscore.evaluation.card_sections import OutOfTime, Performance
from creditscore.model_card.formats import (
    FIGURES,
    count,
    figure,
    figure_alone,
    share,
    share_alone,
    share_of,
    table,
)

#: A smaller share of the test rows that have a twin changes no figure that a summary shows.
FEW_TWINS = 0.01

#: Figures of both tests that stand side by side.
COMPARED = ("auc", "brier", "ece", "calibration_slope")

TOO_FEW = "Nothing could be measured: the earlier or the latest rows hold too few of one outcome."


def drawn_rows(data: Data) -> Sequence[str]:
    """Say how the rows were drawn: of which people, for which population, with which twins."""
    sample, people, twins = data.sample, data.people, data.twins
    sentences = []
    if people:
        sentences.append(
            f"People: {count(people.train)} to learn from and {count(people.test)} held out, "
            f"by the column {sample['group']}; no one is on both sides."
        )
    if data.population_bad_rate is not None:
        how = (
            f"by the column {sample['weight']}"
            if "weight" in sample
            else "to the bad rate that the schema file states"
        )
        sentences.append(
            f"Population: rows are weighted {how}, so that {share(data.population_bad_rate)} "
            "are bad. Probabilities and rates are of that population; numbers of rows, reasons and "
            "curves are of the rows as they are."
        )
    if twins.test_rows:
        twin_count = f"{count(twins.test_rows)} of the rows held out ({share_alone(twins.share)})"
        sentences.append(
            f"Twins: {twin_count} are the same as a row to learn from, in all fields and the "
            "outcome."
        )
    return sentences


def rows_without_twins(performance: Performance) -> Sequence[str]:
    """Say how the scorecard does on held-out rows without a twin; nothing where all are."""
    rest = performance.without_twins
    if rest is None:
        return ()
    return [
        f"Without the test rows that have a twin in training, {count(rest.rows)} are left: "
        f"AUC {figure(rest.auc)}, Brier score {figure(rest.brier)}."
    ]


def without_twins_in_short(performance: Performance) -> str | None:
    """Say the same in one sentence for a terminal, where the twins are not just a few."""
    rest = performance.without_twins
    if rest is None or performance.rows - rest.rows < FEW_TWINS * performance.rows:
        return None
    return (
        f"Without test rows that have a twin in training: AUC {figure_alone(rest.auc)} "
        f"on {count(rest.rows)} rows"
    )


def later_rows(section: ScorecardCard) -> Sequence[str]:
    """Compare the test on random rows with that on the latest; nothing where none was made."""
    later = section.out_of_time
    return [] if later is None else list(_later_rows(section.performance, later))


def _later_rows(random: Performance, later: OutOfTime) -> Iterator[str]:
    yield (
        f"A second forest with the same settings was fitted to the {count(later.train_rows)} "
        f"earlier rows, {share_of(later.train_bad_rate)} of them bad, and measured on the "
        f"{count(later.rows)} latest, those from {later.since} on. Only the first one is "
        f"served.{_known_people(later)}"
    )
    if later.scorecard is None:
        yield from ("", TOO_FEW)
        return
    yield ""
    yield from table(
        ["", "rows at random", f"from {later.since} on"],
        [
            *(
                [FIGURES[key], figure(random.scorecard[key]), figure(later.scorecard[key])]
                for key in COMPARED
            ),
            ["Bad", share_of(random.bad_rate), share_of(later.bad_rate)],
            [
                "Predicted to turn out bad",
                share(random.mean_predicted),
                share(later.mean_predicted),
            ],
        ],
    )
    if verdict := _verdict(random, later):
        yield from ("", f"**{verdict}**")


def later_in_short(section: ScorecardCard) -> str | None:
    """Say how the scorecard does on the latest rows in one paragraph for a terminal."""
    later, random = section.out_of_time, section.performance
    if later is None:
        return None
    begin = f"By time, from {later.since} on ({count(later.rows)} rows)"
    if later.scorecard is None:
        return f"{begin}: {TOO_FEW}"
    figures = "; ".join(
        f"{FIGURES[key]} {figure_alone(later.scorecard[key])}, at random "
        f"{figure_alone(random.scorecard[key])}"
        for key in COMPARED
        if later.scorecard[key] and random.scorecard[key]
    )
    rates = (
        f"{share_alone(later.bad_rate)} bad, "
        f"{share_alone(later.train_bad_rate)} before, "
        f"{share(later.mean_predicted)} predicted"
    )
    verdict = _verdict(random, later)
    return f"{begin}: {figures}; {rates}." + (f" {verdict}" if verdict else "")


def _known_people(later: OutOfTime) -> str:
    rows = later.known_people_rows
    if not rows:
        return ""
    return f" {count(rows)} later rows are left out, as their people have earlier ones too."


def _verdict(random: Performance, later: OutOfTime) -> str:
    """Say what is significantly worse for later rows."""
    sentences = []
    auc, at_random = (later.scorecard or {}).get("auc"), random.scorecard["auc"]
    if auc and at_random and auc["high"] < at_random["value"]:
        sentences.append("Later rows are ranked worse than rows at random.")
    rate, predicted = later.bad_rate, later.mean_predicted
    if rate and predicted is not None and not rate["low"] <= predicted <= rate["high"]:
        way = "more" if predicted < rate["low"] else "fewer"
        sentences.append(f"Of the later rows {way} turned out bad than was predicted.")
    return " ".join(sentences)
