"""What a validator asks of a scorecard, as tables and sentences, for the card and for the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from creditscore.charts.topics import NOTHING, Table, Topic, Wording
from creditscore.charts.validation_trials import loss_at_cutoff, proxies, stress, two_way
from creditscore.evaluation.card import ScorecardCard
from creditscore.evaluation.confidence_intervals import CONFIDENCE
from creditscore.evaluation.group_calibration import CalibrationGroup, CalibrationNeed
from creditscore.evaluation.stability import INSUFFICIENT, LARGE_FROM, MODERATE_FROM, Period, Shift
from creditscore.evaluation.validation import Validation
from creditscore.i18n.catalogue import PAGE_TEXTS

#: Fields whose shift is shown, at most; the JSON has all.
MAX_FIELDS = 12


def validation_topics(section: ScorecardCard, words: Wording) -> Iterator[Topic]:
    """Yield what there is to say of a scorecard; nothing for a card of an earlier release.

    Parameters
    ----------
    section : ScorecardCard
        The scorecard's, of the model card.
    words : Wording
    """
    validation = section.validation
    if validation is None:
        return
    yield _fit(validation, words)
    yield _shift(validation, words)
    yield _calibration(validation, words)
    yield two_way(validation, words)
    yield proxies(validation, words)
    yield loss_at_cutoff(validation, words)
    yield stress(validation, words)
    if validation.periods:
        yield _periods(validation.periods, words)


# Topics


def _fit(validation: Validation, words: Wording) -> Topic:
    figures = validation.train_test
    flattered_count = sum(bool(figure.flattered) for figure in figures.values())
    agreeing_count = sum(bool(figure.out_of_bag_agrees) for figure in figures.values())
    total = words.number(len(figures))
    titles = PAGE_TEXTS[words.language]
    return Topic(
        words.say("val_fit_title"),
        (
            words.say(
                "val_fit_flattered" if flattered_count else "val_fit_fair",
                count=words.number(flattered_count),
                all=total,
            ),
            _need(validation.calibration, words),
        ),
        (words.say("val_fit_oob_help", count=words.number(agreeing_count), all=total),),
        (
            Table(
                words.header("later_figure", "val_fit_train", "val_fit_oob", "val_fit_test"),
                tuple(
                    (
                        titles.get(f"val_{name}") or titles[name],
                        words.figure(figure.train),
                        words.figure(figure.out_of_bag),
                        words.figure(figure.test),
                    )
                    for name, figure in figures.items()
                ),
            ),
        ),
    )


def _need(need: CalibrationNeed, words: Wording) -> str:
    key = "val_need_none"
    if need.needed:
        key = "val_need_applied" if need.applied else "val_need_useless"
    return words.say(
        key,
        rows=words.number(need.rows),
        # A line often changes what three decimals do not show.
        before=words.write.fixed(need.error_before, 4),
        after=words.write.fixed(need.error_after, 4),
        bound=words.write.fixed(need.bound, 4),
    )


def _shift(validation: Validation, words: Wording) -> Topic:
    fields = sorted(validation.shifts.items(), key=lambda item: -(item[1].psi or 0.0))
    shown_fields = fields[:MAX_FIELDS]
    rows = [
        (words.say("val_psi_score"), *_psi(validation.score_shift, words)),
        *((words.field(name), *_psi(shift, words)) for name, shift in shown_fields),
    ]
    notes: tuple[str, ...] = ()
    if len(shown_fields) < len(fields):
        counts = {"shown": words.number(len(shown_fields)), "fields": words.number(len(fields))}
        notes = (words.say("val_psi_more", **counts),)
    bounds = {
        name: words.write.short(bound)
        for name, bound in (("moderate", MODERATE_FROM), ("large", LARGE_FROM))
    }
    answer = words.say("val_psi_head_few")
    if validation.score_shift.psi is not None:
        answer = words.say(
            "val_psi_head",
            score=words.figure(validation.score_shift.psi),
            field=words.field(shown_fields[0][0]),
            psi=words.figure(shown_fields[0][1].psi),
        )
    return Topic(
        words.say("val_psi_title"),
        (answer,),
        (words.say("val_psi_help", **bounds),),
        (Table(words.header("drift_field", "val_psi", "drift_verdict"), tuple(rows)),),
        notes,
    )


def _psi(shift: Shift, words: Wording) -> tuple[str, str]:
    if shift.verdict == INSUFFICIENT:
        return NOTHING, words.say("val_psi_few")
    verdict = words.say(f"verdict_{shift.verdict}")
    chance = "" if shift.significant else f", {words.say('drift_chance')}"
    return words.figure(shift.psi), verdict + chance


def _calibration(validation: Validation, words: Wording) -> Topic:
    parts: list[tuple[str | None, Sequence[CalibrationGroup]]] = [
        (None, validation.band_calibration)
    ]
    parts += validation.group_calibration.items()
    filled_groups = [group for _, groups in parts for group in groups if group.rows]
    outside_count = sum(group.verdict in ("more_bad", "fewer_bad") for group in filled_groups)
    return Topic(
        words.say("val_cal_title"),
        (
            words.say(
                "val_cal_help",
                outside=words.number(outside_count),
                all=words.number(len(filled_groups)),
                chance=words.write.fixed((1 - CONFIDENCE) * len(filled_groups), 1),
            ),
        ),
        tables=tuple(_calibration_table(field, groups, words) for field, groups in parts),
    )


def _calibration_table(
    field: str | None, groups: Sequence[CalibrationGroup], words: Wording
) -> Table:
    name = words.say("val_psi_score") if field is None else words.field(field)
    columns = ("fair_rows", "val_cal_predicted", "val_cal_observed", "drift_verdict")
    return Table(
        (name, *words.header(*columns)),
        tuple(
            (
                words.group(field, group.group),
                words.number(group.rows),
                words.share(group.mean_predicted),
                words.share(group.observed),
                words.say(f"val_{group.verdict}"),
            )
            for group in groups
        ),
        name,
    )


def _periods(periods: Sequence[Period], words: Wording) -> Topic:
    columns = ("fair_rows", "data_bad", "val_cal_predicted", "auc", "val_psi")
    aucs = [period.auc["value"] for period in periods if period.auc]
    rates = [period.bad_rate["value"] for period in periods if period.bad_rate]
    answer = words.say(
        "val_time_head",
        periods=words.number(len(periods)),
        low=words.figure(min(aucs, default=None)),
        high=words.figure(max(aucs, default=None)),
        least=words.share(min(rates)),
        most=words.share(max(rates)),
    )
    return Topic(
        words.say("val_time_title"),
        (answer,),
        (words.say("val_time_help"),),
        (
            Table(
                words.header("val_time_period", *columns),
                tuple(
                    (
                        words.say("val_between", low=period.first, high=period.last)
                        if period.first != period.last
                        else period.first,
                        words.number(period.rows),
                        words.share(period.bad_rate),
                        words.share(period.mean_predicted),
                        words.figure(period.auc),
                        ", ".join(_psi(period.score, words)),
                    )
                    for period in periods
                ),
            ),
        ),
    )
