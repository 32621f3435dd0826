"""A program in a terminal of its own, as a person starts it, and what is on the screen."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass
class Terminal:
    """A program that runs in a pseudo terminal."""

    process: subprocess.Popen[bytes]
    screen: int
    output: str = ""

    def read_until(self, words: str) -> str:
        """Read until the program has shown some words, or has ended; return all that it showed."""
        while words not in self.output:
            # Linux reports the end of the last program as an error.
            with contextlib.suppress(OSError):
                if chunk := os.read(self.screen, 65536):
                    self.output += chunk.decode(errors="replace").replace("\r\n", "\n")
                    continue
            break
        return self.output

    def read_all(self) -> str:
        """Read until the program has ended; return all that it showed."""
        return self.read_until("\N{NULL} never shown")


@contextlib.contextmanager
def in_terminal(
    command: Sequence[str | Path], *, cwd: Path, variables: Mapping[str, str]
) -> Iterator[Terminal]:
    """Run a program in a terminal of eighty columns until the block ends."""
    if sys.platform == "win32":
        pytest.skip("pseudo terminals are POSIX's")
    import pty

    screen, keyboard = pty.openpty()
    process = subprocess.Popen(
        command, cwd=cwd, env=variables, stdin=keyboard, stdout=keyboard, stderr=keyboard
    )
    os.close(keyboard)
    terminal = Terminal(process, screen)
    try:
        yield terminal
    finally:
        process.terminate()
        terminal.read_all()
        process.wait(timeout=30)
        os.close(screen)
