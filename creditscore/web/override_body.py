"""The body of an override: the final label, the reason, and who decided."""

from __future__ import annotations

from typing import NamedTuple

from creditscore.decision_log.overrides import MAX_NAME_LENGTH, MAX_REASON_LENGTH
from creditscore.errors import Fault
from creditscore.i18n.catalogue import say
from creditscore.schema.constraints import Rejected, describe_value
from creditscore.schema.reference import accept_line
from creditscore.scorecard.policy import ELIGIBLE, NOT_ELIGIBLE
from creditscore.web.problems import WrongValues

LABELS = (ELIGIBLE, NOT_ELIGIBLE)

#: The members that it has, and the one that it may have.
NEEDED, OPTIONAL = ("label", "reason"), ("decided_by",)


class StatedOverride(NamedTuple):
    """The final label, why, and who decided (None if it is not said)."""

    label: str
    reason: str
    decided_by: str | None


def read_override(body: object) -> StatedOverride:
    """Read the body of an override.

    Raises
    ------
    WrongValues
        Naming all that is wrong with it.
    """
    if not isinstance(body, dict) or not set(NEEDED) <= body.keys() <= {*NEEDED, *OPTIONAL}:
        body_text = say("another_object") if isinstance(body, dict) else describe_value(body)
        raise WrongValues([Fault("not_an_override", "", say("not_an_override", got=body_text))])
    label, faults = body["label"], []
    if label not in LABELS:
        text = say("not_a_label", labels=", ".join(LABELS), got=describe_value(label))
        faults.append(Fault("not_a_label", "/label", text))
    reason, fault = _read_line(body, "reason", MAX_REASON_LENGTH, needed=True)
    faults += fault
    decided_by, fault = _read_line(body, "decided_by", MAX_NAME_LENGTH, needed=False)
    faults += fault
    if faults:
        raise WrongValues(faults)
    return StatedOverride(label, reason or "", decided_by)


def _read_line(
    body: dict[str, object], name: str, max_length: int, *, needed: bool
) -> tuple[str | None, list[Fault]]:
    raw = body.get(name)
    code = "missing"
    try:
        line = accept_line(raw, longest=max_length)
    except Rejected as rejected:
        line, code = None, rejected.code
    else:
        if line or not needed:
            return line, []
    text = say("not_a_line", name=name, most=max_length, got=describe_value(raw))
    return line, [Fault(code, f"/{name}", text)]
