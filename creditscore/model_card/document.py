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
    output: list[str] = []
    chapters: list[str] = []
    section = 0
    for line in lines:
        heading = _HEADING.fullmatch(line)
        if heading is None:
            output.append(line)
        elif heading[1] == "##":
            section = 0
            chapters.append(f"{len(chapters) + 1}. {heading[2]}")
            output.append(f"## {chapters[-1]}")
        else:
            section += 1
            output.append(f"### {len(chapters)}.{section} {heading[2]}")
    first = next(i for i, line in enumerate(output) if line.startswith("## "))
    yield from output[:first]
    yield from ("**Contents**", "")
    for chapter in chapters:
        number, title = chapter.split(". ", 1)
        yield f"{number}. [{title}](#{anchor(chapter)})"
    yield ""
    yield from output[first:]


def anchor(heading: str) -> str:
    """Return the anchor that GitHub and others give a heading."""
    return _NOT_IN_ANCHORS.sub("", heading.lower()).replace(" ", "-")
