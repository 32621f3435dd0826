"""Drawings of Postman's windows with this project's collection in them, as SVG.

Postman itself cannot be started here, so its windows are drawn; what they hold is read from the
collection. Written to docs/images by tools/generate_docs.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

#: A collection, folder, request or answer, as Postman's format has it.
Item = Mapping[str, Any]

METHOD_COLOURS = {"GET": "#115c27", "POST": "#8a5a00"}
INK, FAINT, LINE, MARK = "#1f252d", "#555c66", "#c9cdd3", "#b4480c"
MONOSPACE = "ui-monospace, monospace"

#: Pixels from one line to the next, in the tree on the left and in JSON.
ROW, CODE = 26, 19

#: Width of the left side, where requests are chosen.
SIDEBAR = 300

#: Lines of the answer that fit.
ANSWER_LINES = 10


def drawings(collection: Item) -> dict[str, str]:
    """Return every drawing of a collection by its file's name."""
    return {
        "postman-import.svg": draw_import(),
        "postman-collection.svg": draw_collection(collection),
        "postman-variables.svg": draw_variables(collection),
        "postman-send.svg": draw_send(collection),
    }


def draw_import() -> str:
    """Draw the button Import, and the window into which the file is dropped."""
    dialog = [
        rect(230, 74, 460, 190, fill="#fafbfc", line="#8a8f98"),
        text(250, 104, "Import", weight=600),
        '<rect x="250" y="120" width="420" height="124" rx="6" fill="none" stroke="#8a8f98" '
        'stroke-dasharray="6 5"/>',
        rect(350, 138, 220, 34, fill="#fdeadf", line=MARK),
        text(460, 160, "postman_collection.json", font=MONOSPACE, size=13, anchor="middle"),
        text(460, 200, "Drop anywhere to import", colour=FAINT, anchor="middle"),
        text(460, 222, "files or folders", colour=FAINT, anchor="middle", size=13),
        number(570, 138, 2),
    ]
    return picture(
        (720, 290),
        "Importing the collection into Postman, a drawing",
        "1: the button Import at the top of the left side. 2: the window into which "
        "postman_collection.json is dropped.",
        [*window(720, 290, sidebar=216), *buttons(marked=True), *dialog],
    )


def draw_collection(collection: Item) -> str:
    """Draw the left side with every folder open."""
    rows = list(tree(collection, opened={folder["name"] for folder in collection["item"]}))
    height = 62 + ROW * len(rows)
    return picture(
        (470, height),
        "The collection in Postman, a drawing",
        "The left side with the collection's folders, and their requests with their methods.",
        [rect(1, 1, 468, height - 2, fill="#ffffff", line="#8a8f98"), *buttons(), *lines(rows, 60)],
    )


def draw_variables(collection: Item) -> str:
    """Draw the tab with the collection's variables."""
    rows = list(tree(collection, opened=set()))
    table = [
        '<path d="M320 126H778V270H320zM320 162H778M320 198H778M320 234H778M440 126V270" '
        f'fill="none" stroke="{LINE}"/>',
        text(332, 149, "Variable", colour=FAINT, weight=600),
        text(452, 149, "Value", colour=FAINT, weight=600),
    ]
    for row, variable in enumerate(collection["variable"]):
        y = 185 + 36 * row
        table += [
            text(332, y, variable["key"], font=MONOSPACE, size=13),
            text(452, y, variable["value"], font=MONOSPACE, size=13),
        ]
    tabs = [
        text(320, 92, "Overview", colour=FAINT),
        text(402, 92, "Authorization", colour=FAINT),
        text(510, 92, "Scripts", colour=FAINT),
        text(578, 92, "Variables", colour="#8a3608", weight=600),
        f'<path d="M576 102h76" stroke="{MARK}" stroke-width="3"/>',
        number(672, 86, 2),
        rect(708, 74, 70, 30, fill="#f6f7f9", line="#8a8f98"),
        text(743, 94, "Save", weight=600, anchor="middle"),
        number(778, 74, 3),
    ]
    return picture(
        (810, 300),
        "The variables of the collection in Postman, a drawing",
        "1: the collection is chosen on the left side. 2: its tab Variables, with the rows "
        f"{', '.join(variable['key'] for variable in collection['variable'])}. 3: the button Save.",
        [
            *window(810, 300, sidebar=SIDEBAR),
            *buttons(),
            *draw_selection(60),
            *lines(rows, 60),
            *tabs,
            *table,
        ],
    )


