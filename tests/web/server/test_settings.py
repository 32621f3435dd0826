"""Settings: read from the environment, one definition each, refused by name."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditscore.errors import SettingsError
from creditscore.settings import DEFINITIONS, RateLimit, Setting, Settings, unknown_variables

KEY = "k" * 16

GOOD: dict[str, list[tuple[str, Any]]] = {
    "model_dir": [("/srv/model", Path("/srv/model")), ("my model", Path("my model"))],
    "cutoff": [("0.3", 0.3), ("1e-3", 0.001), (" 0.3 ", 0.3)],
    "api_keys": [
        (KEY, (KEY,)),
        (f"{KEY}, {'x' * 200},", (KEY, "x" * 200)),
        ("!#$%&'()*+-./<=>?@[]^_`{|}~", ("!#$%&'()*+-./<=>?@[]^_`{|}~",)),
    ],
    "open_predict": [("on", True), ("1", True), ("ON", True), ("off", False), ("0", False)],
    "max_json_bytes": [("1", 1), ("999999999", 999_999_999)],
    "max_csv_bytes": [("1", 1), ("999999999", 999_999_999)],
    "max_applicants": [("1", 1), ("1000", 1000)],
    "database_url": [
        (url, url)
        for url in (
            "sqlite:///my decisions.sqlite",
            "postgresql+psycopg://user:a%40b@db.example:5432/credit?sslmode=require",
            "postgres://db/credit",
        )
    ],
    "sqlite_journal": [("truncate", "truncate"), ("WAL", "wal")],
    "rate_limit": [
        ("600/minute", RateLimit(600, 60)),
        ("1/Second", RateLimit(1, 1)),
        ("999999999/day", RateLimit(999_999_999, 86_400)),
        ("off", None),
    ],
    "what_if_rate_limit": [("5/hour", RateLimit(5, 3600)), ("OFF", None)],
    "proxies": [("0", 0), ("2", 2)],
    "runtime_dir": [("/run/creditscore", Path("/run/creditscore"))],
    "hosts": [
        ("Credit.example", ("credit.example",)),
        ("10.0.0.7, [2001:DB8::7],", ("10.0.0.7", "[2001:db8::7]")),
    ],
    "cors_origins": [
        ("https://app.example", ("https://app.example",)),
        ("https://App.example:443, http://[::1]:80", ("https://app.example", "http://[::1]")),
        ("http://localhost:8080", ("http://localhost:8080",)),
    ],
    "secret_key": [("x" * 32, "x" * 32), ("!~" * 100, "!~" * 100)],
    "demo": [("on", True), ("0", False)],
}

BAD = {
    "cutoff": ["0", "1", "-0.1", "1.5", "nan", "inf", "a quarter", "0,25"],
    "api_keys": [",", "x" * 15, "x" * 201, f"{KEY},short", f"{KEY} {KEY}", f"{KEY}é", f"{KEY}\x7f"],
    "open_predict": ["yes", "true", "2", "on off"],
    "max_json_bytes": ["0", "-1", "1.5", "1e6", "1_000", "\uff11", "1 MiB", "9" * 10],
    "database_url": ["decisions.sqlite", "sqlite:///", "mysql://db/credit", "postgresql:"],
    "sqlite_journal": ["delete", "off", "truncate wal", "1"],
    "max_csv_bytes": ["0", "-1", "1.5", "16 MiB", "9" * 10],
    "rate_limit": ["0/minute", "600", "600/week", "-1/day", "1.5/hour", "on", "600 / day"],
    "what_if_rate_limit": ["none", "\uff11/day", "9999999999/day"],
    "proxies": ["-1", "10", "1.0", "all", "\uff11"],
    "hosts": [",", "credit.example:443", "https://credit.example", "*", "a b", "a..b", "\uff41"],
    "secret_key": ["x" * 31, "x" * 201, f"{'x' * 32}é", f"{'x' * 16} {'x' * 16}"],
    "demo": ["yes", "true", "2"],
    "cors_origins": ["*", "null", "app.example", "https://app.example/", "ftp://a", "http://a:0"],
    "max_applicants": ["0", "-1", "1.5", "1e6", "1_000", "\uff11", "many", "9" * 10],
}


def cases(table: dict[str, list[Any]]) -> list[tuple[str, Any]]:
    return [(name, case) for name, texts in table.items() for case in texts]


def test_each_setting_has_a_definition_and_its_cases_here() -> None:
    assert [setting.name for setting in DEFINITIONS] == [field.name for field in fields(Settings)]
    assert set(GOOD) == {setting.name for setting in DEFINITIONS}
    # Any text is a folder's name.
    assert set(BAD) == set(GOOD) - {"model_dir", "runtime_dir"}


def test_without_variables_every_setting_is_its_fallback() -> None:
    assert Settings.from_env({}) == Settings()
    assert Settings.from_env({"HOME": "/", "CREDITSCORE_UNKNOWN": "x"}) == Settings()


@pytest.mark.parametrize("setting", DEFINITIONS, ids=[setting.name for setting in DEFINITIONS])
@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_variable_counts_as_left_out(setting: Setting, empty: str) -> None:
    assert Settings.from_env({setting.variable: empty}) == Settings()


@pytest.mark.parametrize(("name", "case"), cases(GOOD))
def test_a_setting_is_read_from_its_variable(name: str, case: tuple[str, Any]) -> None:
    text, value = case

    settings = Settings.from_env({f"CREDITSCORE_{name.upper()}": text})

    assert getattr(settings, name) == value


@pytest.mark.parametrize(("name", "text"), cases(BAD))
def test_a_bad_value_is_refused_by_variable_and_allowed_form(name: str, text: str) -> None:
    (setting,) = (definition for definition in DEFINITIONS if definition.name == name)

    with pytest.raises(SettingsError) as caught:
        Settings.from_env({setting.variable: text})

    hidden = " (not shown: it may hold a password)"
    value_text = hidden if setting.secret else f", got {text.strip()!r}"
    assert str(caught.value) == f"{setting.variable} must be {setting.allowed}{value_text}"


@given(st.text(min_size=1))
def test_a_secret_is_never_repeated(text: str) -> None:
    secret = [setting for setting in DEFINITIONS if setting.secret]
    assert [setting.name for setting in secret] == ["api_keys", "database_url", "secret_key"]
    for setting in secret:
        message = ""
        try:
            Settings.from_env({setting.variable: f"secret{text}"})
        except SettingsError as error:
            message = str(error)
        assert "secret" not in message


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("CREDITSCORE_CUTTOFF", "CREDITSCORE_CUTOFF"),
        ("CREDITSCORE_CUT_OFF", "CREDITSCORE_CUTOFF"),
        ("creditscore_cutoff", "CREDITSCORE_CUTOFF"),
        ("CREDITSCORE_APIKEY", "CREDITSCORE_API_KEYS"),
        ("CREDITSCORE_MAX_JSON_BYTE", "CREDITSCORE_MAX_JSON_BYTES"),
        ("CREDITSCORE_CORS_ORIGIN", "CREDITSCORE_CORS_ORIGINS"),
    ],
)
def test_a_misspelt_variable_is_told_with_the_setting_that_may_be_meant(
    variable: str, meant: str
) -> None:
    (sentence,) = unknown_variables({variable: "a-secret-perhaps", "HOME": "/"})

    assert sentence == f"{variable} is not a setting and has no effect; did you mean {meant}?"


@pytest.mark.parametrize("variable", ["CREDITSCORE_UCI_CSV", "CREDITSCORE_", "CREDITSCORE_PORT"])
def test_an_unknown_variable_that_is_near_none_is_told_without_a_guess(variable: str) -> None:
    (sentence,) = unknown_variables({variable: "a-secret-perhaps"})

    assert sentence.startswith(f"{variable} is not a setting")
    assert "did you mean" not in sentence
    assert "perhaps" not in sentence


def test_settings_and_variables_of_others_are_not_warned_of() -> None:
    environ = {setting.variable: "x" for setting in DEFINITIONS}

    assert not list(unknown_variables({**environ, "CUTOFF": "1", "MY_CREDITSCORE_CUTTOFF": "1"}))
