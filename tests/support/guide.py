"""Guides and their commands: what a document says, and a reader who follows it."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from answers import PROJECT
from live_server import LiveServer, serving

# In a list a block is indented.
FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
PYTHON = ".venv/bin/python"
FLASK = ".venv/bin/flask"


@dataclass(frozen=True)
class Block:
    """A fenced block: its language and its text."""

    language: str
    text: str


def blocks(path: Path) -> list[Block]:
    """Give the fenced blocks of a document, in their order."""
    matches = FENCED.findall(path.read_text(encoding="utf-8"))
    return [Block(language, textwrap.dedent(text)) for _, language, text in matches]


def prose(path: Path) -> str:
    """Give a document without its fenced blocks."""
    return FENCED.sub("", path.read_text(encoding="utf-8"))


def anchors(path: Path) -> list[str]:
    """Give the anchors of a document's headings, as GitHub makes them."""
    titles = re.findall("^#+ (.*)$", prose(path), re.MULTILINE)
    slugs = (re.sub(r"[^\w\- ]", "", title.lower()) for title in titles)
    return [title.replace(" ", "-") for title in slugs]


def commands(block: Block) -> list[str]:
    """Give the commands of a block, continued lines joined; none if it is not for the shell."""
    complete: list[str] = []
    command = ""
    for line in block.text.replace("\\\n", " ").splitlines() if block.language == "sh" else []:
        command = f"{command}\n{line}" if command else line
        if is_whole(command):
            complete.append(command)
            command = ""
    return [*complete, command] if command else complete


def is_whole(command: str) -> bool:
    """Tell whether every quotation in a command has its end."""
    try:
        shlex.split(command, comments=True)
    except ValueError:
        return False
    return True


def shell_lines(path: Path) -> Iterator[str]:
    """Give the commands of a document, continued lines joined."""
    for block in blocks(path):
        yield from commands(block)


@dataclass
class Reader:
    """A reader who follows a guide, in a folder of their own.

    Attributes
    ----------
    server : LiveServer or None
        Stands for the service that the guide has its reader start on port 8000.
    folder : Path
        Stands for the folder of the project.
    variables : dict of str to str
        What the guide's commands find in the environment.
    printed : dict of str to str
        What each command that was followed printed.
    """

    server: LiveServer | None
    folder: Path
    variables: dict[str, str]
    key: str = ""
    decision_id: str = ""
    printed: dict[str, str] = field(default_factory=dict)

    def follow(self, line: str) -> str:
        """Run a command to the letter, but for what the guide has the reader put in."""
        result = subprocess.run(
            ["sh", "-c", self._filled_in(line)],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(PROJECT), **self.variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )
        assert result.returncode == 0, f"{line}\n{result.stdout}{result.stderr}"
        self.printed[line] = result.stdout
        if "keys new" in line:
            self.key = result.stdout.strip()
        if "/predict" in line and (match := re.match('{"decision_id":"([^"]+)"', result.stdout)):
            self.decision_id = match[1]
        return result.stdout

    def said(self, words: str) -> str:
        """Give what the last command with these words printed."""
        (*_, line) = (line for line in self.printed if words in line)
        return self.printed[line]

    def _filled_in(self, line: str) -> str:
        interpreter = shlex.quote(sys.executable)
        ours = {FLASK: f"{interpreter} -m flask", PYTHON: interpreter}
        # The project's own scripts lie in its folder, not in the reader's.
        ours |= {
            f"{PYTHON} {name}": f"{interpreter} {shlex.quote(str(PROJECT / name))}"
            for name in ("train.py", "score.py")
        }
        longest_first = sorted(map(re.escape, ours), key=len, reverse=True)
        line = re.sub("|".join(longest_first), lambda match: ours[match[0]], line)
        if self.server is not None:
            line = line.replace(":8000/", f":{self.server.port}/")
        return line.replace("YOUR_KEY", self.key).replace("DECISION_ID", self.decision_id)


@contextlib.contextmanager
def reader_of(model_dir: Path, folder: Path) -> Iterator[Reader]:
    """Serve to a reader whose log lies in their folder, as the project's in the project's."""
    url = f"sqlite:///{folder}/instance/decisions.sqlite"
    variables = {"CREDITSCORE_MODEL_DIR": str(model_dir), "CREDITSCORE_DATABASE_URL": url}
    with serving(model_dir, folder, CREDITSCORE_DATABASE_URL=url) as server:
        yield Reader(server, folder, variables)
