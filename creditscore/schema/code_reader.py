"""Read the codes of a field of a schema file: their titles, their order, and what counts as one."""

from __future__ import annotations

import re
from dataclasses import replace

from creditscore.i18n.catalogue import DEFAULT_LANGUAGE, LANGUAGES, Text
from creditscore.readers.file_format import clean_name
from creditscore.schema.constraints import CodeList, Value
from creditscore.schema.toml_reader import TomlTable, shown


def read_code_list(table: TomlTable) -> CodeList:
    """Read all that is said of a field's codes."""
    labels = read_labels(table, plain=True)
    if len({type(code) for code in labels}) > 1:
        table.refuse("codes", "must be all whole numbers or all texts, got both")
    rule = CodeList(labels)
    order, by_target = _order(table, rule)
    return replace(
        rule,
        merged_codes=_merged_codes(table, rule),
        other_code=_other_code(table, rule),
        order=order,
        order_by_target=by_target,
    )


def _order(table: TomlTable, rule: CodeList) -> tuple[tuple[Value, ...], bool]:
    """Read the order that trees may split on: all codes, or that training shall find it."""
    if "order" not in table.content:
        return (), False
    allowed = "'target' or a list of all the field's codes, each once"
    order: object = table.get("order", (str, list), allowed)
    if order == "target":
        return (), True
    codes = [normalise(code) for code in order] if isinstance(order, list) else []
    # By type as well: true equals 1.
    alike = all(type(code) is rule.python_type for code in codes)
    if not alike or len(codes) != len(rule.labels) or set(codes) != set(rule.labels):
        table.refuse("order", f"must be {allowed}, got {shown(order)}")
    return tuple(codes), False


def _other_code(table: TomlTable, rule: CodeList) -> Value | None:
    if "other" not in table.content:
        return None
    code: Value = table.get("other", (int, str), "one of the field's codes")
    if type(code) is not rule.python_type or code not in rule.labels:
        table.refuse("other", f"must be one of the field's codes, got {shown(code)}")
    return code


def _merged_codes(table: TomlTable, rule: CodeList) -> dict[Value, Value]:
    if "fold" not in table.content:
        return {}
    merged: dict[Value, Value] = {}
    inner = table.table("fold")
    for key, target in inner.content.items():
        # By type as well: true equals 1, and no table has a hash.
        if type(target) is not rule.python_type or target not in rule.labels:
            inner.refuse(key, f"must be one of the field's codes, got {shown(target)}")
        # The keys of a TOML table are texts, even where the codes are numbers.
        code: int | str = key
        if rule.python_type is int:
            if not re.fullmatch("0|-?[1-9][0-9]{0,37}", key, re.ASCII):
                inner.refuse(key, "must be a whole number, as the field's codes are")
            code = int(key)
        if code in rule.labels:
            inner.refuse(key, "is a code of the field already, it cannot be folded")
        merged[code] = target
    return merged


def read_labels(table: TomlTable, *, plain: bool) -> dict[Value, Text]:
    """Read a list of codes; a `plain` one, without a title, is called what it is."""
    allowed = "a list of tables such as { value = 1, en = 'married' }"
    if plain:
        allowed += ", or of codes"
    entries: list[object] = table.get("codes", list, allowed)
    if plain:
        # By type: true is an int as well.
        entries = [
            {"value": entry, DEFAULT_LANGUAGE: str(entry)} if type(entry) in (int, str) else entry
            for entry in entries
        ]
    labels: dict[Value, Text] = {}
    for item in table.items("codes", entries, allowed):
        item.allow("value", *LANGUAGES)
        value = normalise(item.get("value", (int, str), "a whole number or a text"))
        if value in labels:
            item.refuse("value", f"appears twice in the list: {value!r}")
        item.text(DEFAULT_LANGUAGE)
        labels[value] = {
            language: item.text(language) for language in LANGUAGES if language in item.content
        }
    if not labels:
        table.refuse("codes", "must hold at least one code, got none")
    return labels


def normalise(value: Value) -> Value:
    """Return a text as texts are compared: without outer spaces, in Unicode's form NFC."""
    return clean_name(value) if isinstance(value, str) else value
