"""The data dictionary: fields, what they accept, and the parsing of applicants by them.

Everything about a field (bounds, codes, texts) comes from the schema file; no code names a field.
"""

from creditscore.schema.constraints import (
    CodeList,
    NumericRange,
    Value,
    from_text,
)
from creditscore.schema.fields import (
    Applicant,
    Change,
    Field,
    ForestSettings,
    Label,
    ScorecardSpec,
    Source,
    Wording,
)
from creditscore.schema.parsing import MAX_FAULTS
from creditscore.schema.reader import load_schema, read_schema
from creditscore.schema.schema import Schema

__all__ = [
    "MAX_FAULTS",
    "Applicant",
    "Change",
    "CodeList",
    "Field",
    "ForestSettings",
    "Label",
    "NumericRange",
    "Schema",
    "ScorecardSpec",
    "Source",
    "Value",
    "Wording",
    "from_text",
    "load_schema",
    "read_schema",
]
