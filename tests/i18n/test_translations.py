"""Each Indonesian page says what its English page says: in its order, with its code and its links.

What the sentences say no test can compare; all that is not a sentence, this one does.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from answers import PROJECT
from guide import FENCED, LINK, Block, anchors, blocks, prose

TRANSLATED = sorted([*PROJECT.glob("*.id.md"), *(PROJECT / "docs").glob("*.id.md")])
PAGES = pytest.mark.parametrize("page", TRANSLATED, ids=lambda page: page.name)
# To the end of its line, as in the shell, TOML and Python; with the space that sets it off.
COMMENT = re.compile(r"(?:^|(?<=\s))\s*#.*$", re.MULTILINE)


def english(page: Path) -> Path:
    return page.with_name(page.name.replace(".id.md", ".md"))


def levels(page: Path) -> list[int]:
    """Give how deep each heading of a page is, in their order."""
    return [len(marks) for marks in re.findall("^(#+) ", prose(page), re.MULTILINE)]


def uncommented(block: Block) -> Block:
    return Block(block.language, COMMENT.sub("", block.text))


def own_links(page: Path) -> list[str]:
    """Give the targets of a page's links, but that to the same page in the other language."""
    switch = {page.name.replace(".id.md", ".md"), page.name.replace(".md", ".id.md")}
    return [target for target in LINK.findall(prose(page)) if target not in switch]


def meant(page: Path) -> set[tuple[str, int | None]]:
    """Give what a page's links lead to in any language: a file, and which of its headings."""
    targets: set[tuple[str, int | None]] = set()
    for target in own_links(page):
        name, _, heading = target.partition("#")
        if "://" in name:
            targets.add((target, None))
            continue
        linked = page.parent / name if name else page
        index = anchors(linked).index(heading) if heading else None
        targets.add((re.sub(r"\.id\.(md|svg|png)$", r".\1", str(linked.resolve())), index))
    return targets


def test_there_are_translations() -> None:
    assert TRANSLATED


@PAGES
def test_a_page_and_its_translation_lead_to_each_other_at_the_top(page: Path) -> None:
    for source, target in ((page, english(page)), (english(page), page)):
        top, _, _ = prose(source).partition("\n## ")
        assert target.name in LINK.findall(top)


@PAGES
def test_the_headings_are_as_deep_and_in_the_same_order(page: Path) -> None:
    assert levels(page) == levels(english(page))


@PAGES
def test_the_code_is_the_same_but_for_its_comments(page: Path) -> None:
    ours, theirs = (
        [uncommented(block) for block in blocks(source)] for source in (page, english(page))
    )

    assert ours == theirs


@PAGES
def test_the_tables_and_lists_are_as_long(page: Path) -> None:
    ours, theirs = (
        re.findall(r"^ *([|]|[-*]|\d+[.]) ", prose(source), re.MULTILINE)
        for source in (page, english(page))
    )

    assert ours == theirs


@PAGES
def test_the_links_lead_to_the_same_places(page: Path) -> None:
    assert meant(page) == meant(english(page))


@PAGES
def test_who_reads_indonesian_is_led_to_indonesian_pages(page: Path) -> None:
    for target in own_links(page):
        name, _, _ = target.partition("#")
        if name.endswith(".md") and not name.endswith(".id.md"):
            there = page.parent / re.sub(r"\.md$", ".id.md", name)
            assert not there.exists(), f"{page.name} links to {target}, and there is {there.name}"


@PAGES
def test_every_fence_of_a_page_is_found(page: Path) -> None:
    """A block in a list is indented, and no other test would see it."""
    for source in (page, english(page)):
        text = source.read_text(encoding="utf-8")
        assert text.count("```") == 2 * len(FENCED.findall(text))
