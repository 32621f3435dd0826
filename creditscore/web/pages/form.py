"""The form of the page: what a browser shows for each field, and what it sends back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from creditscore.errors import Fault
from creditscore.i18n.catalogue import DECIMAL_SIGNS, PAGE_TEXTS, in_language
from creditscore.i18n.number_format import FORMATS
from creditscore.schema import Field, Schema
from creditscore.schema.constraints import NumericRange, Rejected, Value, format_number, from_text
from creditscore.schema.number_text import AmbiguousNumber, read_amount, read_undecided
from creditscore.schema.reference import REFERENCE
from creditscore.scorecard.model import Model
from creditscore.scorecard.reason_codes import value_in_words
from creditscore.web.sign_in import TOKEN_FIELD

#: Whole numbers of which some have names of their own become a list, unless they are more.
MAX_OPTIONS = 30

#: A form is a few hundred bytes, whatever limit the host has set for applicants.
MAX_BYTES = 65536

#: Digits with separators of any kind between them.
SEPARATED = re.compile(r"-?[0-9]+([.,' \u00a0\u202f][0-9]*)+", re.ASCII)

#: What the form sends beside the fields. No field of a schema can be called like the key.
EXPLORE, KEY_FIELD = "explore", "api-key"


@dataclass(frozen=True)
class Submission:
    """What a browser sent with the form.

    Attributes
    ----------
    typed : dict
        The fields that are not empty.
    explore : bool
        Whether it is only to try something out.
    key : str
        The API key; empty for none.
    """

    typed: dict[str, str]
    explore: bool
    key: str


@dataclass(frozen=True)
class Control:
    """What the page shows for one field.

    Attributes
    ----------
    name, title, help : str
        In the language of the page; help may be empty.
    value : str
        As it was typed.
    error : str
        What is wrong with the value; empty for nothing.
    optional : bool
        Whether a decision can do without it.
    unit : str
        Empty for none.
    options : sequence of (str, str)
        Values and their labels, for a list; empty for a number or a text that is typed.
    example : str
        A value that is right.
    low, high, position : str
        The range that training has seen, for a slider, and where it stands, as HTML writes
        numbers; empty for none.
    is_integer : bool
        Whether only whole numbers count.
    """

    name: str
    title: str
    help: str
    value: str
    error: str
    optional: bool
    unit: str = ""
    options: Sequence[tuple[str, str]] = ()
    example: str = ""
    low: str = ""
    high: str = ""
    position: str = ""
    is_integer: bool = False


@dataclass(frozen=True)
class Group:
    """Fields that are asked for together; those of the smallest scorecard always are.

    Attributes
    ----------
    title : str
        Of the scorecard that adds them.
    optional : bool
        Whether all of them may be left empty.
    opened : bool
        Whether the page shows them at once.
    error : str
        What is wrong with them as a group; empty for nothing.
    controls : sequence of Control
    """

    title: str
    optional: bool
    opened: bool
    error: str
    controls: Sequence[Control]


def read_form(raw: bytes) -> Submission:
    """Read a form.

    Empty fields count as not given; names that are no fields are kept, for the schema to refuse.
    """
    pairs = parse_qsl(raw.decode(errors="replace"), errors="replace")
    typed = {name: value.strip() for name, value in pairs if value.strip()}
    typed.pop(TOKEN_FIELD, None)
    explore, key = typed.pop(EXPLORE, None) is not None, typed.pop(KEY_FIELD, "")
    return Submission(typed, explore, key)


def to_raw(model: Model, typed: Mapping[str, str], language: str) -> dict[str, object]:
    """Turn what was typed into the JSON object that a program would send."""
    fields, whole_fields = model.schema.fields, model.whole_fields
    return {
        name: _read(fields[name], text, language, integral=name in whole_fields)
        if name in fields
        else text
        for name, text in typed.items()
    }


def _read(field: Field, text: str, language: str, *, integral: bool = False) -> object:
    """Read a number as the page's language writes it; what is none stays text.

    Where whole numbers are expected, "30.000" on an English page is no 30: a person who is used to
    the other separators means 30,000, and is asked.
    """
    if not isinstance(field.rule, NumericRange):
        return from_text(field.rule, text)
    number, undecided = read_amount(text, decimal=DECIMAL_SIGNS[language]), read_undecided(text)
    if integral and isinstance(undecided, AmbiguousNumber):
        readings = undecided.with_point, undecided.with_comma
        return number if number == max(readings, key=abs) else undecided
    return text if number is None else number


def example_of(schema: Schema, scorecard: str, language: str) -> dict[str, str]:
    """Give the example applicant of a scorecard as it would be typed; nothing for another name."""
    spec = schema.scorecards.get(scorecard)
    names = spec.fields if spec else ()
    return {name: _typed(schema.fields[name].example, language) for name in names}


def groups(
    model: Model, typed: Mapping[str, str], *, faults: Sequence[Fault], language: str
) -> Iterator[Group]:
    """Lay out the form: the fields of each scorecard that the one before has not."""
    schema = model.schema
    errors = _errors(schema, faults, typed, language)
    missing = {fault.pointer.removeprefix("/") for fault in faults if fault.code == "missing"}
    for spec in schema.scorecards.values():
        names = spec.added_fields
        optional = names != schema.base_fields
        ranges = model.scorecards[spec.name].training_ranges
        title = in_language(spec.title, language)
        incomplete = optional and not missing.isdisjoint(names)
        yield Group(
            title=title,
            optional=optional,
            opened=any(name in typed or name in errors for name in names),
            error=PAGE_TEXTS[language]["group_incomplete"].format(scorecard=title)
            if incomplete
            else "",
            controls=[
                _control(
                    schema.fields[name],
                    typed.get(name, ""),
                    error=errors.get(name, ""),
                    training_range=ranges.get(name, ()),
                    optional=optional
                    or name in schema.optional
                    or schema.fields[name].missing is not None,
                    language=language,
                )
                for name in names
            ],
        )


def reference_control(typed: Mapping[str, str], faults: Sequence[Fault], language: str) -> Control:
    """Lay out the field for the person's own reference."""
    texts = PAGE_TEXTS[language]
    errors = [in_language(f.text, language) for f in faults if f.pointer == f"/{REFERENCE}"]
    return Control(
        name=REFERENCE,
        title=texts["reference"],
        help=texts["reference_help"],
        value=typed.get(REFERENCE, ""),
        error="".join(errors[:1]),
        optional=True,
    )


