"""Trials of a scorecard as tables and sentences: two-way groups, proxies, loss and stress."""

from __future__ import annotations

from collections.abc import Sequence

from creditscore.charts.topics import NOTHING, Table, Topic, Wording
from creditscore.evaluation.fairness import MIN_GROUP_OUTCOMES, MIN_GROUP_ROWS
from creditscore.evaluation.proxies import MODERATE, STRONG, WEAK, ProxyStrength
from creditscore.evaluation.stress import MissingHistory, StressEffect
from creditscore.evaluation.two_way_groups import TwoWayGroup, TwoWayGroups
from creditscore.evaluation.validation import Validation
from creditscore.i18n.number_format import MINUS

#: Changes that are shown, at most: the largest; the JSON has all.
MAX_CHANGES = 12


def two_way(found: Validation, words: Wording) -> Topic:
    """Return how groups of two protected fields fare."""
    title = words.say("val_two_title")
    pairs = found.two_way_groups
    if not pairs:
        return Topic(title, (words.say("val_two_nothing"),))
    bounds = {"rows": words.number(MIN_GROUP_ROWS), "outcomes": words.number(MIN_GROUP_OUTCOMES)}
    return Topic(
        title,
        (_lowest(pairs, words),),
        (words.say("val_two_help", **bounds),),
        tuple(_pair(pair, words) for pair in pairs if pair.large),
        tuple(_pair_left(pair, words) for pair in pairs if pair.small or not pair.large),
    )


def _lowest(pairs: Sequence[TwoWayGroups], words: Wording) -> str:
    """Name the two-way group that fares worst beside the best of its pair."""
    rated = [
        (one.approval_ratio["value"], pair.fields, one)
        for pair in pairs
        for one in pair.large
        if one.approval_ratio
    ]
    if not rated:
        return words.say("val_two_none")
    _, fields, lowest = min(rated, key=lambda one: one[0])
    return words.say(
        "val_two_head",
        groups=_groups(fields, lowest, words),
        ratio=words.figure(lowest.approval_ratio),
    )


def _groups(fields: Sequence[str], one: TwoWayGroup, words: Wording) -> str:
    return ", ".join(map(words.group, fields, one.groups))


def _pair_name(pair: TwoWayGroups, words: Wording) -> str:
    return " \N{MULTIPLICATION SIGN} ".join(words.field(name) for name in pair.fields)


def _pair(pair: TwoWayGroups, words: Wording) -> Table:
    name = _pair_name(pair, words)
    return Table(
        (name, *words.header("fair_rows", "cut_approved", "val_two_ratio", "cut_bad")),
        tuple(
            (
                _groups(pair.fields, one, words),
                words.number(one.rows),
                words.share(one.approval_rate),
                words.figure(1.0 if one.groups == pair.reference else one.approval_ratio),
                words.share(one.bad_rate_approved),
            )
            for one in pair.large
        ),
        name,
    )


def _pair_left(pair: TwoWayGroups, words: Wording) -> str:
    said = [] if pair.large else [words.say("val_two_none")]
    if pair.small:
        counts = {"groups": words.number(pair.small), "rows": words.number(pair.small_rows)}
        said.append(words.say("val_two_small", **counts))
    return f"{_pair_name(pair, words)}: {' '.join(said)}"


def proxies(found: Validation, words: Wording) -> Topic:
    """Return how well other predictors tell the protected fields, and what that means."""
    title = words.say("val_proxy_title")
    if not found.proxies:
        return Topic(title, (words.say("val_proxy_none"),))
    columns = ("drift_field", "val_proxy_others", "val_proxy_unprotected", "val_proxy_alone")
    told = max(found.proxies, key=lambda one: _rank(one.others))
    answer = words.say(
        "val_proxy_head",
        field=words.field(told.field),
        others=_strength(told.others, told.measure, words),
        unprotected=_strength(told.unprotected, told.measure, words),
    )
    return Topic(
        title,
        (answer,),
        (words.say("val_proxy_help"), words.say("val_proxy_scale")),
        (
            Table(
                words.header(*columns),
                tuple(
                    (
                        words.field(one.field),
                        _strength(one.others, one.measure, words),
                        _strength(one.unprotected, one.measure, words),
                        _strongest(one.others, one.measure, words),
                    )
                    for one in found.proxies
                ),
            ),
        ),
    )


