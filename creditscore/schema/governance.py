"""What a lender declares of a model, and nothing can measure: owner, purpose, history, sign-off.

Declarations are texts for people. No decision and no model version depends on them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from typing import Any

from creditscore.i18n.catalogue import FALLBACK_LANGUAGE, Text, in_language
from creditscore.nearest_name import hint
from creditscore.schema.toml_reader import TomlTable, shown
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


KEYS = tuple(one.name for one in fields(Governance))


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
        If a key is unknown, or holds something else than it must.
    """
    if "governance" not in top.content:
        return Governance()
    table = top.table("governance")
    table.allow(*KEYS)
    return Governance(
        **{key: _words(table, key) for key in TEXTS},
        versions=_versions(table),
        variables=_variables(table, names),
        triggers=read_triggers(table),
        sign_off=_sign_off(table),
    )


def _words(table: TomlTable, key: str) -> Text | None:
    if is_blank(table.content.get(key, "")):
        return None
    text = table.words(key)
    if not text[FALLBACK_LANGUAGE].strip():
        table.refuse(f"{key}.{FALLBACK_LANGUAGE}", "must not be empty, others are shown it as well")
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
    releases = []
    for index, entry in enumerate(entries):
        if not isinstance(entry, dict):
            table.refuse("versions", f"must be {allowed}, got {shown(entry)}")
        if is_blank(entry):
            continue
        item = TomlTable(table.source, f"{table.key('versions')}[{index}]", entry)
        item.allow("version", "date", "change", "by")
        for key in ("version", "change", "by"):
            if key in entry and is_blank(entry[key]):
                item.refuse(key, "must not be empty beside what is stated")
        releases.append(
            Release(
                version=item.text("version"),
                date=_date(item),
                change=item.words("change"),
                by=item.text("by"),
            )
        )
    return tuple(releases)


def _date(table: TomlTable) -> str:
    allowed = "a date such as 2026-01-31"
    written: str = table.get("date", str, allowed, None)
    try:
        return date.fromisoformat(written).isoformat()
    except ValueError:
        table.refuse("date", f"must be {allowed}, got {shown(written)}")


def _variables(table: TomlTable, names: Collection[str]) -> dict[str, Text]:
    if "variables" not in table.content:
        return {}
    inner, reasons = table.table("variables"), {}
    for name in inner.content:
        if name not in names:
            inner.refuse(name, f"must be a field of the schema file{hint(name, names)}")
        if (text := _words(inner, name)) is not None:
            reasons[name] = text
    return reasons


def _sign_off(table: TomlTable) -> dict[str, Signature]:
    if "sign_off" not in table.content:
        return {}
    inner = table.table("sign_off")
    inner.allow(*STEPS)
    signatures = {}
    for step in STEPS:
        if is_blank(inner.content.get(step, "")):
            continue
        item = inner.table(step)
        item.allow("name", "role", "date")
        signatures[step] = Signature(
            name=item.text("name", "").strip() or None,
            role=_words(item, "role"),
            date=None if is_blank(item.content.get("date", "")) else _date(item),
        )
    return signatures


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
        If the file beside holds anything else, or something that stands in the schema file too:
        neither of the two has precedence.
    """
    beside.allow("governance")
    table = beside.table("governance")
    read_governance(beside, names)
    added = {key: item for key, item in table.content.items() if not is_blank(item)}
    kept = {key: item for key, item in stated.items() if not is_blank(item)}
    for key in added:
        if key in kept:
            table.refuse(key, "stands in the schema file too, keep it in one of the two")
    return {**kept, **added}


# In one language, for the model card


@dataclass(frozen=True)
class Declarations:
    """What is declared in one language, and what is missing; None for what is not stated.

    Attributes
    ----------
    versions : list of dict
        With ``version``, ``date``, ``change`` and ``by``.
    variables : dict of str to str or None
        By predictor, why it is in the model; monitored attributes where that is stated.
    triggers : dict
        By name the limit, or a list of a lower and an upper one; empty if none is stated.
    sign_off : dict of str to dict
        By step ``name``, ``role`` and ``date``.
    missing : list of str
        Keys of the declarations that are missing, or of which a part is.
    total : int
        Number of declarations.
    """

    owner: str | None
    purpose: str | None
    business_use: str | None
    observation_window: str | None
    outcome_window: str | None
    exclusions: str | None
    override_policy: str | None
    revalidation_interval: str | None
    versions: list[dict[str, str]]
    variables: dict[str, str | None]
    triggers: dict[str, Any]
    sign_off: dict[str, dict[str, str | None]]
    missing: list[str]
    total: int


def declared(governance: Governance, predictors: Sequence[str], language: str) -> Declarations:
    """Return what is declared of a model with these predictors, and which declarations miss."""
    texts = {key: _said(getattr(governance, key), language) for key in TEXTS}
    variables = {
        name: _said(governance.variables.get(name), language)
        for name in dict.fromkeys([*predictors, *governance.variables])
    }
    sign_off = {
        step: _signed(governance.sign_off.get(step, Signature()), language) for step in STEPS
    }
    is_stated = {
        **{key: text is not None for key, text in texts.items()},
        "versions": bool(governance.versions),
        "variables": None not in variables.values(),
        "triggers": governance.triggers is not None,
        **{step: None not in signature.values() for step, signature in sign_off.items()},
    }
    return Declarations(
        **texts,
        versions=[
            {
                "version": one.version,
                "date": one.date,
                "change": _one_line(in_language(one.change, language)),
                "by": one.by,
            }
            for one in governance.versions
        ],
        variables=variables,
        triggers=_limits(governance.triggers),
        sign_off=sign_off,
        missing=[key for key, stated in is_stated.items() if not stated],
        total=len(is_stated),
    )


def _said(text: Text | None, language: str) -> str | None:
    return None if text is None else _one_line(in_language(text, language))


def _signed(signature: Signature, language: str) -> dict[str, str | None]:
    role = _said(signature.role, language)
    return {"name": signature.name, "role": role, "date": signature.date}


def _limits(triggers: Triggers | None) -> dict[str, Any]:
    """Return the limits by name, two bounds as a list."""
    if triggers is None:
        return {}
    limits = asdict(triggers)
    return {name: list(one) if isinstance(one, tuple) else one for name, one in limits.items()}


def _one_line(text: str) -> str:
    return " ".join(text.split())
