"""Check that a model is what training wrote: digests, and golden applicants scored again.

Golden applicants are invented at training and stored with their scores. A loaded model must score
them to the same bits. The digests are against damage: who may write the folder may write them too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from creditscore.schema import Applicant, CodeList, Field, Schema, Value
from creditscore.scorecard.model import Model
from creditscore.scorecard.scorecard import Scorecard

#: Golden applicants per scorecard.
GOLDEN_COUNT = 20

#: Share of missing values among theirs, where a field may be missing.
MISSING_SHARE = 0.2

#: The manifest's key for its own digest.
SELF_DIGEST = "sha256"

#: How a manifest's text ends, and what stands in it before its digest.
END, DIGEST_KEY = b"\n}\n", f',\n  "{SELF_DIGEST}": '.encode()


def sha256(content: bytes) -> str:
    """Return the SHA-256 of some bytes, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def to_json(content: Mapping[str, Any]) -> bytes:
    """Write a manifest or a model card, for people too.

    Raises
    ------
    ValueError
        If it holds a number that is not finite.
    """
    return f"{json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)}\n".encode()


def with_self_digest(manifest: Mapping[str, Any]) -> bytes:
    """Write a manifest with the SHA-256 of all the rest of it, at its end."""
    rest = to_json({name: part for name, part in manifest.items() if name != SELF_DIGEST})
    return _append_digest(rest.removesuffix(END))


def verify_self_digest(raw: bytes) -> None:
    """Check that the bytes of a manifest have the digest that they end with.

    Raises
    ------
    ValueError
        If they have not: its own digest is another, or not a byte more may have been changed.
    """
    if raw != _append_digest(raw.rpartition(DIGEST_KEY)[0]):
        raise ValueError("its SHA-256 is not its own")


def _append_digest(rest: bytes) -> bytes:
    """Return the text of a manifest, given all of it before its digest."""
    return b'%s%s"%s"%s' % (rest, DIGEST_KEY, sha256(rest + END).encode(), END)


def golden_applicants(card: Scorecard, schema: Schema, *, seed: int) -> list[dict[str, Any]]:
    """Draw applicants within the training ranges, and score them.

    They are drawn field by field, so that none of them is a person from the data.

    Returns
    -------
    list of dict
        Of each the ``applicant``, its ``probability_of_default`` and its ``impacts``.
    """
    random = np.random.default_rng(seed)
    applicants = [
        Applicant(
            card.name,
            {
                name: _draw(schema.fields[name], values, random)
                for name, values in card.training_ranges.items()
            },
        )
        for _ in range(GOLDEN_COUNT)
    ]
    return [{"applicant": dict(a.values), **score_applicant(card, schema, a)} for a in applicants]


def score_applicant(card: Scorecard, schema: Schema, applicant: Applicant) -> dict[str, Any]:
    """Compute one applicant's probability of default, and every impact."""
    matrix = schema.matrix([applicant], card.predictors)
    return {
        "probability_of_default": float(card.probability_of_default(matrix)[0]),
        "impacts": card.impacts(matrix)[0].tolist(),
    }


def golden_difference(model: Model) -> str | None:
    """Score the golden applicants again, by scorecard and by engine; describe a difference."""
    for golden in model.manifest["golden"]:
        applicant = model.schema.parse(golden["applicant"])
        card = model.scorecards[applicant.scorecard]
        row = model.schema.row(applicant, card.predictors)
        probability, impacts = model.engines[card.name].predict_one(row)
        by_engine = {"probability_of_default": probability, "impacts": impacts}
        for scores in (score_applicant(card, model.schema, applicant), by_engine):
            for name, number in scores.items():
                if number != golden[name]:
                    return f"{name} {number!r}, not {golden[name]!r}"
    return None


def _draw(field: Field, values: Sequence[Value], random: np.random.Generator) -> Value | None:
    rule = field.rule
    if field.missing is not None and random.random() < MISSING_SHARE:
        return None
    if isinstance(rule, CodeList):
        return values[int(random.integers(len(values)))]
    low, high = float(values[0]), float(values[1])
    value = float(low + (high - low) * random.random())
    rounded = round(value) if rule.integral else round(value, 2)
    return rule.accept(rounded) if rule.contains(rounded) else values[0]
