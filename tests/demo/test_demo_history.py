"""The made-up months of the demo: a real log, with a drift that monitoring notices."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from creditscore.decision_log import Database, migrate
from creditscore.decision_log.integrity import check_log, check_row
from creditscore.decision_log.tables import decisions, outcomes, overrides
from creditscore.decisions.assessor import Assessor
from creditscore.decisions.record import new_decision_ids, to_time
from creditscore.demo import History, read_crowds, write_history
from creditscore.demo.command import main
from creditscore.folders import SAMPLE_DATA
from creditscore.monitoring.monitor import monitor_model
from creditscore.monitoring.periods import Window
from creditscore.scorecard import artifact
from creditscore.scorecard.model import Model

#: A Friday.
UNTIL = datetime(2026, 8, 28, 23, tzinfo=UTC)
HISTORY = History(until=UNTIL, days=84, decisions_per_hour=9)


@pytest.fixture(scope="module")
def database(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Database:
    return fill_log(model, tmp_path_factory.mktemp("demo"), HISTORY)


def fill_log(model: Model, folder: Path, history: History) -> Database:
    """Write a history into a log of its own."""
    database = Database(f"sqlite:///{folder / 'log.sqlite'}")
    migrate(database)
    assessor = Assessor(model, model.policy, lambda: UNTIL, new_decision_ids)
    crowds = read_crowds(SAMPLE_DATA, assessor, rows=1500)
    count = write_history(database, assessor, crowds, history)
    assert len(rows_of(database)) == count
    return database


def rows_of(database: Database) -> list[dict[str, Any]]:
    with database.reading() as connection:
        rows = connection.execute(select(decisions).order_by(decisions.c.number))
        return [row._asdict() for row in rows]


def test_every_row_and_the_log_as_a_whole_verify(database: Database) -> None:
    rows = rows_of(database)

    assert len(rows) > 7000
    assert [fault for row in rows for fault in check_row(row)] == []
    assert not check_log(database).faults


def test_decisions_are_made_in_office_hours_in_their_order_each_with_a_reference(
    database: Database,
) -> None:
    rows = rows_of(database)
    times = [to_time(row["decided_at"]) for row in rows]

    assert min(times) >= UNTIL - timedelta(days=85)
    assert max(times) <= UNTIL
    assert {moment.weekday() for moment in times} == set(range(5))
    assert [moment.date() for moment in times] == sorted(moment.date() for moment in times)
    assert [row["reference"] for row in rows] == [f"A-{1001 + at}" for at in range(len(rows))]
    assert {row["scorecard"] for row in rows} == {"application", "behavioural"}


def test_old_decisions_have_outcomes_and_young_ones_have_none(database: Database) -> None:
    with database.reading() as connection:
        recorded_times = {
            row.number: row.recorded_at for row in connection.execute(select(outcomes))
        }
    rows = rows_of(database)
    old = [row for row in rows if to_time(row["decided_at"]) < UNTIL - timedelta(days=30)]

    assert 0.92 < len(recorded_times) / len(old) < 0.98
    assert set(recorded_times) <= {row["number"] for row in old}
    assert max(map(to_time, recorded_times.values())) <= UNTIL


def test_a_person_overrides_a_few_of_those_next_to_the_cut_off(database: Database) -> None:
    with database.reading() as connection:
        final_labels = {row.number: row.label for row in connection.execute(select(overrides))}
    overridden_rows = [row for row in rows_of(database) if row["number"] in final_labels]

    assert 0.0005 < len(final_labels) / len(rows_of(database)) < 0.05
    assert set(final_labels.values()) == {"eligible", "not_eligible"}
    for row in overridden_rows:
        assert final_labels[row["number"]] != row["label"]
        assert abs(row["probability_of_default"] - row["cutoff"]) < 0.05


def test_monitoring_sees_no_drift_at_first_and_notices_it_in_the_end(
    database: Database, model: Model
) -> None:
    month = timedelta(days=28)

    first = monitor_model(database, model, Window(HISTORY.since, HISTORY.since + month))
    last = monitor_model(database, model, Window(UNTIL - month, UNTIL), by="week")

    for name in model.scorecards:
        first_psi, last_psi = (
            result["scorecards"][name]["score"]["psi"] for result in (first, last)
        )
        assert first_psi < 0.1 < last_psi
    assert last["verdict"] == "fails"
    sections = monitor_model(database, model, Window(HISTORY.since, UNTIL))["scorecards"]
    for section in sections.values():
        defaults = section["outcomes"]["defaults"]
        assert defaults["observed"] > defaults["expected"]
        assert section["outcomes"]["auc"] > 0.55
        assert len([period for period in section["series"] if period["score_psi"]["value"]]) >= 10


def test_a_seed_gives_the_same_log_to_the_last_hash(model: Model, tmp_path: Path) -> None:
    hashes = []
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        (tmp_path / name).mkdir()
        database = fill_log(
            model, tmp_path / name, History(until=UNTIL, days=3, decisions_per_hour=2, seed=seed)
        )
        hashes.append([row["content_hash"] for row in rows_of(database)])

    assert hashes[0] == hashes[1]
    assert not set(hashes[0]) & set(hashes[2])


def test_a_folder_that_no_demo_has_made_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("kept")

    for more in ([], ["--rebuild"]):
        assert main(["--folder", str(tmp_path / "mine"), "--build-only", *more]) == 1

    assert "no demo made it" in capsys.readouterr().err
    assert (tmp_path / "mine" / "letter.txt").read_text() == "kept"


@pytest.mark.slow
def test_the_demo_is_built_once_and_again_only_if_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "demo"
    build = ["--folder", str(folder), "--build-only"]

    assert main(build) == 0
    first = capsys.readouterr().err
    assert main(build) == 0

    assert "Logged " in first
    assert f"To remove the demo, delete {folder}" in first
    assert "Logged " not in capsys.readouterr().err
    assert artifact.load(folder / "model").versions.keys() == {"application", "behavioural"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["demo"]
