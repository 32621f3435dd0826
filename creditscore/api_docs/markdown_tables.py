"""The parts of a Markdown document that are generated, between their marks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


def replace_blocks(document: str, blocks: Mapping[str, str]) -> str:
    """Renew the parts of a Markdown document that stand between generated-marks.

    A block named x stands between ``<!-- x: generated -->`` and ``<!-- end of x -->``.

    Raises
    ------
    KeyError
        If the document has no such block.
    """
    for name, text in blocks.items():
        before, opening, rest = document.partition(f"<!-- {name}: generated -->")
        _, closing, after = rest.partition(f"<!-- end of {name} -->")
        if not opening or not closing:
            raise KeyError(name)
        document = f"{before}{opening}\n{text}\n{closing}{after}"
    return document


def blocks_of(document: str) -> Iterator[str]:
    """Name the generated blocks of a Markdown document."""
    for line in document.splitlines():
        if line.startswith("<!-- ") and line.endswith(": generated -->"):
            yield line.removeprefix("<!-- ").removesuffix(": generated -->")
