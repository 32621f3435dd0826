"""Read a schema file (TOML) into a `Schema`, refusing whatever it may not say.

Every refusal names the file, the key and what is allowed there.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from creditscore.errors import SchemaError
from creditscore.rule import LARGEST_NUMBER, Codes, Interval, Rejected, Rule, Value
from creditscore.schema import (
    Change,
    Field,
    ForestSettings,
    Label,
    Schema,
    ScorecardSpec,
    Source,
    Wording,
)
from creditscore.texts import FALLBACK_LANGUAGE, LANGUAGES, Text

BOUNDS = ("minimum", "exclusive_minimum", "maximum", "exclusive_maximum")
KINDS = ("number", "integer", "coded")
COMMON_KEYS = (
    "kind", "codes", "protected", "optional_when_excluded", "change", "reasons", "example",
    "title", "help", "unit",
)  # fmt: skip

#: Largest count that a forest's settings take; scikit-learn counts in fixed widths.
MOST = 1_000_000


def load_schema(path: Path) -> Schema:
    """Read a schema file.

    Raises
    ------
    SchemaError
        If it cannot be read, is not TOML, or breaks a rule of schema files.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SchemaError(str(path), "", f"cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        # tomllib lets through what int() says of 5,000 digits, and the end of the stack.
        raise SchemaError(str(path), "", f"is not a TOML file: {error}") from None
    return read_schema(document, str(path))


def read_schema(document: Mapping[str, Any], source: str) -> Schema:
    """Turn a parsed schema file into a `Schema`; `source` names it in errors."""
    top = _Table(source, "", document)
    top.allow("dataset", "label", "sources", "scorecards", "fields")
    dataset = top.table("dataset")
    dataset.allow("name", "title", "notice", "ignored_columns")
    fields = {name: _field(name, table) for name, table in top.tables("fields").items()}
    label = _label(top.table("label"), fields)
    return Schema(
        name=dataset.text("name"),
        title=dataset.words("title"),
        notice=dataset.words("notice", fallback={FALLBACK_LANGUAGE: ""}),
        label=label,
        fields=fields,
        scorecards=_scorecards(top, fields),
        sources={
            name: _source(table, [*fields, label.column])
            for name, table in top.tables("sources", fallback={}).items()
        },
        ignored_columns=tuple(dataset.names("ignored_columns", fallback=())),
        document=document,
    )


@dataclass(frozen=True)
class _Table:
    """A table of the file, which knows where it stands and refuses in those terms."""

    source: str
    path: str
    content: Mapping[str, Any]

    def key(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def refuse(self, name: str, problem: str) -> NoReturn:
        raise SchemaError(self.source, self.key(name), problem)

    def allow(self, *names: str) -> None:
        for name in self.content:
            if name not in names:
                near = difflib.get_close_matches(name, names, n=1)
                hint = f", did you mean {near[0]}?" if near else ""
                self.refuse(name, f"is not a key here: allowed are {', '.join(names)}{hint}")

    def get(self, name: str, kind: type | tuple[type, ...], allowed: str, fallback: Any) -> Any:
        if name not in self.content:
            if fallback is not None:
                return fallback
            self.refuse(name, f"is missing, it must be {allowed}")
        value = self.content[name]
        # bool is an int: `true` is no number.
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.refuse(name, f"must be {allowed}, got {_shown(value)}")
        # TOML has nan, inf and numbers of any length, which neither JSON nor the model can hold.
        if isinstance(value, int | float) and not abs(value) <= LARGEST_NUMBER:
            problem = f"must be {allowed}, in what single precision can hold, got {_shown(value)}"
            self.refuse(name, problem)
        return value

    def text(self, name: str, fallback: str | None = None) -> str:
        value: str = self.get(name, str, "a text", fallback)
        return value

    def flag(self, name: str) -> bool:
        value: bool = self.get(name, bool, "true or false", fallback=False)
        return value

    def positive(self, name: str, fallback: int | None) -> int | None:
        if name not in self.content:
            return fallback
        allowed = f"a whole number from 1 to {MOST}"
        value: int = self.get(name, int, allowed, None)
        if not 1 <= value <= MOST:
            self.refuse(name, f"must be {allowed}, got {value}")
        return value

    def names(self, name: str, fallback: Sequence[str] | None = None) -> list[str]:
        value: list[str] = self.get(name, list | tuple, "a list of texts", fallback)  # type: ignore[arg-type]  # isinstance takes unions
        if not all(isinstance(item, str) for item in value):
            self.refuse(name, f"must be a list of texts, got {_shown(value)}")
        return list(value)

    def table(self, name: str) -> _Table:
        return _Table(self.source, self.key(name), self.get(name, dict, "a table", None))

    def tables(self, name: str, fallback: dict[str, Any] | None = None) -> dict[str, _Table]:
        parent = _Table(
            self.source, self.key(name), self.get(name, dict, "a table of tables", fallback)
        )
        if not parent.content and fallback is None:
            self.refuse(name, "must hold at least one table, got none")
        return {child: parent.table(child) for child in parent.content}

    def words(self, name: str, fallback: Text | None = None) -> Text:
        """Read a text by language; English is required, a plain text counts as English."""
        if isinstance(self.content.get(name), str):
            return {FALLBACK_LANGUAGE: self.content[name]}
        if name not in self.content and fallback is not None:
            return fallback
        table = self.table(name)
        table.allow(*LANGUAGES)
        table.text(FALLBACK_LANGUAGE)
        return {language: table.text(language) for language in table.content}


def _field(name: str, table: _Table) -> Field:
    kind = table.text("kind")
    if kind not in KINDS:
        table.refuse("kind", f"must be one of {', '.join(KINDS)}, got {_shown(kind)}")
    table.allow(*COMMON_KEYS, *(("fold",) if kind == "coded" else BOUNDS))
    unit = table.words("unit", fallback={})
    rule: Rule = _codes(table) if kind == "coded" else _interval(table, kind, unit)
    return Field(
        name=name,
        rule=rule,
        fold=_fold(table, rule) if isinstance(rule, Codes) else {},
        protected=table.flag("protected"),
        optional_when_excluded=table.flag("optional_when_excluded"),
        change=_change(table, rule),
        reasons=_wordings(table, rule),
        example=_example(table, rule),
        title=table.words("title"),
        help=table.words("help", fallback={FALLBACK_LANGUAGE: ""}),
        unit=unit,
    )


def _interval(table: _Table, kind: str, unit: Text) -> Interval:
    bounds = {
        name: table.get(name, (int, float), "a number", None)
        for name in BOUNDS
        if name in table.content
    }
    for inclusive in ("minimum", "maximum"):
        if inclusive in bounds and f"exclusive_{inclusive}" in bounds:
            table.refuse(inclusive, f"and exclusive_{inclusive} exclude each other")
    low = bounds.get("minimum", bounds.get("exclusive_minimum"))
    high = bounds.get("maximum", bounds.get("exclusive_maximum"))
    if low is not None and high is not None and not low < high:
        name = "maximum" if "maximum" in bounds else "exclusive_maximum"
        table.refuse(name, f"must be greater than {low}, got {high}")
    named = _labels(table) if "codes" in table.content else {}
    for code in named:
        if not isinstance(code, int):
            table.refuse("codes", f"of this kind must be whole numbers, got {code!r}")
    return Interval(
        low=low,
        high=high,
        low_open="exclusive_minimum" in bounds,
        high_open="exclusive_maximum" in bounds,
        integral=kind == "integer",
        named={code: text for code, text in named.items() if isinstance(code, int)},
        unit=unit,
    )


def _codes(table: _Table) -> Codes:
    labels = _labels(table)
    if len({type(code) for code in labels}) > 1:
        table.refuse("codes", "must be all whole numbers or all texts, got both")
    return Codes(labels)


def _labels(table: _Table) -> dict[int | str, Text]:
    allowed = "a list of tables such as { value = 1, en = 'married' }"
    entries: list[object] = table.get("codes", list, allowed, None)
    labels: dict[int | str, Text] = {}
    for place, entry in enumerate(entries):
        if not isinstance(entry, dict):
            table.refuse("codes", f"must be {allowed}, got {_shown(entry)}")
        item = _Table(table.source, f"{table.key('codes')}[{place}]", entry)
        item.allow("value", *LANGUAGES)
        value: int | str = item.get("value", (int, str), "a whole number or a text", None)
        if value in labels:
            item.refuse("value", f"stands twice in the list: {value!r}")
        item.text(FALLBACK_LANGUAGE)
        labels[value] = {
            language: item.text(language) for language in LANGUAGES if language in entry
        }
    if not labels:
        table.refuse("codes", "must hold at least one code, got none")
    return labels


def _fold(table: _Table, rule: Codes) -> dict[int | str, int | str]:
    if "fold" not in table.content:
        return {}
    folds: dict[int | str, int | str] = {}
    inner = table.table("fold")
    for written, target in inner.content.items():
        # By type as well: true equals 1.
        if not any(type(target) is type(code) and target == code for code in rule.labels):
            inner.refuse(written, f"must be one of the field's codes, got {_shown(target)}")
        # The keys of a TOML table are texts, even where the codes are numbers.
        code: int | str = written
        if not rule.textual:
            if not re.fullmatch("0|-?[1-9][0-9]{0,37}", written, re.ASCII):
                inner.refuse(written, "must be a whole number, as the field's codes are")
            code = int(written)
        if code in rule.labels:
            inner.refuse(written, "is a code of the field already, it cannot be folded")
        folds[code] = target
    return folds


def _change(table: _Table, rule: Rule) -> Change | None:
    if "change" not in table.content:
        return None
    if table.flag("protected"):
        table.refuse("change", "must not be there: nobody is advised to change what is protected")
    if isinstance(rule, Codes):
        table.refuse("change", "is for numbers and integers, a coded field has no direction")
    inner = table.table("change")
    inner.allow("direction", "limit")
    direction = inner.text("direction")
    if direction not in {"increase", "decrease"}:
        inner.refuse("direction", f"must be increase or decrease, got {direction!r}")
    limit = None
    if "limit" in inner.content:
        limit = inner.get("limit", (int, float), "a number", None)
        if not rule.contains(limit):
            inner.refuse("limit", f"must be {rule.allowed[FALLBACK_LANGUAGE]}, got {limit}")
    return Change(direction, limit)


def _wordings(table: _Table, rule: Rule) -> tuple[Wording, ...]:
    allowed = "a list of tables such as { code = 'LATE', minimum = 1, en = '...' }"
    entries: list[object] = table.get("reasons", list, allowed, [])
    wordings = []
    for place, entry in enumerate(entries):
        if not isinstance(entry, dict):
            table.refuse("reasons", f"must be {allowed}, got {_shown(entry)}")
        item = _Table(table.source, f"{table.key('reasons')}[{place}]", entry)
        wordings.append(_wording(item, rule))
    return tuple(wordings)


def _wording(item: _Table, rule: Rule) -> Wording:
    numeric = () if isinstance(rule, Codes) else ("minimum", "maximum", "side")
    item.allow("code", "values", *numeric, *LANGUAGES)
    code = item.text("code")
    if not code.replace("_", "").isalnum() or not code.isascii() or not code.isupper():
        item.refuse("code", f"must be upper-case letters, digits and underscores, got {code!r}")
    side = item.text("side") if "side" in item.content else None
    if side not in {"low", "high", None}:
        item.refuse("side", f"must be low or high, got {side!r}")
    item.text(FALLBACK_LANGUAGE)
    text = {language: item.text(language) for language in LANGUAGES if language in item.content}
    for language, words in text.items():
        if set(re.findall(r"\{(.*?)\}|[{}]", words)) - {"value"}:
            item.refuse(language, f"may hold {{value}} and no other braces, got {_shown(words)}")
    bounds = {
        name: item.get(name, (int, float), "a number", None)
        for name in ("minimum", "maximum")
        if name in item.content
    }
    return Wording(
        code=code,
        values=tuple(
            _accepted(item, rule, value) for value in item.get("values", list, "a list", [])
        ),
        low=bounds.get("minimum"),
        high=bounds.get("maximum"),
        side=side,
        text=text,
    )


def _accepted(item: _Table, rule: Rule, raw: object) -> Value:
    try:
        return rule.accept(raw)
    except Rejected:
        item.refuse("values", f"must be {rule.allowed[FALLBACK_LANGUAGE]}, got {_shown(raw)}")


def _example(table: _Table, rule: Rule) -> Value:
    raw = table.get("example", (int, float, str), "a value that the field accepts", None)
    try:
        return rule.accept(raw)
    except Rejected:
        table.refuse("example", f"must be {rule.allowed[FALLBACK_LANGUAGE]}, got {raw!r}")


def _label(table: _Table, fields: Mapping[str, Field]) -> Label:
    table.allow("column", "good", "bad", "title")
    column = table.text("column")
    if column in fields:
        table.refuse("column", f"must not be one of the fields, got {column!r}")
    good, bad = (
        table.get(name, (int, str), "a whole number or a text", None) for name in ("good", "bad")
    )
    if str(good) == str(bad):
        table.refuse("bad", f"must differ from good, got {bad!r}")
    return Label(column=column, good=good, bad=bad, title=table.words("title"))


def _scorecards(top: _Table, fields: Mapping[str, Field]) -> dict[str, ScorecardSpec]:
    specs: dict[str, ScorecardSpec] = {}
    smaller: tuple[str, ...] = ()
    for name, table in top.tables("scorecards").items():
        if not name.replace("_", "").isalnum() or not name.islower():
            top.refuse(f"scorecards.{name}", "must be named in lower-case letters and digits")
        table.allow("title", "fields", "forest")
        names = table.names("fields")
        for field in names:
            if field not in fields:
                near = difflib.get_close_matches(field, fields, n=1)
                hint = f", did you mean {near[0]}?" if near else ""
                table.refuse("fields", f"must name fields of this file, got {field!r}{hint}")
        if not set(smaller) < set(names):
            what = f"more than the fields of the scorecard before: {', '.join(smaller)}"
            table.refuse("fields", f"must hold {what if smaller else 'at least one field'}")
        # Schema order, whatever the order in the list: it is the order of the model's columns.
        smaller = tuple(field for field in fields if field in names)
        specs[name] = ScorecardSpec(name, table.words("title"), smaller, _forest(table))
    for field in fields:
        if field not in smaller:
            top.refuse(f"fields.{field}", "must belong to a scorecard, it belongs to none")
    return specs


def _forest(parent: _Table) -> ForestSettings:
    if "forest" not in parent.content:
        return ForestSettings()
    table = parent.table("forest")
    table.allow("trees", "max_depth", "min_samples_leaf", "max_features")
    usual = ForestSettings()
    return ForestSettings(
        trees=table.positive("trees", usual.trees) or usual.trees,
        max_depth=table.positive("max_depth", usual.max_depth) or usual.max_depth,
        min_samples_leaf=table.positive("min_samples_leaf", usual.min_samples_leaf)
        or usual.min_samples_leaf,
        max_features=table.positive("max_features", usual.max_features),
    )


def _source(table: _Table, wanted: Sequence[str]) -> Source:
    table.allow("title", "licence", "url", "sha256", "columns")
    columns = table.table("columns")
    columns.allow(*wanted)
    sha256 = table.text("sha256")
    if len(sha256) != 64 or set(sha256) - set("0123456789abcdef"):
        table.refuse("sha256", f"must be 64 hexadecimal digits, got {sha256!r}")
    return Source(
        title=table.text("title"),
        licence=table.text("licence"),
        url=table.text("url"),
        sha256=sha256,
        columns={name: columns.text(name) for name in wanted},
    )


def _shown(value: object) -> str:
    """Repeat a value in an error, briefly."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        return "something too large to be shown"
    return text if len(text) <= 80 else f"{text[:80]}…"
