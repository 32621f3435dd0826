"""Carry out the Dockerfile's steps in a plain Debian root, and ask what comes out for a decision.

For machines that reach no registry of images. Run as root, with mmdebstrap and bubblewrap:

    mmdebstrap --variant=minbase bookworm debian.tar
    .venv/bin/python tools/rehearse_image.py debian.tar --model model

At last it puts the model into an image of its own, as deploy/with-model.Dockerfile does, and asks
that one too. Without --model, the stage train makes one. With --postgres FOLDER the decisions are
logged in the database creditscore of a PostgreSQL server that listens on a socket in that folder
and trusts its user creditscore.

The steps FROM, ENV, RUN, COPY, WORKDIR, USER, VOLUME, HEALTHCHECK and CMD come from the Dockerfile
itself; another one is an error. The root file system is read-only while the service runs.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
CERTIFICATES = Path("etc/ssl/certs/ca-certificates.crt")
MODEL, INSTANCE = "/srv/creditscore/model", "/srv/creditscore/instance"
#: Where the container finds the socket of PostgreSQL.
SOCKET = "/tmp/postgresql"
ASK = """
import json, os, urllib.request
applicant = {"LIMIT_BAL": 30000, "SEX": 1, "EDUCATION": 2, "MARRIAGE": 2, "AGE": 26}
url = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}/predict"
print(urllib.request.urlopen(url, json.dumps(applicant).encode()).read().decode())
"""


@dataclass
class Stage:
    """A stage of the image: where its files are, and what its later steps see."""

    root: Path
    variables: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "root"
    volumes: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)


def main() -> int:
    """Build the stages in a folder that is removed afterwards, and run them."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument(
        "debian", type=Path, help="a root of the Dockerfile's Debian, as a tar file"
    )
    parser.add_argument("--model", type=Path, help="a trained model (default: train one)")
    parser.add_argument("--postgres", type=Path, help="the folder of a PostgreSQL server's socket")
    options = parser.parse_args()
    targets = ["serve"] if options.model else ["train", "serve"]
    with tempfile.TemporaryDirectory(prefix="image-") as folder:
        stages = build(steps(PROJECT / "Dockerfile"), options.debian, Path(folder), targets)
        volumes = make_volumes(stages[targets[0]], stages["serve"].volumes, Path(folder))
        if options.model:
            shutil.copytree(options.model, volumes[MODEL], dirs_exist_ok=True)
            change_owner(volumes[MODEL], stages["serve"].root / MODEL[1:])
        elif status := contain(stages["train"], shlex.join(stages["train"].command), volumes):
            return status
        status = serve(stages["serve"], volumes, options.postgres)
        return status or serve_included(stages["serve"], volumes)


def steps(dockerfile: Path) -> list[tuple[str, str]]:
    """Read the instructions of a Dockerfile, each a name and its words."""
    text = re.sub(r"\\\n", " ", dockerfile.read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(name, words.strip()) for name, _, words in (line.partition(" ") for line in lines)]


def build(
    instructions: list[tuple[str, str]], debian: Path, folder: Path, targets: list[str]
) -> dict[str, Stage]:
    """Carry out the steps of some stages and of those that they are made from."""
    stages: dict[str, Stage] = {}
    needed = set().union(*(needed_stages(instructions, name) for name in targets))
    stage, name = None, ""
    for instruction, words in instructions:
        if instruction == "FROM":
            source, _, name = words.partition(" AS ")
            if name in needed:
                stage = stages[name] = begin(stages.get(source), debian, folder / name)
        elif name in needed and stage is not None:
            print(f"{name}: {instruction} {words}", flush=True)
            carry_out(instruction, words, stage, stages)
    return stages


