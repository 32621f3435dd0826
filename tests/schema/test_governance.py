"""What a lender declares of a model: read from the schema file, or from a file beside it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from creditscore.errors import SchemaError
from creditscore.schema import Schema
from creditscore.schema.declarations import SignatureText, declared
from creditscore.schema.governance import Governance, Release, Signature
from creditscore.schema.reader import load_schema, read_schema

SMALL = (Path(__file__).resolve().parents[1] / "data" / "loans.toml").read_text(encoding="utf-8")

FULL = """
[governance]
owner = "Credit Risk"
purpose = { en = "To decide on loans", id = "Untuk memutuskan pinjaman" }
business_use = "Personal loans"
observation_window = "2023"
outcome_window = "12 months"
exclusions = "Staff"
override_policy = "Two officers, in writing"
revalidation_interval = "12 months"

[[governance.versions]]
version = "1"
date = 2026-01-31
change = { en = "First version", id = "Versi pertama" }
by = "Ani"

[governance.variables]
income = "Ability to pay"
home = "Stability"
months = "Term"

[governance.triggers]
score_psi = 0.3
calibration = [0.7, 1.5]

[governance.sign_off]
prepared = { name = "Ani", role = "Analyst", date = 2026-02-01 }
validated = { name = "Budi", role = { en = "Validator", id = "Validator" }, date = "2026-02-02" }
approved = { name = "Citra", role = "Director", date = 2026-02-03 }
"""

NAMES = ["income", "home", "months"]


def schema_with(folder: Path, governance: str, beside: str | None = None) -> Schema:
    (folder / "loans.toml").write_text(SMALL + "\n" + governance, encoding="utf-8")
    if beside is not None:
        (folder / "governance.toml").write_text(beside, encoding="utf-8")
    return load_schema(folder / "loans.toml")


def test_a_file_without_it_declares_nothing(tmp_path: Path) -> None:
    declarations = declared(schema_with(tmp_path, "").governance, NAMES, "en")

    assert declarations.total == 14
    assert declarations.missing == [
        "owner", "purpose", "business_use", "observation_window", "outcome_window", "exclusions",
        "override_policy", "revalidation_interval", "versions", "variables", "triggers",
        "prepared", "validated", "approved",
    ]  # fmt: skip
    assert declarations.variables == {"income": None, "home": None, "months": None}


def test_all_that_is_declared_is_read(tmp_path: Path) -> None:
    governance = schema_with(tmp_path, FULL).governance

    assert governance.purpose == {"en": "To decide on loans", "id": "Untuk memutuskan pinjaman"}
    assert governance.versions == (
        Release("1", "2026-01-31", {"en": "First version", "id": "Versi pertama"}, "Ani"),
    )
    assert governance.sign_off["prepared"] == Signature("Ani", {"en": "Analyst"}, "2026-02-01")
    assert governance.sign_off["validated"].date == "2026-02-02"
    assert declared(governance, NAMES, "en").missing == []


def test_the_card_gets_it_in_one_language(tmp_path: Path) -> None:
    declarations = asdict(declared(schema_with(tmp_path, FULL).governance, ["income"], "id"))

    assert declarations["purpose"] == "Untuk memutuskan pinjaman"
    assert declarations["owner"] == "Credit Risk"
    assert declarations["versions"][0]["change"] == "Versi pertama"
    assert declarations["triggers"]["score_psi"] == 0.3
    assert declarations["triggers"]["calibration"] == [0.7, 1.5]
    # The usual one.
    assert declarations["triggers"]["auc_drop"] == 0.05
    # A field that is only monitored too, where somebody says why.
    assert list(declarations["variables"]) == NAMES


def test_an_empty_text_is_not_stated_and_half_a_signature_is_missing() -> None:
    half = {"prepared": Signature("Ani", None, "2026-02-01"), "validated": Signature()}

    declarations = declared(Governance(owner=None, sign_off=half), [], "en")

    assert {"owner", "prepared", "validated", "approved"} <= set(declarations.missing)
    assert declarations.sign_off["prepared"] == SignatureText("Ani", None, "2026-02-01")


def test_a_template_that_is_not_filled_in_declares_nothing(tmp_path: Path) -> None:
    blank = """
    [governance]
    owner = " "
    purpose = { en = "", id = "" }
    versions = [{ version = "", date = "", change = { en = "" }, by = " " }]
    [governance.variables]
    income = ""
    [governance.sign_off]
    prepared = { name = "", role = "", date = "" }
    """

    assert schema_with(tmp_path, blank).governance == Governance()


def test_a_reason_for_some_predictors_is_not_one_for_all() -> None:
    some = Governance(variables={"income": {"en": "Ability to pay"}})

    assert "variables" in declared(some, NAMES, "en").missing
    assert "variables" not in declared(some, ["income"], "en").missing


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ('ownr = "A"', "governance.ownr is not a key here: allowed are owner, purpose"),
        ("owner = 1", "governance.owner must be a text, or a table of texts by language"),
        ("owner = { en = '', id = 'A' }", "governance.owner.en must not be empty"),
        ("versions = 1", "governance.versions must be a list of tables with version"),
        ("versions = ['1']", "governance.versions must be a list of tables with version"),
        (
            "versions = [{ version = '1', date = 'May', change = 'x', by = 'y' }]",
            "governance.versions[0].date must be a date such as 2026-01-31, got 'May'",
        ),
        (
            "versions = [{ version = '1', date = 2026-01-31T10:00:00, change = 'x', by = 'y' }]",
            "governance.versions[0].date must be a date such as 2026-01-31, got datetime",
        ),
        (
            "versions = [{ version = '1', date = 2026-01-31, change = 'x' }]",
            "governance.versions[0].by is missing",
        ),
        (
            "versions = [{ version = '', date = 2026-01-31, change = 'x', by = 'y' }]",
            "governance.versions[0].version must not be empty",
        ),
        ("variables = { incom = 'x' }", "must be a field of the schema file, did you mean"),
        ("sign_off = { signed = 'x' }", "governance.sign_off.signed is not a key here"),
        ("sign_off = { approved = 'x' }", "governance.sign_off.approved must be a table"),
        (
            "sign_off = { approved = { name = 'x', date = '31.1.2026' } }",
            "governance.sign_off.approved.date must be a date such as 2026-01-31",
        ),
        ("triggers = 1", "governance.triggers must be a table"),
    ],
)
def test_a_fault_is_named_by_its_key(tmp_path: Path, wrong: str, text: str) -> None:
    with pytest.raises(SchemaError) as caught:
        schema_with(tmp_path, f"[governance]\n{wrong}\n")

    assert text in str(caught.value)


def test_all_faults_are_named_together(tmp_path: Path) -> None:
    wrong = """
