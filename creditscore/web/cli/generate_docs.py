"""Commands for the shell: `flask describe`."""

from __future__ import annotations

import json
import tempfile
from http import HTTPStatus
from pathlib import Path

import click
from flask.cli import with_appcontext

from creditscore.api_docs import examples as descriptions
from creditscore.api_docs import postman
from creditscore.api_docs.markdown_tables import blocks_of, replace_blocks
from creditscore.api_docs.postman_calls import Call
from creditscore.i18n.catalogue import FALLBACK_LANGUAGE, LANGUAGES
from creditscore.scorecard.model import Model
from creditscore.settings import Settings
from creditscore.web.service import service

PROJECT = Path(__file__).resolve().parents[3]


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; fail if a file is stale.")
@with_appcontext
def describe(check: bool) -> None:
    """Renew what is generated: the Postman collection, and the tables of the documentation."""
    stale = []
    for path, text in generated_files().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(path.relative_to(PROJECT))
            if not check:
                path.write_text(text, encoding="utf-8", newline="\n")
    if check and stale:
        raise click.ClickException(f"stale, run flask describe: {', '.join(map(str, stale))}")
    verb = "Renewed" if stale else "Nothing to renew, all is up to date"
    click.echo(f"{verb}{': ' if stale else ''}{', '.join(map(str, stale))}")


def generated_files() -> dict[Path, str]:
    """Give what every generated file must hold."""
    model = service().assessor.model
    with tempfile.TemporaryDirectory() as folder:
        collection = postman.collection(model.schema, ExampleService(model, Path(folder)).answer)
    files = {PROJECT / "postman_collection.json": postman.to_text(collection)}
    examples = descriptions.example_decisions(service().assessor)
    smallest = next(iter(examples.values())).to_dict(FALLBACK_LANGUAGE)
    blocks = {
        language: {
            "fields": descriptions.field_table(model.schema, language),
            "settings": descriptions.settings_table(language),
            # As the call before it is answered, which asks for no language.
            "decision": f"```json\n{json.dumps(smallest, indent=2, ensure_ascii=False)}\n```",
        }
        for language in LANGUAGES
    }
    for path in sorted([*PROJECT.glob("README*.md"), *(PROJECT / "docs").glob("*.md")]):
        document = path.read_text(encoding="utf-8")
        # A translation is called after its language: README.id.md.
        language = path.stem.rpartition(".")[2]
        said = blocks.get(language, blocks[FALLBACK_LANGUAGE])
        wanted = {name: said[name] for name in blocks_of(document)}
        files[path] = replace_blocks(document, wanted)
    return files


class ExampleService:
    """A service that answers the collection's calls, with a log of its own.

    Nothing of theirs may stand in the log of the real one.
    """

    KEY = "the-key-of-the-examples"

    def __init__(self, model: Model, folder: Path) -> None:
        # Not at the top: that module imports this one.
        from creditscore.web import create_app

        settings = Settings(
            # Where its start archives the model: not among those that decided in earnest.
            model_dir=folder / "model",
            database_url=f"sqlite:///{folder / 'decisions.sqlite'}",
            api_keys=(self.KEY,),
        )
        app = create_app(settings, model)
        self._client = app.test_client()
        self._decision_id = ""

    def answer(self, call: Call) -> postman.Answer:
        """Send a call to the service, and remember the decision that it made."""
        answer = self._client.open(
            call.path.replace("{{decisionId}}", self._decision_id),
            method=call.method,
            data=call.body,
            content_type=call.media_type,
            headers={"X-API-Key": self.KEY} if call.shows_key else {},
            buffered=True,
        )
        content = answer.get_json(silent=True)
        if isinstance(content, dict) and "decision_id" in content:
            self._decision_id = content["decision_id"]
        return postman.Answer(
            status=HTTPStatus(answer.status_code).phrase,
            code=answer.status_code,
            media_type=answer.headers["Content-Type"],
            body=answer.get_data(as_text=True),
        )
