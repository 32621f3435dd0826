"""A schema file that says something it may not say is refused, by file, key and what is allowed."""

from __future__ import annotations

import copy
import datetime
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditscore.errors import SchemaError
from creditscore.schema import ForestSettings, Schema
from creditscore.schema.constraints import LARGEST_NUMBER, CodeList, NumericRange
from creditscore.schema.reader import load_schema, read_schema

BUNDLED = Path(__file__).resolve().parents[2] / "data" / "schema.toml"

SMALL = """\
[dataset]
name = "loans"
title = "Loans"
ignored_columns = ["customer"]

[label]
column = "late"
good = 0
bad = 1
title = "Paid late"

[sources.archive]
title = "The archive"
licence = "CC BY 4.0"
url = "https://example.org/loans.csv"
sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
columns = { income = "A", home = "B", months = "C", late = "D" }

[scorecards.short]
title = "Short"
fields = ["income", "home"]
forest = { trees = 10, min_samples_leaf = 5 }

[scorecards.long]
title = "Long"
fields = ["income", "home", "months"]

[fields.income]
kind = "number"
exclusive_minimum = 0
maximum = 1000
example = 30.5
title = "Income"

[fields.home]
kind = "coded"
codes = [{ value = 1, en = "rents" }, { value = 2, en = "owns" }]
fold = { 0 = 2 }
example = 1
title = "Home"

[fields.months]
kind = "integer"
minimum = 0
maximum = 600
codes = [{ value = 0, en = "new" }]
example = 12
title.en = "Months"
title.id = "Bulan"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "my schema.toml"


def refusal(path: Path) -> SchemaError:
    with pytest.raises(SchemaError) as caught:
        load_schema(path)
    assert str(caught.value).startswith(str(path))
    return caught.value


def test_a_sound_file_is_read(path: Path) -> None:
    path.write_text(SMALL, encoding="utf-8")

    schema = load_schema(path)

    income, home, months = schema.fields.values()
    assert isinstance(income.rule, NumericRange)
    assert (income.rule.low, income.rule.low_open) == (0, True)
    assert (income.rule.high, income.rule.high_open) == (1000, False)
    assert isinstance(home.rule, CodeList)
    assert home.rule.labels == {1: {"en": "rents"}, 2: {"en": "owns"}}
    assert home.merged_codes == {0: 2}
    assert isinstance(months.rule, NumericRange)
    assert months.rule.integral
    assert months.rule.labels == {0: {"en": "new"}}
    assert months.title == {"en": "Months", "id": "Bulan"}
    assert (income.protected, income.actionable) == (False, False)
    assert (schema.label.column, schema.label.good, schema.label.bad) == ("late", 0, 1)
    assert schema.ignored_columns == ("customer",)
    assert schema.scorecards["short"].forest.trees == 10
    assert schema.scorecards["long"].forest == ForestSettings()
    assert schema.sources["archive"].columns["late"] == "D"


def test_a_scorecards_fields_come_in_the_order_of_the_file(path: Path) -> None:
    path.write_text(SMALL.replace('["income", "home"]', '["home", "income"]'), encoding="utf-8")

    assert load_schema(path).scorecards["short"].fields == ("income", "home")


WRONG = {
    # What is replaced, by what; then the key that is named and what is said of it.
    "unknown table": (
        "[label]",
        "[labels]",
        "labels",
        "is not a key here: allowed are dataset, label, .*, did you mean label?",
    ),
    "unknown key": (
        "ignored_columns =",
        "ignored_column =",
        "dataset.ignored_column",
        "is not a key here: allowed are name, .*, did you mean ignored_columns?",
    ),
    "unknown key of a field": (
        "maximum = 1000",
        "max = 1000",
        "fields.income.max",
        "is not a key here: allowed are kind, .*maximum",
    ),
    "a bound of codes": (
        "fold = { 0 = 2 }",
        "minimum = 1",
        "fields.home.minimum",
        "is not a key here: allowed are kind, .*fold",
    ),
    "a fold of numbers": (
        "maximum = 600",
        "fold = { 1 = 2 }",
        "fields.months.fold",
        "is not a key here: allowed are kind, .*minimum",
    ),
    "missing table": (
        SMALL[SMALL.index("[label]") : SMALL.index("[sources")],
        "",
        "label",
        "is missing, it must be a table",
    ),
    "missing key": ('name = "loans"', "", "dataset.name", "is missing, it must be a text"),
    "missing kind": ('kind = "coded"', "", "fields.home.kind", "is missing, it must be a text"),
    "missing example": (
        "example = 12",
        "",
        "fields.months.example",
        "is missing, it must be a value that the field accepts",
    ),
    "missing codes": (
        'codes = [{ value = 1, en = "rents" }, { value = 2, en = "owns" }]',
        "",
        "fields.home.codes",
        "is missing, it must be a list of tables such as",
    ),
    "wrong type of a text": ('name = "loans"', "name = 5", "dataset.name", "must be a text, got 5"),
    "wrong type of a flag": (
        "example = 12",
        "example = 12\nprotected = 1",
        "fields.months.protected",
        "must be true or false, got 1",
    ),
    "wrong type of a bound": (
        "maximum = 600",
        'maximum = "600"',
        "fields.months.maximum",
        "must be a number, got '600'",
    ),
    "true as a bound": (
        "maximum = 600",
        "maximum = true",
        "fields.months.maximum",
        "must be a number, got True",
    ),
    "wrong type of a table": (
        SMALL[SMALL.index("[sources") : SMALL.index("[scorecards.short]")],
        "[sources]\narchive = 3\n",
        "sources.archive",
        "must be a table, got 3",
    ),
    "a text for a table": (
        "forest = { trees = 10, min_samples_leaf = 5 }",
        'forest = "big"',
        "scorecards.short.forest",
        "must be a table, got 'big'",
    ),
    "a list of numbers": (
        '["customer"]',
        "[3]",
        "dataset.ignored_columns",
        r"must be a list of texts, got \[3\]",
    ),
    "bad kind": (
        'kind = "integer"',
        'kind = "int"',
        "fields.months.kind",
        "must be one of number, integer, coded, got 'int'",
    ),
    "both minimums": (
        "exclusive_minimum = 0",
        "exclusive_minimum = 0\nminimum = 0",
        "fields.income.minimum",
        "and exclusive_minimum exclude each other",
    ),
    "both maximums": (
        "maximum = 600",
        "maximum = 600\nexclusive_maximum = 600",
        "fields.months.maximum",
        "and exclusive_maximum exclude each other",
    ),
    "bounds the wrong way round": (
        "maximum = 1000",
        "maximum = -1",
        "fields.income.maximum",
        "must be greater than 0, got -1",
    ),
    "no room between bounds": (
        "maximum = 1000",
        "exclusive_maximum = 0",
        "fields.income.exclusive_maximum",
        "must be greater than 0, got 0",
    ),
    "infinity as a bound": (
        "maximum = 1000",
        "maximum = inf",
        "fields.income.maximum",
        "must be a number, in what single precision can hold, got inf",
    ),
    "nan as a bound": (
        "minimum = 0\nmaximum = 600",
        "minimum = nan",
        "fields.months.minimum",
        "must be a number, in what single precision can hold, got nan",
    ),
    "a bound that single precision cannot hold": (
        "maximum = 1000",
        "maximum = 1e39",
        "fields.income.maximum",
        r"must be a number, in what single precision can hold, got 1e\+39",
    ),
    "a bound of thousands of digits": (
        "maximum = 1000",
        f"maximum = 0x{'f' * 5000}",
        "fields.income.maximum",
        "must be a number, in what single precision can hold, got something too large to be shown",
    ),
    "duplicate code": (
        "value = 2",
        "value = 1",
        r"fields.home.codes[1].value",
        "stands twice in the list: 1",
    ),
    "mixed codes": (
        "value = 2",
        'value = "two"',
        "fields.home.codes",
        "must be all whole numbers or all texts, got both",
    ),
    "no codes": (
        'codes = [{ value = 0, en = "new" }]',
        "codes = []",
        "fields.months.codes",
        "must hold at least one code, got none",
    ),
    "a code that is no table": (
        '{ value = 0, en = "new" }',
        "0",
        "fields.months.codes",
        "must be a list of tables such as .*, got 0",
    ),
    "a fraction as a code": (
        "value = 2",
        "value = 2.5",
        "fields.home.codes[1].value",
        "must be a whole number or a text, got 2.5",
    ),
    "a code in no language": (
        '{ value = 0, en = "new" }',
        "{ value = 0 }",
        "fields.months.codes[0].en",
        "is missing, it must be a text",
    ),
    "a text code of numbers": (
        "{ value = 0,",
        '{ value = "0",',
        "fields.months.codes",
        "of this kind must be whole numbers, got '0'",
    ),
    "fold to a non-code": (
        "{ 0 = 2 }",
        "{ 0 = 3 }",
        "fields.home.fold.0",
        "must be one of the field's codes, got 3",
    ),
    "fold to true, which equals 1": (
        "{ 0 = 2 }",
        "{ 0 = true }",
        "fields.home.fold.0",
        "must be one of the field's codes, got True",
    ),
    "fold to a list": (
        "{ 0 = 2 }",
        "{ 0 = [2] }",
        "fields.home.fold.0",
        r"must be one of the field's codes, got \[2\]",
    ),
    "fold of a code": (
        "{ 0 = 2 }",
        "{ 1 = 2 }",
        "fields.home.fold.1",
        "is a code of the field already, it cannot be folded",
    ),
    "fold of a text": (
        "{ 0 = 2 }",
        "{ zero = 2 }",
        "fields.home.fold.zero",
        "must be a whole number, as the field's codes are",
    ),
    "fold of the same code in another spelling": (
        "{ 0 = 2 }",
        "{ 0 = 2, 00 = 1 }",
        "fields.home.fold.00",
        "must be a whole number, as the field's codes are",
    ),
    "example out of bounds": (
        "example = 12",
        "example = 601",
        "fields.months.example",
        "must be an integer from 0 to 600, got 601",
    ),
    "example that is no code": (
        "example = 1\n",
        "example = 0\n",
        "fields.home.example",
        r"must be one of 1 \(rents\), 2 \(owns\), got 0",
    ),
    "example that is true": (
        "example = 1\n",
        "example = true\n",
        "fields.home.example",
        "must be a value that the field accepts, got True",
    ),
    "label among the fields": (
        'column = "late"',
        'column = "income"',
        "label.column",
        "must not be one of the fields, got 'income'",
    ),
    "good and bad alike": ("bad = 1", 'bad = "0"', "label.bad", "must differ from good, got '0'"),
    "a fraction as an outcome": (
        "bad = 1",
        "bad = 0.5",
        "label.bad",
        "must be a whole number or a text, got 0.5",
    ),
    "a scorecard of an unknown field": (
        '["income", "home"]',
        '["incom", "home"]',
        "scorecards.short.fields",
        "must name fields of this file, got 'incom', did you mean income?",
    ),
    "scorecards not nested": (
        '["income", "home", "months"]',
        '["income", "months"]',
        "scorecards.long.fields",
        "must hold more than the fields of the scorecard before: income, home",
    ),
    "scorecards of the same fields": (
        '["income", "home", "months"]',
        '["income", "home"]',
        "scorecards.long.fields",
        "must hold more than the fields of the scorecard before: income, home",
    ),
    "a scorecard of nothing": (
        '["income", "home"]',
        "[]",
        "scorecards.short.fields",
        "must hold at least one field",
    ),
    "a scorecard's name": (
        "[scorecards.short]",
        '[scorecards."Short one"]',
        "scorecards.Short one",
        "must be named in lower-case letters and digits",
    ),
    "no trees": (
        "trees = 10",
        "trees = 0",
        "scorecards.short.forest.trees",
        "must be a whole number from 1 to 1000000, got 0",
    ),
    "too many trees to count": (
        "trees = 10",
        "trees = 99999999999999999999",
        "scorecards.short.forest.trees",
        "must be a whole number from 1 to 1000000, got 99999999999999999999",
    ),
    "half a tree": (
        "trees = 10",
        "trees = 0.5",
        "scorecards.short.forest.trees",
        "must be a whole number from 1 to 1000000, got 0.5",
    ),
    "bad sha256": (
        "0123456789abcdef0123",
        "0123456789ABCDEF0123",
        "sources.archive.sha256",
        "must be 64 hexadecimal digits, got '0123456789ABC",
    ),
    "short sha256": (
        '"0123456789abcdef',
        '"',
        "sources.archive.sha256",
        "must be 64 hexadecimal digits, got '0123",
    ),
    "a source without a column": (
        ', late = "D"',
        "",
        "sources.archive.columns.late",
        "is missing, it must be a text",
    ),
    "a source with an unknown column": (
        'late = "D"',
        'late = "D", lat = "E"',
        "sources.archive.columns.lat",
        "is not a key here: allowed are income, home, months, late, did you mean late?",
    ),
    "a title without English": (
        'title.en = "Months"',
        "",
        "fields.months.title.en",
        "is missing, it must be a text",
    ),
    "a title in a language that the service has not": (
        'title.id = "Bulan"',
        'title.de = "Monate"',
        "fields.months.title.de",
        "is not a key here: allowed are en, id",
    ),
    "bands that fall": (
        "maximum = 600\n",
        "maximum = 600\nbands = [12, 6]\n",
        "fields.months.bands",
        r"must be a list of ascending numbers, such as .*, got \[12, 6\]",
    ),
    "bands that are no numbers": (
        "maximum = 600\n",
        "maximum = 600\nbands = [true, 6]\n",
        "fields.months.bands",
        r"must be a list of ascending numbers, such as .*, got \[True, 6\]",
    ),
    "bands beyond the bounds": (
        "maximum = 600\n",
        "maximum = 600\nbands = [12, 601]\n",
        "fields.months.bands",
        r"must each be an integer from 0 to 600, got \[12, 601\]",
    ),
    "bands of codes": (
        'title = "Home"',
        'title = "Home"\nbands = [2]',
        "fields.home.bands",
        "is not a key here",
    ),
    "a risk that does neither": (
        "maximum = 600\n",
        'maximum = 600\nrisk = "grows"\n',
        "fields.months.risk",
        "must be rises or falls, got 'grows'",
    ),
}


@pytest.mark.parametrize(("old", "new", "key", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_file_is_refused_by_key_and_what_is_allowed(
    path: Path, old: str, new: str, key: str, said: str
) -> None:
    assert SMALL.count(old) >= 1
    path.write_text(SMALL.replace(old, new, 1), encoding="utf-8")

    error = refusal(path)

    assert error.key == key
    assert re.search(said, str(error))
    if key:
        assert str(error).startswith(f"{path}: {key} ")


def test_a_field_in_no_scorecard_is_refused(path: Path) -> None:
    start, end = SMALL.index("[scorecards.long]"), SMALL.index("[fields.income]")
    path.write_text(SMALL[:start] + SMALL[end:], encoding="utf-8")

    error = refusal(path)

    assert str(error) == f"{path}: fields.months must belong to a scorecard, it belongs to none"


def test_bands_and_the_way_the_risk_goes_are_read(path: Path) -> None:
    keys = 'maximum = 600\nbands = [6, 12.5]\nrisk = "falls"\n'
    path.write_text(SMALL.replace("maximum = 600\n", keys), encoding="utf-8")

    schema = load_schema(path)

    assert (schema.fields["months"].bands, schema.fields["months"].risk) == ((6.0, 12.5), "falls")
    assert (schema.fields["income"].bands, schema.fields["income"].risk) == ((), None)


@pytest.mark.parametrize("key", ["unit_singular", "unit_of_one"])
def test_the_unit_of_one_is_read_under_its_older_key_too(path: Path, key: str) -> None:
    """Models of release 0.1.0 carry a schema file with the older key."""
    units = f'maximum = 600\nunit = "months"\n{key} = "month"\n'
    path.write_text(SMALL.replace("maximum = 600\n", units), encoding="utf-8")

    months = load_schema(path).fields["months"]

    assert [months.unit_of(value) for value in (1, 2)] == [{"en": "month"}, {"en": "months"}]


@pytest.mark.parametrize("table", ["fields", "scorecards"])
def test_an_empty_table_is_refused(path: Path, table: str) -> None:
    document = tomllib.loads(SMALL)
    document[table] = {}

    with pytest.raises(SchemaError, match=f"{table} must hold at least one table, got none"):
        read_schema(document, str(path))


@pytest.mark.parametrize("raw", [b"", b"\n", b"# nothing\n"])
def test_an_empty_file_lacks_its_tables(path: Path, raw: bytes) -> None:
    path.write_bytes(raw)

    assert str(refusal(path)) == f"{path}: dataset is missing, it must be a table"


@pytest.mark.parametrize(
    "raw",
    [
        b"AGE,SEX\n1,2\n",
        b"[dataset\n",
        b"[dataset]\n[dataset]\n",
        b"a = 1\na = 2\n",
        b"\xff\xfe",
        b'a = "\xe9"\n',
        b"a = 1\0",
        # Python reads neither numbers of 5,000 digits nor arrays nested 100,000 deep.
        b"a = " + b"1" * 5000,
        b"a = " + b"[" * 100_000,
    ],
    ids=range(9),
)
def test_what_is_no_toml_is_refused_as_such(path: Path, raw: bytes) -> None:
    path.write_bytes(raw)

    assert str(refusal(path)).startswith(f"{path} is not a TOML file: ")


def test_a_missing_file_is_refused(path: Path) -> None:
    assert str(refusal(path)) == f"{path} cannot be read: No such file or directory"


def test_a_folder_is_refused(path: Path) -> None:
    path.mkdir()

    assert "cannot be read: " in str(refusal(path))


def test_the_bundled_file_is_sound() -> None:
    schema = load_schema(BUNDLED)

    assert list(schema.scorecards) == ["application", "behavioural"]
    assert len(schema.fields) == 14


# Any wrong file at all

TOML = st.recursive(
    st.text(max_size=5)
    | st.integers(-(10**30), 10**30)
    | st.sampled_from([0, 1, 2, "en", "AGE", "number", "coded", LARGEST_NUMBER])
    | st.floats()
    | st.booleans()
    | st.datetimes()
    | st.just(datetime.date(2026, 1, 2)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=3) | st.sampled_from(["en", "value", "0", "1", "AGE"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=5,
)


def places(node: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Give the way to every value inside a document."""
    items = node.items() if isinstance(node, dict) else enumerate(node)
    found = []
    for key, child in items:
        found.append((*way, key))
        if isinstance(child, dict | list):
            found += places(child, (*way, key))
    return found


