"""A model: the scorecards of a data set, with schema, policy and where they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from creditscore.arrays import Floats
from creditscore.schema import CodeList, Schema
from creditscore.schema.declarations import Declarations, declared
from creditscore.scorecard.inference import Engine, LookupTableEngine, select_engine
from creditscore.scorecard.policy import Policy
from creditscore.scorecard.reason_codes import reason_code_fingerprint
from creditscore.scorecard.scorecard import Scorecard, version


@dataclass(frozen=True)
class Model:
    """Everything that a decision needs.

    Attributes
    ----------
    schema : Schema
        The data dictionary that it was trained with, less what it does not ask for.
    scorecards : mapping of str to Scorecard
        By name.
    versions : mapping of str to str
        Each scorecard's version, such as ``application-3f2a9c1d``.
    policy : Policy
        As chosen at training.
    manifest : mapping
        Where it came from.
    card : mapping
        How good it is: the model card, as plain data.
    engines : mapping of str to Engine
        What computes each scorecard's probabilities and Shapley values.
    """

    schema: Schema
    scorecards: Mapping[str, Scorecard]
    versions: Mapping[str, str]
    policy: Policy
    manifest: Mapping[str, Any]
    card: Mapping[str, Any]
    engines: Mapping[str, Engine]

    @classmethod
    def assemble(
        cls,
        *,
        schema: Schema,
        scorecards: Mapping[str, Scorecard],
        policy: Policy,
        manifest: Mapping[str, Any],
        card: Mapping[str, Any],
        tables: Mapping[str, Floats] | None = None,
    ) -> Model:
        """Return a model of these parts, with the scorecards' versions and engines.

        Fields that no scorecard depends on may be left out by applicants where the schema says
        so. Lookup tables that are given, by version, are not computed again.
        """
        predictors = {name for card in scorecards.values() for name in card.predictors}
        schema = schema.excluding(name for name in schema.fields if name not in predictors)
        versions = {
            name: version(card, policy=policy.to_dict(), encoding=_encoding(schema, card))
            for name, card in scorecards.items()
        }
        engines = {
            name: select_engine(card, (tables or {}).get(versions[name]))
            for name, card in scorecards.items()
        }
        return cls(schema, scorecards, versions, policy, manifest, card, engines)

    @property
    def predictors(self) -> list[str]:
        """The fields that a decision depends on, of any scorecard, in schema order."""
        used_names = {name for card in self.scorecards.values() for name in card.predictors}
        return [name for name in self.schema.fields if name in used_names]

    def protected_predictors(self) -> list[str]:
        """List the protected attributes that decisions depend on."""
        return [name for name in self.predictors if self.schema.fields[name].protected]

    def declarations(self, language: str) -> Declarations:
        """Return what its lender declares of it, with what is missing, in a language."""
        return declared(self.schema.governance, self.predictors, language)

    @cached_property
    def whole_fields(self) -> frozenset[str]:
        """The fields of which training saw whole numbers only; there "30.000" is ambiguous."""
        return frozenset(
            name
            for card in self.scorecards.values()
            for name, bins in card.training_bins.fields.items()
            if bins.is_whole
        )

    @property
    def lookup_tables(self) -> dict[str, Floats]:
        """The lookup tables of those scorecards that have one, by version."""
        return {
            self.versions[name]: engine.table
            for name, engine in self.engines.items()
            if isinstance(engine, LookupTableEngine)
        }


def _encoding(schema: Schema, card: Scorecard) -> list[Any]:
    """Return how codes become numbers, and the reason codes: both are part of a version."""
    encoding = []
    for name in card.predictors:
        field = schema.fields[name]
        codes = field.rule.positions if isinstance(field.rule, CodeList) else {}
        positions = [[code, position] for code, position in codes.items()]
        encoding.append([name, positions, reason_code_fingerprint(field)])
    return encoding
