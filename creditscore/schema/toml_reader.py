"""Read a TOML table key by key, with errors that name file, key and what is allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from creditscore.errors import SchemaError
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE, LANGUAGES, Text, shorten
from creditscore.nearest_name import hint
from creditscore.schema.constraints import MAX_NUMBER

#: Largest count that a forest's settings take; scikit-learn counts in fixed widths.
MAX_COUNT = 1_000_000

#: Characters of a value that an error repeats at most.
MAX_SHOWN_LENGTH = 80


@dataclass(frozen=True)
class TomlTable:
    """A table of a file, and its dotted path in it."""

    source: str
    path: str
    content: Mapping[str, Any]

    def key(self, name: str) -> str:
        """Return the dotted path of a key."""
        return f"{self.path}.{name}" if self.path else name

    def refuse(self, name: str, problem: str) -> NoReturn:
        """Raise `SchemaError` for a key."""
        raise SchemaError(self.source, self.key(name), problem)

    def allow(self, *names: str) -> None:
        """Refuse all keys but these."""
        for name in self.content:
            if name not in names:
                allowed = f"allowed are {', '.join(names)}{hint(name, names)}"
                self.refuse(name, f"is not a key here: {allowed}")

    def get(
        self, name: str, kind: type | tuple[type, ...], allowed: str, default: Any = None
    ) -> Any:
        """Read a value of a kind, or the default where there is none."""
        if name not in self.content:
            if default is not None:
                return default
            self.refuse(name, f"is missing; it must be {allowed}")
        value = self.content[name]
        # bool is an int: `true` is no number.
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.refuse(name, f"must be {allowed}, got {shown(value)}")
        # TOML has nan, inf and numbers of any length, which neither JSON nor the model can hold.
        if isinstance(value, int | float) and not abs(value) <= MAX_NUMBER:
            problem = f"must be {allowed}, in what single precision can hold, got {shown(value)}"
            self.refuse(name, problem)
        return value

    def text(self, name: str) -> str:
        """Read a text."""
        value: str = self.get(name, str, "a text")
        return value

    def flag(self, name: str) -> bool:
        """Read true or false; false where it is left out."""
        value: bool = self.get(name, bool, "true or false", default=False)
        return value

    def positive(self, name: str) -> int | None:
        """Read a count; None where it is left out."""
        if name not in self.content:
            return None
        allowed = f"a whole number from 1 to {MAX_COUNT}"
        value: int = self.get(name, int, allowed)
        if not 1 <= value <= MAX_COUNT:
            self.refuse(name, f"must be {allowed}, got {value}")
        return value

    def names(self, name: str, default: Sequence[str] | None = None) -> list[str]:
        """Read a list of texts."""
        value: list[str] = self.get(name, list | tuple, "a list of texts", default)  # type: ignore[arg-type]  # isinstance takes unions
        if not all(isinstance(item, str) for item in value):
            self.refuse(name, f"must be a list of texts, got {shown(value)}")
        return list(value)

    def table(self, name: str) -> TomlTable:
        """Read a table."""
        return TomlTable(self.source, self.key(name), self.get(name, dict, "a table"))

    def tables(self, name: str, default: dict[str, Any] | None = None) -> dict[str, TomlTable]:
        """Read a table of tables."""
        parent = TomlTable(
            self.source, self.key(name), self.get(name, dict, "a table of tables", default)
        )
        if not parent.content and default is None:
            self.refuse(name, "must hold at least one table, got none")
        return {child: parent.table(child) for child in parent.content}

    def items(self, name: str, entries: Iterable[object], allowed: str) -> Iterator[TomlTable]:
        """Return the tables of a list, each with its place in it."""
        for index, entry in enumerate(entries):
            if not isinstance(entry, dict):
                self.refuse(name, f"must be {allowed}, got {shown(entry)}")
            yield TomlTable(self.source, f"{self.key(name)}[{index}]", entry)

    def words(self, name: str, default: Text | None = None) -> Text:
        """Read a text by language; English is required, a plain text counts as English."""
        if isinstance(self.content.get(name), str):
            return {DEFAULT_LANGUAGE: self.content[name]}
        if name not in self.content and default is not None:
            return default
        allowed = "a text, or a table of texts by language such as { en = '...' }"
        table = TomlTable(self.source, self.key(name), self.get(name, dict, allowed))
        table.allow(*LANGUAGES)
        table.text(DEFAULT_LANGUAGE)
        return {language: table.text(language) for language in table.content}


def read_parts(
    table: TomlTable, readers: Mapping[str, Callable[[str], Any]], *, only_stated: bool = False
) -> dict[str, Any]:
    """Read the keys of a table, each by its reader, and name all that is wrong with them.

    Parameters
    ----------
    table : TomlTable
    readers : mapping of str to callable
        Of each key that may stand here; called with the key.
    only_stated : bool
        Leave out keys that are not there.

    Raises
    ------
    SchemaError
        As `raise_all` does, also for keys that may not stand here.
    """
    values, faults = {}, []
    for name in dict.fromkeys([*table.content, *(() if only_stated else readers)]):
        try:
            if name in readers:
                values[name] = readers[name](name)
            else:
                TomlTable(table.source, table.path, {name: None}).allow(*readers)
        except SchemaError as fault:
            faults.append(fault)
    raise_all(faults)
    return values


def raise_all(faults: Sequence[SchemaError]) -> None:
    """Raise one error that names each of the faults in a line of its own, none if there is none."""
    if faults:
        first, *rest = faults
        problem = "".join([first.problem, *(f"\n  {fault}" for fault in rest)])
        raise SchemaError(first.source, first.key, problem)


def shown(value: object) -> str:
    """Return a value as an error repeats it, briefly."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        return "something too large to be shown"
    return shorten(text, MAX_SHOWN_LENGTH)
