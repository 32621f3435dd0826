"""The page that takes the outcomes of many decisions, and shows the result of each row."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass, field

from flask import Response, url_for

from creditscore.decision_log.outcome_batch import KNOWN, RECORDED, STATES
from creditscore.decision_log.search import MISSING
from creditscore.errors import NotATable
from creditscore.i18n.catalogue import PAGE_TEXTS, in_language
from creditscore.i18n.number_format import PAGE_FORMATS
from creditscore.schema.csv_cells import to_line
from creditscore.tables.outcome_rows import REPORT, ReportedRow
from creditscore.web.content_negotiation import page_language
from creditscore.web.decision_filters import CSV
from creditscore.web.pages.layout import render_page
from creditscore.web.problems import UNPROCESSABLE, Problem, TooLarge, WrongMediaType
from creditscore.web.service import service

#: Rows of each kind that the page shows.
MAX_SHOWN_ROWS = 500

#: Bytes of a report that a link can hold: browsers take addresses of two million characters, and
#: base64 writes four for three bytes.
MAX_REPORT_BYTES = 1_400_000

#: Bytes of a megabyte, as settings count them.
MEGABYTE = 1024 * 1024


@dataclass
class Report:
    """The result of a table: as much of it as a page can hold.

    Attributes
    ----------
    counts : dict of str to int
        How many rows are of each state.
    faulty, fine : list of ReportedRow
        The first rows that were not recorded, and of those that were, or were known.
    lines : list of str or None
        The report as CSV; None where it is too long.
    """

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATES, 0))
    faulty: list[ReportedRow] = field(default_factory=list)
    fine: list[ReportedRow] = field(default_factory=list)
    lines: list[str] | None = field(default_factory=lambda: [to_line(REPORT)])
    size: int = 0

    def add(self, row: ReportedRow, language: str) -> None:
        """Add the next row."""
        state = row.result.state
        self.counts[state] += 1
        rows = self.fine if state in {RECORDED, KNOWN} else self.faulty
        if len(rows) < MAX_SHOWN_ROWS:
            rows.append(row)
        if self.lines is not None:
            line = to_line(row.cells(language))
            self.size += len(line.encode()) + 1
            self.lines.append(line)
            if self.size > MAX_REPORT_BYTES:
                self.lines = None

    @property
    def link(self) -> str | None:
        """The report as an address that holds it; None where it is too long."""
        if self.lines is None:
            return None
        text = "".join(f"{line}\n" for line in self.lines)
        return f"data:text/csv;charset=utf-8;base64,{base64.b64encode(text.encode()).decode()}"


def show_form() -> Response:
    """Show the form."""
    return _page(page_language())


def show_refused(refused: Problem | NotATable) -> Response:
    """Show the form again, and why the table that came was not read."""
    language = page_language()
    texts = PAGE_TEXTS[language]
    if isinstance(refused, NotATable):
        (fault,) = refused.faults
        problem = texts["many_line"].format(line=fault.line, text=in_language(fault.text, language))
        status = UNPROCESSABLE
    else:
        status = refused.status
        problem = in_language(refused.text, language)
        if isinstance(refused, TooLarge):
            problem = _size_help(language)
        if isinstance(refused, WrongMediaType):
            problem = texts["many_none"]
    answer = _page(language, problem=problem)
    answer.status_code = status
    return answer


def show_report(batches: Iterable[list[ReportedRow]]) -> Response:
    """Record the outcomes, and show the result of each row."""
    language = page_language()
    report = Report()
    for rows in batches:
        for row in rows:
            report.add(row, language)
    return _page(language, report=report)


def _size_help(language: str) -> str:
    size = service().settings.max_csv_bytes / MEGABYTE
    return PAGE_TEXTS[language]["many_file_help"].format(size=PAGE_FORMATS[language].short(size))


def _page(language: str, *, report: Report | None = None, problem: str = "") -> Response:
    return render_page(
        "outcomes.html",
        language,
        endpoint="outcomes.form",
        report=report,
        problem=problem,
        size_help=_size_help(language),
        missing=url_for("log.page", outcome=MISSING, format=CSV),
        write=PAGE_FORMATS[language],
        in_language=in_language,
    )
