"""The gate: a model is loaded as it was trained, or not at all."""

from __future__ import annotations

import builtins
import copy
import copyreg
import errno
import hashlib
import json
import math
import os
import pickle
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from logged import assembled
from sklearn.ensemble import RandomForestClassifier

from creditscore.errors import ArtifactError
from creditscore.schema.reader import read_schema
from creditscore.scorecard import artifact
from creditscore.scorecard.artifact import FORMAT, MAX_BYTES
from creditscore.scorecard.inference import LookupTableEngine
from creditscore.scorecard.model import Model
from creditscore.scorecard.verification import with_self_digest

FILES = ("model.pkl", "model_card.json", "manifest.json")


@pytest.fixture
def folder(model_dir: Path, tmp_path: Path) -> Path:
    """A copy of the trained model that may be damaged."""
    copy = tmp_path / "model"
    copy.mkdir()
    for name in FILES:
        shutil.copy(model_dir / name, copy)
    return copy


def refusal(folder: Path) -> str:
    with pytest.raises(ArtifactError) as caught:
        artifact.load(folder)
    message = str(caught.value)
    assert message.endswith(f"; to fix it: {artifact.REMEDY}")
    assert "\n" not in message.strip()
    return message


def manifest_of(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
    return content


def write_manifest(folder: Path, content: dict[str, Any]) -> None:
    """Put another manifest in place, with a hash as it should be."""
    (folder / "manifest.json").write_bytes(with_self_digest(content))


def forge(folder: Path, raw: bytes, **changes: object) -> None:
    """Put another pickle in place, and a manifest that vouches for it."""
    (folder / "model.pkl").write_bytes(raw)
    manifest = manifest_of(folder) | changes
    manifest["model"] = {"file": "model.pkl", "sha256": hashlib.sha256(raw).hexdigest()}
    write_manifest(folder, manifest)


def content_of(folder: Path) -> Any:
    """Read a model's content, with nothing but the gate's own two names."""

    class OnlyArrays(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            assert (module, name) in artifact.ALLOWED_NAMES
            return super().find_class(module, name)

    with (folder / "model.pkl").open("rb") as file:
        return OnlyArrays(file).load()


def probabilities(model: Model) -> dict[str, list[float]]:
    """Score the examples and some applicants beside them with every scorecard."""
    draw = np.random.default_rng(1)
    return {
        name: card.probability_of_default(
            draw.uniform(-3, 5e5, size=(50, len(card.predictors))).astype(np.float32)
        ).tolist()
        for name, card in model.scorecards.items()
    }


def stricter(model: Model) -> Model:
    """Give another model, whose files differ."""
    return assembled(model, policy=replace(model.policy, cutoff=0.125))


# Sound models


def test_a_model_is_loaded_as_it_was_saved(model: Model, tmp_path: Path) -> None:
    artifact.save(model, tmp_path / "new" / "folder")

    again = artifact.load(tmp_path / "new" / "folder")

    assert again.versions == model.versions
    assert again.policy == model.policy
    assert again.schema.document == model.schema.document
    assert probabilities(again) == probabilities(model)


def test_folded_codes_and_words_of_the_outcome_are_no_part_of_a_version(model: Model) -> None:
    document = copy.deepcopy(dict(model.schema.document))
    del document["label"]["event"]
    for field in document["fields"].values():
        field.pop("fold", None)
    schema = read_schema(document, "without.toml")

    other_model = replace(model, schema=schema)

    assert stricter(other_model).versions == stricter(model).versions
    assert schema.label.event != model.schema.label.event
    assert not any(field.merged_codes for field in schema.fields.values())


def test_the_folder_holds_files_that_all_users_may_read(model: Model, tmp_path: Path) -> None:
    artifact.save(model, tmp_path)

    assert {path.name for path in tmp_path.iterdir()} == set(FILES)
    if os.name != "nt":
        assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o644}


def test_saving_again_what_was_loaded_vouches_for_the_new_file(folder: Path) -> None:
    artifact.save(stricter(artifact.load(folder)), folder)

    assert artifact.load(folder).policy.cutoff == 0.125


def test_the_allowed_names_are_all_that_a_model_needs(folder: Path) -> None:
    assert content_of(folder)["format"] == FORMAT
    assert len(artifact.ALLOWED_NAMES) == 2


# Missing and damaged files


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (Path.unlink, "not found: no model has been trained yet"),
    "empty": (lambda path: path.write_bytes(b""), "is damaged"),
    "a folder": (make_folder, "cannot be read"),
    "a link": (
        lambda path: path.symlink_to(path.rename(path.with_name("elsewhere"))),
        "is a link or larger than 64 MiB",
    ),
    "more than 64 MiB": (
        lambda path: os.truncate(path, MAX_BYTES + 1),
        "is a link or larger than 64 MiB",
    ),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(("damage", "problem"), DAMAGES.values(), ids=DAMAGES)
def test_a_file_that_cannot_be_a_models_is_refused_by_its_name(
    folder: Path, name: str, damage: Callable[[Path], object], problem: str
) -> None:
    damage(folder / name)

    assert refusal(folder).startswith(f"{folder / name}: {problem}")


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    assert "not found: no model has been trained yet" in refusal(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("model.pkl", "is damaged: its SHA-256 is not the manifest's"),
        ("model_card.json", "is damaged: its SHA-256 is not the manifest's"),
        ("manifest.json", ""),
    ],
)
def test_no_flipped_byte_gets_through(folder: Path, name: str, problem: str) -> None:
    raw = (folder / name).read_bytes()
    draw = np.random.default_rng(1)

    for index in draw.choice(len(raw), size=50, replace=False):
        damaged = bytearray(raw)
        damaged[index] ^= int(draw.integers(1, 256))
        (folder / name).write_bytes(damaged)

        assert problem in refusal(folder)