def draw_send(collection: Item) -> str:
    """Draw the first request, its body, and its answer."""
    folder = collection["item"][0]
    request = folder["item"][0]
    body_lines = json.dumps(json.loads(request["request"]["body"]["raw"]), indent=2).splitlines()
    answer = request["response"][0]
    answered = [*answer["body"].splitlines()[:ANSWER_LINES], "  ..."]
    below = 148 + CODE * len(body_lines) + 12
    height = below + 44 + CODE * len(answered) + 10
    rows = list(tree(collection, opened={folder["name"]}))
    method = request["request"]["method"]
    editor = [
        rect(320, 58, 360, 32, fill="#f6f7f9", line="#8a8f98"),
        text(332, 79, method, colour=METHOD_COLOURS[method], weight=700),
        text(382, 79, request["request"]["url"]["raw"], font=MONOSPACE, size=13),
        rect(696, 58, 84, 32, fill="#1b5fc1", line="#1b5fc1"),
        text(738, 79, "Send", colour="#ffffff", weight=600, anchor="middle"),
        number(780, 58, 3),
        text(324, 118, "Headers", colour=FAINT),
        text(400, 118, "Body", colour="#8a3608", weight=600),
        f'<path d="M398 126h42" stroke="{MARK}" stroke-width="3"/>',
        text(456, 118, "raw", colour=FAINT),
        text(494, 118, "JSON", colour=FAINT),
        number(546, 114, 2),
        *code(body_lines, 148),
        f'<path d="M{SIDEBAR} {below}H809" stroke="{LINE}"/>',
        text(324, below + 27, "Body", colour="#8a3608", weight=600),
        text(378, below + 27, "Headers", colour=FAINT),
        text(454, below + 27, "Test Results", colour=FAINT),
        rect(684, below + 9, 84, 26, fill="#e2f3e6", line="#1a7f37"),
        text(726, below + 27, answer["name"], colour="#115c27", weight=600, anchor="middle"),
        number(768, below + 9, 4),
        *code(answered, below + 58),
    ]
    return picture(
        (810, height),
        "A request and its answer in Postman, a drawing",
        "1: the request chosen on the left side. 2: its body, the applicant. 3: the button Send. "
        "4: the answer below, with its status and the tab Test Results.",
        [*window(810, height, sidebar=SIDEBAR), *buttons(), *draw_selection(60 + 2 * ROW),
         *lines(rows, 60), *editor],
    )  # fmt: skip


def tree(collection: Item, *, opened: set[str]) -> Iterator[tuple[int, str, str]]:
    """Return the rows of the left side: depth, method or "", and name."""
    yield 0, "", collection["info"]["name"]
    for folder in collection["item"]:
        yield 1, "", folder["name"]
        if folder["name"] in opened:
            for item in folder["item"]:
                yield 2, item["request"]["method"], item["name"]


def lines(rows: list[tuple[int, str, str]], top: int) -> Iterator[str]:
    """Draw rows of the left side, each under the one before."""
    for index, (depth, method, name) in enumerate(rows):
        x, y = 18 + 14 * depth, top + ROW * index + 18
        if method:
            yield text(x, y, method, colour=METHOD_COLOURS[method], weight=700, size=10)
            yield text(x + 34, y, name, size=12.5)
        else:
            is_open = index + 1 < len(rows) and rows[index + 1][0] > depth
            yield triangle(x, y, is_open=is_open)
            # What the collection's name has in brackets is too long here.
            label = name.partition(" (")[0] if depth == 0 else name
            yield text(x + 14, y, label, weight=600 if depth == 0 else 400, size=13)


