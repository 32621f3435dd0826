"""The list of variables in words: information value, and the bins of the WoE scorecard."""

from __future__ import annotations

from collections.abc import Iterator

from creditscore.charts.model_charts import MAX_FIELDS
from creditscore.evaluation.card import Card, ScorecardCard
from creditscore.evaluation.woe import Variable
from creditscore.model_card.formats import WRITE, count, group_name, share, table


def variables(card: Card, section: ScorecardCard) -> Iterator[str]:
    """Write the table of all predictors, and then each one's bins."""
    found = section.variables
    yield (
        "Of the training rows. IV is the information value of the field alone; 0 is none. The "
        "correlation is Pearson's, between the weights of evidence (WoE) of two fields."
    )
    yield ""
    yield from table(
        ["field", "IV", "missing", "strongest correlation", "with", "coefficient"],
        (
            [
                f"`{one.field}`",
                WRITE.figure(one.information_value),
                share(one.missing),
                "-" if one.correlation is None else WRITE.figure(one.correlation),
                f"`{one.correlated_with}`" if one.correlated_with else "-",
                WRITE.figure(one.coefficient),
            ]
            for one in found
        ),
    )
    if section is next(iter(card.scorecards.values())):
        yield from ("", _method(card))
    for one in found[:MAX_FIELDS]:
        yield from ("", f"**{card.fields[one.field].title}** (`{one.field}`)", "")
        yield from _bins(one)
    if len(found) > MAX_FIELDS:
        yield "\nThe fields of the highest IV; model_card.json has all."


def _method(card: Card) -> str:
    return (
        "The WoE scorecard, the benchmark under Performance, is a logistic regression on the "
        "WoE of these bins, with the coefficients above. Numbers are cut into "
        f"{count(card.method.woe_coarse_bins or 0)} bins of about equal size, which are merged "
        "until the bad rate only rises or only falls (isotonic regression), so a risk that falls "
        "and then rises is flattened; codes, values with a meaning of their own and missing values "
        "are bins of their own. A WoE above 0 is safer than average. The points of all fields add "
        "up to a score on the scale of this model. Where a coefficient is negative, points fall as "
        "the WoE rises: other fields already say the same. No field is left out for that here; a "
        "lender's scorecard would leave it out."
    )


def _bins(variable: Variable) -> Iterator[str]:
    yield from table(
        ["bin", "rows", "bad", "WoE", "points"],
        (
            [
                group_name(one.label),
                count(one.rows),
                share(one.bad_rate),
                WRITE.figure(one.woe),
                WRITE.number(one.points),
            ]
            for one in variable.bins
        ),
    )