@pytest.mark.parametrize("name", FILES)
def test_no_file_that_was_cut_short_gets_through(folder: Path, name: str) -> None:
    raw = (folder / name).read_bytes()
    lengths = np.random.default_rng(2).choice(len(raw) - 2, size=50, replace=False)

    for length in lengths:
        (folder / name).write_bytes(raw[:length])

        assert f"{folder / name}: is damaged" in refusal(folder)


def test_an_edited_figure_of_the_manifest_is_noticed(folder: Path) -> None:
    raw = (folder / "manifest.json").read_bytes()
    changed = raw.replace(b'"rows": ', b'"rows": 1', 1)
    assert changed != raw
    (folder / "manifest.json").write_bytes(changed)

    assert "is damaged: its SHA-256 is not its own" in refusal(folder)


def test_a_manifest_with_other_golden_applicants_or_without_a_part_is_refused(
    folder: Path,
) -> None:
    sound = manifest_of(folder)
    parts = ("format", "model", "card", "versions", "golden", "scorecards", "data", "seed")
    applicants: list[object] = [{}, 3]
    scored = [[{"applicant": applicant, "probability_of_default": 0.1}] for applicant in applicants]
    golden_lists: list[object] = [[], {}, None, [1], ["x"], [{}], *scored]

    for manifest in [
        *({name: sound[name] for name in sound if name != part} for part in (*parts, "software")),
        *({**sound, "golden": golden} for golden in golden_lists),
    ]:
        write_manifest(folder, manifest)
        refusal(folder)

    write_manifest(folder, sound)
    artifact.load(folder)


def test_any_other_json_is_no_manifest(folder: Path) -> None:
    for raw in (b"[]", b"3", b"null", b"{}", b'"x"', b"\xff", b"NaN", b"[" * 100_000, b"\0"):
        (folder / "manifest.json").write_bytes(raw)

        assert "is damaged: it is not a manifest of train.py" in refusal(folder)


