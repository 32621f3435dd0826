"""Make a document of the model card's sections: numbered headings, and a table of contents."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_HEADING = re.compile(r"(##|###) (.+)")
_NOT_IN_ANCHORS = re.compile(r"[^\w\- ]")


def numbered(lines: Sequence[str]) -> Iterator[str]:
    """Return the lines with headings numbered, "3." and "3.1", and those of sections listed.

    The list, with links, comes before the first section.
    """
    written: list[str] = []
    chapters: list[str] = []
    section = 0
    for line in lines:
        heading = _HEADING.fullmatch(line)
        if heading is None:
            written.append(line)
        elif heading[1] == "##":
            section = 0
            chapters.append(f"{len(chapters) + 1}. {heading[2]}")
            written.append(f"## {chapters[-1]}")
        else:
            section += 1
            written.append(f"### {len(chapters)}.{section} {heading[2]}")
    first = next(i for i, line in enumerate(written) if line.startswith("## "))
    yield from written[:first]
    yield from ("**Contents**", "")
    for chapter in chapters:
        number, title = chapter.split(". ", 1)
        yield f"{number}. [{title}](#{anchor(chapter)})"
    yield ""
    yield from written[first:]


def anchor(heading: str) -> str:
    """Return the anchor that GitHub and others give a heading."""
    return _NOT_IN_ANCHORS.sub("", heading.lower()).replace(" ", "-")
