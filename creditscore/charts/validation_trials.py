"""Trials of a scorecard as tables and sentences: two-way groups, proxies, loss and stress."""

from __future__ import annotations

from collections.abc import Sequence

from creditscore.charts.topics import NOTHING, Table, Topic, Wording
from creditscore.evaluation.fairness import MIN_GROUP_OUTCOMES, MIN_GROUP_ROWS
from creditscore.evaluation.proxies import MODERATE, STRONG, WEAK, ProxyStrength
from creditscore.evaluation.stress import MissingHistory, StressEffect
from creditscore.evaluation.two_way_groups import TwoWayGroup, TwoWayGroups
from creditscore.evaluation.validation import Validation

#: Changes that are shown, at most: the largest; the JSON has all.
MAX_CHANGES = 12


def two_way(validation: Validation, words: Wording) -> Topic:
    """Return how groups of two protected fields fare."""
    title = words.say("val_two_title")
    pairs = validation.two_way_groups
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
    ratings = [
        (group.approval_ratio["value"], pair.fields, group)
        for pair in pairs
        for group in pair.large
        if group.approval_ratio
    ]
    if not ratings:
        return words.say("val_two_none")
    _, fields, lowest = min(ratings, key=lambda rating: rating[0])
    return words.say(
        "val_two_head",
        groups=_groups(fields, lowest, words),
        ratio=words.figure(lowest.approval_ratio),
    )


def _groups(fields: Sequence[str], group: TwoWayGroup, words: Wording) -> str:
    return ", ".join(map(words.group, fields, group.groups))


def _pair_name(pair: TwoWayGroups, words: Wording) -> str:
    return " \N{MULTIPLICATION SIGN} ".join(words.field(name) for name in pair.fields)


def _pair(pair: TwoWayGroups, words: Wording) -> Table:
    name = _pair_name(pair, words)
    return Table(
        (name, *words.header("fair_rows", "cut_approved", "val_two_ratio", "cut_bad")),
        tuple(
            (
                _groups(pair.fields, group, words),
                words.number(group.rows),
                words.share(group.approval_rate),
                words.figure(1.0 if group.groups == pair.reference else group.approval_ratio),
                words.share(group.bad_rate_approved),
            )
            for group in pair.large
        ),
        name,
    )


def _pair_left(pair: TwoWayGroups, words: Wording) -> str:
    sentences = [] if pair.large else [words.say("val_two_none")]
    if pair.small:
        counts = {"groups": words.number(pair.small), "rows": words.number(pair.small_rows)}
        sentences.append(words.say("val_two_small", **counts))
    return f"{_pair_name(pair, words)}: {' '.join(sentences)}"


def proxies(validation: Validation, words: Wording) -> Topic:
    """Return how well other predictors tell the protected fields, and what that means."""
    title = words.say("val_proxy_title")
    if not validation.proxies:
        return Topic(title, (words.say("val_proxy_none"),))
    columns = ("drift_field", "val_proxy_others", "val_proxy_unprotected", "val_proxy_alone")
    top_proxy = max(validation.proxies, key=lambda proxy: _rank(proxy.others))
    answer = words.say(
        "val_proxy_head",
        field=words.field(top_proxy.field),
        others=_strength(top_proxy.others, top_proxy.measure, words),
        unprotected=_strength(top_proxy.unprotected, top_proxy.measure, words),
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
                        words.field(proxy.field),
                        _strength(proxy.others, proxy.measure, words),
                        _strength(proxy.unprotected, proxy.measure, words),
                        _strongest(proxy.others, proxy.measure, words),
                    )
                    for proxy in validation.proxies
                ),
            ),
        ),
    )


def _rank(strength: ProxyStrength) -> tuple[int, float]:
    """Order what tells a field: by its verdict first, as measures cannot be compared."""
    if strength.together is None or strength.verdict is None:
        return -1, 0.0
    return (WEAK, MODERATE, STRONG).index(strength.verdict), strength.together["value"]


def _strength(strength: ProxyStrength, measure: str, words: Wording) -> str:
    if strength.together is None or strength.verdict is None:
        return words.say("val_proxy_no") if not strength.predictors else NOTHING
    value = words.say(f"val_told_{measure}", value=words.figure(strength.together))
    return f"{value}, {words.say('val_' + strength.verdict)}"


def _strongest(strength: ProxyStrength, measure: str, words: Wording) -> str:
    if strength.strongest is None:
        return NOTHING
    value = words.say(f"val_told_{measure}", value=words.figure(strength.alone))
    return f"{words.field(strength.strongest)} ({value})"


def loss_at_cutoff(validation: Validation, words: Wording) -> Topic:
    """Return what the approved were expected to cost and what they cost, in margins."""
    loss, title = validation.expected_loss, words.say("val_loss_title")
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


def stress(validation: Validation, words: Wording) -> Topic:
    """Return what moved numbers and a missing history do to decisions."""
    result, title = validation.stress, words.say("val_stress_title")
    effects = result.effects[:MAX_CHANGES]
    history = _history(result.missing_history, words)
    if not effects:
        return Topic(title, (words.say("val_stress_none"), *history))
    counts = {"shown": words.number(len(effects)), "all": words.number(len(result.effects))}
    is_cut = len(effects) < len(result.effects)
    columns = ("val_stress_change", "val_stress_approval", "val_stress_mean", "val_stress_labels")
    rows = words.number(result.rows)
    approved = words.share(result.approval_rate)
    largest_effect = effects[0]
    answer = words.say(
        "val_stress_head",
        change=_change_text(largest_effect, words),
        labels=words.share(largest_effect.labels_changed),
        approval=words.write.signed_points(largest_effect.approval_change),
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
                        _change_text(effect, words),
                        words.write.signed_points(effect.approval_change),
                        words.write.signed_points(effect.mean_change),
                        words.share(effect.labels_changed),
                    )
                    for effect in effects
                ),
            ),
        ),
        (words.say("val_stress_more", **counts),) if is_cut else (),
    )


def _change_text(effect: StressEffect, words: Wording) -> str:
    """Name what is moved, and by how much."""
    fields = effect.fields
    name = words.field(fields[0]) if len(fields) == 1 else words.say("val_stress_all")
    change = effect.change or 0.0
    return f"{name} {'+' if change > 0 else ''}{words.write.setting(change)}"


def _history(history: MissingHistory | None, words: Wording) -> tuple[str, ...]:
    if history is None:
        return ()
    fields, may_be = words.number(len(history.fields)), words.number(len(history.may_be_missing))
    sentence = words.say("val_history_all", fields=fields)
    if history.left_out is not None:
        sentence = words.say(
            "val_history_some", some=may_be, fields=fields, **_effect(history.left_out, words)
        )
    title = words.scorecard(history.smaller_scorecard)
    smaller = words.say("val_history_smaller", title=title, **_effect(history.smaller, words))
    return sentence, smaller


def _effect(effect: StressEffect, words: Wording) -> dict[str, str]:
    return {
        "approval": words.write.signed_points(effect.approval_change),
        "mean": words.write.signed_points(effect.mean_change),
        "labels": words.share(effect.labels_changed),
    }
