"""A draft leaves out what cannot be learned from, and says why of each column."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from drafted import OUTCOMES, ROWS, cycle, drafted

from creditscore.drafting import draft_table
from creditscore.errors import DatasetError
from creditscore.schema.reader import load_schema
from creditscore.training import dataset

DAYS = [f"2021-{1 + row % 12:02}-{1 + row % 28:02}" for row in range(ROWS)]

PLAIN = [str(row * 31 % 97) for row in range(ROWS)]


def ignored(tmp_path: Path, columns: dict[str, list[str]]) -> dict[str, str]:
    """Draft, and give why each column is ignored."""
    draft, document = drafted(tmp_path, columns)
    why = {column.name: column.why for column in draft.ignored}
    assert document["dataset"].get("ignored_columns", []) == list(why)
    assert document["fields"].keys() == {"amount", *columns} - why.keys() - {"default"}
    return why


@pytest.mark.parametrize(
    ("name", "cells", "why"),
    [
        ("", [str(row) for row in range(ROWS)], "has no name"),
        ("Unnamed: 0", [str(row) for row in range(ROWS)], "is an identifier"),
        ("empty", [""] * ROWS, "is empty in every row"),
        ("unknown", cycle("NA", "?", ""), "is empty in every row"),
        ("constant", ["x"] * ROWS, 'has the same value in every row, "x"'),
        ("customer_id", [f"C{row:05}" for row in range(ROWS)], "is an identifier"),
        ("CustomerID", [str(row * 7919 % 100_003) for row in range(ROWS)], "is an identifier"),
        ("nomor kontrak", [str(row * 7919 % 100_003) for row in range(ROWS)], "is an identifier"),
        ("reference", cycle("a", "b"), "is read as the client's own reference"),
        ("row", [str(5 * row) for row in range(ROWS)], "is an identifier"),
        ("nama", [f"Siti {row}" for row in range(ROWS)], "identifies people"),
        ("phone", [str(62_000_000 + row * 7919) for row in range(ROWS)], "identifies people"),
        ("kode pos", [str(10_000 + row * 7) for row in range(ROWS)], "is an identifier"),
        ("kodepos", [str(10_000 + row // 2) for row in range(ROWS)], "is a postal code"),
        ("opened", DAYS, "holds dates"),
        ("opened", [f"{1 + row % 28}/{1 + row % 12}/2021" for row in range(ROWS)], "holds dates"),
        ("issue_d", cycle("Dec-2014", "Jan-2015", "May-2015"), "holds dates"),
        ("tanggal", [f"202103{1 + row % 28:02}" for row in range(ROWS)], "holds dates"),
        ("bulan", [f"2021{1 + row % 12:02}" for row in range(ROWS)], "holds dates"),
        ("at", [f"2021-03-01 10:{row % 60:02}:00" for row in range(ROWS)], "holds dates"),
    ],
)  # fmt: skip
def test_such_a_column_is_ignored(tmp_path: Path, name: str, cells: list[str], why: str) -> None:
    reasons = ignored(tmp_path, {name: cells})

    assert reasons[name].startswith(why)


def test_a_repeated_identifier_and_a_date_are_offered_for_honest_tests(tmp_path: Path) -> None:
    persons = [f"P{row * 7919 % 150}" for row in range(ROWS)]

    draft, _ = drafted(tmp_path, {"person_id": persons, "opened": DAYS})

    assert '\n# [sample]\n# group = "person_id"\n# time = "opened"\n' in draft.text


@pytest.mark.parametrize(
    ("name", "why"),
    [("distrito", "holds codes of digits with zeros in front"), ("zip", "is a postal code")],
)
def test_digits_with_zeros_in_front_are_codes(tmp_path: Path, name: str, why: str) -> None:
    cells = [f"{8000 + row * 7919 % 100 * 400:05}" for row in range(ROWS)]

    draft, _ = drafted(tmp_path, {name: cells})

    (column,) = draft.ignored
    assert column.why.startswith(why)
    assert column.needs_look


def test_one_column_is_offered_for_each_honest_test(tmp_path: Path) -> None:
    columns = {"opened": DAYS, "paid out": list(reversed(DAYS))}
    for name, people in (("person_id", 150), ("group_id", 120)):
        columns[name] = [f"P{row * 7919 % people}" for row in range(ROWS)]

    draft, _ = drafted(tmp_path, columns)

    assert '\n# [sample]\n# time = "opened"\n# group = "person_id"\n\n' in draft.text


@pytest.mark.parametrize("name", ["Fecha nacimiento", "tanggal_lahir", "DOB", "birthDate"])
def test_a_date_of_birth_is_not_when_a_row_came_about(tmp_path: Path, name: str) -> None:
    draft, _ = drafted(tmp_path, {name: DAYS, "opened": list(reversed(DAYS))})

    assert '\n# [sample]\n# time = "opened"\n\n' in draft.text


@pytest.mark.parametrize("odd", ["", "1/2/2021"])
def test_dates_that_training_cannot_read_are_not_offered(tmp_path: Path, odd: str) -> None:
    draft, _ = drafted(tmp_path, {"opened": [odd, *DAYS[1:]]})

    assert "[sample]" not in draft.text


def test_what_is_offered_is_trained_on(tmp_path: Path) -> None:
    persons = [f"P{row * 7919 % 150}" for row in range(ROWS)]
    draft, _ = drafted(tmp_path, {"person_id": persons, "opened": DAYS})
    text = re.sub(r"^# (\[sample\]|group = |time = )", r"\1", draft.text, flags=re.MULTILINE)
    file = tmp_path / "sample.toml"
    file.write_text(text, encoding="utf-8")

    schema = load_schema(file)
    data = dataset.load(tmp_path / "table.csv", schema)

    assert (schema.sample.time, schema.sample.group) == ("opened", "person_id")
    assert len(data) == ROWS


def test_copies_are_ignored_whatever_they_call_their_values(tmp_path: Path) -> None:
    codes = cycle("A", "B", "C")

    reasons = ignored(tmp_path, {
        "grade": codes, "same": list(codes),
        "grade_code": [str("ABC".index(code)) for code in codes],
        "plain": PLAIN, "float": [f"{cell}.0" for cell in PLAIN],
    })  # fmt: skip

    assert reasons == {
        "same": 'says the same as "grade", row by row',
        "grade_code": 'says the same as "grade", row by row',
        "float": 'says the same as "plain", row by row',
    }


def test_columns_of_all_different_numbers_are_no_copies(tmp_path: Path) -> None:
    incomes = [str(row * 7919 % 100_003) for row in range(ROWS)]
    debts = [str(row * 104_729 % 100_019) for row in range(ROWS)]

    assert ignored(tmp_path, {"income": incomes, "debt": debts}) == {}


IS_BAD = [outcome == "bad" for outcome in OUTCOMES]
LEAKS = {
    "collected": ["yes" if bad else "no" for bad in IS_BAD],
    "reminders": [str(4 + row % 3 if bad else row % 4) for row, bad in enumerate(IS_BAD)],
    "closed": ["" if bad else f"note {row % 5}" for row, bad in enumerate(IS_BAD)],
}


@pytest.mark.parametrize("name", LEAKS)
def test_what_gives_the_outcome_away_is_ignored(tmp_path: Path, name: str) -> None:
    draft, _ = drafted(tmp_path, {name: LEAKS[name]})

    (column,) = draft.ignored
    assert column.name == name
    assert column.needs_look
    assert "was it known when the decision was made?" in draft.text.replace("\n    # ", " ")


def test_what_is_filled_in_for_bad_rows_alone_is_ignored(tmp_path: Path) -> None:
    recovered = ["0"] * ROWS
    for row in range(3, ROWS, 8):
        recovered[row] = str(100 + row)

    reasons = ignored(tmp_path, {"received": recovered})

    assert reasons["received"].startswith("is another than usual in rows with a bad outcome alone")


@pytest.mark.parametrize(
    "name", ["recoveries", "collection_recovery_fee", "total_rec_prncp", "last_pymnt_amnt"]
)
def test_what_sounds_as_if_it_is_filled_in_later_is_ignored(tmp_path: Path, name: str) -> None:
    assert ignored(tmp_path, {name: PLAIN})[name].startswith("sounds as if it is filled in later")


def test_a_strong_column_stays_and_is_worth_a_look(tmp_path: Path) -> None:
    cells = [
        str(9 + row % 5) if (outcome == "bad") != (row // 4 % 8 == 0) else str(row % 8)
        for row, outcome in enumerate(OUTCOMES)
    ]

    draft, document = drafted(tmp_path, {"delays": cells})

    assert "delays" in document["fields"]
    assert "# LOOK: alone it has an AUC of 0." in draft.text


def test_noise_of_many_codes_is_no_leak(tmp_path: Path) -> None:
    draft, document = drafted(tmp_path, {"x": [str(row * 7919 % 199) for row in range(ROWS)]})

    assert "x" in document["fields"]
    assert draft.looks == 1  # The outcome.


def test_nothing_that_could_be_a_field_is_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,bad\n" + "".join(f"{row},{row % 2}\n" for row in range(100)))

    with pytest.raises(DatasetError, match="has no column beside the outcome that could be"):
        draft_table(path)


@pytest.mark.parametrize("text", [">90", "Rp 4.500.000", "12 jt"])
def test_a_text_with_a_digit_among_numbers_is_never_taken_for_missing(
    tmp_path: Path, text: str
) -> None:
    draft, document = drafted(tmp_path, {"days late": [text, text, *PLAIN[2:]]})

    assert document["dataset"]["ignored_columns"] == ["days late"]
    assert f"# LOOK: holds numbers, but also {text} (2 rows)" in draft.text
