"""Draft a schema file from a table: what its columns hold, and what in it needs a look.

`draft_table` reads a table of any kind and gives a schema file that training takes as it is, with
comments that say what was found and what was guessed.
"""

from creditscore.drafting.draft import Draft, draft_table

__all__ = ["Draft", "draft_table"]