[governance]
ownr = "A"
purpose = 1
versions = [{ version = "", date = "May", change = "x" }, { version = "2", dat = 1 }]
variables = { incom = "x" }
sign_off = { approved = { date = "May", rle = "x" } }
triggers = { auc_drop = 2, min_decisions = 0 }
"""

    with pytest.raises(SchemaError) as caught:
        schema_with(tmp_path, wrong)

    places = [line.split()[1] for line in str(caught.value).splitlines()]
    assert places == [
        "governance.ownr",
        "governance.purpose",
        "governance.versions[0].version",
        "governance.versions[0].date",
        "governance.versions[0].by",
        "governance.versions[1].dat",
        "governance.versions[1].date",
        "governance.versions[1].change",
        "governance.versions[1].by",
        "governance.variables.incom",
        "governance.sign_off.approved.date",
        "governance.sign_off.approved.rle",
        "governance.triggers.auc_drop",
        "governance.triggers.min_decisions",
    ]


def test_a_file_beside_declares_the_same(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()

    beside = schema_with(tmp_path, "", FULL)

    assert beside.governance == schema_with(tmp_path / "other", FULL).governance
    # What is saved with the model has it, and no dates, which JSON has not.
    assert beside.document["governance"]["versions"][0]["date"] == "2026-01-31"
    assert read_schema(beside.document, "saved").governance == beside.governance


def test_both_files_add_up_and_none_has_precedence(tmp_path: Path) -> None:
    stated = '[governance]\nowner = ""\npurpose = "Loans"\n'

    governance = schema_with(
        tmp_path, stated, '[governance]\nowner = "Risk"\npurpose = ""\n'
    ).governance

    assert (governance.owner, governance.purpose) == ({"en": "Risk"}, {"en": "Loans"})
    with pytest.raises(SchemaError, match=r"governance.purpose is in the schema file too"):
        schema_with(tmp_path, stated, '[governance]\npurpose = "Cards"\n')


@pytest.mark.parametrize(
    ("beside", "text"),
    [
        ("[label]", "governance.toml: label is not a key here"),
        ("", "governance is missing"),
        ('[governance]\nownr = "A"', "governance.toml: governance.ownr is not a key here"),
        ("[governance", "governance.toml is not a TOML file"),
    ],
)
def test_a_fault_of_the_file_beside_names_that_file(tmp_path: Path, beside: str, text: str) -> None:
    with pytest.raises(SchemaError) as caught:
        schema_with(tmp_path, "", beside)

    assert text in str(caught.value)
