"""Replay: every decision again, with the model that made it, or the reason why not."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from logged import database_of, decide, edit, row_of, run, successor
from service_settings import Build

from creditscore.scorecard.model import Model

Row = dict[str, Any]

UNKNOWN = "00000000-0000-7000-8000-000000000000"


def verdicts(text: str) -> dict[str, str]:
    """Read what was printed of each decision: its verdict by its id."""
    lines = [line.split("\t") for line in text.splitlines() if "\t" in line]
    return {line[0]: line[1] for line in lines}


# Identical


def test_what_the_model_in_service_decided_is_replayed_identical(app: Flask) -> None:
    decision_id, *_ = [*decide(app), *decide(app)]
    later = f"{datetime.now(UTC) + timedelta(hours=1):%FT%TZ}"

    for arguments, output in (
        (["--all"], "4 replayed: 4 identical\n"),
        ([decision_id], f"{decision_id}\tidentical\n1 replayed: 1 identical\n"),
        (["--since", "2020-01-01"], "4 replayed: 4 identical\n"),
        (["--since", later], "0 replayed: there is none\n"),
    ):
        result = run(app, "replay", *arguments)
        assert (result.exit_code, result.stdout) == (0, output)


def test_decisions_of_a_model_that_was_replaced_are_replayed_from_the_archive(
    build: Build, model: Model, tmp_path: Path
) -> None:
    decide(build(model_dir=tmp_path))

    later = build(successor(model), model_dir=tmp_path)

    decide(later)
    result = run(later, "replay", "--all")
    assert (result.exit_code, result.stdout) == (0, "4 replayed: 4 identical\n")


# Not identical


def test_a_decision_at_another_cutoff_is_told_what_it_would_be_at_the_models_own(
    build: Build, model: Model
) -> None:
    cautious = build(cutoff=1e-6)
    ids = decide(cautious)

    result = run(cautious, "replay", "--all")

    assert result.exit_code == 0
    assert verdicts(result.stdout) == dict.fromkeys(ids, "policy changed")
    for decision_id in ids:
        probability = row_of(database_of(cautious), decision_id)["probability_of_default"]
        label = model.policy.label(probability)
        (line,) = (line for line in result.stdout.splitlines() if line.startswith(decision_id))
        assert line.endswith(
            f"decided not_eligible at the cut-off 1e-06; "
            f"at the model's own, {model.policy.cutoff}, it would be {label}"
        )
    assert result.stdout.endswith("2 replayed: 2 policy changed\n")


def test_a_decision_whose_model_is_gone_fails(build: Build, model: Model, tmp_path: Path) -> None:
    ids = decide(build(model_dir=tmp_path / "first"))
    later = build(successor(model), model_dir=tmp_path / "second")
    (later_id, _) = decide(later)

    result = run(later, "replay", "--all")

    assert result.exit_code == 1
    assert verdicts(result.stdout) == dict.fromkeys(ids, "model missing")
    assert result.stdout.endswith("4 replayed: 2 identical, 2 model missing\n")
    assert run(later, "replay", later_id).exit_code == 0


def changed_input(row: Row) -> Row:
    """Change an input as little as its field allows."""
    inputs = json.loads(row["inputs"])
    name = next(name for name, value in inputs.items() if value > 1000)
    return {"inputs": json.dumps(inputs | {name: inputs[name] - 900}, separators=(",", ":"))}


def changed_probability(row: Row) -> Row:
    return {"probability_of_default": math.nextafter(row["probability_of_default"], 1)}


def changed_bins(row: Row) -> Row:
    return {"bins": row["bins"][::-1] + "a"}


def unscorable(value: object) -> Callable[[Row], Row]:
    """Give all inputs and reasons a value that no model can score."""
    return lambda row: {
        "inputs": json.dumps(dict.fromkeys(json.loads(row["inputs"]), value)),
        "reasons": json.dumps([reason | {"value": value} for reason in json.loads(row["reasons"])]),
    }


def inputs(text: str) -> Callable[[Row], Row]:
    return lambda _: {"inputs": text}


#: Edits, each with what tells of it.
EDITS: list[tuple[Callable[[Row], Row], str]] = [
    (changed_input, "not as replayed"),
    (changed_probability, "not as replayed"),
    (changed_bins, "not as replayed"),
    (unscorable("a text"), "the model cannot score its inputs"),
    (unscorable(10**400), "the model cannot score its inputs"),
    (lambda _: {"model_version": "../../etc"}, "data differ"),
    (inputs("no JSON"), "data differ"),
    (inputs("[]"), "data differ"),
    (inputs("{}"), "data differ"),
    (inputs('{"NOBODY":1}'), "data differ"),
    (inputs('{"AGE":"a text"}'), "data differ"),
    (inputs("1e999"), "data differ"),
    (inputs("null"), "data differ"),
]


@pytest.mark.parametrize(("change", "says"), EDITS)
def test_an_edit_is_found_though_its_hash_was_made_anew(
    app: Flask, change: Callable[[Row], Row], says: str
) -> None:
    edited_id, other_id = decide(app)
    database = database_of(app)
    edit(database, edited_id, rehash=True, **change(row_of(database, edited_id)))

    result = run(app, "replay", "--all")

    assert (result.exit_code, result.exception.__class__) == (1, SystemExit)
    assert verdicts(result.stdout) == {edited_id: "data differ"}
    assert says in result.stdout
    assert result.stdout.endswith("2 replayed: 1 identical, 1 data differ\n")
    assert run(app, "replay", other_id).exit_code == 0


def test_an_edit_without_a_new_hash_is_found_though_it_changes_no_answer(app: Flask) -> None:
    edited, _ = decide(app)
    edit(database_of(app), edited, request_id="another")

    result = run(app, "replay", edited)

    assert (result.exit_code, verdicts(result.stdout)) == (1, {edited: "data differ"})
    assert "content hash" in result.stdout


def test_nothing_of_an_applicant_is_printed(build: Build) -> None:
    app = build(cutoff=1e-6)
    edited, _ = decide(app)
    edit(database_of(app), edited, rehash=True, inputs='{"AGE":987654321}')

    result = run(app, "replay", "--all")

    assert result.exit_code == 1
    assert "987654321" not in result.output


# Usage


def test_what_cannot_be_replayed_is_a_mistake_in_the_command(app: Flask) -> None:
    for arguments, says in (
        ([], "say which: one ID, --all, or --since TIME"),
        (["--all", "--since", "2026-01-01"], "say which"),
        ([UNKNOWN, "--all"], "say which"),
        (["no id"], "is not a valid UUID"),
        (["--since", "yesterday"], "a time with its zone"),
        (["--since", "2026-01-01T10:00:00"], "a time with its zone"),
    ):
        result = run(app, "replay", *arguments)

        assert result.exit_code == 2, arguments
        assert says in result.stderr


def test_an_unknown_id_is_told_in_one_line(app: Flask) -> None:
    result = run(app, "replay", UNKNOWN)

    assert result.exit_code == 1
    assert result.stderr == f"Error: no decision {UNKNOWN} is logged\n"


def test_a_database_that_is_gone_is_told_in_one_line(app: Flask) -> None:
    database = database_of(app)
    if database.path is None:
        pytest.skip("stopping PostgreSQL would stop other tests")
    database.path.unlink()

    result = run(app, "replay", "--all")

    assert result.exit_code == 1
    assert result.stderr == "Error: the database file is not there\n"
