"""Renew what is generated: the Postman collection, its drawings, and tables in the documentation.

    .venv/bin/python tools/generate_docs.py [--check]

Examples are decisions of the model in model/, or where CREDITSCORE_MODEL_DIR says.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import tempfile
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path

from creditscore.api_docs.examples import example_decisions
from creditscore.errors import StartupError
from creditscore.i18n.catalogue import DEFAULT_LANGUAGE, LANGUAGES
from creditscore.scorecard import artifact
from creditscore.scorecard.model import Model
from creditscore.scorecard.policy import ELIGIBLE, NOT_ELIGIBLE
from creditscore.settings import Settings
from creditscore.web import create_app
from creditscore.web.service import NAME, Service
from tools.markdown_tables import (
    blocks_of,
    calibration_list,
    decision_summary,
    field_table,
    replace_blocks,
    route_table,
    settings_table,
)
from tools.postman import Answer, build_collection, to_text
from tools.postman_drawings import drawings
from tools.postman_requests import Call

PROJECT = Path(__file__).resolve().parent.parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files that are stale, or with --check only name them; return the exit status."""
    parser = argparse.ArgumentParser(
        description="Renew the Postman collection, and the generated tables of the documentation."
    )
    parser.add_argument(
        "--check", action="store_true", help="change nothing; fail if a file is stale"
    )
    options = parser.parse_args(arguments)
    # The service of the examples has nothing to say here.
    logging.disable(logging.WARNING)
    try:
        model = artifact.load(Settings.from_env(os.environ).model_dir)
    except StartupError as error:
        print(f"cannot start: {error}", file=sys.stderr)
        return 3
    with tempfile.TemporaryDirectory() as folder:
        files = generated_files(model, Path(folder))
    stale = {path: text for path, text in files.items() if not _holds(path, text)}
    names = ", ".join(str(path.relative_to(PROJECT)) for path in stale)
    if options.check and stale:
        print(f"stale, run .venv/bin/python tools/generate_docs.py: {names}", file=sys.stderr)
        return 1
    for path, text in stale.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    print(f"Renewed: {names}" if stale else "Nothing to renew, all is up to date")
    return 0


def generated_files(model: Model, folder: Path) -> dict[Path, str]:
    """Return what every generated file must hold.

    Parameters
    ----------
    model : Model
        Decides on the examples.
    folder : Path
        For the log of the examples' decisions; a folder of its own.
    """
    service = ExampleService(model, folder)
    collection = build_collection(model.schema, service.answer)
    smallest = next(iter(example_decisions(service.assessor).values())).to_dict(DEFAULT_LANGUAGE)
    blocks = {
        language: {
            "fields": field_table(model.schema, language),
            "settings": settings_table(language),
            "routes": route_table(service.openapi, language),
            "calibration": calibration_list(model, language),
            "decision_summary": decision_summary(smallest),
            # As the call before it is answered, which asks for no language.
            "decision": f"```json\n{json.dumps(smallest, indent=2, ensure_ascii=False)}\n```",
        }
        for language in LANGUAGES
    }
    files = {PROJECT / "postman_collection.json": to_text(collection)}
    for name, drawing in drawings(collection).items():
        files[PROJECT / "docs" / "images" / name] = drawing
    for path in sorted([*PROJECT.glob("README*.md"), *(PROJECT / "docs").glob("*.md")]):
        document = path.read_text(encoding="utf-8")
        # A translation is called after its language: README.id.md.
        texts = blocks.get(path.stem.rpartition(".")[2], blocks[DEFAULT_LANGUAGE])
        block_texts = {name: texts[name] for name in blocks_of(document)}
        files[path] = replace_blocks(document, block_texts)
    return files


class ExampleService:
    """A service that answers the collection's calls, with a log of its own.

    Nothing of theirs may stand in the log of the real one.

    Parameters
    ----------
    model : Model
    folder : Path
        For its log, its archive of models and its counts: none of those that are in earnest.
    """

    KEY = "the-key-of-the-examples"

    def __init__(self, model: Model, folder: Path) -> None:
        settings = Settings(
            model_dir=folder / "model",
            database_url=f"sqlite:///{folder / 'decisions.sqlite'}",
            runtime_dir=folder / "run",
            api_keys=(self.KEY,),
        )
        app = create_app(settings, model)
        service: Service = app.extensions[NAME]
        self.assessor, self.openapi = service.assessor, service.openapi
        self._client = app.test_client()
        self._variables: dict[str, str] = {}

    def answer(self, call: Call) -> Answer:
        """Send a call to the service, and remember the decision that it made."""
        answer = self._client.open(
            self._filled_in(call.path),
            method=call.method,
            data=call.body and self._filled_in(call.body),
            content_type=call.media_type,
            headers={"X-API-Key": self.KEY} if call.shows_key else {},
            buffered=True,
        )
        content = answer.get_json(silent=True)
        if isinstance(content, dict) and {"decision_id", "probability"} <= content.keys():
            other_label = NOT_ELIGIBLE if content["label"] == ELIGIBLE else ELIGIBLE
            self._variables = {"decisionId": content["decision_id"], "otherLabel": other_label}
        return Answer(
            status=HTTPStatus(answer.status_code).phrase,
            code=answer.status_code,
            media_type=answer.headers["Content-Type"],
            body=answer.get_data(as_text=True),
        )

    def _filled_in(self, text: str) -> str:
        for name, value in self._variables.items():
            text = text.replace(f"{{{{{name}}}}}", value)
        return text


def _holds(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