def other_errors(schema: Schema, faults: Sequence[Fault], language: str) -> list[str]:
    """Give the faults that belong to no field of the form."""
    return [
        in_language(fault.text, language)
        for fault in faults
        if fault.pointer.removeprefix("/") not in (*schema.fields, REFERENCE)
    ]


def _control(
    field: Field,
    value: str,
    *,
    error: str,
    training_range: Sequence[Value],
    optional: bool,
    language: str,
) -> Control:
    options = _options(field, language)
    slides = not options and len(training_range) == 2
    raw = _read(field, value, language)
    at = raw if isinstance(raw, int | float) else field.example
    return Control(
        name=field.name,
        title=in_language(field.title, language),
        help=in_language(field.help, language) if field.help else "",
        unit=in_language(field.unit, language) if field.unit else "",
        value=_selected(field, value, language) if options else value,
        options=options,
        error=error,
        example=_typed(field.example, language),
        low=_to_html(training_range[0]) if slides else "",
        high=_to_html(training_range[1]) if slides else "",
        position=_to_html(at) if slides else "",
        is_integer=field.rule.python_type is int,
        optional=optional,
    )


def _options(field: Field, language: str) -> list[tuple[str, str]]:
    choices = field.rule.choices(MAX_OPTIONS)
    special = field.missing.titled if field.missing is not None and choices else ()
    return [
        (str(value), in_language(value_in_words(field, value), language))
        for value in (*choices, *special)
    ]


def _selected(field: Field, typed: str, language: str) -> str:
    """Return the option that stands for what was typed: a merged code has none of its own."""
    try:
        accepted = field.counts_as(field.accept(_read(field, typed, language)))
        return "" if accepted is None else str(accepted)
    except Rejected:
        return typed


def _errors(
    schema: Schema, faults: Sequence[Fault], typed: Mapping[str, str], language: str
) -> dict[str, str]:
    """Give each field's fault, which calls the field by its title and not by its name."""
    errors: dict[str, str] = {}
    for fault in faults:
        name = fault.pointer.removeprefix("/")
        if name in schema.fields and name not in errors:
            empty = fault.code == "missing"
            if empty and name not in schema.base_fields:
                # What they are needed for is said once, at the head of their group.
                errors[name] = PAGE_TEXTS[language]["fill_in"]
                continue
            if empty and _options(schema.fields[name], language):
                # The list itself says what may be chosen; its codes mean nothing to people.
                errors[name] = PAGE_TEXTS[language]["choose_one"]
                continue
            title = in_language(schema.fields[name].title, language)
            text = in_language(fault.text, language)
            errors[name] = title + text[len(name) :] if text.startswith(name) else text
            if _is_misgrouped(schema.fields[name], typed.get(name, ""), language):
                errors[name] += f". {PAGE_TEXTS[language]['amount']}"
    return errors


def _is_misgrouped(field: Field, text: str, language: str) -> bool:
    """Check whether a text has all that a number is made of, and is none in this language."""
    return isinstance(_read(field, text, language), str) and bool(SEPARATED.fullmatch(text))


def _typed(value: Value, language: str) -> str:
    """Write a value as it is typed on a page in a language."""
    return value if isinstance(value, str) else FORMATS[language].exact(value)


def _to_html(value: Value) -> str:
    return value if isinstance(value, str) else format_number(value)
