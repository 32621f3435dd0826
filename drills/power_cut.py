"""Cut the power again and again while clients ask, and look whether a decision is lost.

.venv/bin/python drills/power_cut.py --cuts 10 [--seed N] [--fault NAME]

`kill -9` proves little: what a killed process has written is in the system's cache and reaches the
disk all the same. So a library beneath the service (last_sync.c) keeps a second folder as a disk
would be after a power cut: each file as it was last synced, and the names as of the folder's last
sync. A cut kills every process and puts that folder in the place of the log's. In the end every
decision that was answered must be in the log. Exits with 1 if one is not, or if the service does
not start on what the cut left. SQLite only, Linux only, needs a C compiler.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import harness
from harness import PROJECT, Drill

#: Seconds between two cuts, at least and at most.
PAUSE_S = (0.2, 1.0)


def main() -> int:
    """Run the drill, and give the exit status."""
    parser = harness.parser(__doc__, faults=["unsynced", "usual_journal"])
    parser.add_argument("--cuts", type=int, default=10)
    return harness.run(cut_again_and_again, parser.parse_args())


def cut_again_and_again(drill: Drill) -> int:
    """Cut the power while clients ask."""
    draw = random.Random(drill.options.seed)
    disk = Disk(drill.folder / "log", drill.folder / "disk")
    disk.prepare()
    variables = disk.variables(build_library(drill.folder))
    with drill.service(**variables) as service, drill.clients(service) as clients:
        for _ in range(drill.options.cuts):
            time.sleep(draw.uniform(*PAUSE_S))
            service.kill_all()
            disk.put_back()
            service.start()
    figures = f"{drill.options.cuts} power cuts, {clients.surprises()} odd answers"
    return drill.finish(clients, figures, fine=clients.surprises() == 0)


@dataclass(frozen=True)
class Disk:
    """What a power cut leaves of a folder.

    Attributes
    ----------
    folder : Path
        The one that processes write to.
    synced : Path
        Of each file its last synced content, by inode; and `names`, the folder's last synced list.
    """

    folder: Path
    synced: Path

    def variables(self, library: Path) -> dict[str, str]:
        """Give the environment of a process whose syncs are to be remembered."""
        return {
            "LD_PRELOAD": str(library),
            "DRILL_FOLDER": str(self.folder),
            "DRILL_DISK": str(self.synced),
        }

    def prepare(self) -> None:
        """Begin with an empty folder."""
        for folder in (self.folder, self.synced):
            folder.mkdir(mode=0o700)
        (self.synced / "names").touch()

    def put_back(self) -> None:
        """Put the folder back to what was synced; no process may have it open."""
        lines = (self.synced / "names").read_text().splitlines()
        synced_files = {
            name: self._content(inode) for inode, _, name in (s.partition(" ") for s in lines)
        }
        for old in (self.folder, self.synced):
            shutil.rmtree(old)
        self.prepare()
        listed = []
        for name, content in synced_files.items():
            path = self.folder / name
            path.write_bytes(content)
            path.chmod(0o600)
            inode = path.stat().st_ino
            (self.synced / str(inode)).write_bytes(content)
            listed.append(f"{inode} {name}\n")
        (self.synced / "names").write_text("".join(listed))

    def _content(self, inode: str) -> bytes:
        """Give what was synced of a file: nothing, if it has a name only."""
        path = self.synced / inode
        return path.read_bytes() if path.exists() else b""


def build_library(folder: Path) -> Path:
    """Compile what remembers the syncs."""
    library = folder / "last_sync.so"
    source = PROJECT / "drills" / "last_sync.c"
    compiler = os.environ.get("CC", "cc")
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", library, source, "-ldl"],
        check=True,
    )
    return library


if __name__ == "__main__":
    sys.exit(main())