def _rank(one: ProxyStrength) -> tuple[int, float]:
    """Order what tells a field: by its verdict first, as measures cannot be compared."""
    if one.together is None or one.verdict is None:
        return -1, 0.0
    return (WEAK, MODERATE, STRONG).index(one.verdict), one.together["value"]


def _strength(one: ProxyStrength, measure: str, words: Wording) -> str:
    if one.together is None or one.verdict is None:
        return words.say("val_proxy_no") if not one.predictors else NOTHING
    value = words.say(f"val_told_{measure}", value=words.figure(one.together))
    return f"{value}, {words.say('val_' + one.verdict)}"


def _strongest(one: ProxyStrength, measure: str, words: Wording) -> str:
    if one.strongest is None:
        return NOTHING
    value = words.say(f"val_told_{measure}", value=words.figure(one.alone))
    return f"{words.field(one.strongest)} ({value})"


def loss_at_cutoff(found: Validation, words: Wording) -> Topic:
    """Return what the approved were expected to cost and what they cost, in margins."""
    loss, title = found.expected_loss, words.say("val_loss_title")
    if loss is None:
        return Topic(title, (words.say("val_loss_none"),))
    rows, ratio = words.number(loss.approved), words.write.short(loss.loss_to_margin)
    answer = words.say(
        f"val_loss_{loss.verdict}",
        loss=words.figure(loss.loss),
        expected=words.figure(loss.expected_loss),
    )
    return Topic(
        title,
        (answer,),
        (words.say("val_loss_help", rows=rows, ratio=ratio),),
        (
            Table(
                ("", *words.header("val_loss_expected", "val_loss_observed")),
                tuple(
                    (words.say(key), words.figure(expected), words.figure(observed))
                    for key, expected, observed in (
                        ("val_loss_each", loss.expected_loss, loss.loss),
                        ("val_loss_result", loss.expected_result, loss.result),
                    )
                ),
            ),
        ),
    )


def stress(found: Validation, words: Wording) -> Topic:
    """Return what moved numbers and a missing history do to decisions."""
    tried, title = found.stress, words.say("val_stress_title")
    effects = tried.effects[:MAX_CHANGES]
    history = _history(tried.missing_history, words)
    if not effects:
        return Topic(title, (words.say("val_stress_none"), *history))
    counts = {"shown": words.number(len(effects)), "all": words.number(len(tried.effects))}
    is_cut = len(effects) < len(tried.effects)
    columns = ("val_stress_change", "val_stress_approval", "val_stress_mean", "val_stress_labels")
    rows = words.number(tried.rows)
    approved = words.share(tried.approval_rate)
    most = effects[0]
    answer = words.say(
        "val_stress_head",
        change=_changed(most, words),
        labels=words.share(most.labels_changed),
        approval=words.write.signed_points(most.approval_change),
    )
    return Topic(
        title,
        (answer, *history),
        (words.say("val_stress_help", rows=rows, approved=approved),),
        (
            Table(
                words.header(*columns),
                tuple(
                    (
                        _changed(one, words),
                        words.write.signed_points(one.approval_change),
                        words.write.signed_points(one.mean_change),
                        words.share(one.labels_changed),
                    )
                    for one in effects
                ),
            ),
        ),
        (words.say("val_stress_more", **counts),) if is_cut else (),
    )


def _changed(one: StressEffect, words: Wording) -> str:
    """Name what is moved, and by how much."""
    fields = one.fields
    name = words.field(fields[0]) if len(fields) == 1 else words.say("val_stress_all")
    change = one.change or 0.0
    return f"{name} {'+' if change > 0 else MINUS}{words.write.setting(abs(change))}"


def _history(found: MissingHistory | None, words: Wording) -> tuple[str, ...]:
    if found is None:
        return ()
    fields, may_be = words.number(len(found.fields)), words.number(len(found.may_be_missing))
    said = words.say("val_history_all", fields=fields)
    if found.left_out is not None:
        said = words.say(
            "val_history_some", some=may_be, fields=fields, **_effect(found.left_out, words)
        )
    title = words.scorecard(found.smaller_scorecard)
    smaller = words.say("val_history_smaller", title=title, **_effect(found.smaller, words))
    return said, smaller


def _effect(one: StressEffect, words: Wording) -> dict[str, str]:
    return {
        "approval": words.write.signed_points(one.approval_change),
        "mean": words.write.signed_points(one.mean_change),
        "labels": words.share(one.labels_changed),
    }
