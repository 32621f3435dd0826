"""What can go wrong, each with the facts that whoever reads it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from creditscore.i18n.catalogue import Text


class CreditScoreError(Exception):
    """Anything this service raises on purpose; its text is fit for whoever asked."""


class SchemaError(CreditScoreError):
    """A schema file says something it may not say.

    Parameters
    ----------
    source : str
        The file, as the user named it.
    key : str
        Dotted path of the key inside it, empty for the file as a whole.
    problem : str
        What is allowed there, and what came.
    """

    def __init__(self, source: str, key: str, problem: str) -> None:
        super().__init__(f"{source}: {key} {problem}" if key else f"{source} {problem}")
        self.source = source
        self.key = key


class DatasetError(CreditScoreError):
    """A table cannot be trained on; says the file, and the line and column where there is one."""

    def __init__(
        self, source: Path | str, problem: str, *, line: int | None = None, column: str = ""
    ) -> None:
        where = [str(source)]
        if line is not None:
            where.append(f"line {line}")
        if column:
            where.append(f"column {column}")
        super().__init__(f"{', '.join(where)}: {problem}")
        self.line = line
        self.column = column


class ExclusionError(CreditScoreError):
    """What should be left out of a scorecard cannot be."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"--exclude {problem}")


class StartupError(CreditScoreError):
    """The service cannot start; one line says why and what mends it."""


class SettingsError(StartupError):
    """A setting in the environment has a value it may not have."""

    def __init__(self, variable: str, value: str, allowed: str) -> None:
        super().__init__(f"{variable} must be {allowed}, got {value!r}")


class ArtifactError(StartupError):
    """The trained model is missing, damaged, foreign or of another format."""

    def __init__(self, path: Path | str, problem: str, remedy: str) -> None:
        super().__init__(f"{path}: {problem}; to mend it: {remedy}")


class BatchError(CreditScoreError):
    """A table cannot be scored, or not be written where it should."""


class DatabaseUnavailable(CreditScoreError):
    """The database did not do what it was asked, within its time.

    Its text is for the operator: the cause, with neither an applicant's data nor a password.
    """


class KeyRefused(CreditScoreError):
    """An API key cannot be made or revoked as was asked."""


class UnknownDecision(CreditScoreError):
    """No decision of that id is logged."""


class KeyReused(CreditScoreError):
    """An idempotency key came again, with another request than the first time."""


class OutcomeConflict(CreditScoreError):
    """Another outcome of that decision is recorded already."""


class ExportRefused(CreditScoreError):
    """The log cannot be exported as it stands."""


class BackupRefused(CreditScoreError):
    """The log cannot be backed up as was asked."""


class PurgeRefused(CreditScoreError):
    """Decisions cannot be purged as was asked."""


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
        In a table, the line that it is on, counted from 1.
    """

    code: str
    pointer: str
    text: Text
    line: int | None = None


class NotJson(CreditScoreError):
    """What came is not JSON as this service takes it; `code` names how."""

    def __init__(self, code: str, text: Text) -> None:
        super().__init__(text["en"])
        self.code = code
        self.text = text


class InvalidApplicants(CreditScoreError):
    """What came is well-formed, but not applicants; carries every fault found."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(fault.text["en"] for fault in faults))
        self.faults = tuple(faults)
