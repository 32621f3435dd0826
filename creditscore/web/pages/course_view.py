"""The triggers for revalidation and the figures over time, as the page of monitoring shows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from creditscore.charts.axes import Writer
from creditscore.charts.course_charts import Course, course_plot, drawable
from creditscore.charts.svg import Plot
from creditscore.i18n.catalogue import in_language
from creditscore.i18n.date_format import write_day, write_month, write_short_day
from creditscore.i18n.number_format import PAGE_FORMATS
from creditscore.monitoring.periods import MONTH
from creditscore.monitoring.trigger_texts import describe_trigger
from creditscore.schema import Schema
from creditscore.schema.triggers import Triggers

Section = Mapping[str, Any]
Texts = Mapping[str, str]


class CourseView:
    """Draws and words the course of a scorecard's figures in one language."""

    def __init__(
        self, section: Section, by: str, schema: Schema, texts: Texts, language: str
    ) -> None:
        self._periods: Sequence[Section] = section["series"]
        self._triggers: Sequence[Section] = section["triggers"]
        self._by, self._schema, self._texts, self._language = by, schema, texts, language
        self._write = PAGE_FORMATS[language]

    @property
    def only_one(self) -> str:
        """What to say where there is but one period, or none."""
        return "" if len(self._periods) > 1 else self._texts[f"course_one_{self._by}"]

    @property
    def triggers(self) -> list[dict[str, str]]:
        """Each trigger with its verdict, in words."""
        return [
            {
                "title": self._title(trigger["trigger"], trigger["field"]),
                "verdict": trigger["verdict"],
                "text": ""
                if trigger["value"] is None
                else in_language(describe_trigger(trigger, self._schema), self._language),
            }
            for trigger in self._triggers
        ]

    def plots(self) -> Iterator[Plot | str]:
        """Draw score, approvals, AUC and defaults; say of each where there is too little."""
        texts, triggers = self._texts, self._schema.triggers
        yield self._plot("score_psi", self._values("score_psi"), self._write.numbers, triggers)
        yield self._plot("approval_rate", self._values("approval_rate"), self._write.shares, None)
        yield self._plot("auc", self._values("auc"), self._write.numbers, None)
        defaults = [period["defaults"] or {} for period in self._periods]
        expected = [row.get("expected") for row in defaults]
        if not drawable(expected):
            yield self._too_few(texts["course_expected"], "course_few_outcomes")
            return
        yield course_plot(
            self._days,
            {"one": expected, "two": [row.get("observed") for row in defaults]},
            title=texts["course_expected"],
            write=self._write.numbers,
            legend=[
                ("one", texts["course_legend_expected"]),
                ("two", texts["course_legend_observed"]),
            ],
            **self._axis,
        )

    def field_plots(self) -> Iterator[Plot]:
        """Draw the index of each field that has a course."""
        for name in self._periods[0]["fields"] if self._periods else ():
            course = [period["fields"][name]["value"] for period in self._periods]
            if drawable(course):
                yield course_plot(
                    self._days,
                    {"one": course},
                    title=self._title("field_psi", name),
                    write=self._write.numbers,
                    levels=[self._schema.triggers.field_psi],
                    legend=[("even", self._texts["course_limit"])],
                    **self._axis,
                )

    def _plot(
        self, name: str, course: Course, write: Writer, triggers: Triggers | None
    ) -> Plot | str:
        """Draw one figure beside its limit, or beside what the model card says."""
        title = self._texts[f"course_{name}"]
        if not drawable(course):
            return self._too_few(title, "course_few_outcomes" if name == "auc" else "course_few")
        card = next(
            trigger["reference"] for trigger in self._triggers if trigger["trigger"] == name
        )
        level, words = (triggers.score_psi, "course_limit") if triggers else (card, "course_card")
        return course_plot(
            self._days,
            {"one": course},
            title=title,
            write=write,
            levels=[level],
            legend=[("one", title), ("even", self._texts[words])],
            y_high=None if triggers else 1.0,
            y_low=0.5 if name == "auc" else 0.0,
            **self._axis,
        )

    def _values(self, name: str) -> list[float | None]:
        return [period[name]["value"] for period in self._periods]

    def _too_few(self, title: str, key: str) -> str:
        triggers = self._schema.triggers
        minimum = triggers.min_outcomes if key == "course_few_outcomes" else triggers.min_decisions
        return f"{title}: {self._texts[key].format(count=self._write.number(minimum))}"

    def _title(self, trigger: str, field: str | None) -> str:
        title = in_language(self._schema.fields[field].title, self._language) if field else ""
        return self._texts[f"course_{trigger}"].format(title=title)

    @property
    def _days(self) -> list[str]:
        write = write_month if self._by == MONTH else write_short_day
        return [write(period["from"], self._language) for period in self._periods]

    @property
    def _axis(self) -> dict[str, Any]:
        ends = (self._periods[0]["from"], self._periods[-1]["to"])
        first, last = (write_day(end, self._language) for end in ends)
        return {
            "spoken": self._texts["course_spoken"].format(
                count=len(self._periods), first=first, last=last
            ),
            "x_title": self._texts["course_axis"].format(
                period=self._texts[f"course_by_{self._by}"]
            ),
        }
