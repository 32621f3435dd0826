"""What a lender declares of a model, in one language, for the model card and its page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass
from typing import Any

from creditscore.i18n.catalogue import Text, in_language
from creditscore.schema.governance import STEPS, TEXTS, Governance, Signature
from creditscore.schema.triggers import Triggers


@dataclass(frozen=True)
class ReleaseText:
    """An entry of the version history in one language; `date` is in ISO 8601."""

    version: str
    date: str
    change: str
    by: str


@dataclass(frozen=True)
class SignatureText:
    """Who takes a step of the sign-off, in one language; None for what is not stated."""

    name: str | None
    role: str | None
    date: str | None


@dataclass(frozen=True)
class Declarations:
    """What is declared in one language, and what is missing; None for what is not stated.

    Attributes
    ----------
    versions : tuple of ReleaseText
    variables : dict of str to str or None
        By predictor, why it is in the model; monitored attributes where that is stated.
    triggers : dict
        By name the limit, or a list of a lower and an upper one.
    usual_triggers : list of str
        Those that are not stated, so that the usual limit holds.
    sign_off : dict of str to SignatureText
        By step.
    missing : list of str
        Keys of the declarations that are missing, or of which a part is.
    total : int
        Number of declarations.
    """

    owner: str | None
    purpose: str | None
    business_use: str | None
    observation_window: str | None
    outcome_window: str | None
    exclusions: str | None
    override_policy: str | None
    revalidation_interval: str | None
    versions: tuple[ReleaseText, ...]
    variables: dict[str, str | None]
    triggers: dict[str, Any]
    usual_triggers: list[str]
    sign_off: dict[str, SignatureText]
    missing: list[str]
    total: int


def declared(governance: Governance, predictors: Sequence[str], language: str) -> Declarations:
    """Return what is declared of a model with these predictors, and which declarations miss."""
    texts = {key: _line_in(getattr(governance, key), language) for key in TEXTS}
    variables = {
        name: _line_in(governance.variables.get(name), language)
        for name in dict.fromkeys([*predictors, *governance.variables])
    }
    sign_off = {
        step: _signed(governance.sign_off.get(step, Signature()), language) for step in STEPS
    }
    is_stated = {
        **{key: text is not None for key, text in texts.items()},
        "versions": bool(governance.versions),
        "variables": None not in variables.values(),
        "triggers": governance.triggers is not None,
        **{step: None not in astuple(signature) for step, signature in sign_off.items()},
    }
    limits = asdict(governance.triggers or Triggers())
    declared_limits = limits.pop("declared")
    return Declarations(
        **texts,
        versions=tuple(
            ReleaseText(
                release.version,
                release.date,
                _one_line(in_language(release.change, language)),
                release.by,
            )
            for release in governance.versions
        ),
        variables=variables,
        triggers={
            name: list(limit) if isinstance(limit, tuple) else limit
            for name, limit in limits.items()
        },
        usual_triggers=[name for name in limits if name not in declared_limits],
        sign_off=sign_off,
        missing=[key for key, stated in is_stated.items() if not stated],
        total=len(is_stated),
    )


def _line_in(text: Text | None, language: str) -> str | None:
    return None if text is None else _one_line(in_language(text, language))


def _signed(signature: Signature, language: str) -> SignatureText:
    return SignatureText(signature.name, _line_in(signature.role, language), signature.date)


def _one_line(text: str) -> str:
    return " ".join(text.split())
