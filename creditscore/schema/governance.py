"""What a lender declares of a model, and nothing can measure: owner, purpose, history, sign-off.

Declarations are texts for people. No decision and no model version depends on them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from creditscore.errors import SchemaError
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE, Text
from creditscore.nearest_name import hint
from creditscore.schema.toml_reader import TomlTable, raise_all, read_parts, shown
from creditscore.schema.triggers import Triggers, read_triggers

#: Name of the file beside a schema file that may hold the same table.
GOVERNANCE_FILE = "governance.toml"

#: Declarations that are one text each.
TEXTS = (
    "owner", "purpose", "business_use", "observation_window", "outcome_window", "exclusions",
    "override_policy", "revalidation_interval",
)  # fmt: skip

#: Steps of the sign-off, in their order.
STEPS = ("prepared", "validated", "approved")


@dataclass(frozen=True)
class Release:
    """An entry of the version history; `date` is in ISO 8601."""

    version: str
    date: str
    change: Text
    by: str


@dataclass(frozen=True)
class Signature:
    """Who takes a step of the sign-off; None for what is not stated. `date` is in ISO 8601."""

    name: str | None = None
    role: Text | None = None
    date: str | None = None


@dataclass(frozen=True)
class Governance:
    """The table [governance] of a schema file; None and empty for what is not stated.

    Attributes
    ----------
    owner, purpose, business_use : Text or None
        Who answers for the model, what it is for, and which decisions use it.
    observation_window, outcome_window : Text or None
        Over which time the fields, and the outcome after them, were observed.
    exclusions : Text or None
        Which rows or people were left out before training.
    override_policy, revalidation_interval : Text or None
        Who may overrule a decision and how; how often the model is revalidated.
    versions : tuple of Release
        The version history, as it is written.
    variables : mapping of str to Text
        By field, why it is in the model.
    triggers : Triggers or None
        The limits that call for a validation before its time; None if none is stated.
    sign_off : mapping of str to Signature
        By step, those of `STEPS` that are stated.
    """

    owner: Text | None = None
    purpose: Text | None = None
    business_use: Text | None = None
    observation_window: Text | None = None
    outcome_window: Text | None = None
    exclusions: Text | None = None
    override_policy: Text | None = None
    revalidation_interval: Text | None = None
    versions: tuple[Release, ...] = ()
    variables: Mapping[str, Text] = field(default_factory=dict)
    triggers: Triggers | None = None
    sign_off: Mapping[str, Signature] = field(default_factory=dict)


def read_governance(top: TomlTable, names: Collection[str]) -> Governance:
    """Read the table [governance] of a file; an empty text counts as not stated.

    Parameters
    ----------
    top : TomlTable
        The whole file.
    names : collection of str
        The fields of the schema file.

    Raises
    ------
    SchemaError
        Naming each key that is unknown, or holds something else than it must.
    """
    if "governance" not in top.content:
        return Governance()
    table = top.table("governance")
    readers: dict[str, Callable[[str], Any]] = {
        **dict.fromkeys(TEXTS, lambda key: _words(table, key)),
        "versions": lambda _: _versions(table),
        "variables": lambda _: _variables(table, names),
        "triggers": lambda _: read_triggers(table),
        "sign_off": lambda _: _sign_off(table),
    }
    return Governance(**read_parts(table, readers, only_stated=True))


def _words(table: TomlTable, key: str) -> Text | None:
    if is_blank(table.content.get(key, "")):
        return None
    text = table.words(key)
    if not text[DEFAULT_LANGUAGE].strip():
        table.refuse(f"{key}.{DEFAULT_LANGUAGE}", "must not be empty, others are shown it as well")
    return text


def is_blank(value: object) -> bool:
    """Check whether there is no text in a value, as in the template that is to be filled in."""
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, Mapping):
        return all(map(is_blank, value.values()))
    return isinstance(value, list | tuple) and all(map(is_blank, value))


def _versions(table: TomlTable) -> tuple[Release, ...]:
    allowed = "a list of tables with version, date, change and by"
    entries: Sequence[object] = table.get("versions", list | tuple, allowed, ())  # type: ignore[arg-type]  # isinstance takes unions
    releases, faults = [], []
    for item in table.items("versions", entries, allowed):
        if is_blank(item.content):
            continue
        try:
            releases.append(_release(item))
        except SchemaError as fault:
            faults.append(fault)
    raise_all(faults)
    return tuple(releases)


def _release(item: TomlTable) -> Release:
    def not_empty(key: str) -> str:
        if key in item.content and is_blank(item.content[key]):
            item.refuse(key, "must not be empty beside what is stated")
        return key

    readers: dict[str, Callable[[str], Any]] = {
        "version": lambda key: item.text(not_empty(key)),
        "date": lambda key: _date(item, key),
        "change": lambda key: item.words(not_empty(key)),
        "by": lambda key: item.text(not_empty(key)),
    }
    return Release(**read_parts(item, readers))


def _date(table: TomlTable, key: str) -> str:
    allowed = "a date such as 2026-01-31"
    text: str = table.get(key, str, allowed)
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        table.refuse(key, f"must be {allowed}, got {shown(text)}")


def _variables(table: TomlTable, names: Collection[str]) -> dict[str, Text]:
    if "variables" not in table.content:
        return {}
    inner = table.table("variables")

    def reason(name: str) -> Text | None:
        if name not in names:
            inner.refuse(name, f"must be a field of the schema file{hint(name, names)}")
        return _words(inner, name)

    reasons: dict[str, Text | None] = read_parts(inner, dict.fromkeys(inner.content, reason))
    return {name: text for name, text in reasons.items() if text is not None}


def _sign_off(table: TomlTable) -> dict[str, Signature]:
    if "sign_off" not in table.content:
        return {}
    inner = table.table("sign_off")

    def signature(step: str) -> Signature | None:
        if is_blank(inner.content[step]):
            return None
        item = inner.table(step)
        readers: dict[str, Callable[[str], Any]] = {
            "name": lambda key: item.text(key).strip() or None,
            "role": lambda key: _words(item, key),
            "date": lambda key: None if is_blank(item.content[key]) else _date(item, key),
        }
        return Signature(**read_parts(item, readers, only_stated=True))

    stated = read_parts(inner, dict.fromkeys(STEPS, signature), only_stated=True)
    return {step: stated[step] for step in STEPS if stated.get(step) is not None}


# The same table in a file beside


def with_plain_dates(value: Any) -> Any:
    """Return what TOML holds with dates as texts: neither JSON nor the model has dates."""
    # By type: a time is a date as well.
    if type(value) is date:
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: with_plain_dates(item) for key, item in value.items()}
    return [with_plain_dates(item) for item in value] if isinstance(value, list) else value


def joined_governance(
    stated: Mapping[str, Any], beside: TomlTable, names: Collection[str]
) -> dict[str, Any]:
    """Return the declarations of a schema file and of the file beside it as one table.

    Raises
    ------
    SchemaError
        Naming each fault of the file beside, or each declaration of it that stands in the schema
        file too: neither of the two has precedence.
    """
    beside.allow("governance")
    table = beside.table("governance")
    read_governance(beside, names)
    added = {key: item for key, item in table.content.items() if not is_blank(item)}
    stated_items = {key: item for key, item in stated.items() if not is_blank(item)}
    problem = "is in the schema file too, keep it in one of the two"
    twice = [key for key in added if key in stated_items]
    raise_all([SchemaError(table.source, table.key(key), problem) for key in twice])
    return {**stated_items, **added}
