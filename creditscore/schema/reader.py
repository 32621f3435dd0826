"""Read a schema file (TOML) into a `Schema`.

Every error names the file, the key and what is allowed there.
"""

from __future__ import annotations

import codecs
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from creditscore.errors import SchemaError
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE, LANGUAGES, Text, say
from creditscore.nearest_name import hint
from creditscore.readers.file_format import SEPARATORS, StatedFormat, clean_name
from creditscore.schema.constraints import MAX_NUMBER
from creditscore.schema.field_reader import read_fields
from creditscore.schema.fields import Field, ForestSettings, Label, ScorecardSpec, Source
from creditscore.schema.governance import (
    GOVERNANCE_FILE,
    joined_governance,
    read_governance,
    with_plain_dates,
)
from creditscore.schema.number_text import SIGNS
from creditscore.schema.outcomes import outcome_key
from creditscore.schema.sample import read_sample
from creditscore.schema.schema import Schema
from creditscore.schema.toml_reader import TomlTable, shown

#: Characters of a schema file, and dots of one of its lines outside of texts, at most.
MAX_CHARACTERS, MAX_DOTS = 4_000_000, 500

#: What a schema file may have.
TABLES = (
    "dataset",
    "label",
    "sample",
    "file",
    "sources",
    "files",
    "scorecards",
    "fields",
    "governance",
)

# Possessive, and content with a text that never ends: linear whatever comes.
TEXT_OR_COMMENT = re.compile(
    r'''"""(?:[^"\\]|\\.|"(?!""))*+(?:""")?'''
    r"""|'''(?:[^']|'(?!''))*+(?:''')?"""
    r"""|"(?:[^"\\\n]|\\.)*+"?|'[^'\n]*+'?|\#[^\n]*+""",
    re.DOTALL,
)


