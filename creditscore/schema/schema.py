"""A data dictionary: the fields, what they accept, and which scorecard answers which of them.

A `Schema` is read from a schema file by `creditscore.schema.reader`; the code knows no field by
name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from creditscore.arrays import Matrix
from creditscore.i18n.catalogue import Text
from creditscore.readers.file_format import StatedFormat
from creditscore.schema.fields import Applicant, Field, Label, ScorecardSpec, Source
from creditscore.schema.governance import Governance
from creditscore.schema.parsing import ApplicantParser
from creditscore.schema.sample import Sample
from creditscore.schema.triggers import Triggers


@dataclass(frozen=True)
class Schema:
    """A data dictionary.

    Attributes
    ----------
    name : str
        Short name of the data set.
    title, notice : Text
        Its title, and what everyone must know before using a model trained on it.
    label : Label
        What training learns.
    fields : mapping of str to Field
        In the order of the schema file.
    scorecards : mapping of str to ScorecardSpec
        Smallest first, each one's fields containing those of the one before.
    sources : mapping of str to Source
        Places that publish the data.
    files : mapping of str to Text
        By SHA-256, what is known of other files: how they came to be, and whose rows they hold.
    ignored_columns : tuple of str
        Columns of the training data that are no fields, such as a customer number.
    document : mapping
        The schema file itself, to be carried by the trained artefact.
    file : StatedFormat
        How its tables are written, as far as the schema file says.
    decision_prefix : str
        Put before the names of the decision's columns in CSV and Parquet.
    sample : Sample
        How the training rows were drawn.
    governance : Governance
        What its lender declares of the model.
    optional : frozenset of str
        Fields that an applicant may leave out, whichever scorecard answers; a schema file alone
        has none, a model may (`excluding`).
    """

    name: str
    title: Text
    notice: Text
    label: Label
    fields: Mapping[str, Field]
    scorecards: Mapping[str, ScorecardSpec]
    sources: Mapping[str, Source]
    files: Mapping[str, Text]
    ignored_columns: tuple[str, ...]
    document: Mapping[str, Any]
    file: StatedFormat
    decision_prefix: str
    sample: Sample
    governance: Governance
    optional: frozenset[str] = frozenset()

    @property
    def triggers(self) -> Triggers:
        """The limits that live figures are held against: those declared, or the usual ones."""
        return self.governance.triggers or Triggers()

    def excluding(self, names: Iterable[str]) -> Schema:
        """Return the schema for a model that does not depend on some fields."""
        optional = frozenset(name for name in names if self.fields[name].optional_when_excluded)
        return replace(self, optional=optional)

    @cached_property
    def parser(self) -> ApplicantParser:
        """Reads applicants from JSON values."""
        return ApplicantParser(self.fields, self.scorecards, self.optional)

    def parse(self, raw: object) -> Applicant:
        """Parse one applicant from any JSON value (`ApplicantParser.parse`)."""
        return self.parser.parse(raw)

    def matrix(self, applicants: Sequence[Applicant], names: Sequence[str]) -> Matrix:
        """Encode applicants for the model.

        Returns
        -------
        ndarray of shape (n_applicants, n_names), float32
        """
        rows = [self.row(applicant, names) for applicant in applicants]
        # In single precision: scikit-learn rounds to it, so do we.
        return np.array(rows, np.float64).reshape(len(rows), len(names)).astype(np.float32)

    def row(self, applicant: Applicant, names: Sequence[str]) -> list[float]:
        """Encode one applicant."""
        fields, values = self.fields, applicant.values
        return [fields[name].encode(values[name]) for name in names]

    def monotonic_constraints(self, names: Sequence[str], scorecard: str) -> list[int]:
        """Return which way the probability of default may only go along each of these fields."""
        return [self.fields[name].monotonic_constraint(scorecard) for name in names]

    @property
    def base_fields(self) -> tuple[str, ...]:
        """The fields of the smallest scorecard, which every applicant has."""
        return next(iter(self.scorecards.values())).fields
