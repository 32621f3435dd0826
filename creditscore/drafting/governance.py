"""Write the table [governance] of a draft: empty texts, each with a comment that asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from creditscore.drafting import toml_text
from creditscore.schema.governance import STEPS, TEXTS

INTRODUCTION = (
    "What only people can say of the model. An empty text counts as not stated, and the model card "
    "shows it as missing. Nothing here changes a decision or the model's version, so it can be "
    "filled in after the card was read, and the model trained again; it may also be moved to a "
    "file governance.toml beside this one."
)

QUESTIONS = {
    "owner": "Who answers for the model: a person or a department.",
    "purpose": "What it is for.",
    "business_use": "Which decisions use it, on which product and which applicants.",
    "observation_window": "Over which time the fields were observed.",
    "outcome_window": "Over which time after that the outcome was.",
    "exclusions": "Which rows or people were left out before training, and why.",
    "override_policy": "Who may decide otherwise than the model, when, and how it is written down.",
    "revalidation_interval": "How often it is revalidated.",
}

VERSIONS = (
    "# Each version and what changed, newest first; without the sign in front.",
    "# [[governance.versions]]",
    '# version = ""',
    '# date = ""',
    '# change = ""',
    '# by = ""',
)


def governance_table(names: Sequence[str]) -> Iterable[str]:
    """Yield the lines of the table, with an empty reason for each field.

    Parameters
    ----------
    names : sequence of str
        The fields of the draft.
    """
    yield ""
    yield from toml_text.comment(INTRODUCTION)
    yield "[governance]"
    for key in TEXTS:
        yield from toml_text.comment(QUESTIONS[key])
        yield f'{key} = ""'
    yield ""
    yield from VERSIONS
    yield ""
    yield from toml_text.comment(
        "Who prepared, validated and approved the model, and on which day."
    )
    yield "[governance.sign_off]"
    for step in STEPS:
        yield f'{step} = {{ name = "", role = "", date = "" }}'
    yield ""
    yield from toml_text.comment("Why each field is in the model.")
    yield "[governance.variables]"
    yield from (f'{toml_text.key(name)} = ""' for name in names)