DOCUMENTS = [tomllib.loads(SMALL), tomllib.loads(BUNDLED.read_text(encoding="utf-8"))]


@st.composite
def broken_documents(draw: st.DrawFn) -> dict[str, Any]:
    document: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(DOCUMENTS)))
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(places(document)))
        node: Any = document
        for key in way:
            node = node[key]
        if draw(st.booleans()):
            node[last] = draw(TOML)
        elif draw(st.booleans()) or isinstance(node, list):
            del node[last]
        else:
            node[draw(st.text(max_size=4))] = node.pop(last)
        if not document:
            break
    return document


@given(broken_documents())
def test_a_file_changed_at_random_gives_a_working_schema_or_is_refused(
    document: dict[str, Any],
) -> None:
    schema = read_or_refuse(document)

    if schema is not None:
        for spec in schema.scorecards.values():
            schema.parse({name: schema.fields[name].example for name in spec.fields})
        # The trained artefact carries the file, as JSON too.
        json.dumps(schema.document, allow_nan=False)
        assert all(field.rule.allowed["en"] for field in schema.fields.values())


def read_or_refuse(document: dict[str, Any]) -> Schema | None:
    try:
        return read_schema(document, "some.toml")
    except SchemaError as error:
        assert str(error).startswith("some.toml")  # noqa: PT017  # either way is fine
        return None
