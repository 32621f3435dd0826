"""Write keys, texts, numbers and comments of TOML: whatever a name holds, the file stays valid."""

from __future__ import annotations

import json
import re
import textwrap

from creditscore.schema.constraints import format_number

_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)

#: Columns of a line.
WIDTH = 100


def quoted(text: str) -> str:
    """Return a basic string."""
    # JSON leaves DEL and the separators of lines as they are.
    special = {ord(sign): f"\\u{ord(sign):04x}" for sign in "\x7f\x85\u2028\u2029\ufeff"}
    return json.dumps(text, ensure_ascii=False).translate(special)


def key(name: str) -> str:
    """Return a key, quoted where it has to be."""
    return name if _BARE.fullmatch(name) else quoted(name)


def value(item: object) -> str:
    """Return a text, a number, a flag, or a list of such."""
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, str):
        return quoted(item)
    if isinstance(item, list | tuple):
        return f"[{', '.join(map(value, item))}]"
    return format_number(item) if isinstance(item, float) else str(item)


def comment(text: str) -> list[str]:
    """Return the lines of a comment; names in it are quoted by the caller."""
    lines = textwrap.wrap(text, WIDTH - 2, break_long_words=False, break_on_hyphens=False)
    return [f"# {line}" for line in lines]
