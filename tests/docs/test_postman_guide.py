"""The guide to Postman is true: what it and its drawings name is there, and newman runs as it says.

Postman's own windows no test can open; its collection is held by test_postman.py.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from answers import PROJECT, lasting
from guide import LINK, Reader, blocks, reader_of, shell_lines
from postman_items import requests_of
from skips import skip_or_fail

from creditscore.i18n.catalogue import PAGE_TEXTS

GUIDES = {"en": PROJECT / "docs" / "postman.md", "id": PROJECT / "docs" / "postman.id.md"}
TEXTS = {language: path.read_text(encoding="utf-8") for language, path in GUIDES.items()}
COLLECTION: dict[str, Any] = json.loads(
    (PROJECT / "postman_collection.json").read_text(encoding="utf-8")
)
FIRST = COLLECTION["item"][0]["item"][0]
DRAWINGS = sorted((PROJECT / "docs" / "images").glob("postman-*.svg"))
NEWMAN = PROJECT / "tests" / "node" / "node_modules" / "newman" / "bin" / "newman.js"
SVG = "{http://www.w3.org/2000/svg}"


def folders() -> list[str]:
    return [item["name"] for item in COLLECTION["item"]]


def names() -> set[str]:
    return {item["name"] for item in requests_of(COLLECTION)}


def texts_of(path: Path) -> list[str]:
    """Give the words of a drawing."""
    texts = ElementTree.parse(path).getroot().iter(f"{SVG}text")
    return ["".join(text.itertext()) for text in texts]


@pytest.fixture(scope="module")
def reader(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """Run the guide's newman with the newman of the tests, which needs no network."""
    if not NEWMAN.exists() or shutil.which("node") is None:
        skip_or_fail("newman", "newman is missing (npm ci in tests/node)")
    with reader_of(model_dir, tmp_path_factory.mktemp("postman")) as reader:
        assert reader.server is not None
        text = json.dumps(COLLECTION).replace("http://127.0.0.1:8000", reader.server.url)
        (reader.folder / "postman_collection.json").write_text(text, encoding="utf-8")
        reader.variables.update({name: "" for name in os.environ if "proxy" in name.lower()})
        yield reader


def runs(reader: Reader) -> list[str]:
    """Give the guide's commands for newman, as they are typed here."""
    assert reader.server is not None
    typed = [line for line in shell_lines(GUIDES["en"]) if line.startswith("npx newman ")]
    local = [line.replace("npx newman", f"node '{NEWMAN}'") for line in typed]
    return [line.replace("http://127.0.0.1:8000", reader.server.url) for line in local]


def test_newman_runs_as_the_guide_says_without_a_key_and_with_one(reader: Reader) -> None:
    open_run, keyed_run = runs(reader)
    reader.follow(f"{open_run} --color off")
    reader.follow('.venv/bin/flask --app app keys new --name "a laptop"')

    printed = reader.follow(f"{keyed_run} --color off")

    assert re.search(r"assertions │ +\d+ │ +0 ", printed)
    with pytest.raises(AssertionError, match="401"):
        reader.follow(f"{open_run} --color off --bail")


def test_every_request_and_folder_that_the_guide_names_is_in_the_collection(language: str) -> None:
    text = TEXTS[language]

    assert re.findall(r"^\| \*\*(.+?)\*\*", text, re.MULTILINE) == folders()
    assert set(re.findall(r"\*\*(.+?)\*\*", text)) == set(folders())
    quoted = set(
        re.findall(r'"([^"\n]+)"', re.sub("```.*?```|\\[.*?\\]", "", text, flags=re.DOTALL))
    )
    pages_own = {"Credit decisions", PAGE_TEXTS[language]["copy_postman"]}
    assert quoted - pages_own <= names()
    assert pages_own <= quoted
    assert len(quoted & names()) >= 3
    assert COLLECTION["info"]["name"].startswith("Credit decisions")


def test_every_variable_of_the_collection_is_explained_and_no_other(language: str) -> None:
    explained = re.findall(r"^\| `(\w+)` \|", TEXTS[language], re.MULTILINE)

    assert explained == [variable["key"] for variable in COLLECTION["variable"]]


def test_the_request_and_the_answer_are_those_of_the_collection() -> None:
    body, answer = (json.loads(b.text) for b in blocks(GUIDES["en"]) if b.language == "json")

    assert body == json.loads(FIRST["request"]["body"]["raw"])
    assert lasting(answer) == lasting(json.loads(FIRST["response"][0]["body"]))


@pytest.mark.parametrize("path", DRAWINGS, ids=lambda path: path.name)
def test_a_drawing_can_be_read_aloud_and_needs_nothing_else(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    root = ElementTree.parse(path).getroot()

    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "title desc"
    for name in ("title", "desc"):
        element = root.find(f"{SVG}{name}")
        assert element is not None
        assert element.get("id") == name
        assert element.text
    assert text.count("http") == text.count('xmlns="http') + text.count("http://127.0.0.1:8000")
    assert not re.search("<script|<image|<style|href", text)


def test_every_drawing_stands_in_the_guide() -> None:
    targets = [target for target in LINK.findall(TEXTS["en"]) if target.endswith(".svg")]

    assert sorted(targets) == [f"images/{path.name}" for path in DRAWINGS]


def test_the_drawings_show_what_the_collection_holds() -> None:
    drawings = {path.stem: texts_of(path) for path in DRAWINGS}
    answer = json.loads(FIRST["response"][0]["body"])

    assert set(folders()) <= set(drawings["postman-variables"])
    for variable in COLLECTION["variable"]:
        assert {variable["key"], variable["value"]} - {""} <= set(drawings["postman-variables"])
    requests = [item["name"] for item in COLLECTION["item"][0]["item"]]
    assert [word for word in drawings["postman-send"] if word in names()] == requests
    bodies = re.findall(r'\{ "LIMIT.*?\}', " ".join(drawings["postman-send"]))
    assert json.loads(bodies[0]) == json.loads(FIRST["request"]["body"]["raw"])
    for name, value in re.findall(r'"(\w+)": ([^,]+),', " ".join(drawings["postman-send"])):
        if name in answer:
            assert json.dumps(answer[name]).startswith(value.removesuffix("...")), name
