"""What a schema file says of how its rows were drawn."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from creditscore.errors import SchemaError
from creditscore.schema import Schema
from creditscore.schema.reader import load_schema
from creditscore.schema.sample import Sample

SMALL = (Path(__file__).resolve().parents[1] / "data" / "loans.toml").read_text(encoding="utf-8")

COLUMNS = 'columns = { income = "A", home = "B", months = "C", late = "D" }'


def schema_with(folder: Path, sample: str, text: str = SMALL) -> Schema:
    path = folder / "loans.toml"
    path.write_text(text.replace("[label]", f"[sample]\n{sample}\n\n[label]"), encoding="utf-8")
    return load_schema(path)


def test_a_file_without_it_draws_its_rows_from_the_population(tmp_path: Path) -> None:
    path = tmp_path / "loans.toml"
    path.write_text(SMALL, encoding="utf-8")

    assert load_schema(path).sample == Sample(None, None, None, None)


def test_its_columns_are_read(tmp_path: Path) -> None:
    without = re.sub(r"\[sources.archive\].*?\n\n", "", SMALL, flags=re.DOTALL)

    schema = schema_with(tmp_path, 'time = "months"\ngroup = "customer"\nweight = "w"', without)

    assert schema.sample == Sample(time="months", group="customer", weight="w")
    assert schema.sample.columns == {"time": "months", "group": "customer", "weight": "w"}


@pytest.mark.parametrize("bad_rate", [0.03, 0.999])
def test_a_bad_rate_is_read(tmp_path: Path, bad_rate: float) -> None:
    assert schema_with(tmp_path, f"bad_rate = {bad_rate}").sample == Sample(bad_rate=bad_rate)


def test_a_source_names_its_columns_too(tmp_path: Path) -> None:
    document = SMALL.replace(COLUMNS, COLUMNS.replace(" }", ', customer = "E" }'))

    schema = schema_with(tmp_path, 'group = "customer"', document)

    assert schema.sources["archive"].columns["customer"] == "E"
    with pytest.raises(SchemaError, match=r"sources.archive.columns.customer is missing"):
        schema_with(tmp_path, 'group = "customer"')


@pytest.mark.parametrize(
    ("sample", "text"),
    [
        ('time = "late"', "sample.time must not be the column of the outcome, got 'late'"),
        ('weight = "income"', "sample.weight must not be one of the fields, got 'income'"),
        ("bad_rate = 0", "sample.bad_rate must be a share above 0 and below 1, .*, got 0"),
        ("bad_rate = 3", "sample.bad_rate must be a share above 0 and below 1, .*, got 3"),
        ('bad_rate = "3 %"', "sample.bad_rate must be a share above 0 and below 1, .*, got '3 %'"),
        ("group = 1", "sample.group must be a text, got 1"),
        ('times = "months"', "sample.times is not a key here: allowed are time, group, weight"),
        (
            'weight = "w"\nbad_rate = 0.1',
            "sample.bad_rate must be left out beside weight, which says the same",
        ),
    ],
)
def test_what_it_may_not_say_is_refused(tmp_path: Path, sample: str, text: str) -> None:
    with pytest.raises(SchemaError, match=text):
        schema_with(tmp_path, sample)
