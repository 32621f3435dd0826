"""Read the query of a request: every parameter known, once, and within its bounds."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from flask import Request

from creditscore.errors import Fault
from creditscore.i18n.catalogue import Text, say
from creditscore.schema import MAX_FAULTS
from creditscore.schema.constraints import Rejected, describe_value
from creditscore.schema.reference import MAX_REFERENCE_LENGTH, accept_reference
from creditscore.web.problems import WrongValues

#: Cursors are the numbers of decisions, which are 64 bits wide.
MAX_CURSOR = 2**63 - 1

DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})", re.ASCII)
ZONE = re.compile(r"[+-]\d{2}:\d{2}", re.ASCII)


@dataclass(frozen=True)
class Parameter:
    """What a parameter may be.

    Attributes
    ----------
    read : callable
        Reads its text; raises ValueError if it is not allowed.
    allowed : Text
        What is.
    """

    read: Callable[[str], Any]
    allowed: Text


def read_query(
    request: Request, parameters: Mapping[str, Parameter], *, of_form: bool = False
) -> dict[str, Any]:
    """Read the parameters that are given.

    Parameters
    ----------
    request : Request
    parameters : mapping of str to Parameter
    of_form : bool
        Whether a form may have sent them: then those without a value are not given.

    Raises
    ------
    WrongValues
        Naming all that is wrong with them, as if they were the members of a JSON object: a misspelt
        filter that is passed over in silence would show other decisions than were asked for.
    """
    values: dict[str, Any] = {}
    faults = []
    for name, texts in request.args.lists():
        if name not in parameters:
            text = say("unknown_parameter", name=describe_value(name), known=", ".join(parameters))
            faults.append(Fault("unknown_parameter", "", text))
        elif len(texts) > 1:
            faults.append(Fault("duplicate", f"/{name}", say("parameter_twice", name=name)))
        elif texts[0].strip() or not of_form:
            try:
                values[name] = parameters[name].read(texts[0])
            except ValueError:
                text = say(
                    "parameter_must_be",
                    name=name,
                    allowed=parameters[name].allowed,
                    got=describe_value(texts[0]),
                )
                faults.append(Fault("not_allowed", f"/{name}", text))
    if faults:
        raise WrongValues(faults[:MAX_FAULTS])
    return values


def whole(low: int, high: int) -> Parameter:
    """Allow whole numbers within bounds."""
    return Parameter(
        lambda text: _integer(text, low, high),
        say("from_to", kind=say("integer"), low=low, high=high),
    )


def one_of(names: Sequence[str]) -> Parameter:
    """Allow some names."""

    def read(text: str) -> str:
        if text not in names:
            raise ValueError
        return text

    return Parameter(read, say("one_of", codes=", ".join(names)))


def reference() -> Parameter:
    """Allow the clients' own references."""

    def read(text: str) -> str:
        try:
            accepted = accept_reference(text)
        except Rejected:
            raise ValueError from None
        if not text:
            raise ValueError
        # No decision has a reference of blanks alone.
        return accepted or ""

    return Parameter(read, say("any_reference", most=MAX_REFERENCE_LENGTH))


def cursor() -> Parameter:
    """Allow what an earlier page gave."""
    return Parameter(lambda text: _integer(text, 1, MAX_CURSOR), say("any_cursor"))


def moment() -> Parameter:
    """Allow dates and times, none without a zone: it could be any."""
    return Parameter(_moment, say("any_time"))


def day() -> Parameter:
    """Allow days of the calendar, as a page's form sends them."""

    def read(text: str) -> date:
        if not DATE.fullmatch(text):
            raise ValueError
        return date.fromisoformat(text)

    return Parameter(read, say("any_day"))


def zone() -> Parameter:
    """Allow the distance of a zone from UTC, such as +07:00."""

    def read(text: str) -> tzinfo:
        if not ZONE.fullmatch(text):
            raise ValueError
        return datetime.strptime(text, "%z").tzinfo or UTC

    return Parameter(read, say("any_zone"))


def _integer(text: str, low: int, high: int) -> int:
    if not re.fullmatch("[0-9]{1,19}", text, re.ASCII) or not low <= int(text) <= high:
        raise ValueError
    return int(text)


def _moment(text: str) -> datetime:
    """Read a moment, in UTC: near the ends of the calendar, some zones have moments without one."""
    if DATE.fullmatch(text):
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    if not TIME.fullmatch(text):
        raise ValueError
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError:
        raise ValueError from None
