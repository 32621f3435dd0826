"""Damage a model in a thousand ways, and look whether one of them is loaded.

.venv/bin/python drills/damaged_models.py --damages 1000 [--seed N] [--fault trusting]

Each time some bits or bytes of a random file of the model change, are cut off, left out or written
twice, or the file is that of another model. Each must be refused with one line that names the file
and what fixes it. Exits with 1 if a damaged model is loaded, whatever it would have computed.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import harness
import numpy as np
from harness import Drill
from logged import successor

from creditscore.errors import ArtifactError
from creditscore.scorecard import artifact
from creditscore.scorecard.artifact import CARD_FILE, MANIFEST_FILE, MODEL_FILE, REMEDY
from creditscore.scorecard.model import Model

FILES = (MODEL_FILE, CARD_FILE, MANIFEST_FILE)

#: Share of the damages that are a file of another model.
SWAPPED_FILES = 0.1

#: Bytes of a piece that is changed, left out or written twice, at most.
PIECE = 4096

Damage = Callable[[bytes, random.Random], bytes]


def main() -> int:
    """Run the drill, and give the exit status."""
    parser = harness.parser(__doc__, faults=["trusting"])
    parser.add_argument("--damages", type=int, default=1000)
    return harness.run(damage_again_and_again, parser.parse_args())


def damage_again_and_again(drill: Drill) -> int:
    """Damage one file at a time, and try to load the model."""
    draw, count = random.Random(drill.options.seed), drill.options.damages
    folder, other_folder = drill.folder / "model", drill.folder / "other"
    folder.mkdir()
    for name in FILES:
        shutil.copy(drill.options.model_dir / name, folder)
    sound = artifact.load(folder)
    artifact.save(successor(sound), other_folder)
    if drill.options.fault == "trusting":
        trust()
    outcomes: Counter[str] = Counter()
    for _ in range(count):
        name = draw.choice(FILES)
        raw = (folder / name).read_bytes()
        damaged = draw.choice(WAYS)(raw, draw)
        if draw.random() < SWAPPED_FILES:
            damaged = (other_folder / name).read_bytes()
        # What came out as it was before would be no damage.
        (folder / name).write_bytes(damaged if damaged != raw else raw[:-1])
        outcomes[attempt(folder / name, sound)] += 1
        (folder / name).write_bytes(raw)
    return drill.report(
        f"{count} damaged models: "
        f"{outcomes['refused']} refused with one clear line, {outcomes['mumbled']} in other words, "
        f"{outcomes['loaded']} loaded, {outcomes['wrong']} loaded that compute something else",
        fine=outcomes["refused"] == count,
    )


def trust() -> None:
    """Accept files without comparing digests."""
    artifact._read_verified = lambda path, entry: artifact._read(path)


def attempt(path: Path, sound: Model) -> str:
    """Try to load a model one of whose files is damaged, and tell what came of it."""
    try:
        model = artifact.load(path.parent)
    except ArtifactError as error:
        message = str(error)
        clear = message.endswith(f"to fix it: {REMEDY}") and len(message.splitlines()) == 1
        return "refused" if clear and str(path.parent) in message else "mumbled"
    return "loaded" if numbers(model) == numbers(sound) else "wrong"


def numbers(model: Model) -> list[Any]:
    """Give what a model computes for applicants all over, and what it makes of that."""
    draw = np.random.default_rng(1)
    figures: list[Any] = [model.policy, model.versions]
    for name, card in model.scorecards.items():
        rows = draw.uniform(-3, 5e5, size=(50, len(card.predictors))).astype(np.float32)
        figures.append([model.engines[name].predict_one(row) for row in rows])
    return json.loads(json.dumps(figures, default=str))  # type: ignore[no-any-return]


def flip_bit(raw: bytes, draw: random.Random) -> bytes:
    """Change one bit."""
    changed = bytearray(raw)
    changed[draw.randrange(len(raw))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def overwrite(raw: bytes, draw: random.Random) -> bytes:
    """Write something else over a piece, as a disk does that mixes up its sectors."""
    begin, end = piece(raw, draw)
    return raw[:begin] + draw.randbytes(end - begin) + raw[end:]


def blank(raw: bytes, draw: random.Random) -> bytes:
    """Leave zeros in place of a piece, as a file has after a power cut."""
    begin, end = piece(raw, draw)
    return raw[:begin] + bytes(end - begin) + raw[end:]


def leave_out(raw: bytes, draw: random.Random) -> bytes:
    """Leave a piece out."""
    begin, end = piece(raw, draw)
    return raw[:begin] + raw[end:]


def write_twice(raw: bytes, draw: random.Random) -> bytes:
    """Write a piece twice."""
    begin, end = piece(raw, draw)
    return raw[:end] + raw[begin:]


def cut_short(raw: bytes, draw: random.Random) -> bytes:
    """Cut the end off, at least a byte and at most everything."""
    return raw[: draw.randrange(len(raw))]


def go_on(raw: bytes, draw: random.Random) -> bytes:
    """Write on after the end."""
    return raw + draw.randbytes(draw.randint(1, PIECE))


def piece(raw: bytes, draw: random.Random) -> tuple[int, int]:
    """Choose a piece: its begin and its end."""
    begin = draw.randrange(len(raw))
    return begin, min(len(raw), begin + draw.randint(1, PIECE))


WAYS: tuple[Damage, ...] = (
    flip_bit,
    overwrite,
    blank,
    leave_out,
    write_twice,
    cut_short,
    go_on,
)


if __name__ == "__main__":
    sys.exit(main())
