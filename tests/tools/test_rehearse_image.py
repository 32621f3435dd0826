"""The Dockerfile and .dockerignore: what goes into the image, and who runs it."""

from __future__ import annotations

import json

import pytest
from answers import PROJECT

from tools.rehearse_image import is_sent, needed_stages, steps

STEPS = steps(PROJECT / "Dockerfile")
RULES = [
    rule
    for rule in (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    if rule and not rule.startswith("#")
]


@pytest.mark.parametrize(
    "name",
    ["app.py", "train.py", "gunicorn.conf.py", "creditscore/web/app.py", "data/schema.toml"],
)
def test_what_serves_and_trains_is_in_the_image(name: str) -> None:
    assert (PROJECT / name).is_file()
    assert is_sent(name, RULES)


@pytest.mark.parametrize(
    "name",
    [
        "model/model.pkl",
        "instance/decisions.sqlite",
        "mine/table.csv",
        "applicants.csv",
        ".git/config",
        "service.env",
        "creditscore/a.key",
        "creditscore/web/b.pem",
        "tests/conftest.py",
    ],
)
def test_no_model_log_table_or_secret_is_in_the_image(name: str) -> None:
    assert not is_sent(name, RULES)


def test_the_image_serves_as_a_user_without_rights_and_does_not_train() -> None:
    stage = [words for name, words in STEPS if name == "FROM"][-1].partition(" AS ")[2]
    last = STEPS[max(i for i, (name, _) in enumerate(STEPS) if name == "FROM") :]
    instructions = dict(last)

    assert stage == "serve"
    assert needed_stages(STEPS, stage) == {"serve", "python", "packages"}
    assert needed_stages(STEPS, "train") == {"train", "python"}
    assert instructions["USER"] == "creditscore"
    assert [name for name, _ in last].index("USER") > [name for name, _ in last].index("RUN")
    assert "-m gunicorn" in json.loads(instructions["CMD"])[-1]
    assert "/health" in instructions["HEALTHCHECK"]


def test_packages_are_installed_with_their_hashes_only() -> None:
    installed = [
        command
        for name, words in STEPS
        if name == "RUN"
        for command in words.split("&&")
        if "pip" in command
    ]

    assert installed
    assert all("--require-hashes" in command for command in installed)
