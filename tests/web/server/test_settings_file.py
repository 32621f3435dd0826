"""The settings file `.env`: what it may say, which setting wins, and what is warned about."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditscore.errors import SettingsError, SettingsFileError
from creditscore.settings_file import FILE_NAME, given_variables, load_settings

KEY = "k" * 16


def write(folder: Path, text: str, *, mode: int = 0o600) -> Path:
    """Write a settings file, its text in UTF-8."""
    path = folder / FILE_NAME
    path.write_bytes(text.encode())
    path.chmod(mode)
    return path


def test_without_a_file_the_environment_alone_counts(tmp_path: Path) -> None:
    settings, warnings = load_settings({"CREDITSCORE_CUTOFF": "0.3"}, tmp_path)

    assert settings.cutoff == 0.3
    assert warnings == []


@pytest.mark.parametrize(
    "line",
    [
        "CREDITSCORE_CUTOFF=0.3",
        "CREDITSCORE_CUTOFF = 0.3  # break-even",
        "export CREDITSCORE_CUTOFF='0.3'",
        'CREDITSCORE_CUTOFF="0.3"\r',
        "\ufeffCREDITSCORE_CUTOFF=0.3",
        "CREDITSCORE_CUTOFF=0.5\nCREDITSCORE_CUTOFF=0.3",
    ],
)
def test_a_line_is_read_as_other_readers_of_such_files_do(tmp_path: Path, line: str) -> None:
    write(tmp_path, f"{line}\n# a comment\n\nPOSTGRES_PASSWORD=not-ours\n")

    settings, warnings = load_settings({}, tmp_path)

    assert settings.cutoff == 0.3
    assert warnings == []


@pytest.mark.parametrize(("value", "cutoff"), [("0.2", 0.2), ("", None)])
def test_an_environment_variable_wins_even_an_empty_one(
    tmp_path: Path, value: str, cutoff: float | None
) -> None:
    write(tmp_path, f"CREDITSCORE_CUTOFF=0.3\nCREDITSCORE_API_KEYS={KEY}\n")

    settings, _ = load_settings({"CREDITSCORE_CUTOFF": value}, tmp_path)

    assert (settings.cutoff, settings.api_keys) == (cutoff, (KEY,))


def test_names_that_are_no_settings_stay_where_they_are(tmp_path: Path) -> None:
    write(tmp_path, "PATH=/nowhere\nCREDITSCORE_PROXIES=1\n")

    assert given_variables({"PATH": "/bin"}, tmp_path) == {
        "PATH": "/bin",
        "CREDITSCORE_PROXIES": "1",
    }


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("CREDITSCORE_CUTOFF 0.3", 1),
        ("CREDITSCORE_CUTOFF", 1),
        ("\n\n# keys\n\nCREDITSCORE_API_KEYS='secret-text", 5),
        ("A=1\r\n\r\n=secret-text\r\n", 3),
    ],
)
def test_a_line_that_cannot_be_read_stops_the_start(tmp_path: Path, text: str, number: int) -> None:
    path = write(tmp_path, text)

    with pytest.raises(SettingsFileError) as raised:
        load_settings({}, tmp_path)

    assert str(raised.value) == f"{path}, line {number}: must be of the form NAME=value"


def test_a_wrong_value_is_named_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, "# cut-off\nCREDITSCORE_CUTOFF=2\n")
    reason = "CREDITSCORE_CUTOFF must be a number between 0 and 1, got '2'"

    # The second: Flask's command has read the file before us.
    for environment in ({}, {"CREDITSCORE_CUTOFF": "2"}):
        with pytest.raises(SettingsFileError) as raised:
            load_settings(environment, tmp_path)
        assert str(raised.value) == f"{path}, line 2: {reason}"


def test_a_wrong_value_of_the_environment_is_not_blamed_on_the_file(tmp_path: Path) -> None:
    write(tmp_path, "CREDITSCORE_CUTOFF=0.3\n")

    with pytest.raises(SettingsError, match=r"^CREDITSCORE_CUTOFF must be .* got '7'$"):
        load_settings({"CREDITSCORE_CUTOFF": "7"}, tmp_path)


@pytest.mark.parametrize("environment", [{}, {"CREDITSCORE_CUTTOFF": "0.3"}])
def test_an_unknown_name_is_warned_about_once_with_its_line(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    path = write(tmp_path, "CREDITSCORE_PROXIES=1\nCREDITSCORE_CUTTOFF=0.3\n")

    _, warnings = load_settings(environment, tmp_path)

    assert warnings == [
        f"{path}, line 2: CREDITSCORE_CUTTOFF is not a setting and has no effect; "
        "did you mean CREDITSCORE_CUTOFF?"
    ]


def test_an_unknown_variable_of_the_environment_is_warned_about_too(tmp_path: Path) -> None:
    write(tmp_path, "CREDITSCORE_PROXIES=1\n")

    _, (warning,) = load_settings({"CREDITSCORE_PROXY": "1"}, tmp_path)

    assert warning.startswith("CREDITSCORE_PROXY is not a setting")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
@pytest.mark.parametrize(
    ("text", "mode", "warned"),
    [
        (f"CREDITSCORE_API_KEYS={KEY}", 0o644, True),
        ("CREDITSCORE_DATABASE_URL=postgresql://a:b@c/d", 0o604, True),
        (f"CREDITSCORE_API_KEYS={KEY}", 0o640, False),
        (f"CREDITSCORE_API_KEYS={KEY}", 0o600, False),
        ("CREDITSCORE_PROXIES=1", 0o644, False),
    ],
)
def test_a_file_with_secrets_that_everybody_can_read_is_warned_about(
    tmp_path: Path, text: str, mode: int, warned: bool
) -> None:
    path = write(tmp_path, text, mode=mode)

    _, warnings = load_settings({}, tmp_path)

    assert [warning.endswith(f"to fix it: chmod 600 {path}") for warning in warnings] == (
        [True] if warned else []
    )


def test_a_file_of_another_encoding_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    # As PowerShell's > writes it.
    path.write_bytes("CREDITSCORE_CUTOFF=0.3\n".encode("utf-16"))

    with pytest.raises(SettingsFileError, match="must be a text file in UTF-8"):
        load_settings({}, tmp_path)


@pytest.mark.parametrize(("value", "cutoff"), [("1", None), ("true", None), ("0", 0.3), ("", 0.3)])
def test_the_variable_with_which_flask_skips_the_file_is_heeded(
    tmp_path: Path, value: str, cutoff: float | None
) -> None:
    write(tmp_path, "CREDITSCORE_CUTOFF=0.3\n")

    settings, _ = load_settings({"FLASK_SKIP_DOTENV": value}, tmp_path)

    assert settings.cutoff == cutoff


@given(text=st.text(alphabet="CREDITSCORE_KY =#'\"$\\{}\n\r\tab1", max_size=60))
def test_any_text_is_read_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    write(folder, text)

    refused = ""
    try:
        given_variables({}, folder)
    except SettingsFileError as error:
        refused = str(error)

    assert len(refused.splitlines()) <= 1
