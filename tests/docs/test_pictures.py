"""Every picture of the documentation is made by a tool, and shown where the tool says."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest
from answers import PROJECT

from tools.take_screenshots import IMAGES, PICTURES, Picture

DOCUMENTS = [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md"), *PROJECT.glob("data/*.md")]
# ![...](images/x.png) and <img src="docs/images/x.png">, from the document's folder.
PICTURE_LINK = re.compile(r'(?:!\[[^\]]*\]\(|<img [^>]*?src=")([^)"\s]+)')


def shown_in(document: Path) -> set[Path]:
    """Give the pictures that a document shows."""
    targets = PICTURE_LINK.findall(document.read_text("utf-8"))
    return {(document.parent / target).resolve() for target in targets if "://" not in target}


def test_every_picture_is_taken_or_drawn() -> None:
    screenshots = {IMAGES / f"{picture.name}.png" for picture in PICTURES}
    # Drawn by tools/postman_drawings.py.
    drawings = set(IMAGES.glob("postman-*.svg"))

    assert set(IMAGES.iterdir()) == screenshots | drawings
    assert len(screenshots) == len(PICTURES)


def test_every_picture_is_shown_and_every_shown_one_is_there() -> None:
    pictures = set().union(*map(shown_in, DOCUMENTS))

    assert pictures == set(IMAGES.iterdir())


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_a_picture_has_its_size_is_small_and_is_shown_where_the_tool_says(picture: Picture) -> None:
    path = IMAGES / f"{picture.name}.png"
    showing = {
        str(document.relative_to(PROJECT)) for document in DOCUMENTS if path in shown_in(document)
    }
    head = path.read_bytes()[:26]

    assert struct.unpack(">II", head[16:24]) == picture.size
    # With a palette, as shrink leaves it.
    assert head[25] == 3
    assert path.stat().st_size < 100_000
    assert showing == set(picture.used_in)


def test_a_page_shows_pictures_in_its_own_language() -> None:
    for picture in PICTURES:
        assert (".id" in picture.name) == (picture.language == "id")
        assert all((".id." in page) == (picture.language == "id") for page in picture.used_in)
