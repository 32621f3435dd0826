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
from creditscore.schema.constraints import MAX_NUMBER, CodeList, NumericRange
from creditscore.schema.field_reader import code_names
from creditscore.schema.reader import load_schema, read_schema

BUNDLED = Path(__file__).resolve().parents[2] / "data" / "schema.toml"

DATA = Path(__file__).resolve().parents[1] / "data"

#: A sound file, and the changes that make it wrong.
SMALL = (DATA / "loans.toml").read_text(encoding="utf-8")
WRONG = tomllib.loads((DATA / "wrong_schemas.toml").read_text(encoding="utf-8"))
WRONG["a bound of thousands of digits"] = (
    "maximum = 1000",
    f"maximum = 0x{'f' * 5000}",
    "fields.income.maximum",
    "must be a number, in what single precision can hold, got something too large to be shown",
)


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
    assert home.rule.merged_codes == home.merged_codes == {0: 2}
    assert home.rule.allowed["en"] == "one of 1 (rents), 2 (owns), or 0 (counted as 2)"
    assert home.rule.json_schema() == {"type": "integer", "enum": [1, 2, 0]}
    assert isinstance(months.rule, NumericRange)
    assert months.rule.integral
    assert months.rule.labels == {0: {"en": "new"}}
    assert months.title == {"en": "Months", "id": "Bulan"}
    assert (income.protected, income.actionable) == (False, False)
    assert (schema.label.column, schema.label.good, schema.label.bad) == ("late", (0,), (1,))
    assert schema.ignored_columns == ("customer",)
    assert schema.scorecards["short"].forest.trees == 10
    assert schema.scorecards["long"].forest == ForestSettings()
    assert schema.sources["archive"].columns["late"] == "D"


def test_the_outcome_as_a_clause_is_the_quoted_title_unless_the_file_says_it(path: Path) -> None:
    path.write_text(SMALL, encoding="utf-8")
    title = load_schema(path).label.title["en"]

    assert load_schema(path).label.event == {
        "en": f'the outcome is "{title}"',
        "id": f'hasilnya adalah "{title}"',
    }

    path.write_text(SMALL.replace("[label]", '[label]\nevent = "it is late"'), encoding="utf-8")
    assert load_schema(path).label.event == {"en": "it is late"}


def test_a_scorecards_fields_come_in_the_order_of_the_file(path: Path) -> None:
    path.write_text(SMALL.replace('["income", "home"]', '["home", "income"]'), encoding="utf-8")

    assert load_schema(path).scorecards["short"].fields == ("income", "home")


@pytest.mark.parametrize(("old", "new", "key", "text"), WRONG.values(), ids=WRONG)
def test_a_wrong_file_is_refused_by_key_and_what_is_allowed(
    path: Path, old: str, new: str, key: str, text: str
) -> None:
    assert SMALL.count(old) >= 1
    path.write_text(SMALL.replace(old, new, 1), encoding="utf-8")

    error = refusal(path)

    assert error.key == key
    assert re.search(text, str(error))
    if key:
        assert str(error).startswith(f"{path}: {key} ")


@pytest.mark.parametrize(
    ("codes", "labels", "allowed"),
    [
        ("[1, 2]", {1: {"en": "1"}, 2: {"en": "2"}}, "one of 1, 2, or 0 (counted as 2)"),
        (
            '[1, { value = 2, en = "owns" }]',
            {1: {"en": "1"}, 2: {"en": "owns"}},
            "one of 1, 2 (owns), or 0 (counted as 2)",
        ),
    ],
)
def test_a_code_needs_no_title(
    path: Path, codes: str, labels: dict[int, dict[str, str]], allowed: str
) -> None:
    titled = '[{ value = 1, en = "rents" }, { value = 2, en = "owns" }]'
    assert titled in SMALL
    path.write_text(SMALL.replace(titled, codes), encoding="utf-8")

    rule = load_schema(path).fields["home"].rule

    assert rule.labels == labels
    assert rule.allowed["en"] == allowed


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

    assert str(refusal(path)) == f"{path}: dataset is missing; it must be a table"


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


def test_a_byte_order_mark_is_no_part_of_the_file(path: Path) -> None:
    path.write_text(SMALL, encoding="utf-8-sig")

    assert load_schema(path).fields


def test_reason_codes_are_identifiers_whatever_the_columns_are_called() -> None:
    names = ["PAY_1", "Checking account", "checking.account", "50%", "Einkünfte", "收入"]

    codes = code_names(names)

    assert list(codes) == ["PAY_1", *names[1:]]
    assert list(codes.values()) == [
        "PAY_1",
        "CHECKING_ACCOUNT",
        "FIELD_3_CHECKING_ACCOUNT",
        "FIELD_4_50",
        "EINKUNFTE",
        "FIELD_6",
    ]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("\n" + "a." * 50_000 + "b = 1", "line 2 must have at most 500 dots"),
        ('x = "a.b"\n[' + '"a" . ' * 50_000 + "b]", "line 2 must have at most 500 dots"),
        ('"\\"".' + "a." * 50_000 + '"\\"" = 1', "line 1 must have at most 500 dots"),
        ('x = {y = """\n""", ' + "a." * 50_000 + 'b = "z"}', "line 2 must have at most 500 dots"),
        ("x = '''\n'''\n" + "a." * 50_000 + "b = 1", "line 3 must have at most 500 dots"),
        ("#" * 4_000_001, "must have at most 4,000,000 characters"),
    ],
)
def test_what_would_be_read_for_minutes_is_refused_at_once(path: Path, raw: str, text: str) -> None:
    path.write_text(raw, encoding="utf-8")

    assert str(refusal(path)) == f"{path} {text}"


@pytest.mark.parametrize("marks", ['"', "'", '"""', "'''", '"\\\\', '"""\n\\"'])
def test_a_text_may_have_as_many_dots_as_it_likes(path: Path, marks: str) -> None:
    end = marks.rstrip("\\") if marks.endswith("\\") else marks.partition("\n")[0]
    path.write_text(f"x = {marks}{'.' * 600}{end} # {'.' * 600}", encoding="utf-8")

    assert "x is not a key here" in str(refusal(path))


def test_a_fold_into_what_only_equals_a_code_is_refused(path: Path) -> None:
    path.write_text(SMALL.replace("0 = 2", "0 = true"), encoding="utf-8")

    assert "must be one of the field's codes, got True" in str(refusal(path))


@pytest.mark.parametrize("words", ["{" * 100_000, "{" * 100_000 + "value}", "{a\\nb}"])
def test_braces_without_end_are_refused(path: Path, words: str) -> None:
    reasons = f"reasons = [{{ code = 'A', describes = \"{words}\" }}]"
    path.write_text(SMALL.replace("[fields.income]", f"[fields.income]\n{reasons}"), "utf-8")

    assert "may hold {value} and no other braces" in str(refusal(path))


def test_a_missing_file_and_a_folder_are_refused(path: Path) -> None:
    assert str(refusal(path)) == f"{path} cannot be read: No such file or directory"
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
    | st.sampled_from([0, 1, 2, "en", "AGE", "number", "coded", MAX_NUMBER])
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
    ways = []
    for key, child in items:
        ways.append((*way, key))
        if isinstance(child, dict | list):
            ways += places(child, (*way, key))
    return ways


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
