"""A search of the log: the right decisions, newest first, by short looks however long it is."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from decided import NOON, ORIGIN, decision, hourly
from sqlalchemy import event

from creditscore.decision_log.database import Database
from creditscore.decision_log.log import DecisionLog
from creditscore.decision_log.migrations import migrate
from creditscore.decision_log.scan import PAGE_ROWS
from creditscore.decision_log.search import NEAR_ROWS, Filters, find_all, read_rows
from creditscore.decisions.assessor import Decision
from creditscore.schema import Applicant

#: References with what LIKE, quotes, spreadsheets and alphabets make difficult.
ODD = ("100%", "A_17", "AB17", "O'Brien", 'say "yes"', "=1+1", "漢字 é", "a", "A", "\\", "; DROP")


def named(reference: str, **changes: Any) -> Decision:
    values = decision().applicant.values
    return decision(applicant=Applicant("application", values, reference), **changes)


def search_ids(log: DecisionLog, *, limit: int = 500, **filters: Any) -> list[str]:
    """Give the ids on all pages of a search."""
    ids: list[str] = []
    cursor = None
    while True:
        page = log.page(limit=limit, cursor=cursor, **filters)
        ids += [entry.decision.decision_id for entry in page.decisions]
        cursor = page.cursor
        if cursor is None:
            return ids


def scan_ids(log: DecisionLog, **filters: Any) -> list[str]:
    numbers = find_all(log.database, Filters(**filters))
    return [row["id"] for rows in read_rows(log.database, numbers) for row in rows]


def test_a_reference_is_found_to_the_letter_whatever_is_in_it(log: DecisionLog) -> None:
    by_reference = {reference: named(reference) for reference in ODD}
    log.record(list(by_reference.values()), ORIGIN)

    for reference in ODD:
        assert search_ids(log, search=reference) == [by_reference[reference].decision_id]
        assert scan_ids(log, search=reference) == [by_reference[reference].decision_id]


def test_a_search_is_for_an_id_in_any_case_or_for_a_reference(log: DecisionLog) -> None:
    first = decision()
    second = named(first.decision_id)
    log.record([first, second, named("other")], ORIGIN)

    assert search_ids(log, search=first.decision_id) == [second.decision_id, first.decision_id]
    assert search_ids(log, search=first.decision_id.upper()) == [first.decision_id]
    assert search_ids(log, search="nothing") == []


def test_decisions_are_found_by_whether_their_outcome_is_known(log: DecisionLog) -> None:
    ids = [row.decision_id for row in log.record(list(hourly(6)), ORIGIN).decisions]
    for decision_id in ids[1:4]:
        log.record_outcome(decision_id, defaulted=decision_id == ids[2])

    assert search_ids(log, limit=2, outcome="recorded") == ids[3:0:-1]
    assert search_ids(log, limit=2, outcome="missing") == [ids[5], ids[4], ids[0]]
    assert search_ids(log) == ids[::-1]


def test_all_filters_together_leave_what_fits_each(log: DecisionLog) -> None:
    labels, scorecards, ages = ("eligible", "not_eligible"), ("application", "a_b"), (0, 1)
    ids_by_case = {}
    for label, scorecard, age, has_outcome in itertools.product(
        labels, scorecards, ages, (True, False)
    ):
        original = decision(
            label=label,
            decided_at=NOON + timedelta(days=age),
            applicant=Applicant(scorecard, decision().applicant.values, "A-17"),
            model_version=f"{scorecard}-3f2a9c1d",
        )
        log.record([original], ORIGIN)
        if has_outcome:
            log.record_outcome(original.decision_id, defaulted=False)
        ids_by_case[label, scorecard, age, has_outcome] = original.decision_id
    windows: list[dict[str, Any]] = [
        {"until": NOON + timedelta(hours=1)},
        {"since": NOON + timedelta(hours=1)},
    ]

    for (label, scorecard, age, has_outcome), decision_id in ids_by_case.items():
        outcome = "recorded" if has_outcome else "missing"
        filters: dict[str, Any] = {
            "label": label,
            "scorecard": scorecard,
            "outcome": outcome,
            "search": "A-17",
        }
        assert search_ids(log, **filters, **windows[age]) == [decision_id]
        assert scan_ids(log, **filters, **windows[age]) == [decision_id]
    assert len(search_ids(log, scorecard="a_b")) == 8
    assert search_ids(log, scorecard="a") == search_ids(log, scorecard="axb") == []


@pytest.fixture(scope="module")
def many_decisions() -> list[Decision]:
    """Decisions of which the first ones differ from those that a page looks at itself."""
    return [
        decision(
            decided_at=NOON + timedelta(minutes=minute),
            label="eligible" if minute % 100 == 7 else "not_eligible",
        )
        for minute in range(NEAR_ROWS * 51 + 2 * PAGE_ROWS + 500)
    ]


def test_pages_go_on_where_the_newest_rows_end_without_gaps_and_doubles(
    log: DecisionLog, many_decisions: list[Decision]
) -> None:
    log.record(many_decisions, ORIGIN)
    expected = [row.decision_id for row in many_decisions if row.label == "eligible"][::-1]

    assert search_ids(log, limit=7, label="eligible") == expected
    assert search_ids(log, limit=50) == [original.decision_id for original in many_decisions][::-1]
    assert scan_ids(log, label="eligible") == expected


def test_pages_show_each_decision_once_while_others_are_logged(
    log: DecisionLog, many_decisions: list[Decision]
) -> None:
    log.record(many_decisions, ORIGIN)
    expected = [row.decision_id for row in many_decisions if row.label == "eligible"][::-1]

    ids: list[str] = []
    page = log.page(limit=9, label="eligible")
    while True:
        ids += [entry.decision.decision_id for entry in page.decisions]
        # One of the time of the first, as where clocks differ.
        log.record([decision(label="eligible")], ORIGIN)
        if page.cursor is None:
            break
        page = log.page(limit=9, cursor=page.cursor, label="eligible")

    assert ids == expected


def test_what_was_found_is_read_whatever_is_logged_meanwhile(log: DecisionLog) -> None:
    ids = [row.decision_id for row in log.record(list(hourly(3)), ORIGIN).decisions]
    numbers = find_all(log.database, Filters())

    log.record([decision()], ORIGIN)

    pages = read_rows(log.database, numbers, columns=("id",))
    assert [row["id"] for rows in pages for row in rows] == ids[::-1]


@pytest.mark.parametrize("walk_rows", [1, 7, 40, 500, 1000])
def test_the_index_of_times_is_walked_part_by_part_and_each_decision_found_once(
    log: DecisionLog, walk_rows: int
) -> None:
    # Several parts of one moment, as a large table has, between others.
    moment = NOON + timedelta(hours=2)
    same_time = [decision(decided_at=moment) for _ in range(150)]
    eligible = decision(decided_at=moment, label="eligible")
    log.record([*hourly(5), *same_time, eligible], ORIGIN)

    def numbers(**filters: Any) -> list[int]:
        return list(find_all(log.database, Filters(**filters), walk_rows=walk_rows))

    assert numbers() == list(range(156, 0, -1))
    assert numbers(label="not_eligible") == list(range(155, 0, -1))
    assert numbers(label="eligible", scorecard="application") == [156]
    assert numbers(since=moment) == [*range(156, 2, -1)]
    assert numbers(until=moment) == [2, 1]
    assert numbers(since=moment, until=moment + timedelta(hours=1)) == [*range(156, 5, -1), 3]


#: Searches of which no row, or hardly any, may be among the newest.
RARE: list[dict[str, Any]] = [
    {"label": "nothing"},
    {"scorecard": "behavioural"},
    {"outcome": "recorded"},
    {"outcome": "missing", "label": "nothing"},
    {"search": "nothing"},
    {"reference": "nothing"},
    {"since": NOON, "until": NOON + timedelta(days=9), "label": "nothing"},
    {"until": NOON, "scorecard": "behavioural", "outcome": "recorded"},
]


def test_sqlite_never_walks_through_all_rows_of_the_log(
    sqlite_url: str, many_decisions: list[Decision]
) -> None:
    database = Database(sqlite_url)
    migrate(database)
    log = DecisionLog(database, now=lambda: NOON)
    log.record(many_decisions, ORIGIN)

    for filters in RARE:
        plans = list(plans_of(log, filters))
        assert plans
        for step in itertools.chain(*plans):
            # An index that holds all that is asked for, or a part of the table.
            assert "SCAN decisions" not in step or "COVERING INDEX" in step, (filters, step)
            assert "PRIMARY KEY (rowid<?)" not in step, (filters, step)
    database.close()


def plans_of(log: DecisionLog, filters: dict[str, Any]) -> Iterator[list[str]]:
    """Search, and give SQLite's plan of each query that it made."""
    queries: list[tuple[str, Any]] = []

    def note(*arguments: Any) -> None:
        queries.append(arguments[2:4])

    with log.database.reading() as connection:
        engine = connection.engine
    event.listen(engine, "before_cursor_execute", note)
    log.page(limit=50, **filters)
    event.remove(engine, "before_cursor_execute", note)
    with log.database.reading() as connection:
        for query, values in queries:
            if "FROM decisions" in query:
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", values)
                yield [row[3] for row in rows]
