"""What a model card says whatever the data: what a scorecard is for, its limits, and the law.

Facts about a data set come from its schema file, figures from the measurements. This is no legal
advice, and the card says so.
"""

from __future__ import annotations

INTENDED_USE = (
    "To learn how a credit score is made, tested, explained and watched.",
    "As a template: a lender trains the same code on its own rows and its own schema file, and "
    "validates the result before anybody is judged by it.",
    "To prepare decisions for which a person answers, who can see the reasons and overrule them.",
)

OUT_OF_SCOPE = (
    "Lending with a model that was trained on somebody else's customers, or on synthetic rows.",
    "Capital requirements and provisions: the probability is that of the outcome named under Data, "
    "not that of a default by Basel (90 days past due within 12 months) or IFRS 9.",
    "Decisions that nobody reviews, and decisions on prices, limits or collection.",
    "Applicants unlike those of the training rows; where a single value lies outside what training "
    "saw, the answer carries a warning.",
)

LIMITS = (
    "Selection: outcomes are known only of people who were given credit. Of those whom a lender "
    "refused nothing is known, and no method of reject inference can put that right; a small share "
    "of random approvals can.",
    "Time: rows for learning and for testing are of the same period. How the scorecard fares in "
    "another one is unknown until outcomes come in.",
    "Intervals tell how the figures would vary with other test rows; they leave out that other "
    "training rows would have given another model.",
    "Leaving a field out does not take its influence away: other fields can stand in for it. That "
    "is why protected fields that are left out are still watched.",
    "Reasons and curves describe the model, not causes: whoever changes a value does not thereby "
    "become a safer borrower.",
)

OVERSIGHT = (
    "A person who is trained for it answers for each decision, and can overrule it.",
    "An applicant can have the decision explained, correct the data, object, and have a person "
    "decide anew.",
    "Compare the live distribution of fields and scores with training, and the figures of this "
    "card with outcomes as they come in; train anew where they part.",
)

LAW = (
    "US: under the Equal Credit Opportunity Act (15 USC 1691) and Regulation B (12 CFR 1002) sex "
    "and marital status are never predictors, and age only in a sound system in which nobody of "
    "62 or over is worse off for it. A refusal states its specific principal reasons within 30 "
    "days; what it rests on is kept for 25 months.",
    "EU: the AI Act (Regulation 2024/1689, Annex III, 5(b)) counts credit scores of people as "
    "high-risk: logs, documentation, human oversight, a right to an explanation.",
    "EU: under Article 22 of the GDPR the score itself can be the automated decision (Court of "
    "Justice, C-634/21); the procedure that was applied must be explained so that one can follow "
    "it, for example by how other data would have changed the result (C-203/22).",
    "EU: the Consumer Credit Directive (2023/2225, Article 18) gives a right to human "
    "intervention, an explanation and a review; Directive 2004/113 forbids treating the sexes "
    "differently.",
    "Indonesia: Law 27 of 2022 (Articles 10 and 34) gives a right to object to automated "
    "decisions, and asks for an impact assessment of scoring.",
    "The ratios under Fairness are for watching. They answer none of these laws, and no value of "
    "theirs is a legal pass; the four-fifths line that is often quoted is of US employment law.",
    "This is no legal advice.",
)
