"""Read the part of a schema file that is about one field: what it accepts, and its texts."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import replace

from creditscore.errors import SchemaError
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE, LANGUAGES, Text
from creditscore.readers.file_format import clean_name
from creditscore.schema.code_reader import normalise, read_code_list, read_labels
from creditscore.schema.constraints import CodeList, NumericRange, Rejected, Rule, Value
from creditscore.schema.fields import Change, Field, Wording
from creditscore.schema.missing_values import MissingValues
from creditscore.schema.reference import REFERENCE
from creditscore.schema.toml_reader import TomlTable, shown

BOUNDS = ("minimum", "exclusive_minimum", "maximum", "exclusive_maximum")
NUMBER_KEYS = (*BOUNDS, "bands", "risk", "monotone", "prefix", "suffix")
CODED_KEYS = ("fold", "other", "order")
IDENTIFIER = re.compile("[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
KINDS = ("number", "integer", "coded")
COMMON_KEYS = (
    "kind", "codes", "protected", "optional_when_excluded", "change", "reasons", "example",
    "title", "help", "unit", "unit_singular", "unit_of_one", "missing", "missing_values",
    "column",
)  # fmt: skip


def read_fields(tables: Mapping[str, TomlTable]) -> dict[str, Field]:
    """Read the fields of a schema file, in its order."""
    if REFERENCE in tables:
        problem = "is the name of a client's own reference: give the field another name, and say"
        source = tables[REFERENCE].source
        raise SchemaError(source, tables[REFERENCE].path, f'{problem} column = "{REFERENCE}"')
    codes = code_names(tables)
    return {
        name: replace(read_field(name, table), code_name=codes[name])
        for name, table in tables.items()
    }


def code_names(names: Collection[str]) -> dict[str, str]:
    """Return an identifier for each name: the name itself where it is one.

    Programs keep reason codes in enumerations, whose members "Monthly income (%)" cannot name.
    """
    codes = {name: name for name in names if IDENTIFIER.fullmatch(name)}
    for number, name in enumerate(names, start=1):
        if name not in codes:
            plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
            code = re.sub("[^A-Z0-9]+", "_", plain.upper()).strip("_")
            if not IDENTIFIER.fullmatch(code) or code in codes.values():
                code = f"FIELD_{number}_{code}".rstrip("_")
            codes[name] = code
    return codes


def read_field(name: str, table: TomlTable) -> Field:
    """Read one field of a schema file."""
    # A dot parts the keys of TOML: [fields.Monthly.income] is a table within fields.Monthly.
    inner = [key for key, value in table.content.items() if isinstance(value, dict)]
    if "kind" not in table.content and len(inner) == 1 and "kind" in table.content[inner[0]]:
        table.refuse("kind", f'is missing; quote a name with a dot: [fields."{name}.{inner[0]}"]')
    kind = table.text("kind")
    if kind not in KINDS:
        table.refuse("kind", f"must be one of {', '.join(KINDS)}, got {shown(kind)}")
    table.allow(*COMMON_KEYS, *(CODED_KEYS if kind == "coded" else NUMBER_KEYS))
    unit = table.words("unit", default={})
    rule: Rule = read_code_list(table) if kind == "coded" else _numeric_range(table, kind, unit)
    return Field(
        name=name,
        rule=rule,
        protected=table.flag("protected"),
        optional_when_excluded=table.flag("optional_when_excluded"),
        change=_change(table, rule),
        reasons=_wordings(table, rule),
        example=_example(table, rule),
        title=table.words("title"),
        help=table.words("help", default={DEFAULT_LANGUAGE: ""}),
        unit=unit,
        # Models trained before carry the older key.
        unit_singular=table.words("unit_singular", default=table.words("unit_of_one", default={})),
        bands=_bands(table, rule),
        risk=_risk(table),
        monotone=_monotone(table),
        column=_name(table, "column"),
        prefix=_name(table, "prefix") or "",
        suffix=_name(table, "suffix") or "",
        missing=_missing(table, rule),
    )


def _missing(table: TomlTable, rule: Rule) -> MissingValues | None:
    """Read what stands for a missing value: listed values, and nothing at all in any case."""
    allowed = "a list of values such as 'NA', -7 or { value = -8, en = 'no record' }"
    entries: list[object] = table.get("missing_values", list, allowed, [])
    stated = table.flag("missing") if "missing" in table.content else bool(entries)
    if not stated:
        if entries:
            table.refuse("missing", "must be true where there are missing_values")
        return None
    untitled: set[Value] = set()
    titled: dict[Value, Text] = {}
    # By type: true is an int as well.
    tables = ({"value": entry} if type(entry) in (int, float, str) else entry for entry in entries)
    for item in table.items("missing_values", tables, allowed):
        item.allow("value", *LANGUAGES)
        value: Value = item.get("value", (int, float, str), "a number or a text")
        value = normalise(value)
        if value in rule.labels:
            item.refuse("value", f"is one of the field's codes, got {shown(value)}")
        if len(item.content) == 1:
            untitled.add(value)
        else:
            item.text(DEFAULT_LANGUAGE)
            titled[value] = {name: item.text(name) for name in LANGUAGES if name in item.content}
    return MissingValues(frozenset(untitled), titled)


def _numeric_range(table: TomlTable, kind: str, unit: Text) -> NumericRange:
    bounds = {
        name: table.get(name, (int, float), "a number") for name in BOUNDS if name in table.content
    }
    for inclusive in ("minimum", "maximum"):
        if inclusive in bounds and f"exclusive_{inclusive}" in bounds:
            table.refuse(inclusive, f"and exclusive_{inclusive} exclude each other")
    low = bounds.get("minimum", bounds.get("exclusive_minimum"))
    high = bounds.get("maximum", bounds.get("exclusive_maximum"))
    if low is not None and high is not None and not low < high:
        name = "maximum" if "maximum" in bounds else "exclusive_maximum"
        table.refuse(name, f"must be greater than {low}, got {high}")
    labels = read_labels(table, plain=False) if "codes" in table.content else {}
    for code in labels:
        if not isinstance(code, int):
            table.refuse("codes", f"of this kind must be whole numbers, got {code!r}")
    return NumericRange(
        low=low,
        high=high,
        low_open="exclusive_minimum" in bounds,
        high_open="exclusive_maximum" in bounds,
        integral=kind == "integer",
        labels=labels,
        unit=unit,
    )


def _change(table: TomlTable, rule: Rule) -> Change | None:
    if "change" not in table.content:
        return None
    if table.flag("protected"):
        table.refuse("change", "must not be there: no one is advised to change what is protected")
    if isinstance(rule, CodeList):
        table.refuse("change", "is for numbers and integers, a coded field has no direction")
    inner = table.table("change")
    inner.allow("direction", "limit")
    direction = inner.text("direction")
    if direction not in {"increase", "decrease"}:
        inner.refuse("direction", f"must be increase or decrease, got {direction!r}")
    limit = None
    if "limit" in inner.content:
        limit = inner.get("limit", (int, float), "a number")
        if not rule.contains(limit):
            inner.refuse("limit", f"must be {rule.allowed[DEFAULT_LANGUAGE]}, got {limit}")
    return Change(direction, limit)


def _bands(table: TomlTable, rule: Rule) -> tuple[float, ...]:
    allowed = "a list of ascending numbers, such as [25, 40, 62]"
    edges: list[object] = table.get("bands", list, allowed, [])
    # By type: true is an int as well.
    numbers = [edge for edge in edges if type(edge) is int or type(edge) is float]
    ascending = all(low < high for low, high in itertools.pairwise(numbers))
    if len(numbers) < len(edges) or not ascending:
        table.refuse("bands", f"must be {allowed}, got {shown(edges)}")
    if isinstance(rule, NumericRange) and not all(rule.contains(edge) for edge in numbers):
        table.refuse("bands", f"must each be {rule.allowed[DEFAULT_LANGUAGE]}, got {shown(edges)}")
    return tuple(float(edge) for edge in numbers)


def _risk(table: TomlTable) -> str | None:
    if "risk" not in table.content:
        return None
    risk = table.text("risk")
    if risk not in {"rises", "falls"}:
        table.refuse("risk", f"must be rises or falls, got {shown(risk)}")
    return risk


def _monotone(table: TomlTable) -> bool | tuple[str, ...]:
    monotone = table.content.get("monotone", False)
    names = tuple(table.names("monotone")) if isinstance(monotone, list) else ()
    if not names and not table.flag("monotone"):
        return False
    if "risk" not in table.content:
        table.refuse("monotone", "needs risk, which says in which direction")
    return names or True


def _name(table: TomlTable, key: str) -> str | None:
    """Read a text as cells and headers are compared: without spaces around it."""
    if key not in table.content:
        return None
    name = clean_name(table.text(key))
    if not name:
        table.refuse(key, "must not be empty")
    return name


def _wordings(table: TomlTable, rule: Rule) -> tuple[Wording, ...]:
    allowed = "a list of tables such as { code = 'LATE', minimum = 1 }"
    entries: list[object] = table.get("reasons", list, allowed, [])
    return tuple(_wording(item, rule) for item in table.items("reasons", entries, allowed))


def _wording(item: TomlTable, rule: Rule) -> Wording:
    numeric = () if isinstance(rule, CodeList) else ("minimum", "maximum", "side")
    # Models of the releases before hold sentences under the languages, which are not used any more.
    item.allow("code", "values", *numeric, "describes", *LANGUAGES)
    code = item.text("code")
    if not code.replace("_", "").isalnum() or not code.isascii() or not code.isupper():
        item.refuse("code", f"must be upper-case letters, digits and underscores, got {code!r}")
    side = item.text("side") if "side" in item.content else None
    if side not in {"low", "high", None}:
        item.refuse("side", f"must be low or high, got {side!r}")
    description = item.words("describes") if "describes" in item.content else None
    for language, words in (description or {}).items():
        if set(re.findall(r"\{([^{}]*)\}|[{}]", words)) - {"value"}:
            problem = f"may hold {{value}} and no other braces, got {shown(words)}"
            item.refuse(f"describes.{language}", problem)
    bounds = {
        name: item.get(name, (int, float), "a number")
        for name in ("minimum", "maximum")
        if name in item.content
    }
    if "minimum" in bounds and "maximum" in bounds and bounds["minimum"] > bounds["maximum"]:
        item.refuse("maximum", f"must be at least {bounds['minimum']}, got {bounds['maximum']}")
    return Wording(
        code=code,
        values=_accepted(item, rule, item.get("values", list, "a list", [])),
        low=bounds.get("minimum"),
        high=bounds.get("maximum"),
        side=side,
        description=description,
    )


def _accepted(item: TomlTable, rule: Rule, raws: list[object]) -> tuple[Value, ...]:
    # Once for all of them: each such rule looks at every code.
    rule = _documented(rule)
    values = []
    for raw in raws:
        try:
            values.append(rule.accept(raw))
        except Rejected:
            item.refuse("values", f"must be {rule.allowed[DEFAULT_LANGUAGE]}, got {shown(raw)}")
    return tuple(values)


def _example(table: TomlTable, rule: Rule) -> Value:
    raw = table.get("example", (int, float, str), "a value that the field accepts")
    rule = _documented(rule)
    try:
        return rule.accept(raw)
    except Rejected:
        table.refuse("example", f"must be {rule.allowed[DEFAULT_LANGUAGE]}, got {raw!r}")


def _documented(rule: Rule) -> Rule:
    """Return the rule without the codes that count as others."""
    return replace(rule, merged_codes={}) if isinstance(rule, CodeList) else rule
