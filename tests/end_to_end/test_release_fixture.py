"""What an earlier release left behind: its models, its log and its answers stay as they were."""

from __future__ import annotations

import json
import pickle
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from answers import PROJECT, Body, lasting
from flask import Flask
from logged import assembled, database_of, run
from service_settings import settings_of

from creditscore.scorecard import artifact, model_archive
from creditscore.scorecard.policy import NOT_ELIGIBLE
from creditscore.scorecard.reason_codes import MIN_IMPACT
from creditscore.web import create_app

RELEASE = PROJECT / "tests" / "fixtures" / "release_0_1_0"
ANSWERS: dict[str, list[Body]] = json.loads((RELEASE / "answers.json").read_text(encoding="utf-8"))

#: The first two decided first; the last two were in service in the end.
REPLACED = {"application-fe8fd6a5", "behavioural-270e8adf"}
IN_SERVICE = {"application": "application-8d2b7964", "behavioural": "behavioural-385804e5"}

#: As `make.py` had it in the settings.
KEY = {"X-API-Key": "key-of-a-test-fixture"}

#: Each decision with what was sent for it.
DECIDED = [
    pair
    for exchange in ANSWERS["exchanges"]
    for pair in zip(exchange["applicants"], exchange["answer"], strict=True)
]

#: What a decision says of its applicant, as the log keeps it; reasons and warnings are worded
#: in another way since, and only reasons of half a percentage point or more are given.
ROW_QUERY = (
    "SELECT scorecard, model_version, inputs, probability_of_default, cutoff, label, score, "
    "baseline, impacts, bins, warnings FROM decisions WHERE id = ?"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a copy of all that the release left behind."""
    with tarfile.open(RELEASE / "service.tar.xz") as packed:
        packed.extractall(tmp_path, filter="data")
    return tmp_path


@pytest.fixture
def app(folder: Path) -> Iterator[Flask]:
    """Serve it as it was served."""
    service = serve(folder, folder / "model")
    yield service
    database_of(service).close()


def serve(folder: Path, model_dir: Path) -> Flask:
    settings = settings_of(
        model_dir,
        database_url=f"sqlite:///{folder}/instance/decisions.sqlite",
        api_keys=(KEY["X-API-Key"],),
    )
    return create_app(settings)


def models_in(folder: Path) -> dict[str, Path]:
    """Find the model in service and those of the archive, each by what it is."""
    archive = folder / "model" / model_archive.FOLDER
    archived = {path.name: path for path in sorted(archive.iterdir())}
    assert archived.keys() == REPLACED | set(IN_SERVICE.values())
    return {"in service": folder / "model", **archived}


# Models


def test_its_models_load_and_are_the_same_versions(folder: Path) -> None:
    models = {name: artifact.load(path) for name, path in models_in(folder).items()}

    assert models.pop("in service").versions == IN_SERVICE
    for version, model in models.items():
        assert list(model.versions.values()) == [version]


def test_its_scorecards_written_and_read_once_more_are_the_same_versions(folder: Path) -> None:
    for path in models_in(folder).values():
        model = artifact.load(path)

        again = assembled(
            model,
            scorecards={
                name: type(card).from_dict(card.to_dict())
                for name, card in model.scorecards.items()
            },
            policy=type(model.policy).from_dict(model.policy.to_dict()),
        )

        assert again.versions == model.versions


def test_its_models_saved_once_more_have_the_same_contents(folder: Path) -> None:
    for name, path in models_in(folder).items():
        artifact.save(artifact.load(path), folder / "again")

        old, new = (
            pickle.loads((model_dir / artifact.MODEL_FILE).read_bytes())
            for model_dir in (path, folder / "again")
        )
        assert spelled(new) == spelled(old), name
        old, new = (
            json.loads((model_dir / artifact.MANIFEST_FILE).read_bytes())
            for model_dir in (path, folder / "again")
        )
        # The pickle holds the same, but a text that stands in it twice may be written once.
        for manifest in (old, new):
            del manifest["model"], manifest["sha256"]
        assert exact(new) == exact(old), name
        assert (folder / "again" / artifact.CARD_FILE).read_bytes() == (
            path / artifact.CARD_FILE
        ).read_bytes()


def spelled(content: object) -> str:
    """Write what a pickle holds, names in their order and numbers to the last bit."""
    if isinstance(content, np.ndarray):
        return f"{content.dtype.str}{content.shape}{content.tobytes().hex()}"
    if isinstance(content, dict):
        return f"{{{','.join(f'{name!r}:{spelled(value)}' for name, value in content.items())}}}"
    if isinstance(content, list):
        return f"[{','.join(map(spelled, content))}]"
    return repr(content)


def test_its_archive_is_whole_and_a_start_writes_none_of_it_again(folder: Path, app: Flask) -> None:
    paths = models_in(folder).values()

    assert all(artifact.is_complete(path) for path in paths)
    assert model_archive.archive_model(artifact.load(folder / "model"), folder / "model") == []


def leaves(content: Any) -> list[Any]:
    """Return all values of a document; keys have been renamed since."""
    if isinstance(content, dict | list):
        parts = content.values() if isinstance(content, dict) else content
        return [leaf for value in parts for leaf in leaves(value)]
    return [content]


def test_its_model_card_is_served_with_the_figures_that_were_written(
    folder: Path, app: Flask
) -> None:
    client = app.test_client()
    card = json.loads((folder / "model" / artifact.CARD_FILE).read_bytes())

    served = client.get("/model").get_json()

    for section in ("policy", "data", "method", "scorecards", "trained_at", "seed", "software"):
        values = sorted(map(repr, leaves(card[section])))
        assert sorted(map(repr, leaves(served[section]))) == values, section
    assert client.get("/model", headers={"Accept": "text/html"}).status_code == 200


# The log


def test_each_of_its_decisions_is_replayed_to_the_last_bit(app: Flask) -> None:
    result = run(app, "replay", "--all")

    assert (result.exit_code, result.stdout) == (0, "39 replayed: 39 identical\n")


def test_nothing_is_wrong_with_its_log(app: Flask) -> None:
    result = run(app, "verify")

    assert (result.exit_code, result.stdout) == (0, "39 verified: 0 with faults\n")


def test_its_log_takes_references_and_stays_as_it_was(app: Flask) -> None:
    client, (applicant, _) = app.test_client(), DECIDED[0]

    decision = client.post(
        "/predict", json={**applicant, "reference": "A-17"}, headers=KEY
    ).get_json()

    decisions = client.get("/decisions?reference=A-17", headers=KEY).get_json()["decisions"]
    assert [entry["decision_id"] for entry in decisions] == [decision["decision_id"]]
    assert run(app, "verify").stdout == "40 verified: 0 with faults\n"
    assert run(app, "replay", "--all").stdout == "40 replayed: 40 identical\n"


def test_each_of_its_decisions_is_read_as_it_was(app: Flask) -> None:
    client = app.test_client()

    for logged in ANSWERS["logged"]:
        path = f"/decisions/{logged['decision_id']}"
        answer = client.get(path, headers=KEY)
        assert answer.status_code == 200
        assert exact(as_before(answer.get_json())) == exact(logged)
        assert client.get(path, headers={**KEY, "Accept": "text/html"}).status_code == 200


def test_its_idempotency_keys_still_bring_the_first_answer(app: Flask) -> None:
    exchanges = [
        exchange for exchange in ANSWERS["exchanges"] if "Idempotency-Key" in exchange["headers"]
    ]
    assert [exchange["array"] for exchange in exchanges] == [False, True]

    for exchange in exchanges:
        answer = predict(app, exchange)

        assert exact(list(map(as_before, answer))) == exact(exchange["answer"])
    assert run(app, "verify").stdout.startswith("39 verified")


# The same applicants once more


def test_what_the_model_in_service_decided_it_decides_again(folder: Path, app: Flask) -> None:
    for exchange in ANSWERS["exchanges"]:
        first = exchange["answer"]
        if first[0]["model_version"] in REPLACED:
            continue
        exchange = {**exchange, "headers": without_idempotency(exchange["headers"])}

        again = predict(app, exchange)

        for new, old in zip(again, first, strict=True):
            assert exact(computed(new)) == exact(computed(old))
            assert logged_row(folder, new) == logged_row(folder, old)


@pytest.mark.parametrize("version", sorted(REPLACED | set(IN_SERVICE.values())))
def test_what_a_version_decided_its_archived_model_decides_again(
    folder: Path, version: str
) -> None:
    app = serve(folder, folder / "model" / model_archive.FOLDER / version)
    theirs = [pair for pair in DECIDED if pair[1]["model_version"] == version]
    assert theirs
    languages = {
        decision["decision_id"]: exchange["headers"].get("Accept-Language", "en")
        for exchange in ANSWERS["exchanges"]
        for decision in exchange["answer"]
    }

    for applicant, first in theirs:
        language = {"Accept-Language": languages[first["decision_id"]]}
        exchange = {"headers": language, "array": False, "applicants": [applicant]}
        (again,) = predict(app, exchange)

        assert exact(computed(again)) == exact(computed(first))
        assert logged_row(folder, again) == logged_row(folder, first)
    database_of(app).close()


def predict(app: Flask, exchange: Body) -> list[Body]:
    """Send a request as it was sent, and give the decisions."""
    body = exchange["applicants"] if exchange["array"] else exchange["applicants"][0]
    answer = app.test_client().post("/predict", json=body, headers={**KEY, **exchange["headers"]})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    result = answer.get_json()
    decisions: list[Body] = result if exchange["array"] else [result]
    return decisions


def as_before(answer: Body) -> Body:
    """Return an answer from the log without strengths and override, unknown to that release."""
    assert answer["strengths"] == []
    assert answer.get("override") is None
    return {name: value for name, value in answer.items() if name not in {"strengths", "override"}}


def computed(answer: Body) -> Body:
    """Return what lasts of a new answer and of an old one: all but the texts, which are reworded.

    The old one has reasons of every size.
    """
    large = [reason for reason in answer["reasons"] if reason["impact"] >= MIN_IMPACT]
    reasons = large or (answer["reasons"][:1] if answer["label"] == NOT_ELIGIBLE else [])
    lasts = {name: value for name, value in lasting(answer).items() if name != "strengths"}
    return {
        **lasts,
        "reasons": without_texts(reasons),
        "warnings": without_texts(answer["warnings"]),
    }


def without_texts(parts: list[Body]) -> list[Body]:
    return [{name: value for name, value in entry.items() if name != "text"} for entry in parts]


def without_idempotency(headers: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in headers.items() if name != "Idempotency-Key"}


def logged_row(folder: Path, decision: Body) -> Any:
    """Read how the log keeps a decision: all to the letter, but for the texts of warnings."""
    with closing(sqlite3.connect(folder / "instance" / "decisions.sqlite")) as connection:
        *columns, warnings = connection.execute(ROW_QUERY, [decision["decision_id"]]).fetchone()
    return [*columns, without_texts(json.loads(warnings))]


def exact(answer: object) -> str:
    """Write an answer so that a single bit, 1 and 1.0, and the order of names make a difference."""
    return json.dumps(answer)
