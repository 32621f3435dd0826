"""Write the draft down as a schema file with comments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from creditscore.drafting import names, toml_text
from creditscore.drafting.columns import Table
from creditscore.drafting.fields import DraftField
from creditscore.drafting.governance import governance_table
from creditscore.drafting.judgement import Ignored
from creditscore.drafting.outcome import Outcome
from creditscore.readers import FileFormat
from creditscore.readers.file_format import CSV, ENCODINGS, EXCEL, LEGACY_ENCODING
from creditscore.schema.outcomes import outcome_key

#: How a line begins that a person has to look at.
LOOK = "LOOK: "

_NOT_IN_NAMES = re.compile(r"[^\w.-]+")

#: The order of a field's keys.
_KEYS = (
    "kind", "minimum", "maximum", "codes", "order", "other", "fold", "missing", "missing_values",
    "prefix", "suffix", "protected", "optional_when_excluded", "example", "title", "unit",
)  # fmt: skip


def write_document(
    table: Table,
    outcome: Outcome,
    fields: Sequence[DraftField],
    ignored: Sequence[Ignored],
    *,
    decimal: str | None,
    decision_prefix: str,
) -> str:
    """Return the text of a schema file.

    Parameters
    ----------
    table : Table
    outcome : Outcome
    fields : sequence of DraftField
    ignored : sequence of Ignored
    decimal : {".", ",", None}
        The decimal sign of the file's numbers.
    decision_prefix : str
        What is put before the decision's columns; mostly nothing.
    """
    lines = [
        *_introduction(table, outcome, fields, ignored),
        *_dataset(table, ignored),
        *_file(table.format, decimal, decision_prefix),
        *_label(outcome),
        *_sample(ignored),
        *_scorecard(fields),
    ]
    for field in fields:
        lines += _field(field)
    lines += governance_table([field.name for field in fields])
    return "\n".join(lines) + "\n"


def _introduction(
    table: Table, outcome: Outcome, fields: Sequence[DraftField], ignored: Sequence[Ignored]
) -> Iterable[str]:
    rows, bad = int((outcome.bad_rows >= 0).sum()), int((outcome.bad_rows == 1).sum())
    name = toml_text.quoted(table.path.name)
    yield f"# A draft of a schema file for {name}, made by train.py --draft-schema."
    counts = f"{table.n_rows:,} rows, {rows:,} of them with an outcome, {bad:,} bad"
    if outcome.rows_left_out:
        counts += f"; without an outcome, so left out: {outcome.rows_left_out:,}"
    yield from toml_text.comment(f"{counts}; {len(fields)} fields, {len(ignored)} columns ignored.")
    yield from toml_text.comment(
        "It can be trained on as it is. Look at each LOOK first: these are guesses, and findings "
        "that only a person who knows the table can judge. Then give titles, units, bounds and "
        "codes their meaning; docs/schema-file.md has all keys."
    )
    yield ""


def _dataset(table: Table, ignored: Sequence[Ignored]) -> Iterable[str]:
    stem = table.path.stem
    notice = {
        "en": "Drafted from a table, not yet reviewed by anyone.",
        "id": "Rancangan dari sebuah tabel, belum ditinjau siapa pun.",
    }
    yield "[dataset]"
    yield f"name = {toml_text.quoted(_NOT_IN_NAMES.sub('-', stem).strip('-') or 'table')}"
    yield f"title = {toml_text.quoted(names.humanise(stem))}"
    yield f"notice = {_by_language(notice)}"
    if ignored:
        yield "ignored_columns = ["
        for column in ignored:
            look = LOOK if column.needs_look else ""
            yield from (f"    {line}" for line in toml_text.comment(look + column.why))
            yield f"    {toml_text.quoted(column.name)},"
        yield "]"
    yield ""


def _file(file_format: FileFormat, decimal: str | None, decision_prefix: str) -> Iterable[str]:
    lines = []
    plain = FileFormat()
    if file_format.kind == CSV:
        lines.append(f"separator = {toml_text.quoted(file_format.separator)}")
        if file_format.encoding != plain.encoding:
            if file_format.encoding == LEGACY_ENCODING:
                lines.append(f"# {LOOK}no UTF-8, so taken for what Windows writes in the West")
            lines.append(f"encoding = {toml_text.quoted(file_format.encoding)}")
    if file_format.kind == EXCEL and file_format.sheet is not None:
        lines.append(f"sheet = {toml_text.quoted(file_format.sheet)}")
    if file_format.kind in {CSV, EXCEL} and file_format.header_line != plain.header_line:
        lines.append(f"header_line = {file_format.header_line}")
    if decimal is not None:
        lines.append(f"decimal = {toml_text.quoted(decimal)}")
    if decision_prefix:
        lines.append("# A column here is called as one of a decision's.")
        lines.append(f"decision_prefix = {toml_text.quoted(decision_prefix)}")
    if lines:
        encoding = ENCODINGS.get(file_format.encoding, file_format.encoding)
        yield f"# {file_format.describe()}." if encoding.isprintable() else "# How it is written."
        yield "[file]"
        yield from lines
        yield ""


def _label(outcome: Outcome) -> Iterable[str]:
    column = outcome.column.name
    guessed = "Whether this is the outcome, and which of its values are bad, are guesses"
    if not outcome.is_guess:
        guessed = "Which of its values are bad is a guess"
    yield from toml_text.comment(f"{LOOK}{guessed}: {outcome.why}.")
    for words, values in (
        ("good", outcome.good),
        ("bad", outcome.bad),
        ("left out", outcome.left_out),
    ):
        if values:
            listed = ", ".join(
                f"{toml_text.quoted(value[:40])} ({outcome.count(value):,} rows)"
                for value in values
            )
            yield from toml_text.comment(f"{words}: {listed}")
    shown_bad = f"{column}: {', '.join(map(str, outcome.bad))}"[:80]
    title = {"en": f"Bad outcome ({shown_bad})", "id": f"Hasil buruk ({shown_bad})"}
    event = {"en": "the outcome is bad", "id": "hasilnya buruk"}
    yield "[label]"
    yield f"column = {toml_text.quoted(column)}"
    yield f"good = {_outcome_values(outcome.good)}"
    yield f"bad = {_outcome_values(outcome.bad)}"
    yield f"title = {_by_language(title)}"
    yield f"event = {_by_language(event)}"
    yield ""


def _outcome_values(texts: Sequence[str]) -> str:
    values = []
    for text in texts:
        key = outcome_key(text)
        values.append(int(key) if isinstance(key, float) and key.is_integer() else key)
    return toml_text.value(values[0] if len(values) == 1 else values)


def _sample(ignored: Sequence[Ignored]) -> Iterable[str]:
    # The first of each: TOML has a key only once.
    columns: dict[str, str] = {}
    for column in ignored:
        columns.setdefault(column.role, column.name)
    columns.pop("", None)
    if not columns:
        return
    yield from toml_text.comment(
        "How the rows came about; without the sign in front, each line tests the model on what it "
        "will meet: on the latest rows (time), or on people that it has never seen (group)."
    )
    yield "# [sample]"
    yield from (f"# {role} = {toml_text.quoted(name)}" for role, name in columns.items())
    yield ""


def _scorecard(fields: Sequence[DraftField]) -> Iterable[str]:
    yield "[scorecards.scorecard]"
    yield f"title = {_by_language({'en': 'Scorecard', 'id': 'Kartu skor'})}"
    yield "fields = ["
    yield from (f"    {toml_text.quoted(field.name)}," for field in fields)
    yield "]"


def _field(field: DraftField) -> Iterable[str]:
    yield ""
    if field.notes:
        yield from toml_text.comment("; ".join(field.notes))
    for look in field.looks:
        yield from toml_text.comment(LOOK + look)
    yield f"[fields.{toml_text.key(field.name)}]"
    yield from (f"{key} = {field.keys[key]}" for key in _KEYS if key in field.keys)


def _by_language(text: Mapping[str, str]) -> str:
    pairs = (f"{language} = {toml_text.quoted(words)}" for language, words in text.items())
    return f"{{ {', '.join(pairs)} }}"
