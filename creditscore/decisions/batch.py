"""Decisions on many applicants of one scorecard at once, written column by column.

What is written of each is what `to_row` and `Decision.to_dict` write, character by character, but
without making the decision: several times as fast, as most of it is kept at hand (`sayings`) and
only the numbers between are new. A test compares both ways.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, cast

import numpy as np

from creditscore.decisions.assessor import Assessor, timestamp
from creditscore.decisions.record import Row, digest, mark_off, to_json, to_milliseconds
from creditscore.decisions.sayings import Saying, Words
from creditscore.decisions.value_cache import Warning
from creditscore.json_codec import dumps_plain
from creditscore.schema import Applicant
from creditscore.schema.constraints import Rejected, Value
from creditscore.scorecard.policy import NOT_ELIGIBLE
from creditscore.scorecard.reason_codes import Reason, principal_reasons, rank_raising
from creditscore.scorecard.scorecard import Scorecard

#: A reason up to its impact, as JSON, and its words.
Said = tuple[str, Words]


class _Column(NamedTuple):
    """The sayings of one field, part by part: of each part a tuple, one item for each applicant."""

    value: tuple[Any, ...]
    encoded: tuple[float, ...]
    bin: tuple[str, ...]
    warning: tuple[Warning | None, ...]
    member: tuple[str, ...]


@dataclass(frozen=True)
class Together:
    """What was decided on many applicants: of each attribute that is a list, one item for each.

    Attributes
    ----------
    card : Scorecard
        The one that all were decided with.
    version : str
        Its version.
    cutoff : float
    decided_at : datetime
    ids : list of str
    inputs : list of str
        What came, as JSON.
    probabilities : list of float
        Of default.
    labels : list of str
    points : list of int
    impacts : list of str
        As JSON.
    reasons : list of (list of Said, or tuple of Reason)
        What raised the probability; or, in words of its own, what lowered it least.
    warnings : list of tuple of Warning
    bins : list of str
    """

    card: Scorecard
    version: str
    cutoff: float
    decided_at: datetime
    ids: list[str]
    inputs: list[str]
    probabilities: list[float]
    labels: list[str]
    points: list[int]
    impacts: list[str]
    reasons: list[list[Said] | tuple[Reason, ...]]
    warnings: list[tuple[Warning, ...]]
    bins: list[str]

    def rows(
        self, *, request_id: str, key_id: str | None, idempotency_key: str | None
    ) -> list[Row]:
        """Give the rows of the log, as `to_row` does."""
        name, version, cutoff = self.card.name, self.version, self.cutoff
        baseline = self.card.reference.baseline
        moment = to_milliseconds(self.decided_at)
        origin = (request_id, key_id, idempotency_key)
        # Of the canonical form, what all have in common.
        begin, end = _marked(moment, name, version), _marked(*origin)
        decided = {label: _marked(cutoff, label) for label in set(self.labels)}
        compared = mark_off(baseline)
        rows: list[Row] = []
        for own, inputs, said, label, points, impacts, reasons, warnings, bins in zip(
            self.ids,
            self.inputs,
            self.probabilities,
            self.labels,
            self.points,
            self.impacts,
            map(_logged, self.reasons),
            [to_json(some) if some else "[]" for some in self.warnings],
            self.bins,
            strict=True,
        ):
            number, score = repr(said), str(points)
            canonical = (
                f"{len(own)}:{own}{begin}{len(inputs)}:{inputs}{len(number)}:{number}"
                f"{decided[label]}{len(score)}:{score}{compared}{len(impacts)}:{impacts}"
                f"{len(reasons)}:{reasons}{len(warnings)}:{warnings}{len(bins)}:{bins}{end}"
            )
            content = (own, moment, name, version, inputs, said, cutoff, label, points, baseline)
            rest = (impacts, reasons, warnings, bins, *origin, digest(canonical))
            rows.append(content + rest)
        return rows

    def to_json(self, language: str) -> bytes:
        """Give the answer, an array of what `Decision.to_dict` gives."""
        moment = f'","decided_at":"{timestamp(self.decided_at)}","label":"'
        cutoff = f',"cutoff":{dumps_plain(self.cutoff)},"score":'
        of_all = {
            "scorecard": self.card.name,
            "model_version": self.version,
            "baseline": self.card.reference.baseline,
        }
        constant = f",{dumps_plain(of_all)[1:-1]},"
        answers = [
            f'{{"decision_id":"{own}{moment}{label}","probability":{good}'
            f',"probability_of_default":{bad}{cutoff}{points}{constant}"reasons":'
            f'{_answered(reasons, language)},"warnings":{warnings}}}'
            for own, label, good, bad, points, reasons, warnings in zip(
                self.ids,
                self.labels,
                _numbers([1 - said for said in self.probabilities]),
                _numbers(self.probabilities),
                self.points,
                self.reasons,
                [_shown(some, language) if some else "[]" for some in self.warnings],
                strict=True,
            )
        ]
        return f"[{','.join(answers)}]".encode()


def decide_alike(assessor: Assessor, raws: Sequence[object]) -> Together | None:
    """Decide on applicants as they came, where nothing about them needs a closer look.

    Parameters
    ----------
    assessor : Assessor
    raws : sequence
        Any JSON values, at least one.

    Returns
    -------
    Together or None
        None where one is no valid applicant, or they do not all have all fields of one scorecard
        and no others: `Schema.parse_all` knows what to say of those.
    """
    name = assessor.model.schema.of_all(raws)
    if name is None:
        return None
    try:
        sayings = [
            [said[one[field]] for one in cast("Sequence[dict[str, Value]]", raws)]
            for field, said in assessor.model.sayings[name].items()
        ]
    except (KeyError, Rejected, TypeError):
        return None
    return _decide(assessor, name, sayings)


def decide_together(assessor: Assessor, applicants: Sequence[Applicant]) -> Together | None:
    """Decide on many applicants at once, as `assessor.assess` would on each.

    Returns
    -------
    Together or None
        None where they are of several scorecards, or one has a value that JSON has no fast way for.
    """
    name, *others = {applicant.scorecard for applicant in applicants}
    if others:
        return None
    known = assessor.model.sayings[name]
    try:
        sayings = [
            [said[one.values.get(field)] for one in applicants] for field, said in known.items()
        ]
    except TypeError:
        return None
    return _decide(assessor, name, sayings)


def _decide(assessor: Assessor, name: str, sayings: Sequence[list[Saying]]) -> Together:
    """Decide on applicants of whom, field by field, it is known what their values say."""
    model, policy, decided_at = assessor.model, assessor.policy, assessor.now()
    card, known = model.scorecards[name], model.sayings[name]
    columns = {
        field: _Column(*zip(*each, strict=True)) for field, each in zip(known, sayings, strict=True)
    }
    predictors = [columns[field] for field in card.predictors]
    matrix = np.array([each.encoded for each in predictors]).T
    found, impacts = model.engines[name].predict(matrix.astype(np.float32))
    probabilities, points = found.tolist(), policy.scale.points(found).tolist()
    labels = list(map(policy.label, probabilities))
    written = iter(_numbers(impacts.ravel().tolist()))
    texts = list(zip(*[written] * len(predictors), strict=True))
    words = [known[field].words for field in card.predictors]
    reasons: list[list[Said] | tuple[Reason, ...]] = [
        [((its := words[at][values[at]]).before + text[at], its) for at in places]
        for values, text, places in zip(
            zip(*[each.value for each in predictors], strict=True),
            texts,
            rank_raising(impacts),
            strict=True,
        )
    ]
    for place, label in enumerate(labels):
        if label == NOT_ELIGIBLE and not reasons[place]:
            reasons[place] = principal_reasons(
                {field: each.value[place] for field, each in columns.items()},
                dict(zip(card.predictors, impacts[place].tolist(), strict=True)),
                schema=model.schema,
                reference=card.reference,
                refused=True,
            )
    members = ",".join([dumps_plain(field).replace("%", "%%") + ":%s" for field in card.predictors])
    letters = {each: card.training_bins.score.bin_code(each) for each in set(points)}
    bins = [[letters[each] for each in points], *(each.bin for each in columns.values())]
    return Together(
        card=card,
        version=model.versions[name],
        cutoff=policy.cutoff,
        decided_at=decided_at,
        ids=[assessor.new_id(decided_at) for _ in labels],
        inputs=_inputs([each.member for each in columns.values()]),
        probabilities=probabilities,
        labels=labels,
        points=points,
        impacts=list(map(f"{{{members}}}".__mod__, texts)),
        reasons=reasons,
        warnings=_warnings([each.warning for each in columns.values()]),
        bins=list(map("".join, zip(*bins, strict=True))),
    )


def _inputs(members: Sequence[tuple[str, ...]]) -> list[str]:
    """Write what each applicant has as JSON, from the members of each field."""
    together = zip(*members, strict=True)
    if any("" in each for each in members):
        return [f"{{{','.join(filter(None, some))}}}" for some in together]
    return [f"{{{','.join(some)}}}" for some in together]


def _warnings(found: Sequence[tuple[Warning | None, ...]]) -> list[tuple[Warning, ...]]:
    """List each applicant's warnings, from those of each field."""
    if not any(map(any, found)):
        return [()] * len(found[0])
    return [tuple(filter(None, some)) for some in zip(*found, strict=True)]


def _marked(*values: object) -> str:
    return "".join(map(mark_off, values))


def _numbers(values: list[float]) -> list[str]:
    """Write numbers as JSON, each as it is written alone."""
    return dumps_plain(values)[1:-1].split(",")


def _logged(reasons: list[Said] | tuple[Reason, ...]) -> str:
    if isinstance(reasons, tuple):
        return to_json(reasons)
    return f"[{','.join([before + words.logged for before, words in reasons])}]"


def _answered(reasons: list[Said] | tuple[Reason, ...], language: str) -> str:
    if isinstance(reasons, tuple):
        return _shown(reasons, language)
    return f"[{','.join([before + words.answered[language] for before, words in reasons])}]"


def _shown(said: tuple[Reason, ...] | tuple[Warning, ...], language: str) -> str:
    return dumps_plain([each.to_dict(language) for each in said])