def triangle(x: int, y: int, *, is_open: bool) -> str:
    """Draw the mark of a folder that is open or shut."""
    shape = f"M{x} {y - 8}h8l-4 6z" if is_open else f"M{x + 1} {y - 9}v8l6 -4z"
    return f'<path d="{shape}" fill="{FAINT}"/>'


def draw_selection(top: int) -> list[str]:
    """Draw the frame of the row that is chosen, and its number."""
    frame = f'<rect x="8" y="{top}" width="{SIDEBAR - 20}" height="{ROW}" rx="5" fill="#fdeadf" '
    return [f'{frame}stroke="{MARK}" stroke-width="2"/>', number(SIDEBAR - 12, top, 1)]


def window(width: int, height: int, *, sidebar: int) -> list[str]:
    """Draw Postman's frame, with a line right of its left side."""
    return [
        rect(1, 1, width - 2, height - 2, fill="#ffffff", line="#8a8f98"),
        f'<path d="M1 46H{width - 1}M{sidebar} 46V{height - 1}" stroke="{LINE}"/>',
    ]


def buttons(*, marked: bool = False) -> list[str]:
    """Draw the workspace's name and the buttons beside it."""
    fill, line = ("#fdeadf", MARK) if marked else ("#f6f7f9", "#8a8f98")
    shapes = [
        text(18, 29, "My Workspace", weight=600, size=13),
        rect(140, 12, 44, 24, fill="#f6f7f9", line="#8a8f98"),
        text(162, 28, "New", size=12, anchor="middle"),
        rect(190, 12, 60, 24, fill=fill, line=line),
        text(220, 28, "Import", size=12, anchor="middle"),
    ]  # fmt: skip
    return [*shapes, number(252, 14, 1)] if marked else shapes


def code(content: list[str], y: int) -> Iterator[str]:
    """Draw lines of JSON, indented as they are."""
    for index, line in enumerate(content):
        indent = len(line) - len(line.lstrip())
        yield text(
            SIDEBAR + 24 + 8 * indent, y + CODE * index, line.strip(), font=MONOSPACE, size=13
        )


def number(x: int, y: int, value: int) -> str:
    """Draw the mark that the description and the steps refer to."""
    circle = f'<circle cx="{x}" cy="{y}" r="11" fill="{MARK}"/>'
    return circle + text(x, y + 5, str(value), colour="#ffffff", weight=700, anchor="middle")


def rect(x: int, y: int, width: int, height: int, *, fill: str, line: str) -> str:
    """Draw a box with round corners."""
    size = f'x="{x}" y="{y}" width="{width}" height="{height}" rx="6"'
    return f'<rect {size} fill="{fill}" stroke="{line}"/>'


def text(
    x: float,
    y: float,
    content: str,
    *,
    colour: str = INK,
    weight: int = 400,
    size: float = 14,
    anchor: str = "start",
    font: str = "",
) -> str:
    """Draw a line of text; nothing where it is empty."""
    if not content:
        return ""
    style = {
        "fill": colour,
        "font-size": "" if size == 14 else str(size),
        "font-weight": "" if weight == 400 else str(weight),
        "text-anchor": "" if anchor == "start" else anchor,
        "font-family": font,
    }
    attributes = "".join(f' {name}="{value}"' for name, value in style.items() if value)
    return f'<text x="{x:g}" y="{y:g}"{attributes}>{escape(content, quote=False)}</text>'


def picture(size: tuple[int, int], title: str, description: str, shapes: list[str]) -> str:
    """Return an SVG file of some size in pixels that can be read aloud."""
    width, height = size
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        'role="img" aria-labelledby="title desc" font-family="system-ui, sans-serif" '
        'font-size="14">'
    )
    texts = [f'<title id="title">{title}</title>', f'<desc id="desc">{description}</desc>']
    return "\n".join(
        [head, *(f"  {element}" for element in [*texts, *shapes] if element), "</svg>\n"]
    )
