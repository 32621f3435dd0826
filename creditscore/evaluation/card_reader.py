"""Read parts of a model card from JSON as the dataclasses that they were written from, and back.

A card is written once and read for years: what an earlier release did not know has the fallback
of its dataclass, and what only a later one knows is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

Section = TypeVar("Section")

#: Makes of a value of JSON what a field of a dataclass holds.
Reader = Callable[[Any], Any]


def read_section(kind: type[Section], content: Mapping[str, Any]) -> Section:
    """Read a dataclass from an object of JSON.

    Parameters
    ----------
    kind : type
        The dataclass. Its fields may be numbers, texts, other such dataclasses, and tuples (of one
        kind), lists and mappings of these.
    content : mapping
        The object. A key has no underscore at its end where the field has one, as in ``from_``.

    Raises
    ------
    TypeError
        If a field without a fallback is missing.
    """
    parts = {
        name: _read(reader, content[key])
        for name, (key, reader) in _readers(cast("Any", kind)).items()
        if key in content
    }
    return kind(**parts)


@cache
def _readers(kind: Any) -> dict[str, tuple[str, Reader]]:
    """Return the key of each field of a dataclass in JSON, and what reads it."""
    hints = get_type_hints(kind)
    return {name: (name.rstrip("_"), _reader(hint)) for name, hint in hints.items()}


def _read(reader: Reader, content: Any) -> Any:
    return None if content is None else reader(content)


def _reader(hint: Any) -> Reader:
    """Return what reads a value that is not null as a type says."""
    origin = get_origin(hint)
    inner = [argument for argument in get_args(hint) if argument is not NoneType]
    if origin in (Union, UnionType):
        return _reader(inner[0]) if len(inner) == 1 else _as_it_is
    if is_dataclass(hint):
        return partial(read_section, cast("type[Any]", hint))
    if origin not in (tuple, list, dict, Mapping):
        return _as_it_is
    item_reader = _reader(inner[1 if origin in (dict, Mapping) else 0])
    if origin in (dict, Mapping):
        return lambda content: {key: _read(item_reader, value) for key, value in content.items()}
    return lambda content: origin(_read(item_reader, item) for item in content)


def _as_it_is(content: Any) -> Any:
    return content


def plain(part: Any) -> Any:
    """Return a part of a card as JSON has it: objects, lists, numbers and texts.

    A field whose metadata says ``optional`` is left out where it is None.
    """
    if is_dataclass(part):
        return {
            field.name.rstrip("_"): plain(value)
            for field in fields(part)
            if (value := getattr(part, field.name)) is not None or "optional" not in field.metadata
        }
    if isinstance(part, Mapping):
        return {key: plain(value) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [plain(item) for item in part]
    return part