def needed_stages(instructions: list[tuple[str, str]], last: str) -> set[str]:
    """Return a stage and those that it is made from."""
    sources: dict[str, set[str]] = {}
    name = ""
    for instruction, words in instructions:
        if instruction == "FROM":
            source, _, name = words.partition(" AS ")
            sources[name] = {source}
        elif match := re.match("--from=([^ ]+)", words):
            sources[name].add(match[1])
    if last not in sources:
        raise SystemExit(f"the Dockerfile has no stage {last}")
    needed, waiting = set(), [last]
    while waiting:
        stage = waiting.pop()
        needed.add(stage)
        waiting += sources.get(stage, set()) & sources.keys()
    return needed


def begin(parent: Stage | None, debian: Path, root: Path) -> Stage:
    """Begin a stage with the files of its parent, or of plain Debian."""
    if parent is not None:
        subprocess.run(["cp", "-a", "--reflink=auto", parent.root, root], check=True)
        return Stage(root, dict(parent.variables), parent.folder, parent.user)
    root.mkdir()
    subprocess.run(["tar", "-xf", debian, "-C", root], check=True)
    return Stage(root)


def carry_out(instruction: str, words: str, stage: Stage, stages: dict[str, Stage]) -> None:
    """Carry out a step, or keep what it says for the run."""
    match instruction:
        case "ENV":
            stage.variables |= dict(word.split("=", 1) for word in shlex.split(words))
        case "WORKDIR":
            stage.folder = words
            (stage.root / words[1:]).mkdir(parents=True, exist_ok=True)
        case "USER":
            stage.user = words
        case "COPY":
            copy(shlex.split(words), stage, stages)
        case "RUN":
            run_step(words, stage)
        case "VOLUME":
            stage.volumes = json.loads(words)
        case "HEALTHCHECK":
            stage.health = json.loads(words.partition(" CMD ")[2])
        case "CMD":
            stage.command = json.loads(words)
        case "EXPOSE":
            pass
        case _:
            raise SystemExit(f"no such step is known here: {instruction}")


def run_step(words: str, stage: Stage) -> None:
    """Run a command in the stage's root, with this machine's names and certificates."""
    shutil.copyfile("/etc/resolv.conf", stage.root / "etc/resolv.conf")
    command = f"cd {shlex.quote(stage.folder)} && {words}"
    # This machine may reach the package index through a proxy with a certificate of its own.
    passed = {name: value for name, value in os.environ.items() if "proxy" in name.lower()}
    if (stage.root / CERTIFICATES).exists():
        shutil.copyfile(Path("/") / CERTIFICATES, stage.root / CERTIFICATES)
        passed["PIP_CERT"] = f"/{CERTIFICATES}"
    path = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    subprocess.run(
        ["chroot", stage.root, "/bin/sh", "-c", command],
        env={**path, **passed, **stage.variables},
        check=True,
        stdout=subprocess.DEVNULL,
    )


