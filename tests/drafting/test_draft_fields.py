"""A draft says of each column what it holds, as training takes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from drafted import OUTCOMES, PLAIN, ROWS, cycle, drafted

from creditscore.drafting.levels import choose_levels

NUMBERS = [str(10 + row // 4 % 60) for row in range(ROWS)]


def field_of(tmp_path: Path, name: str, cells: list[str], **options: Any) -> dict[str, Any]:
    _, document = drafted(tmp_path, {name: cells}, **options)
    field: dict[str, Any] = document["fields"][name]
    return field


def test_whole_numbers_are_integers_with_bounds_rounded_outwards(tmp_path: Path) -> None:
    field = field_of(tmp_path, "months", NUMBERS)

    assert field["kind"] == "integer"
    assert (field["minimum"], field["maximum"]) == (0, 100)
    assert field["example"] == 34


def test_bounds_leave_room_above_what_was_seen(tmp_path: Path) -> None:
    field = field_of(tmp_path, "debt", [str(-30 + row // 4 % 100 * 1.25) for row in range(ROWS)])

    assert field["kind"] == "number"
    assert (field["minimum"], field["maximum"]) == (-50, 200)


def test_what_was_seen_stands_in_a_comment(tmp_path: Path) -> None:
    draft, _ = drafted(tmp_path, {"months": NUMBERS})

    assert "# seen: 10 to 69, median 34" in draft.text


def test_zero_and_one_are_codes(tmp_path: Path) -> None:
    field = field_of(tmp_path, "has phone", cycle("0", "1", "1"))

    assert (field["kind"], field["codes"], field["example"]) == ("coded", [0, 1], 1)


def test_ages_of_people_get_the_bounds_of_ages(tmp_path: Path) -> None:
    field = field_of(tmp_path, "usia", [str(19 + row // 4 % 50) for row in range(ROWS)])

    assert (field["minimum"], field["maximum"]) == (18, 100)


def test_an_age_out_of_bounds_is_worth_a_look(tmp_path: Path) -> None:
    ages = ["3", "230", *(str(19 + row // 4 % 50) for row in range(2, ROWS))]

    draft, _ = drafted(tmp_path, {"umur": ages, "months": ages})

    assert draft.text.count("# LOOK: 2 rows hold no age from 18 to 100: if these are") == 1


@pytest.mark.parametrize(("negative", "looks"), [(0, 0), (3, 1), (40, 0)])
def test_few_negative_numbers_are_worth_a_look(tmp_path: Path, negative: int, looks: int) -> None:
    draft, _ = drafted(tmp_path, {"months": [*["-6"] * negative, *NUMBERS[negative:]]})

    assert draft.text.count(f"# LOOK: {negative} rows alone hold a number below 0") == looks


def test_years_stay_years(tmp_path: Path) -> None:
    field = field_of(tmp_path, "built", [str(1957 + row // 4 % 60) for row in range(ROWS)])

    assert (field["minimum"], field["maximum"]) == (1950, 2030)


def test_texts_are_codes_with_counts_and_bad_rates(tmp_path: Path) -> None:
    draft, document = drafted(tmp_path, {"work": cycle("contract", "permanent", "permanent")})

    assert document["fields"]["work"]["codes"] == ["contract", "permanent"]
    assert document["fields"]["work"]["example"] == "permanent"
    assert '    "permanent",  # 264 rows, 25.0% bad' in draft.text


def test_rare_codes_count_as_other(tmp_path: Path) -> None:
    cells = cycle("clerk", "driver")
    cells[4:7] = ["diver", "juggler", "juggler"]

    field = field_of(tmp_path, "job", cells)

    assert field["codes"] == ["clerk", "driver", "other"]
    assert field["other"] == "other"


def test_a_code_that_means_any_other_takes_the_rare_ones(tmp_path: Path) -> None:
    cells = cycle("clerk", "Others", "driver")
    cells[4] = "juggler"

    assert field_of(tmp_path, "job", cells)["other"] == "Others"


def test_spellings_of_a_code_are_folded(tmp_path: Path) -> None:
    cells = cycle("permanent", "contract")
    cells[0], cells[5] = "Permanent", "CONTRACT"

    field = field_of(tmp_path, "work", cells)

    assert field["codes"] == ["contract", "permanent"]
    assert field["fold"] == {"Permanent": "permanent", "CONTRACT": "contract"}


@pytest.mark.parametrize(
    "codes",
    [
        ["A", "B", "C", "D"],
        ["< 1 year", "1 year", "5 years", "10+ years"],
        ["600-649", "650-699", "700-749"],
        ["low", "medium", "high"],
        ["sma", "d3", "s1", "s2"],
    ],
)
def test_an_evident_order_is_kept(tmp_path: Path, codes: list[str]) -> None:
    field = field_of(tmp_path, "level", cycle(*reversed(codes)))

    assert field["codes"] == codes
    assert "order" not in field


def test_few_codes_without_an_order_get_it_from_the_outcome(tmp_path: Path) -> None:
    few_codes = ["red", "green", "blue"]
    many_codes = [f"{chr(97 + index)}ish" for index in range(11)]

    assert field_of(tmp_path, "colour", cycle(*few_codes))["order"] == "target"
    assert "order" not in field_of(tmp_path, "colour", cycle(*many_codes))
    assert "order" not in field_of(tmp_path, "colour", cycle("red", "green"))


def test_many_codes_are_listed_up_to_fifty() -> None:
    levels = choose_levels({f"code {number:02}": 100 for number in range(70)})

    assert levels is not None
    assert levels.codes == (*(f"code {number:02}" for number in range(50)), "other")
    assert levels.other_code == "other"
    assert levels.n_rare == 20


def test_codes_too_long_to_count_as_others_make_no_field() -> None:
    assert choose_levels({"a": 100, "b": 100, "c" * 300: 3}) is None


def test_an_empty_cell_may_be_missing(tmp_path: Path) -> None:
    cells = ["" if row % 10 == 0 else cell for row, cell in enumerate(NUMBERS)]

    draft, document = drafted(tmp_path, {"months": cells})

    assert document["fields"]["months"]["missing"] is True
    assert "not known in 40 rows (10.0%)" in draft.text


@pytest.mark.parametrize("word", ["NA", "?", "n/a", "unknown", "-", "tidak diketahui", "#N/A"])
def test_words_for_missing_are_listed(tmp_path: Path, word: str) -> None:
    for cells in (NUMBERS, cycle("a", "b", "c")):
        some = [word if row % 10 == 0 else cell for row, cell in enumerate(cells)]

        assert field_of(tmp_path, "x", some)["missing_values"] == [word]


@pytest.mark.parametrize(
    ("words", "of_forty"), [(["keine Angabe"], 1), (["ND"], 28), (["tidak ada", "Tidak Ada"], 28)]
)
def test_one_word_among_many_numbers_is_missing_however_many_rows_hold_it(
    tmp_path: Path, words: list[str], of_forty: int
) -> None:
    cells = list(NUMBERS)
    for row in range(ROWS):
        if row % 40 < of_forty:
            cells[row] = words[row % len(words)]

    draft, document = drafted(tmp_path, {"score": cells})

    field = document["fields"]["score"]
    assert (field["kind"], field["missing_values"]) == ("integer", words)
    count = ROWS // 40 * of_forty // len(words)
    assert f"# LOOK: taken for missing: {words[0]} ({count} rows)" in draft.text


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        (
            [f"remark {row * 7919 % 300} of mine" for row in range(ROWS)],
            "# is free text, or too many codes: 300 different values in 400 rows",
        ),
        (
            [["ND", "none"][row % 2] if row % 5 < 2 else PLAIN[row] for row in range(ROWS)],
            "# LOOK: holds numbers, but also ND (80 rows), none (80 rows)",
        ),
    ],
)
def test_texts_that_are_too_different_and_several_words_among_numbers_are_ignored(
    tmp_path: Path, cells: list[str], text: str
) -> None:
    draft, document = drafted(tmp_path, {"x": cells})

    assert document["dataset"]["ignored_columns"] == ["x"]
    assert text in draft.text


def test_known_words_for_missing_need_no_look(tmp_path: Path) -> None:
    cells = ["NA" if row % 40 == 0 else cell for row, cell in enumerate(NUMBERS)]

    draft, _ = drafted(tmp_path, {"months": cells})

    assert "taken for missing" not in draft.text


def test_a_text_with_a_digit_among_few_numbers_is_a_code_worth_a_look(tmp_path: Path) -> None:
    cells = [*["9+"] * 12, *cycle(*"12345678")[12:]]

    draft, document = drafted(tmp_path, {"children": cells})

    assert document["fields"]["children"]["codes"] == [*"12345678", "9+"]
    assert "# LOOK: numbers, beside 9+ (12 rows)" in draft.text


@pytest.mark.parametrize(
    ("special", "top"),
    [
        (["-1"], 500), (["-9", "-8", "-7"], 40), (["-999"], 30), (["98", "96"], 17),
        (["99"], 20), (["999"], 120), (["9999999"], 90_000), (["365243"], 9_000),
    ],
)  # fmt: skip
def test_special_values_are_missing(tmp_path: Path, special: list[str], top: int) -> None:
    cells = [str(row // 4 * top // (ROWS // 4)) for row in range(ROWS)]
    for index, value in enumerate(special * 8):
        cells[index * 9] = value

    draft, document = drafted(tmp_path, {"x": cells})

    field = document["fields"]["x"]
    assert field["missing_values"] == sorted(map(int, special))
    assert field["maximum"] <= 5 * top
    assert "# LOOK: far from the rest, so taken for missing" in draft.text


@pytest.mark.parametrize(
    "numbers", [range(-2, 9), range(-50, 60), [*range(90, 100)], [0, 1, 2, 3, 99_998, 100_000]]
)
def test_numbers_of_their_own_right_are_not_special(tmp_path: Path, numbers: list[int]) -> None:
    field = field_of(tmp_path, "x", cycle(*map(str, numbers)))

    assert "missing_values" not in field


def test_a_cap_is_worth_a_look(tmp_path: Path) -> None:
    cells = [str(min(row // 2, 150)) for row in range(ROWS)]

    draft, _ = drafted(tmp_path, {"limit": cells})

    assert "# LOOK: 25.0% of the rows hold the largest number: a cap, or a code?" in draft.text


@pytest.mark.parametrize(("suffix", "unit"), [("%", "%"), (" months", "months")])
def test_what_follows_a_number_is_its_suffix(tmp_path: Path, suffix: str, unit: str) -> None:
    field = field_of(tmp_path, "x", [f"{number}{suffix}" for number in NUMBERS])

    assert (field["kind"], field["suffix"], field["unit"]) == ("integer", unit, unit)
    assert field["maximum"] == 100


def test_a_few_codes_with_zeros_in_front_stay_texts(tmp_path: Path) -> None:
    draft, document = drafted(tmp_path, {"branch": cycle("08001", "08002", "28013")})

    assert document["fields"]["branch"]["codes"] == ["08001", "08002", "28013"]
    assert "# LOOK: digits with zeros in front, so taken for codes" in draft.text


def test_a_zero_in_front_of_one_amount_is_a_slip(tmp_path: Path) -> None:
    cells = ["0500", *(str(500 + row * 37 % 250) for row in range(1, ROWS))]

    assert field_of(tmp_path, "x", cells)["kind"] == "integer"


@pytest.mark.parametrize(
    ("pattern", "prefix"),
    [("Rp {}000", "Rp"), ("Rp{}.000", "Rp"), ("Rp.{}.000", "Rp."), ("Rp{}.000,-", "Rp"),
     ("IDR{},000", "IDR"), ("idr\u00a0{}", "idr"), ("$-{}", "$"), ("-US$ {}", "US$"),
     ("USD{}.50", "USD"), ("EUR {} / month", "EUR")],
)  # fmt: skip
def test_a_currency_before_each_amount_is_a_prefix(
    tmp_path: Path, pattern: str, prefix: str
) -> None:
    field = field_of(tmp_path, "x", [pattern.format(row // 4 + 1) for row in range(ROWS)])

    assert field["kind"] in {"integer", "number"}
    assert (field["prefix"], field["unit"]) == (prefix, prefix)


def test_amounts_of_two_currencies_are_ignored_and_said(tmp_path: Path) -> None:
    cells = [f"{'USD' if row % 8 < 4 else 'Rp'} {row}" for row in range(ROWS)]

    draft, document = drafted(tmp_path, {"x": cells})

    assert document["dataset"]["ignored_columns"] == ["x"]
    (column,) = draft.ignored
    assert column.why.endswith("not each with the same one: write them without it to use them")
    assert column.needs_look


def test_codes_that_begin_as_a_currency_are_no_amounts(tmp_path: Path) -> None:
    draft, _ = drafted(tmp_path, {"x": [f"RP{row:05}" for row in range(ROWS)]})

    (column,) = draft.ignored
    assert column.why.startswith("is an identifier")


def test_a_semicolon_file_with_decimal_commas_is_stated(tmp_path: Path) -> None:
    cells = [f"{row // 4},{row % 9}" for row in range(ROWS)]

    _, document = drafted(tmp_path, {"x": cells}, separator=";", encoding="cp1252")

    assert document["file"] == {"separator": ";", "decimal": ","}
    assert document["fields"]["x"]["kind"] == "number"
    assert document["fields"]["x"]["maximum"] == 200


def test_thousands_in_groups_are_read_as_the_file_writes_numbers(tmp_path: Path) -> None:
    columns = {"x": [f"{row // 4 + 1}.500" for row in range(ROWS)]}

    _, semicolons = drafted(tmp_path, columns, separator=";")
    _, commas = drafted(tmp_path, columns)

    assert semicolons["fields"]["x"]["example"] == 50500
    assert commas["fields"]["x"]["example"] == 50.5


def test_an_ambiguous_column_is_worth_a_look_that_says_both_readings(tmp_path: Path) -> None:
    draft, _ = drafted(tmp_path, {"x": [f"{row // 4 + 1}.500" for row in range(ROWS)]})

    look = " ".join(draft.text.replace("\n# ", " ").split())
    assert "LOOK: 1.500 is 1.5 with a decimal point and 1500 with a decimal comma" in look
    assert 'it is read by decimal = "."' in look


def test_a_few_odd_cells_do_not_decide_on_the_ambiguous_ones(tmp_path: Path) -> None:
    ratios = [f"{1 + row % 7}.{100 + row % 800}" for row in range(ROWS)]
    incomes = [*["12.000.000"] * 3, *(f"{row}000000" for row in range(3, ROWS))]

    draft, document = drafted(tmp_path, {"income": incomes, "ratio": ratios})

    assert "decimal" not in document["file"]
    assert document["fields"]["income"]["kind"] == "integer"
    assert document["dataset"]["ignored_columns"] == ["ratio"]
    assert "# LOOK: 1.100 is 1.1 with a decimal point and 1100 with a decimal comma" in draft.text


def test_columns_that_disagree_are_each_read_by_their_own_sign(tmp_path: Path) -> None:
    years = [f"{row // 4}.{row % 9}" for row in range(ROWS)]
    wages = [f"{2 + row % 9}.{100 + row}.000" for row in range(ROWS)]

    _, document = drafted(tmp_path, {"years": years, "wage": wages}, separator=";")

    assert "decimal" not in document["file"]
    assert document["fields"]["years"]["maximum"] == 200
    assert document["fields"]["wage"]["maximum"] == 20_000_000


def test_an_old_windows_encoding_is_a_guess(tmp_path: Path) -> None:
    draft, document = drafted(tmp_path, {"Größe": cycle("süß", "groß")}, encoding="cp1252")

    assert document["file"]["encoding"] == "cp1252"
    assert "# LOOK: no UTF-8" in draft.text


@pytest.mark.parametrize(
    "name",
    ["SEX", "gender", "Age", "age_in_years", "maritalStatus", "race", "religion", "nationality",
     "jenis_kelamin", "umur", "usia", "status perkawinan", "agama", "kewarganegaraan"],
)  # fmt: skip
def test_protected_names_are_marked(tmp_path: Path, name: str) -> None:
    field = field_of(tmp_path, name, cycle("20", "30", "40", "50"))

    assert field["protected"] is True
    assert field["optional_when_excluded"] is True


@pytest.mark.parametrize("name", ["account_age", "AgeOldestTrade", "message", "Sussex", "trace"])
def test_other_names_are_not(tmp_path: Path, name: str) -> None:
    assert "protected" not in field_of(tmp_path, name, NUMBERS)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("LIMIT_BAL", "Limit bal"), ("MonthlyIncome", "Monthly income"),
        ("NumberOfTimes90DaysLate", "Number of times 90 days late"),
        ("credit.amount", "Credit amount"), ("Monthly income (%)", "Monthly income (%)"),
        ("penghasilan_bulanan", "Penghasilan bulanan"),
    ],
)  # fmt: skip
def test_titles_are_made_from_names(tmp_path: Path, name: str, title: str) -> None:
    assert field_of(tmp_path, name, NUMBERS)["title"] == title


def test_a_column_called_as_one_of_a_decision_gets_a_prefix_for_the_decision(
    tmp_path: Path,
) -> None:
    _, document = drafted(tmp_path, {"score": NUMBERS, "label": cycle("a", "b")})

    assert document["file"]["decision_prefix"] == "decision_"


def test_every_row_has_its_outcome_counted(tmp_path: Path) -> None:
    draft, _ = drafted(tmp_path, {})

    assert '# good: "good" (300 rows)' in draft.text
    assert f'# bad: "bad" ({OUTCOMES.count("bad")} rows)' in draft.text
