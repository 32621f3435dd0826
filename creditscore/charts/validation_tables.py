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
    found = section.validation
    if found is None:
        return
    yield _fit(found, words)
    yield _shift(found, words)
    yield _calibration(found, words)
    yield two_way(found, words)
    yield proxies(found, words)
    yield loss_at_cutoff(found, words)
    yield stress(found, words)
    if found.periods:
        yield _periods(found.periods, words)


# Topics


def _fit(found: Validation, words: Wording) -> Topic:
    compared = found.train_test
    flattered = sum(bool(one.flattered) for one in compared.values())
    agreeing = sum(bool(one.out_of_bag_agrees) for one in compared.values())
    every = words.number(len(compared))
    titles = PAGE_TEXTS[words.language]
    return Topic(
        words.say("val_fit_title"),
        (
            words.say(
                "val_fit_flattered" if flattered else "val_fit_fair",
                count=words.number(flattered),
                all=every,
            ),
            _need(found.calibration, words),
        ),
        (words.say("val_fit_oob_help", count=words.number(agreeing), all=every),),
        (
            Table(
                words.header("later_figure", "val_fit_train", "val_fit_oob", "val_fit_test"),
                tuple(
                    (
                        titles.get(f"val_{name}") or titles[name],
                        words.figure(one.train),
                        words.figure(one.out_of_bag),
                        words.figure(one.test),
                    )
                    for name, one in compared.items()
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


def _shift(found: Validation, words: Wording) -> Topic:
    fields = sorted(found.shifts.items(), key=lambda one: -(one[1].psi or 0.0))
    shown = fields[:MAX_FIELDS]
    rows = [
        (words.say("val_psi_score"), *_psi(found.score_shift, words)),
        *((words.field(name), *_psi(one, words)) for name, one in shown),
    ]
    more: tuple[str, ...] = ()
    if len(shown) < len(fields):
        counts = {"shown": words.number(len(shown)), "fields": words.number(len(fields))}
        more = (words.say("val_psi_more", **counts),)
    bounds = {
        name: words.write.short(bound)
        for name, bound in (("moderate", MODERATE_FROM), ("large", LARGE_FROM))
    }
    answer = words.say("val_psi_head_few")
    if found.score_shift.psi is not None:
        answer = words.say(
            "val_psi_head",
            score=words.figure(found.score_shift.psi),
            field=words.field(shown[0][0]),
            psi=words.figure(shown[0][1].psi),
        )
    return Topic(
        words.say("val_psi_title"),
        (answer,),
        (words.say("val_psi_help", **bounds),),
        (Table(words.header("drift_field", "val_psi", "drift_verdict"), tuple(rows)),),
        more,
    )


def _psi(shift: Shift, words: Wording) -> tuple[str, str]:
    if shift.verdict == INSUFFICIENT:
        return NOTHING, words.say("val_psi_few")
    verdict = words.say(f"verdict_{shift.verdict}")
    chance = "" if shift.significant else f", {words.say('drift_chance')}"
    return words.figure(shift.psi), verdict + chance


def _calibration(found: Validation, words: Wording) -> Topic:
    parts: list[tuple[str | None, Sequence[CalibrationGroup]]] = [(None, found.band_calibration)]
    parts += found.group_calibration.items()
    filled = [one for _, groups in parts for one in groups if one.rows]
    outside = sum(one.verdict in ("more_bad", "fewer_bad") for one in filled)
    return Topic(
        words.say("val_cal_title"),
        (
            words.say(
                "val_cal_help",
                outside=words.number(outside),
                all=words.number(len(filled)),
                chance=words.write.fixed((1 - CONFIDENCE) * len(filled), 1),
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
                words.group(field, one.group),
                words.number(one.rows),
                words.share(one.mean_predicted),
                words.share(one.observed),
                words.say(f"val_{one.verdict}"),
            )
            for one in groups
        ),
        name,
    )


def _periods(periods: Sequence[Period], words: Wording) -> Topic:
    columns = ("fair_rows", "data_bad", "val_cal_predicted", "auc", "val_psi")
    aucs = [one.auc["value"] for one in periods if one.auc]
    rates = [one.bad_rate["value"] for one in periods if one.bad_rate]
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
                        words.say("val_between", low=one.first, high=one.last)
                        if one.first != one.last
                        else one.first,
                        words.number(one.rows),
                        words.share(one.bad_rate),
                        words.share(one.mean_predicted),
                        words.figure(one.auc),
                        ", ".join(_psi(one.score, words)),
                    )
                    for one in periods
                ),
            ),
        ),
    )
