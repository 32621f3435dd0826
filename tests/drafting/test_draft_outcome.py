"""A draft guesses the outcome and its bad values, and says that it guessed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from drafted import OUTCOMES, ROWS, cycle, drafted, write_rows

from creditscore.drafting import draft_table
from creditscore.errors import DatasetError

AMOUNTS = [str(1000 + row * 37 % 250) for row in range(ROWS)]


def outcome_cells(*shares: tuple[str, int]) -> list[str]:
    """Give a column that holds each text in so many of a hundred rows."""
    hundred = [text for text, count in shares for _ in range(count)]
    return [hundred[row * 37 % 100] for row in range(ROWS)]


def label_of(tmp_path: Path, name: str, cells: Sequence[str], **options: Any) -> dict[str, Any]:
    _, document = drafted(tmp_path, {"default": AMOUNTS, name: cells}, **options)
    label: dict[str, Any] = document["label"]
    return label


@pytest.mark.parametrize(
    ("name", "shares", "good", "bad"),
    [
        ("BAD", [("0", 80), ("1", 20)], 0, 1),
        ("default payment next month", [("0", 30), ("1", 70)], 0, 1),
        ("SeriousDlqin2yrs", [("0", 80), ("1", 20)], 0, 1),
        ("paid", [("yes", 40), ("no", 60)], "yes", "no"),
        ("repaid", [("True", 20), ("False", 80)], "True", "False"),
        ("lunas", [("ya", 80), ("tidak", 20)], "ya", "tidak"),
        ("gagal_bayar", [("tidak", 40), ("ya", 60)], "tidak", "ya"),
        ("Status", [("good", 80), ("bad", 20)], "good", "bad"),
        ("status", [("macet", 60), ("lancar", 40)], "lancar", "macet"),
        ("target", [("1", 80), ("0", 20)], 1, 0),
        ("class", [("1.0", 70), ("2.0", 30)], 1, 2),
        ("loan_status", [("Non-Default", 60), ("Default", 40)], "Non-Default", "Default"),
        ("kolektibilitas", [("1", 70), ("2", 10), ("3", 8), ("5", 12)], [1, 2], [5, 3]),
    ],
)  # fmt: skip
def test_the_outcome_is_found_by_name_and_values(
    tmp_path: Path, name: str, shares: list[tuple[str, int]], good: object, bad: object
) -> None:
    label = label_of(tmp_path, name, outcome_cells(*shares))

    assert (label["column"], label["good"], label["bad"]) == (name, good, bad)


def test_what_has_not_ended_is_left_out(tmp_path: Path) -> None:
    cells = outcome_cells(
        ("Fully Paid", 50), ("Charged Off", 15), ("Current", 20), ("Default", 5),
        ("Late (31-120 days)", 5), ("", 5),
    )  # fmt: skip

    draft, document = drafted(tmp_path, {"loan_status": cells, "default": AMOUNTS})

    assert document["label"]["good"] == "Fully Paid"
    assert document["label"]["bad"] == ["Charged Off", "Default"]
    assert '# left out: "Current" (80 rows), "Late (31-120 days)" (20 rows)' in draft.text
    assert "400 rows, 280 of them with an outcome, 80 bad" in draft.text


def test_plus_and_minus_are_an_outcome_though_minus_means_missing_elsewhere(
    tmp_path: Path,
) -> None:
    label = label_of(tmp_path, "A16", outcome_cells(("+", 60), ("-", 40)))

    assert (label["good"], label["bad"]) == ("+", "-")


def test_spellings_of_an_outcome_count_together(tmp_path: Path) -> None:
    cells = outcome_cells(("Yes", 10), ("yes", 10), ("No", 79), ("NO", 1))

    label = label_of(tmp_path, "default_flag", cells)

    assert (label["good"].casefold(), label["bad"].casefold()) == ("no", "yes")


def test_a_flag_about_something_else_is_not_taken_for_the_outcome(tmp_path: Path) -> None:
    flags = {"cb_person_default_on_file": outcome_cells(("Y", 20), ("N", 80))}

    _, document = drafted(tmp_path, {**flags, "loan_status": outcome_cells(("0", 78), ("1", 22)),
                                     "default": AMOUNTS})  # fmt: skip

    assert document["label"]["column"] == "loan_status"


def test_a_guess_is_called_one(tmp_path: Path) -> None:
    draft, _ = drafted(tmp_path, {})

    assert "# LOOK: Whether this is the outcome, and which of its values are bad" in draft.text


def test_a_named_outcome_is_taken(tmp_path: Path) -> None:
    draft, document = drafted(
        tmp_path, {"ended": outcome_cells(("A", 70), ("B", 30))}, outcome="ended"
    )

    label = document["label"]
    assert (label["column"], label["good"], label["bad"]) == ("ended", "A", "B")
    assert "# LOOK: Which of its values are bad is a guess: the rarer value" in draft.text


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        ("endet", "has no column 'endet' for --outcome; it has amount, ended"),
        ("amount", "column amount: must have at least two values and at most 30, has 250"),
        (None, "has no column that looks like the outcome: say --outcome COLUMN; these have two "
               "to 5 values: kind, stage"),
    ],
)  # fmt: skip
def test_without_an_outcome_there_is_no_draft(
    tmp_path: Path, outcome: str | None, text: str
) -> None:
    stages = outcome_cells(("A", 70), ("B", 20), ("C", 10))
    kinds = outcome_cells(("A", 70), ("B", 30))
    rows = zip(AMOUNTS, stages, kinds, AMOUNTS[::-1], strict=True)
    path = write_rows(tmp_path / "t.csv", ["amount", "stage", "kind", "ended"], rows)
    text = text.replace("amount, ended", "amount, stage, kind, ended")

    with pytest.raises(DatasetError) as raised:
        draft_table(path, outcome=outcome)

    assert text in str(raised.value)


def test_a_row_of_totals_says_nothing_of_the_fields(tmp_path: Path) -> None:
    months = [str(row // 4 % 70) for row in range(ROWS - 1)]
    columns = {
        "months": [*months, "13800000"],
        "term": [*months[::-1], ""],
        "work": [*cycle("a", "b")[1:], "Jumlah"],
        "default": [*OUTCOMES[1:], ""],
    }

    draft, document = drafted(tmp_path, columns)

    assert document["fields"]["months"]["maximum"] == 100
    assert "missing" not in document["fields"]["term"]
    assert document["fields"]["work"]["codes"] == ["a", "b"]
    assert "without an outcome, so left out: 1;" in draft.text


def test_nothing_is_said_of_rows_left_out_where_none_are(tmp_path: Path) -> None:
    draft, _ = drafted(tmp_path, {})

    assert "so left out" not in draft.text