@pytest.mark.parametrize(("number", "age"), [(FORMAT - 1, "an older"), (FORMAT + 1, "a newer")])
def test_another_format_is_told_as_such(folder: Path, number: int, age: str) -> None:
    write_manifest(folder, manifest_of(folder) | {"format": number})

    problem = f"was written by {age} release (format {number}, this one reads {FORMAT})"
    assert problem in refusal(folder)


@pytest.mark.parametrize("number", ["1", None, 1.5, [1]])
def test_a_format_that_is_no_number_is_damage(folder: Path, number: object) -> None:
    write_manifest(folder, manifest_of(folder) | {"format": number})

    assert "is damaged" in refusal(folder)


# Foreign pickles, each with a manifest that vouches for it


def test_a_pickled_forest_of_scikit_learns_is_refused(folder: Path) -> None:
    forest = RandomForestClassifier(2).fit([[0], [1]], [0, 1])
    forge(folder, pickle.dumps(forest))

    assert "was not written by train.py: Forbidden sklearn." in refusal(folder)


class Calls:
    """Pickles as a call of any function."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


@pytest.fixture
def marker(tmp_path: Path) -> Iterator[Path]:
    """A file that hostile pickles try to make, and that must not be there at the end."""
    path = tmp_path / "marker"
    yield path
    assert not path.exists()


HOSTILE: dict[str, Callable[[Path], Any]] = {
    "os.system": lambda marker: Calls(os.system, f"touch {marker}"),
    "eval": lambda marker: Calls(eval, f"open({str(marker)!r}, 'w')"),
    "exec": lambda marker: Calls(builtins.exec, f"open({str(marker)!r}, 'w')"),
    "open": lambda marker: Calls(open, str(marker), "w"),
    "Path.touch": lambda marker: Calls(Path.touch, marker),
    "getattr": lambda marker: Calls(getattr, Path, "touch"),
    "__import__": lambda marker: Calls(__import__, "antigravity"),
    "inside the schema": lambda marker: {
        "format": FORMAT,
        "schema": {"dataset": Calls(os.system, f"touch {marker}")},
    },
    "as a key": lambda marker: {Calls(os.system, f"touch {marker}"): 1},
    "numpy.load": lambda marker: Calls(np.load, str(marker)),
    "numpy.memmap": lambda marker: Calls(np.memmap, str(marker), "f4", "w+", 0, (4,)),
    "ndarray.tofile": lambda marker: Calls(np.ndarray.tofile, np.zeros(1), str(marker)),
    "copyreg": lambda marker: Calls(copyreg._reconstructor, Path, object, None),  # type: ignore[attr-defined]  # what protocol 1 writes
    "copyreg.add_extension": lambda marker: Calls(copyreg.add_extension, "os", "system", 240),
}


@pytest.mark.parametrize("protocol", [0, 2, 5])
@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_pickle_is_refused_and_does_nothing(
    folder: Path, marker: Path, hostile: Callable[[Path], Any], protocol: int
) -> None:
    forge(folder, pickle.dumps(hostile(marker), protocol=protocol))

    assert "was not written by train.py: Forbidden " in refusal(folder)


@pytest.mark.parametrize(
    "raw",
    [
        # Names of every module that numpy brings along, by hand: the modules need not be imported.
        b"cnumpy.f2py.diagnose\nrun\n(tR.",
        b"cnumpy.f2py.capi_maps\ngetinit\n(S'x'\nS'y'\ntR.",
        b"cnumpy.testing._private.utils\nrunstring\n(S'import os'\n}tR.",
        b"cnumpy._core.numeric\n_frombuffer.__globals__\n.",
        b"cnumpy\ndtype.__class__\n.",
        b"\x80\x04\x8c\x05numpy\x8c\x0edtype.__base__\x93.",
        # An extension code, a persistent id, a name from the stack, an out-of-band buffer.
        b"\x82\xf0.",
        b"Pos.system\n.",
        b"\x80\x02X\x01\x00\x00\x00aQ.",
        b"\x80\x05\x97.",
        # Objects of the allowed names, used against the grain.
        b"cnumpy\ndtype\n(S'O'\ntR.",
        b"cnumpy\ndtype\n(S'f8'\ntR(S'x'\nS'y'\ntb.",
        b"cnumpy._core.numeric\n_frombuffer\n(tR.",
    ],
    ids=range(13),
)
def test_a_pickle_made_by_hand_is_refused(folder: Path, raw: bytes) -> None:
    forge(folder, raw)

    assert "was not written by train.py: " in refusal(folder)


def nested(depth: int) -> bytes:
    return b"\x80\x04" + b"]" * depth + b"a" * (depth - 1) + b"."


BOMBS = {
    "nothing": b"",
    "text": b"model",
    "no end": b"\x80\x05}",
    "a memo far away": b"\x80\x04]r\xff\xff\xff\x7f.",
    "a text of 4 GiB": b"\x80\x04X\xff\xff\xff\xffabc.",
    "bytes of 8 EiB": b"\x80\x05\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",
    "a frame of 8 EiB": b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7f.",
    "lists 300,000 deep": nested(300_000),
    "a schema 300,000 deep": b"\x80\x04}(\x8c\x06formatK\x01\x8c\x06schema"
    + nested(300_000)[2:-1]
    + b"u.",
    "a number of 10,000 digits": b"\x80\x04}\x8c\x06format\x8a\xff" + b"\x7f" * 255 + b"s.",
    "doubled 40 times": b"\x80\x04]" + b"".join(b"q%c2" % index for index in range(40)) + b"0.",
}


@pytest.mark.parametrize("raw", BOMBS.values(), ids=BOMBS)
def test_a_pickle_that_would_burst_is_refused(folder: Path, raw: bytes) -> None:
    forge(folder, raw)

    assert "was not written by train.py: " in refusal(folder)


@pytest.mark.parametrize(
    "content",
    [None, [], 3, "x", {}, {"format": FORMAT}, {"format": 99}, {"format": True, "schema": {}}],
)
def test_plain_data_that_is_no_model_is_refused(folder: Path, content: object) -> None:
    forge(folder, pickle.dumps(content))

    assert "was not written by train.py: " in refusal(folder)


def forest_of(content: Any) -> Any:
    return content["scorecards"]["application"]["forest"]


CHANGES: dict[str, Callable[[Any], Any]] = {
    "another format": lambda content: content.update(format=FORMAT + 1),
    "a child outside": lambda content: forest_of(content).update(
        left=np.full_like(forest_of(content)["left"], 10**9)
    ),
    "a column outside": lambda content: forest_of(content).update(
        column=forest_of(content)["column"] + np.int32(5)
    ),
    "a depth without end": lambda content: forest_of(content).update(depth=10**15),
    "lists for arrays": lambda content: forest_of(content).update(
        left=forest_of(content)["left"].tolist()
    ),
    "numbers for arrays": lambda content: forest_of(content).update(roots=3),
    "an unknown part": lambda content: forest_of(content).update(more=1),
    "a probability changed": lambda content: forest_of(content).update(
        probability=forest_of(content)["probability"] * 0.999
    ),
    "a baseline changed": lambda content: content["scorecards"]["application"]["reference"].update(
        baseline=0.1
    ),
    "a reason changed": lambda content: content["scorecards"]["application"]["games"].update(
        values=content["scorecards"]["application"]["games"]["values"] * 0.999
    ),
    "no tables": lambda content: content.pop("tables"),
    "a table of something else": lambda content: content.update(
        tables={name: table[1:] for name, table in content["tables"].items()}
    ),
    "a cut-off changed": lambda content: content["policy"].update(cutoff=0.3),
    "no cut-off": lambda content: content["policy"].pop("cutoff"),
    "a cut-off in words": lambda content: content["policy"].update(cutoff="0.25"),
    "a cut-off that is nan": lambda content: content["policy"].update(cutoff=math.nan),
    "a scale of nothing": lambda content: content["policy"].update(base_odds=0),
    "a scorecard less": lambda content: content["scorecards"].pop("behavioural"),
    "a predictor less": lambda content: content["scorecards"]["application"]["predictors"].pop(),
    "another schema": lambda content: content["schema"]["fields"].pop("AGE"),
    "codes in another order": lambda content: content["schema"]["fields"]["SEX"].update(
        codes=[{"value": 3, "en": "x"}, {"value": 4, "en": "y"}]
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_model_is_refused(folder: Path, change: Callable[[Any], Any]) -> None:
    content = content_of(folder)
    change(content)
    forge(folder, pickle.dumps(content, protocol=5))

    assert "was not written by train.py: " in refusal(folder)


def test_a_changed_forest_with_its_new_version_fails_at_the_golden_applicants(
    folder: Path, model: Model
) -> None:
    card = model.scorecards["application"]
    weaker = replace(card.forest, probability=card.forest.probability * 0.999)
    scorecards = {**model.scorecards, "application": replace(card, forest=weaker)}
    artifact.save(assembled(model, scorecards=scorecards), folder)

    assert "does not compute what it did at training: " in refusal(folder)


@pytest.mark.parametrize("column", [0, 1])
def test_a_changed_table_fails_at_the_golden_applicants(folder: Path, column: int) -> None:
    content = content_of(folder)
    (version,) = content["tables"]
    table = content["tables"][version].copy()
    table[:, column] *= 0.999
    content["tables"][version] = table
    forge(folder, pickle.dumps(content, protocol=5))

    assert "does not compute what it did at training: " in refusal(folder)


def test_a_loaded_table_is_the_one_that_was_computed(model: Model, folder: Path) -> None:
    loaded, computed = artifact.load(folder).engines["application"], model.engines["application"]

    assert isinstance(loaded, LookupTableEngine)
    assert isinstance(computed, LookupTableEngine)
    assert loaded.table.tobytes() == computed.table.tobytes()


# Saving


@pytest.fixture
def unchanged(folder: Path) -> Iterator[Path]:
    """A trained model whose files must be the same at the end."""
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    yield folder
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.fixture
def small_disk() -> Iterator[Callable[[int], None]]:
    """Let no file grow beyond a size, as on a full disk."""
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, usual[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, usual)


def test_a_full_disk_leaves_the_old_model_whole(
    unchanged: Path, model: Model, small_disk: Callable[[int], None]
) -> None:
    small_disk(100_000)

    with pytest.raises(ArtifactError, match=f"{unchanged}: cannot be written: .*; to fix it: "):
        artifact.save(stricter(model), unchanged)


def test_a_disk_that_fills_at_the_second_file_leaves_the_old_model_whole(
    unchanged: Path, model: Model, small_disk: Callable[[int], None]
) -> None:
    size = (unchanged / "model.pkl").stat().st_size + 1000
    other_model = stricter(model)
    bulky = replace(other_model, manifest={**other_model.manifest, "more": "x" * size})
    small_disk(size)

    with pytest.raises(ArtifactError, match=os.strerror(errno.EFBIG)):
        artifact.save(bulky, unchanged)

    assert artifact.load(unchanged).policy == model.policy


def test_a_model_that_json_cannot_hold_leaves_the_old_one_whole(
    unchanged: Path, model: Model
) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        artifact.save(replace(model, manifest={**model.manifest, "seed": math.nan}), unchanged)


def test_a_model_that_could_not_be_loaded_is_not_saved(unchanged: Path, model: Model) -> None:
    card = model.scorecards["application"]
    huge = replace(card.forest, threshold=np.zeros(MAX_BYTES // 8 + 1))
    scorecards = {**model.scorecards, "application": replace(card, forest=huge)}

    with pytest.raises(ArtifactError, match=r"model.pkl: would be [0-9]{2},[0-9,]+ bytes large"):
        artifact.save(replace(model, scorecards=scorecards), unchanged)


def test_a_file_where_the_folder_should_be_is_told(model: Model, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")

    with pytest.raises(ArtifactError, match="cannot be written: File exists"):
        artifact.save(model, tmp_path / "file")

    assert (tmp_path / "file").read_text() == "mine"