def copy(words: list[str], stage: Stage, stages: dict[str, Stage]) -> None:
    """Copy from another stage, or from the context without what .dockerignore leaves out."""
    folder = stage.root / stage.folder[1:]
    if words[0].startswith("--from="):
        source_stage = stages[words[0].partition("=")[2]]
        source, to = words[1:]
        subprocess.run(["cp", "-a", source_stage.root / source[1:], folder / to], check=True)
        return
    for source in words[:-1]:
        for path in context_files(PROJECT / source):
            target = folder / words[-1] / path.relative_to(PROJECT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def context_files(path: Path) -> list[Path]:
    """Return the files at a path that belong to the build's context."""
    ignore = (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [rule for rule in ignore if rule and not rule.startswith("#")]
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", path],
        cwd=PROJECT,
        check=True,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    return [PROJECT / name for name in tracked.stdout.splitlines() if is_sent(name, rules)]


def is_sent(name: str, rules: list[str]) -> bool:
    """Return whether the last rule of .dockerignore that fits a file or its folders lets it in."""
    paths = [name, *(str(parent) for parent in Path(name).parents if str(parent) != ".")]
    verdict = True
    for rule in rules:
        pattern = rule.removeprefix("!").removeprefix("**/")
        deep = rule.startswith("**/")
        candidates = [Path(path).name if deep else path for path in paths]
        if pattern == "**" or any(fnmatchcase(path, pattern) for path in candidates):
            verdict = rule.startswith("!")
    return verdict


def make_volumes(first: Stage, paths: list[str], folder: Path) -> dict[str, Path]:
    """Make the volumes, as Docker does: each belongs to the owner of its folder in the image."""
    volumes = {path: folder / f"volume-{Path(path).name}" for path in paths}
    for path, volume in volumes.items():
        volume.mkdir()
        change_owner(volume, first.root / path[1:])
    return volumes


def change_owner(folder: Path, like: Path) -> None:
    """Give a folder, and all in it, to the owner of another."""
    subprocess.run(["chown", "-R", f"--reference={like}", folder], check=True)


def serve(stage: Stage, volumes: dict[str, Path], postgres: Path | None) -> int:
    """Run the service until its health check passes; then ask it for a decision."""
    subprocess.run(["du", "-sh", stage.root], check=True)
    mounts = dict(volumes)
    stage.variables.pop("CREDITSCORE_DATABASE_URL", None)
    if postgres is not None:
        mounts[SOCKET] = postgres
        url = f"postgresql://creditscore@/creditscore?host={SOCKET}"
        stage.variables["CREDITSCORE_DATABASE_URL"] = url
    health, command, ask = (
        shlex.join(words)
        for words in (stage.health, stage.command, [".venv/bin/python", "-c", ASK])
    )
    script = (
        f"touch /cannot 2>/dev/null && exit 9; {command} & service=$!; "
        f"for second in $(seq 60); do sleep 1; {health} 2>/dev/null && break; done; "
        f"{health} && {ask}; status=$?; kill $service; wait $service; id -un; exit $status"
    )
    status = contain(stage, script, mounts)
    is_in_sqlite = (volumes[INSTANCE] / "decisions.sqlite").exists()
    if is_in_sqlite == (postgres is not None):
        raise SystemExit(f"the decision was logged in {'SQLite' if is_in_sqlite else 'no file'}")
    return status


def serve_included(stage: Stage, volumes: dict[str, Path]) -> int:
    """Serve from an image that holds a model, as a container host starts it: on a port it names."""
    for instruction, words in steps(PROJECT / "deploy" / "with-model.Dockerfile"):
        print(f"with-model: {instruction} {words}", flush=True)
        if instruction == "COPY":
            owner, _, target = words.split()
            included = f"{stage.folder}/{target}"
            shutil.copytree(volumes[MODEL], stage.root / included[1:])
            chown = ["chown", "-R", owner.removeprefix("--chown="), included]
            subprocess.run(["chroot", stage.root, *chown], check=True)
        elif instruction != "FROM":
            carry_out(instruction, words, stage, {})
    stage.variables |= {"PORT": "9000", "WEB_CONCURRENCY": "1"}
    empty = {path: volume.with_name(f"{volume.name}-empty") for path, volume in volumes.items()}
    for path, volume in empty.items():
        volume.mkdir()
        change_owner(volume, stage.root / path[1:])
    return serve(stage, empty, None)


def contain(stage: Stage, script: str, mounts: dict[str, Path]) -> int:
    """Run a command as the stage's user, on a read-only root and without a network."""
    inside = ["bwrap", "--ro-bind", str(stage.root), "/", "--proc", "/proc", "--dev", "/dev"]
    inside += ["--perms", "1777", "--tmpfs", "/tmp"]
    for path, volume in mounts.items():
        # A stage may lack the folder of a volume that another one has.
        if path == SOCKET or path in stage.volumes:
            inside += ["--bind", str(volume), path]
    inside += ["--unshare-net", "--unshare-pid", "--chdir", stage.folder]
    inside += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    inside += ["setpriv", f"--reuid={stage.user}", f"--regid={stage.user}", "--clear-groups"]
    inside += ["--no-new-privs", "sh", "-c", script]
    variables = {"PATH": "/usr/bin:/bin", **stage.variables}
    return subprocess.run(inside, env=variables).returncode


if __name__ == "__main__":
    sys.exit(main())
