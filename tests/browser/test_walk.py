"""A walk through every page in a real Chromium: accessible, within the screen, console empty."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from accessibility import violations
from browsing import click, complaints, element, follow, now, send, sign_in, text, type_in, wait_for
from chromium import LAPTOP, PHONE, Browser, allow_scripts, set_screen
from flask import Flask
from live_server import LiveServer, serving
from table_files import as_csv

KEY = "the-key-of-the-walk"

#: Where programs are answered, and where a page only leads to another.
NO_PAGES = {
    "api.health",
    "api.openapi",
    "api.predict",
    "api.what_if",
    "log.explanation",
    "monitoring.metrics",
    "session.sign_out",
    "static",
}

#: Requests that are refused on the walk, and that Chromium therefore notes.
REFUSED = (401, 404, 409, 422)

SCORECARDS = ("application", "behavioural")


@dataclass
class Walk:
    """A browser on its way, and what it finds its way with."""

    browser: Browser
    server: LiveServer
    language: str
    table: Path
    ids: list[str] = field(default_factory=list)

    def open(self, address: str) -> None:
        """Open a page in the language of the walk."""
        join = "&" if "?" in address else "?"
        self.browser.get(f"{self.server.url}{address}{join}lang={self.language}")


@dataclass(frozen=True)
class Page:
    """A page in one of its states, the endpoint that makes it, and the way there."""

    name: str
    endpoint: str
    visit: Callable[[Walk], object]


def at(address: str) -> Callable[[Walk], None]:
    return lambda walk: walk.open(address)


def after(scorecard: str) -> Callable[[Walk], None]:
    def decide(walk: Walk) -> None:
        walk.open(f"/?example={scorecard}")
        send(walk.browser, "#form button.primary")
        element(walk.browser, "#label")
        walk.ids.append(text(walk.browser, "#decision-id"))

    return decide


def ask_without_key(walk: Walk) -> None:
    walk.open("/?example=application")
    send(walk.browser, "#form button.primary")
    element(walk.browser, "#form #api-key")


def send_empty_form(walk: Walk) -> None:
    walk.open("/")
    send(walk.browser, "#form button.primary")
    element(walk.browser, "#form [aria-invalid=true]")


def override(reason: str) -> Callable[[Walk], None]:
    def fill_in(walk: Walk) -> None:
        walk.open(f"/decisions/{walk.ids[0]}")
        click(walk.browser, "#override-part summary")
        type_in(walk.browser, "#override-reason-typed", reason)
        follow(walk.browser, "#override-form button")

    return fill_in


def enter_other_outcome(walk: Walk) -> None:
    walk.open(f"/decisions/{walk.ids[0]}")
    stated = json.dumps({"defaulted": True}).encode()
    walk.server.ask("POST", f"/decisions/{walk.ids[0]}/outcome", stated, {"X-API-Key": KEY})
    click(walk.browser, "#outcome_good")
    follow(walk.browser, "#outcome-form button")
    element(walk.browser, "#outcome-problem")


def enter_outcomes(walk: Walk) -> None:
    walk.open("/outcomes")
    click(walk.browser, "#upload details summary")
    rows = f"decision_id,defaulted\n{walk.ids[1]},no\nunknown,no\n{walk.ids[0]},perhaps\n"
    type_in(walk.browser, "#table", rows)
    follow(walk.browser, "#upload button.primary")
    element(walk.browser, "#report")


def upload(task: str, selector: str) -> Callable[[Walk], None]:
    def choose(walk: Walk) -> None:
        walk.open("/tables")
        type_in(walk.browser, "#table", str(walk.table))
        send(walk.browser, f"button[value={task}]")
        element(walk.browser, selector)

    return choose


def describe(walk: Walk) -> None:
    walk.open("/docs")
    if walk.browser.javascript:
        wait_for(walk.browser, "document.querySelectorAll('.opblock').length > 5")
        for selector in (".opblock-post .opblock-summary-control", ".try-out__btn", ".execute"):
            click(walk.browser, selector)
        element(walk.browser, ".live-responses-table .response-col_status")


#: In the order of the walk: without a key at first.
PAGES = (
    Page("home", "pages.home", at("/")),
    Page("home with the key missing", "pages.decide", ask_without_key),
    Page("the form for a key", "session.sign_in_form", at("/sign-in")),
    Page("a wrong key", "session.sign_in", lambda walk: sign_in(walk.browser, "wrong")),
    Page("home, signed in", "pages.home", lambda walk: sign_in(walk.browser, KEY)),
    *(Page(f"home, a decision, {name}", "pages.decide", after(name)) for name in SCORECARDS),
    Page("home with faults", "pages.decide", send_empty_form),
    Page("decisions", "log.page", at("/decisions")),
    Page("no decision found", "log.page", at("/decisions?search=nothing")),
    Page("a decision", "log.decision", lambda walk: walk.open(f"/decisions/{walk.ids[0]}")),
    Page("no reason for an override", "log.override", override("   ")),
    Page("an override", "log.decision", override("A guarantor with a steady income")),
    Page("another outcome", "log.outcome", enter_other_outcome),
    Page("an unknown decision", "log.decision", at("/decisions/unknown")),
    Page("outcomes", "outcomes.form", at("/outcomes")),
    Page("the report on outcomes", "outcomes.write_outcomes", enter_outcomes),
    Page("tables", "tables.show", at("/tables")),
    Page("a checked table", "tables.read", upload("check", "#count-valid")),
    Page("a scored table", "tables.read", upload("score", "#count-eligible")),
    *(Page(f"model, {name}", "api.model", at(f"/model?scorecard={name}")) for name in SCORECARDS),
    *(
        Page(f"validation, {name}", "api.model", at(f"/model?scorecard={name}&part=validation"))
        for name in SCORECARDS
    ),
    Page("monitoring", "monitoring.monitoring", at("/monitoring")),
    Page("refused days", "monitoring.monitoring", at("/monitoring?days=0")),
    Page("the API", "pages.docs", describe),
    Page("no page", "", at("/nothing")),
)


@pytest.fixture(scope="module")
def server(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serving(model_dir, tmp_path_factory.mktemp("walk"), CREDITSCORE_API_KEYS=KEY) as running:
        yield running


@pytest.fixture
def table(applicants: list[dict[str, Any]], tmp_path: Path) -> Path:
    """An applicant of each scorecard, and one with a fault."""
    path = tmp_path / "applicants.csv"
    path.write_text(as_csv([*applicants, applicants[0] | {"AGE": 17}]), encoding="utf-8")
    return path


def test_every_page_is_on_the_walk(app: Flask) -> None:
    walked = {page.endpoint for page in PAGES} - {""}

    assert walked.isdisjoint(NO_PAGES)
    assert walked | NO_PAGES == {rule.endpoint for rule in app.url_map.iter_rules()}


@pytest.mark.slow
@pytest.mark.parametrize("scripts", [True, False], ids=["javascript", "plain"])
def test_every_page_is_accessible_fits_the_screen_and_leaves_the_console_empty(
    app: Flask, server: LiveServer, browser: Browser, table: Path, language: str, scripts: bool
) -> None:
    allow_scripts(browser, allowed=scripts)
    walk = Walk(browser, server, language, table)

    for page in PAGES:
        page.visit(walk)

        assert page.endpoint in endpoints_at(app, browser.current_url), page.name
        assert now(browser, "document.documentElement.lang") == language, page.name
        # Axe-core cannot wait where no script runs. Those of the page stay left out.
        allow_scripts(browser, allowed=True)
        now(browser, "document.querySelectorAll('details').forEach((part) => (part.open = true))")
        for screen in (PHONE, LAPTOP):
            for scheme in ("light", "dark"):
                set_screen(browser, screen, scheme=scheme)
                assert violations(browser) == [], (page.name, screen, scheme)
                assert now(browser, "document.documentElement.scrollWidth") <= screen[0], page.name
        allow_scripts(browser, allowed=scripts)
        assert complaints(browser, *REFUSED) == [], page.name


def endpoints_at(app: Flask, address: str) -> set[str]:
    """Return the endpoints that answer at an address; an empty name where there is none."""
    routes, path = app.url_map.bind("localhost"), urlsplit(address).path
    methods = [method for method in ("GET", "POST") if routes.test(path, method)]
    return {routes.match(path, method)[0] for method in methods} or {""}
