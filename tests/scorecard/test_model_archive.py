"""The archive: every model that decided stays, and comes back exactly or not at all."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from pathlib import Path

import pytest
from logged import assembled, successor
from service_settings import Build

from creditscore.errors import ArtifactError
from creditscore.scorecard import artifact, model_archive
from creditscore.scorecard.model import Model


def versions_in(model_dir: Path) -> set[str]:
    return {path.name for path in (model_dir / model_archive.FOLDER).iterdir()}


def test_each_scorecard_comes_back_from_its_version_to_the_last_bit(
    model: Model, tmp_path: Path
) -> None:
    assert model_archive.archive_model(model, tmp_path) == list(model.versions.values())

    golden = [model.schema.parse(entry["applicant"]) for entry in model.manifest["golden"]]
    for name, version in model.versions.items():
        archived_model = model_archive.load_version(version, tmp_path, successor(model))
        theirs = [applicant for applicant in golden if applicant.scorecard == name]
        matrix = archived_model.schema.matrix(theirs, archived_model.scorecards[name].predictors)
        archived = archived_model.engines[name].predict(matrix)
        original = model.engines[name].predict(matrix)
        assert [part.tobytes() for part in archived] == [part.tobytes() for part in original]
        assert archived_model.versions == {name: version}
        assert archived_model.policy == model.policy
        assert len(theirs) == len(archived_model.manifest["golden"]) > 0


def test_what_is_archived_is_not_written_again(model: Model, tmp_path: Path) -> None:
    model_archive.archive_model(model, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}

    assert model_archive.archive_model(model, tmp_path) == []

    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_a_damaged_version_is_refused_and_mended_by_the_next_start(
    model: Model, tmp_path: Path
) -> None:
    model_archive.archive_model(model, tmp_path)
    version = next(iter(model.versions.values()))
    damaged = tmp_path / model_archive.FOLDER / version / artifact.MODEL_FILE
    raw = damaged.read_bytes()
    damaged.write_bytes(raw[:-1])
    with pytest.raises(ArtifactError, match="damaged"):
        model_archive.load_version(version, tmp_path, successor(model))

    assert model_archive.archive_model(model, tmp_path) == [version]

    assert damaged.read_bytes() == raw


def test_workers_that_start_at_once_leave_one_whole_archive(model: Model, tmp_path: Path) -> None:
    # Forked, so that all have the model at once; spawned ones would load it one after the other.
    context = multiprocessing.get_context("fork")
    workers = [
        context.Process(target=model_archive.archive_model, args=(model, tmp_path))
        for _ in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert [worker.exitcode for worker in workers] == [0] * 4
    assert versions_in(tmp_path) == set(model.versions.values())
    for version in model.versions.values():
        assert model_archive.load_version(version, tmp_path, successor(model)).versions
        assert len(list((tmp_path / model_archive.FOLDER / version).iterdir())) == 3


def test_a_version_that_nobody_kept_is_missing(model: Model, tmp_path: Path) -> None:
    model_archive.archive_model(model, tmp_path)
    in_service = successor(model)

    for version in ("application-00000000", "../../etc", "..", "", "application"):
        with pytest.raises(ArtifactError):
            model_archive.load_version(version, tmp_path, in_service)


def test_the_model_in_service_is_found_without_an_archive(model: Model, tmp_path: Path) -> None:
    for version in model.versions.values():
        assert model_archive.load_version(version, tmp_path, model) is model


def test_a_start_archives_what_will_decide(build: Build, model: Model, tmp_path: Path) -> None:
    build(model_dir=tmp_path)

    assert versions_in(tmp_path) == set(model.versions.values())


def test_a_start_that_cannot_archive_warns_and_serves(
    build: Build, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / model_archive.FOLDER).write_text("no folder")

    app = build(model_dir=tmp_path)

    assert app.test_client().get("/health").status_code == 200
    warnings = [record for record in caplog.records if "not in the archive" in record.message]
    assert [record.levelname for record in warnings] == ["WARNING"]


def test_a_model_is_archived_before_another_takes_its_place(model: Model, tmp_path: Path) -> None:
    artifact.save(model, tmp_path)
    later = successor(model)

    assert model_archive.archive_replaced_model(tmp_path, later) == list(model.versions.values())
    artifact.save(later, tmp_path)

    for version in model.versions.values():
        assert (
            model_archive.load_version(version, tmp_path, successor(model)).policy == model.policy
        )


def test_training_the_same_model_again_or_a_first_one_archives_nothing(
    model: Model, tmp_path: Path
) -> None:
    assert model_archive.archive_replaced_model(tmp_path, model) == []

    artifact.save(model, tmp_path)

    assert model_archive.archive_replaced_model(tmp_path, model) == []
    assert not (tmp_path / model_archive.FOLDER).exists()


def test_a_model_whose_reasons_have_other_codes_has_another_version(
    model: Model,
) -> None:
    name, field = next((n, f) for n, f in model.schema.fields.items() if f.reasons)
    renamed = tuple(replace(wording, code=f"{wording.code}_NOW") for wording in field.reasons)
    fields = {**model.schema.fields, name: replace(field, reasons=renamed)}

    other_model = assembled(model, schema=replace(model.schema, fields=fields))

    using = [key for key, card in model.scorecards.items() if name in card.predictors]
    assert using
    for key in model.scorecards:
        assert (other_model.versions[key] != model.versions[key]) == (key in using)
