"""Old decisions go, counted, with all that hangs on them, and no sooner than the law allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import Result
from decided import NOON, decision
from flask import Flask
from sqlalchemy import Table, func, select

from creditscore import retention
from creditscore.assessment import Decision
from creditscore.audit import audit
from creditscore.database import Database
from creditscore.decision_log import DecisionLog
from creditscore.errors import UnknownDecision
from creditscore.idempotency import Origin
from creditscore.log_tables import idempotency_keys, outcomes, tombstones

Build = Callable[..., Flask]


@pytest.fixture
def log(database: Database) -> DecisionLog:
    return DecisionLog(database, now=lambda: NOON)


def aged(days: int, label: str = "eligible") -> Decision:
    return replace(decision(), decided_at=NOON - timedelta(days=days), label=label)


def count(log: DecisionLog, table: Table) -> int:
    with log.database.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("25months", datetime(2024, 3, 30, 12, tzinfo=UTC)),
        ("1 month", datetime(2026, 3, 30, 12, tzinfo=UTC)),
        ("2months", datetime(2026, 2, 28, 12, tzinfo=UTC)),
        ("2years", datetime(2024, 4, 30, 12, tzinfo=UTC)),
        ("10days", datetime(2026, 4, 20, 12, tzinfo=UTC)),
        ("2024-02-29", datetime(2024, 2, 29, tzinfo=UTC)),
    ],
)
def test_a_limit_is_an_age_or_a_date(text: str, limit: datetime) -> None:
    assert retention.read_limit(text, datetime(2026, 4, 30, 12, tzinfo=UTC)) == limit


@pytest.mark.parametrize(
    "text",
    ["", "25", "months", "0days", "-3days", "25 weeks", "2024-02-30", "2999-01-01", "9999years"],
)
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        retention.read_limit(text, NOON)


def test_old_decisions_go_with_all_that_hangs_on_them(
    log: DecisionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "CHUNK", 2)
    old = [aged(900), aged(900, "not_eligible"), aged(800), aged(801, "not_eligible"), aged(802)]
    young = [aged(10), aged(0)]
    for place, made in enumerate([*old, *young]):
        log.record([made], Origin(f"r-{place}", idempotency_key=f"k-{place}", body_hash="b"))
        log.record_outcome(made.decision_id, defaulted=False)

    gone = list(retention.purge(log.database, NOON - timedelta(days=790), now=NOON))

    assert gone == [2, 2, 1]
    for made in old:
        with pytest.raises(UnknownDecision):
            log.find(made.decision_id)
    assert [log.find(made.decision_id).decision for made in young] == young
    assert (count(log, outcomes), count(log, idempotency_keys)) == (2, 2)
    with log.database.reading() as connection:
        graves = connection.execute(
            select(tombstones.c.label, func.sum(tombstones.c.decisions)).group_by(
                tombstones.c.label
            )
        ).all()
    assert {label: int(total) for label, total in graves} == {"eligible": 3, "not_eligible": 2}
    assert audit(log.database).faults == ()


def test_what_was_deleted_cannot_be_read_out_of_the_file(log: DecisionLog) -> None:
    path = log.database.path
    if path is None:
        pytest.skip("PostgreSQL overwrites deleted rows when it vacuums")
    log.record([aged(900)], Origin("the-marker-of-an-old-request"))
    assert b"the-marker-of-an-old-request" in path.read_bytes()

    assert list(retention.purge(log.database, NOON, now=NOON)) == [1]

    assert b"the-marker-of-an-old-request" not in path.read_bytes()


# The command


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["decisions", "purge", *arguments])


def test_the_command_counts_what_it_deletes(build: Build, log: DecisionLog) -> None:
    log.record([aged(2000), aged(2001)], Origin("r-1"))

    found = run(build(), "--older-than", "3years", "--yes")

    assert found.exit_code == 0, found.output
    assert "2 decisions" in found.stdout
    assert run(build(), "--older-than", "3years", "--yes").stdout.startswith("0 decisions")


@pytest.mark.parametrize("limit", ["24months", "1day", "2years"])
def test_less_than_25_months_needs_force(build: Build, log: DecisionLog, limit: str) -> None:
    made = replace(decision(), decided_at=datetime.now(UTC) - timedelta(days=745))
    log.record([made], Origin("r-1"))

    refused = run(build(), "--older-than", limit, "--yes")

    assert refused.exit_code == 1
    assert "25 months" in refused.stderr
    log.find(made.decision_id)
    assert run(build(), "--older-than", limit, "--yes", "--force").exit_code == 0
    with pytest.raises(UnknownDecision):
        log.find(made.decision_id)


def test_without_yes_nothing_goes_where_nobody_can_be_asked(build: Build, log: DecisionLog) -> None:
    made = aged(2000)
    log.record([made], Origin("r-1"))

    refused = run(build(), "--older-than", "25months")

    assert refused.exit_code == 1
    assert "1 decisions would go for good: say --yes" in refused.stderr
    log.find(made.decision_id)