def load_schema(path: Path) -> Schema:
    """Read a schema file, and the declarations in the file `GOVERNANCE_FILE` beside it.

    Raises
    ------
    SchemaError
        If it cannot be read, is not TOML, or breaks a rule of schema files.
    """
    document = _read_toml(path)
    schema = read_schema(document, str(path))
    _refuse_sentences(TomlTable(str(path), "", document))
    beside = path.with_name(GOVERNANCE_FILE)
    if not beside.exists():
        return schema
    declarations = TomlTable(str(beside), "", with_plain_dates(_read_toml(beside)))
    stated = schema.document.get("governance", {})
    joined = joined_governance(stated, declarations, schema.fields)
    return read_schema({**document, "governance": joined}, str(path))


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        # Notepad writes a byte order mark before the text.
        text = path.read_text(encoding="utf-8-sig")
        _check_size(text, str(path))
        return tomllib.loads(text)
    except OSError as error:
        raise SchemaError(str(path), "", f"cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        # tomllib lets through what int() says of 5,000 digits, and the end of the stack.
        raise SchemaError(str(path), "", f"is not a TOML file: {error}") from None


def _check_size(text: str, source: str) -> None:
    """Refuse what no one writes, and what tomllib takes minutes for: it is quadratic in dots."""
    if len(text) > MAX_CHARACTERS:
        raise SchemaError(source, "", f"must have at most {MAX_CHARACTERS:,} characters")
    # Of a text, only its line ends count.
    bare = TEXT_OR_COMMENT.sub(lambda match: "\n" * match[0].count("\n"), text)
    for number, line in enumerate(bare.split("\n"), start=1):
        if line.count(".") > MAX_DOTS:
            raise SchemaError(source, "", f"line {number} must have at most {MAX_DOTS} dots")


def _refuse_sentences(top: TomlTable) -> None:
    """Refuse reasons in whole sentences, as schema files had them before texts were computed."""
    for name, table in top.tables("fields").items():
        for index, wording in enumerate(table.content.get("reasons", ())):
            if not set(LANGUAGES).isdisjoint(wording):
                top.refuse(
                    f"fields.{name}.reasons[{index}].{DEFAULT_LANGUAGE}",
                    "must be describes.en: describe the value, such as 'The last payment was "
                    "{value} months late', or leave it out; what the value did to the risk is "
                    "computed and added",
                )


def read_schema(document: Mapping[str, Any], source: str) -> Schema:
    """Turn a parsed schema file into a `Schema`; `source` names it in errors."""
    if "governance" in document:
        document = {**document, "governance": with_plain_dates(document["governance"])}
    top = TomlTable(source, "", document)
    top.allow(*TABLES)
    dataset = top.table("dataset")
    dataset.allow("name", "title", "notice", "ignored_columns")
    fields = read_fields(top.tables("fields"))
    label = _label(top.table("label"), fields)
    sample = read_sample(top, fields=list(fields), label=label.column)
    columns = list(dict.fromkeys([*fields, label.column, *sample.columns.values()]))
    ignored = tuple(dataset.names("ignored_columns", default=()))
    _check_columns(top, fields, label, ignored)
    return Schema(
        name=dataset.text("name"),
        title=dataset.words("title"),
        notice=dataset.words("notice", default={DEFAULT_LANGUAGE: ""}),
        label=label,
        fields=fields,
        scorecards=_scorecards(top, fields),
        sources={
            name: _source(table, columns)
            for name, table in top.tables("sources", default={}).items()
        },
        files=dict(map(_file, top.tables("files", default={}).values())),
        ignored_columns=ignored,
        document=document,
        file=_stated_format(top),
        decision_prefix=_decision_prefix(top),
        sample=sample,
        governance=read_governance(top, fields),
    )


def _stated_format(top: TomlTable) -> StatedFormat:
    table = top.table("file") if "file" in top.content else TomlTable(top.source, "file", {})
    table.allow("separator", "decimal", "encoding", "header_line", "sheet", "decision_prefix")
    return StatedFormat(
        separator=_one_of(table, "separator", tuple(SEPARATORS)),
        decimal=_one_of(table, "decimal", SIGNS),
        encoding=_encoding(table),
        header_line=table.positive("header_line"),
        sheet=table.text("sheet") if "sheet" in table.content else None,
    )


def _one_of(table: TomlTable, key: str, allowed: Sequence[str]) -> str | None:
    if key not in table.content:
        return None
    value = table.text(key)
    if value not in allowed:
        choices = f"{', '.join(map(repr, allowed[:-1]))} or {allowed[-1]!r}"
        table.refuse(key, f"must be {choices}, got {shown(value)}")
    return value


def _encoding(table: TomlTable) -> str | None:
    if "encoding" not in table.content:
        return None
    name = table.text("encoding")
    try:
        # Not all of Python's codecs are encodings of texts.
        "a".encode(name)
    except (LookupError, ValueError):
        allowed = "the name of an encoding, such as utf-8, utf-16 or cp1252"
        table.refuse("encoding", f"must be {allowed}, got {shown(name)}")
    return codecs.lookup(name).name


def _decision_prefix(top: TomlTable) -> str:
    prefix: Any = top.content.get("file", {}).get("decision_prefix", "")
    if not isinstance(prefix, str) or not re.fullmatch(r"[\w.-]{0,40}", prefix, re.ASCII):
        allowed = "at most 40 letters, digits, dots, hyphens and underscores"
        top.table("file").refuse("decision_prefix", f"must be {allowed}, got {shown(prefix)}")
    return str(prefix)


def _label(table: TomlTable, fields: Mapping[str, Field]) -> Label:
    table.allow("column", "good", "bad", "title", "event")
    column = table.text("column")
    if column in fields:
        table.refuse("column", f"must not be one of the fields, got {column!r}")
    good, bad = _outcomes(table, "good"), _outcomes(table, "bad")
    good_keys = {outcome_key(value) for value in good}
    for value in bad:
        if outcome_key(value) in good_keys:
            table.refuse("bad", f"must differ from good, got {value!r}")
    title = table.words("title")
    event = table.words("event", default=say("outcome_is", title=title))
    return Label(column=column, good=good, bad=bad, title=title, event=event)


def _outcomes(table: TomlTable, key: str) -> tuple[int | float | str, ...]:
    """Read a value of the label's column, or a list of them."""
    allowed = "a number, a text, true or false, or a list of such"
    if key not in table.content:
        table.refuse(key, f"is missing; it must be {allowed}")
    raw = table.content[key]
    values = list(raw) if isinstance(raw, list | tuple) else [raw]
    are_scalars = all(isinstance(value, int | float | str) for value in values)
    numbers = [value for value in values if isinstance(value, int | float)]
    # TOML has nan and inf, which no table has.
    if not values or not are_scalars or not all(abs(number) <= MAX_NUMBER for number in numbers):
        table.refuse(key, f"must be {allowed}, got {shown(raw)}")
    return tuple(values)


def _check_columns(
    top: TomlTable, fields: Mapping[str, Field], label: Label, ignored: Sequence[str]
) -> None:
    """Check that no column of a table means two things."""
    meant = {clean_name(name): "one of ignored_columns" for name in ignored}
    meant |= {clean_name(name): f"the field {name}" for name in fields}
    meant[clean_name(label.column)] = "the label's column"
    for name, field in fields.items():
        if field.column is None or field.column == clean_name(name):
            continue
        if field.column in meant:
            problem = f"must be a column of its own, got that of {meant[field.column]}"
            top.refuse(f"fields.{name}.column", problem)
        meant[field.column] = f"the field {name}"


def _scorecards(top: TomlTable, fields: Mapping[str, Field]) -> dict[str, ScorecardSpec]:
    specs: dict[str, ScorecardSpec] = {}
    smaller: tuple[str, ...] = ()
    for name, table in top.tables("scorecards").items():
        if not name.replace("_", "").isalnum() or not name.islower():
            top.refuse(
                f"scorecards.{name}", "must be named in lower-case letters, digits and underscores"
            )
        table.allow("title", "fields", "forest")
        names = set(listed := table.names("fields"))
        for field in listed:
            if field not in fields:
                problem = f"must name fields of this file, got {field!r}{hint(field, fields)}"
                table.refuse("fields", problem)
        if not set(smaller) < names:
            requirement = f"more than the fields of the scorecard before: {', '.join(smaller)}"
            table.refuse("fields", f"must hold {requirement if smaller else 'at least one field'}")
        before = set(smaller)
        # Schema order, whatever the order in the list: it is the order of the model's columns.
        ordered = tuple(field for field in fields if field in names)
        specs[name] = ScorecardSpec(
            name=name,
            title=table.words("title"),
            fields=ordered,
            added_fields=tuple(field for field in ordered if field not in before),
            forest=_forest(table),
        )
        smaller = ordered
    for field in fields:
        if field not in smaller:
            top.refuse(f"fields.{field}", "must belong to a scorecard, it belongs to none")
        monotone = fields[field].monotone
        for name in monotone if isinstance(monotone, tuple) else ():
            if name not in specs or field not in specs[name].fields:
                having = ", ".join(name for name, spec in specs.items() if field in spec.fields)
                problem = f"must be true, or name scorecards of this field: {having}; got {name!r}"
                top.refuse(f"fields.{field}.monotone", problem)
    return specs


def _forest(parent: TomlTable) -> ForestSettings:
    if "forest" not in parent.content:
        return ForestSettings()
    table = parent.table("forest")
    keys = ("trees", "max_depth", "min_samples_leaf", "max_features")
    table.allow(*keys)
    settings = ForestSettings(**{key: table.positive(key) for key in keys})
    return settings if settings.min_samples_leaf is None else settings.completed()


def _source(table: TomlTable, names: Sequence[str]) -> Source:
    table.allow("title", "licence", "url", "sha256", "columns")
    columns = table.table("columns")
    columns.allow(*names)
    return Source(
        title=table.text("title"),
        licence=table.text("licence"),
        url=table.text("url"),
        sha256=_sha256(table),
        columns={name: columns.text(name) for name in names},
    )


def _file(table: TomlTable) -> tuple[str, Text]:
    table.allow("sha256", "title")
    return _sha256(table), table.words("title")


def _sha256(table: TomlTable) -> str:
    sha256 = table.text("sha256")
    if len(sha256) != 64 or set(sha256) - set("0123456789abcdef"):
        table.refuse("sha256", f"must be 64 hexadecimal digits, got {sha256!r}")
    return sha256
