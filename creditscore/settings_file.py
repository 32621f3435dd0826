"""The settings file: `.env` in the working folder, for what no environment variable says.

Flask, Docker Compose and others read such a file too; of its lines, only settings are taken here.
"""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from creditscore.errors import SettingsError, SettingsFileError
from creditscore.files import describe_access
from creditscore.folders import WORKING_FOLDER
from creditscore.settings import DEFINITIONS, PREFIX, Settings, unknown_variables

FILE_NAME = ".env"

#: Flask's own variable for reading no such file, and what leaves it read.
SKIP, NOT_SKIPPED = "FLASK_SKIP_DOTENV", {"", "0", "false", "no"}


class Line(NamedTuple):
    """What a line of the file says, and which line it is."""

    value: str
    number: int


def load_settings(
    environment: Mapping[str, str], folder: Path = WORKING_FOLDER
) -> tuple[Settings, list[str]]:
    """Read the settings of the environment and of the file, and what to warn about.

    An environment variable wins over the file, even an empty one.

    Raises
    ------
    StartupError
        If a setting is wrong, or the file cannot be read.
    """
    path = folder / FILE_NAME
    lines = _read_lines(path, environment)
    try:
        settings = Settings.from_env(_merge(lines, environment))
    except SettingsError as error:
        line = lines.get(error.variable)
        # Flask's command may have put the same value into the environment already.
        if line is None or environment.get(error.variable, line.value) != line.value:
            raise
        raise SettingsFileError(path, str(error), line=line.number) from None
    return settings, [
        *_warnings(path, lines),
        *unknown_variables(environment.keys() - lines.keys()),
    ]


def given_variables(
    environment: Mapping[str, str], folder: Path = WORKING_FOLDER
) -> dict[str, str]:
    """Return the environment variables, with the settings of the file beneath them.

    Raises
    ------
    SettingsFileError
        If the file cannot be read.
    """
    return _merge(_read_lines(folder / FILE_NAME, environment), environment)


def _merge(lines: Mapping[str, Line], environment: Mapping[str, str]) -> dict[str, str]:
    return {**{name: line.value for name, line in lines.items()}, **environment}


def _read_lines(path: Path, environment: Mapping[str, str]) -> dict[str, Line]:
    """Return the file's line of each name that begins as settings do; the last one counts."""
    if environment.get(SKIP, "").lower() not in NOT_SKIPPED or not path.is_file():
        return {}
    text = _read_text(path)
    numbers: dict[str, int] = {}
    for binding in parse_stream(StringIO(text)):
        indent = len(binding.original.string) - len(binding.original.string.lstrip())
        number = binding.original.line + binding.original.string[:indent].count("\n")
        key = binding.key or ""
        is_setting = key.upper().startswith(PREFIX)
        if binding.error or (is_setting and binding.value is None):
            # Never the line itself: it may hold a secret.
            raise SettingsFileError(path, "must be of the form NAME=value", line=number)
        if is_setting:
            numbers[key] = number
    values = dotenv_values(stream=StringIO(text))
    return {name: Line(values[name] or "", number) for name, number in numbers.items()}


def _read_text(path: Path) -> str:
    try:
        # Windows' editor may begin a file with a byte order mark.
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsFileError(path, "must be a text file in UTF-8") from None
    except OSError as error:
        denial = describe_access(path, write=False)
        raise SettingsFileError(path, str(denial or error.strerror)) from None


def _warnings(path: Path, lines: Mapping[str, Line]) -> Iterator[str]:
    for name, line in lines.items():
        for sentence in unknown_variables([name]):
            yield f"{path}, line {line.number}: {sentence}"
    secrets = {setting.variable for setting in DEFINITIONS if setting.secret}
    if sys.platform != "win32" and secrets & lines.keys():
        mode = path.stat().st_mode
        if mode & stat.S_IROTH:
            yield (
                f"{path} holds a key or a password, and every user of this machine can read it "
                f"(mode {stat.filemode(mode)}); to fix it: chmod 600 {path}"
            )
