"""Settings of the service: one definition each, read from the environment once, at start."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from creditscore.errors import SettingsError
from creditscore.folders import WORKING_FOLDER
from creditscore.i18n.catalogue import CATALOGUES, DEFAULT_LANGUAGE
from creditscore.nearest_name import nearest_name

#: What the name of every variable begins with.
PREFIX = "CREDITSCORE_"

#: Units of a rate limit's time, in seconds.
UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


@dataclass(frozen=True)
class RateLimit:
    """A number of requests in a number of seconds."""

    requests: int
    seconds: int

    @classmethod
    def read(cls, text: str) -> RateLimit | None:
        """Read ``600/minute``, or ``off``.

        Raises
        ------
        ValueError
            If it is neither.
        """
        if text.lower() == "off":
            return None
        match = re.fullmatch("([1-9][0-9]{0,8})/(second|minute|hour|day)", text.lower(), re.ASCII)
        if match is None:
            raise ValueError
        return cls(int(match[1]), UNITS[match[2]])

    def __str__(self) -> str:
        """Write it as `read` takes it."""
        (unit,) = (name for name, seconds in UNITS.items() if seconds == self.seconds)
        return f"{self.requests}/{unit}"


#: A name or an IPv4 address, or an IPv6 address in brackets, as in a Host header.
HOST = r"([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])"

#: A form that moves with a slider asks several times a second.
USUAL_LIMIT, WHAT_IF_LIMIT = RateLimit(600, 60), RateLimit(300, 60)


@dataclass(frozen=True)
class Settings:
    """What a host can choose; `DEFINITIONS` says how each is written in the environment.

    Attributes
    ----------
    model_dir : Path
        Folder of the trained model.
    cutoff : float or None
        Replaces the model's own cut-off.
    api_keys : tuple of str
        Keys that clients may present; with none the service is open.
    open_predict : bool
        Whether `POST /predict` stays open although there are keys.
    max_json_bytes : int
        Largest JSON body.
    max_csv_bytes : int
        Largest CSV body.
    max_applicants : int
        Most applicants in an array.
    database_url : str
        Where decisions are logged.
    sqlite_journal : {"truncate", "wal"}
        Rollback journal or write-ahead log of an SQLite file.
    rate_limit : RateLimit or None
        Most requests of one client, in all; None for no limit.
    what_if_rate_limit : RateLimit or None
        Most explorations of one client.
    proxies : int
        How many proxies stand in front and name the client in `X-Forwarded-For`.
    runtime_dir : Path
        Folder of what the processes share while they run.
    hosts : tuple of str
        Names by which clients may ask, beside those of the machine itself; none for any.
    cors_origins : tuple of str
        Origins whose pages may ask, and read the answers.
    secret_key : str or None
        Signs the cookies of those who sign in on a page; None for one that is kept in a file.
    demo : bool
        Whether every page says that this is a demo with made-up data.
    """

    model_dir: Path = WORKING_FOLDER / "model"
    cutoff: float | None = None
    api_keys: tuple[str, ...] = ()
    open_predict: bool = False
    max_json_bytes: int = 1024 * 1024
    max_csv_bytes: int = 16 * 1024 * 1024
    max_applicants: int = 1000
    database_url: str = f"sqlite:///{WORKING_FOLDER / 'instance' / 'decisions.sqlite'}"
    sqlite_journal: str = "truncate"
    rate_limit: RateLimit | None = USUAL_LIMIT
    what_if_rate_limit: RateLimit | None = WHAT_IF_LIMIT
    proxies: int = 0
    runtime_dir: Path = WORKING_FOLDER / "instance" / "run"
    hosts: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    secret_key: str | None = None
    demo: bool = False

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings from environment variables; an empty one counts as left out.

        Raises
        ------
        SettingsError
            Naming the variable, what is allowed and what came.
        """
        values: dict[str, Any] = {}
        for setting in DEFINITIONS:
            text = environment.get(setting.variable, "").strip()
            if text:
                try:
                    values[setting.name] = setting.read(text)
                except ValueError:
                    # A key or a password is a secret, even a malformed one.
                    value = None if setting.secret else text
                    raise SettingsError(setting.variable, value, setting.allowed) from None
        return cls(**values)


