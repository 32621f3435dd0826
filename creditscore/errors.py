"""What can go wrong, each error with the facts that its reader needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from creditscore.i18n.catalogue import Text


class CreditScoreError(Exception):
    """Anything that this service raises on purpose; its text may be shown to the client."""


class SchemaError(CreditScoreError):
    """A schema file is invalid.

    Parameters
    ----------
    source : str
        The file, as the user named it.
    key : str
        Dotted path of the key inside it, empty for the file as a whole.
    problem : str
        What is allowed there, and what was given.
    """

    def __init__(self, source: str, key: str, problem: str) -> None:
        super().__init__(f"{source}: {key} {problem}" if key else f"{source} {problem}")
        self.source = source
        self.key = key
        self.problem = problem


class ReasonsTooLargeError(SchemaError):
    """The exact reasons of a forest with these settings would not fit into memory."""


class DatasetError(CreditScoreError):
    """A table cannot be trained on; names the file, and the line and column if there is one."""

    def __init__(
        self, source: Path | str, problem: str, *, line: int | None = None, column: str = ""
    ) -> None:
        location = [str(source)]
        if line is not None:
            location.append(f"line {line}")
        if column:
            location.append(f"column {column}")
        super().__init__(f"{', '.join(location)}: {problem}")
        self.line = line
        self.column = column


class DatasetFaults(DatasetError):
    """A table has several faults, each said in a line; the place of the first is `line`."""

    def __init__(
        self, source: Path | str, problem: str, faults: Sequence[str], *, line: int | None
    ) -> None:
        super().__init__(source, "".join([problem, *(f"\n  {fault}" for fault in faults)]))
        self.line = line


class ExclusionError(CreditScoreError):
    """A field cannot be excluded from a scorecard."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"--exclude {problem}")


class StartupError(CreditScoreError):
    """The service cannot start; one line says why and what fixes it."""


class SettingsError(StartupError):
    """A setting in the environment has an invalid value; None stands for one that is a secret."""

    def __init__(self, variable: str, value: str | None, allowed: str) -> None:
        hidden = " (not shown: it may hold a password)"
        value_text = hidden if value is None else f", got {value!r}"
        super().__init__(f"{variable} must be {allowed}{value_text}")
        self.variable = variable


class SettingsFileError(StartupError):
    """The settings file cannot be read, or a line of it is wrong."""

    def __init__(self, path: Path, problem: str, *, line: int | None = None) -> None:
        location = str(path) if line is None else f"{path}, line {line}"
        super().__init__(f"{location}: {problem}")


class ArtifactError(StartupError):
    """The trained model is missing, damaged, foreign or of another format."""

    def __init__(self, path: Path | str, problem: str, remedy: str) -> None:
        super().__init__(f"{path}: {problem}; to fix it: {remedy}")


class BatchError(CreditScoreError):
    """A table cannot be scored, or the result cannot be written."""


class MissingPackage(CreditScoreError):
    """A file needs a package that is an extra and not installed; says how to install it."""

    def __init__(self, subject: str, package: str, remedy: str) -> None:
        super().__init__(f"{subject} needs {package}, which is not installed: {remedy}")


class DatabaseUnavailable(CreditScoreError):
    """The database failed or timed out.

    Its text is for the operator: the cause, without applicants' data or passwords.
    """


class Overloaded(CreditScoreError):
    """There is more to do than can be done soon."""


class KeyRefused(CreditScoreError):
    """An API key cannot be made or revoked."""


class UnknownDecision(CreditScoreError):
    """No decision with that id is logged."""


class KeyReused(CreditScoreError):
    """An idempotency key was sent again with another request."""


class OutcomeConflict(CreditScoreError):
    """Another outcome of the decision is already recorded."""


class OverrideConflict(CreditScoreError):
    """Another override of the decision is already recorded."""


class NoOverride(CreditScoreError):
    """The final label is the one that the model gave: there is nothing to override."""


class ExportRefused(CreditScoreError):
    """The log cannot be exported."""


class BackupRefused(CreditScoreError):
    """The log cannot be backed up."""


class PurgeRefused(CreditScoreError):
    """Decisions cannot be purged."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with what a client sent.

    Attributes
    ----------
    code : str
        Stable name of the kind of fault, such as ``out_of_range``.
    pointer : str
        JSON Pointer (RFC 6901) to the place in the body, empty for the whole.
    text : Text
        The fault in plain words, in each language.
    line : int or None
        In a table, its line, counted from 1.
    """

    code: str
    pointer: str
    text: Text
    line: int | None = None


class NotJson(CreditScoreError):
    """A body is not the JSON that this service accepts; `code` names the kind of fault."""

    def __init__(self, code: str, text: Text) -> None:
        super().__init__(text["en"])
        self.code = code
        self.text = text


class InvalidApplicants(CreditScoreError):
    """A body is well-formed, but not applicants; holds every fault."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(fault.text["en"] for fault in faults))
        self.faults = tuple(faults)


class NotATable(InvalidApplicants):
    """A file is not the CSV that this service reads; holds the one fault, with its line."""

    def __init__(self, code: str, text: Text, line: int) -> None:
        super().__init__([Fault(code, "", text, line)])
