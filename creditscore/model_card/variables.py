"""The list of variables in words: information value, and the bins of the WoE scorecard."""

from __future__ import annotations

from collections.abc import Iterator

from creditscore.charts.model_charts import MAX_FIELDS
from creditscore.evaluation.card import Card, ScorecardCard
from creditscore.evaluation.woe import SUSPICIOUS, Variable
from creditscore.model_card.formats import WRITE, count, group_name, share, table


def variables(card: Card, section: ScorecardCard) -> Iterator[str]:
    """Write the table of all predictors, and then each one's bins."""
    predictors = section.variables
    yield (
        "Of the training rows. IV is the information value of the field alone; 0 is none. The "
        "correlation is Pearson's, between the weights of evidence (WoE) of two fields."
    )
    yield ""
    yield from table(
        ["field", "IV", "missing", "strongest correlation", "with", "coefficient"],
        (
            [
                f"`{variable.field}`",
                WRITE.figure(variable.information_value),
                share(variable.missing),
                "-" if variable.correlation is None else WRITE.figure(variable.correlation),
                f"`{variable.correlated_with}`" if variable.correlated_with else "-",
                WRITE.figure(variable.coefficient),
            ]
            for variable in predictors
        ),
    )
    for question in leak_questions(section):
        yield from ("", f"**{question}**")
    if section is next(iter(card.scorecards.values())):
        yield from ("", _method(card))
    for variable in predictors[:MAX_FIELDS]:
        yield from ("", f"**{card.fields[variable.field].title}** (`{variable.field}`)", "")
        yield from _bins(variable)
    if len(predictors) > MAX_FIELDS:
        yield "\nThe fields of the highest IV; model_card.json has all."


def leak_questions(section: ScorecardCard) -> Iterator[str]:
    """Ask of each predictor that alone tells the outcome nearly, whether it was known in time."""
    for variable in section.variables:
        if variable.area >= SUSPICIOUS:
            yield (
                f"{variable.field} alone has an AUC of {WRITE.figure(variable.area)}: was it known "
                "when the decision was made?"
            )


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
                group_name(woe_bin.label),
                count(woe_bin.rows),
                share(woe_bin.bad_rate),
                WRITE.figure(woe_bin.woe),
                WRITE.number(woe_bin.points),
            ]
            for woe_bin in variable.bins
        ),
    )