@dataclass(frozen=True)
class Setting:
    """How one setting is read from the environment; the catalogues of texts say what it means."""

    name: str
    read: Callable[[str], Any]
    secret: bool = False

    @property
    def variable(self) -> str:
        """Name of the environment variable."""
        return f"{PREFIX}{self.name.upper()}"

    @property
    def allowed(self) -> str:
        """What it may be, in words."""
        words: Mapping[str, str] = CATALOGUES[DEFAULT_LANGUAGE]["documents"]["settings"][self.name]
        return words["allowed"]


def _probability(text: str) -> float:
    number = float(text)
    if not (math.isfinite(number) and 0 < number < 1):
        raise ValueError
    return number


def _flag(text: str) -> bool:
    if text.lower() not in {"1", "0", "on", "off"}:
        raise ValueError
    return text.lower() in {"1", "on"}


def _positive(text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text, re.ASCII) or int(text) < 1:
        raise ValueError
    return int(text)


def _digit(text: str) -> int:
    if not re.fullmatch("[0-9]", text, re.ASCII):
        raise ValueError
    return int(text)


def _split(text: str, pattern: str) -> tuple[str, ...]:
    """Split a list at its commas; raise ValueError unless all its entries match, and it has one."""
    entries = tuple(entry.strip() for entry in text.split(",") if entry.strip())
    if not entries or not all(re.fullmatch(pattern, entry, re.ASCII) for entry in entries):
        raise ValueError
    return entries


def _keys(text: str) -> tuple[str, ...]:
    # A header carries visible ASCII only, and a short key can be guessed.
    return _split(text, "[!-+\\--~]{16,200}")


def _secret(text: str) -> str:
    if not re.fullmatch("[!-~]{32,200}", text, re.ASCII):
        raise ValueError
    return text


def _hosts(text: str) -> tuple[str, ...]:
    return _split(text.lower(), HOST)


def _origins(text: str) -> tuple[str, ...]:
    origins = _split(text.lower(), f"https?://{HOST}(:[1-9][0-9]{{0,4}})?")
    # A browser leaves out the port that the scheme implies.
    default_ports = {"http": ":80", "https": ":443"}
    return tuple(origin.removesuffix(default_ports[origin.partition(":")[0]]) for origin in origins)


def _database_url(text: str) -> str:
    if not re.fullmatch(r"(sqlite:///|postgres(ql)?(\+psycopg)?://)[^\s\x00-\x1f].*", text):
        raise ValueError
    return text


def _journal(text: str) -> str:
    if text.lower() not in {"truncate", "wal"}:
        raise ValueError
    return text.lower()


DEFINITIONS = (
    Setting("model_dir", Path),
    Setting("cutoff", _probability),
    Setting("api_keys", _keys, secret=True),
    Setting("open_predict", _flag),
    Setting("max_json_bytes", _positive),
    Setting("max_csv_bytes", _positive),
    Setting("max_applicants", _positive),
    Setting("database_url", _database_url, secret=True),
    Setting("sqlite_journal", _journal),
    Setting("rate_limit", RateLimit.read),
    Setting("what_if_rate_limit", RateLimit.read),
    Setting("proxies", _digit),
    Setting("runtime_dir", Path),
    Setting("hosts", _hosts),
    Setting("cors_origins", _origins),
    Setting("secret_key", _secret, secret=True),
    Setting("demo", _flag),
)


def unknown_variables(variables: Iterable[str]) -> Iterator[str]:
    """Yield a sentence about each variable that looks like a setting and is none.

    It names the setting that may be meant.
    """
    names = {setting.name.upper(): setting.variable for setting in DEFINITIONS}
    for variable in sorted(variables):
        name = variable.upper().removeprefix(PREFIX)
        if not variable.upper().startswith(PREFIX) or variable in names.values():
            continue
        nearest = nearest_name(name, names)
        hint = f"did you mean {names[nearest]}?" if nearest else "docs/settings.md lists them all"
        yield f"{variable} is not a setting and has no effect; {hint}"
