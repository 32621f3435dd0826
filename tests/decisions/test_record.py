"""What a real model decides goes into the log and comes back, to the last bit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np
from decided import NOON, decision
from invented import draw_values

from creditscore.decision_log.database import Database
from creditscore.decision_log.log import DecisionLog
from creditscore.decisions.assessor import Assessor
from creditscore.decisions.record import (
    ADDED,
    COLUMNS,
    RequestOrigin,
    content_hash,
    from_row,
    new_decision_ids,
    to_milliseconds,
    to_row,
    to_time,
)
from creditscore.i18n.catalogue import LANGUAGES
from creditscore.scorecard.model import Model


def draw_rows(model: Model, count: int) -> list[dict[str, Any]]:
    """Draw applicants of each scorecard, from all that its fields accept."""
    draw = np.random.default_rng(4)
    rows = []
    for spec in model.schema.scorecards.values():
        rules = [model.schema.fields[name].rule for name in spec.fields]
        columns = [draw_values(rule, count, draw) for rule in rules]
        rows += [dict(zip(spec.fields, row, strict=True)) for row in zip(*columns, strict=True)]
    return rows


def test_what_a_model_decides_comes_back_as_the_same_answer(
    model: Model, database: Database
) -> None:
    assessor = Assessor(
        model=model, policy=model.policy, now=lambda: NOON, new_ids=new_decision_ids
    )
    decisions = assessor.assess_batch(model.schema.parser.parse_all(draw_rows(model, 150)))
    assert any(decision.warnings for decision in decisions)
    log = DecisionLog(database, now=lambda: NOON)

    log.record(decisions, RequestOrigin(request_id="r"))

    back = [entry.decision for entry in log.page(limit=1000).decisions][::-1]
    assert back == decisions
    assert repr(back) == repr(decisions)
    for language in LANGUAGES:
        assert [d.to_dict(language) for d in back] == [d.to_dict(language) for d in decisions]


def test_a_row_that_was_read_back_gives_the_same_row_and_hash() -> None:
    origin = RequestOrigin("r", idempotency_key="i")
    row = to_row(decision(), origin)

    logged_decision = from_row({"number": 7, **dict(zip(COLUMNS, row, strict=True))})

    assert to_row(logged_decision.decision, origin) == row
    assert (logged_decision.request_id, logged_decision.key_id) == ("r", None)
    assert logged_decision.idempotency_key == "i"
    assert logged_decision.content_hash == content_hash(dict(zip(COLUMNS, row, strict=True)))


def test_the_hash_of_a_row_never_changes_its_way() -> None:
    # Written down once: rows of years ago have to be verified with today's release.
    sample = decision(decision_id=str(UUID(int=1)))

    row = to_row(sample, RequestOrigin("r"))
    before = dict(zip(COLUMNS, row, strict=True)) | dict.fromkeys(ADDED)

    assert content_hash(before) == (
        "ed13fda78cfd04f98d53f0f5a4012487f7a151057bcc004228666e4508867c05"
    )
    assert row[-1] == "ee94e9356259f4edd8b1c10483df9c1468f50e2d8cae1b83482728f451f0621c"


def test_a_time_is_whole_milliseconds_and_back() -> None:
    moment = datetime(2026, 11, 22, 12, 30, 5, 123_999, tzinfo=UTC)

    assert to_milliseconds(moment) == 1_795_350_605_123
    assert to_time(to_milliseconds(moment)) == moment.replace(microsecond=123_000)
    assert to_milliseconds(datetime(1970, 1, 1, tzinfo=UTC)) == 0
