"""The page at /model as plain HTTP, and what it reads from the stored evaluation."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from markupsafe import escape
from pages import BROWSER, DOCUMENT_FIRST_LOAD, bytes_of_first_load, read_page, shown
from service_settings import Build
from small_card import small_card

from creditscore.charts.axes import ticks
from creditscore.evaluation.card import read_card
from creditscore.evaluation.cutoff_tradeoff import (
    break_even_percent,
    cheapest,
    group_rates,
    trade_off,
)
from creditscore.i18n.catalogue import LANGUAGES, PAGE_TEXTS
from creditscore.i18n.date_format import write_moment
from creditscore.i18n.number_format import PAGE_FORMATS, minus_signs
from creditscore.schema import Schema, read_schema
from creditscore.schema.descriptions import group_text
from creditscore.scorecard.model import Model
from creditscore.scorecard.model_archive import FOLDER, archive_model

Card = dict[str, Any]

#: Bytes that the bins of every field may take on top, as they stand on the page for printing.
BINS = 30_000


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (BROWSER["Accept"], "text/html; charset=utf-8"),
        ("*/*", "application/json"),
        ("application/json, text/html", "application/json"),
        ("text/html \t; q=0.9 , application/json\t;q=0.1", "text/html; charset=utf-8"),
        ("text/html;q=0.5, application/json", "application/json"),
        ("", "application/json"),
    ],
)
def test_browsers_get_the_page_and_programs_json(
    client: FlaskClient, accept: str, content_type: str
) -> None:
    answer = client.get("/model", headers={"Accept": accept})

    assert (answer.status_code, answer.content_type) == (200, content_type)
    assert "Accept" in answer.headers["Vary"].split(", ")


@pytest.mark.parametrize(
    ("end", "content_type"), [("; q=0.9", "text/html; charset=utf-8"), ("x", "application/json")]
)
def test_a_million_blanks_in_accept_come_to_an_end(
    client: FlaskClient, end: str, content_type: str
) -> None:
    answer = client.get("/model", headers={"Accept": f"text/html{' ' * 1_000_000}{end}"})

    assert (answer.status_code, answer.content_type) == (200, content_type)


def test_the_page_tells_what_the_card_tells(
    client: FlaskClient, schema: Schema, card: Card, language: str
) -> None:
    for name, spec in schema.scorecards.items():
        page = client.get(f"/model?lang={language}&scorecard={name}", headers=BROWSER)

        assert page.headers["Content-Language"] == language
        for field in schema.fields.values():
            assert field.title[language] in page.text
        assert f"{spec.title[language]}</h2>" in page.text
        for section in card["scorecards"].values():
            assert section["version"] in page.text
        for key in ("law", "limits", "cut_title", "fair_title"):
            assert PAGE_TEXTS[language][key] in page.text
        assert "None" not in page.text


def test_each_scorecard_has_a_tab_and_the_first_one_comes_first(
    client: FlaskClient, schema: Schema, language: str
) -> None:
    first, *other_names = schema.scorecards
    tab = '<a href="/model?lang={}&amp;scorecard={}"'

    for query, shown_name in (
        ("", first),
        ("&scorecard=nothing", first),
        *_tab_queries(other_names),
    ):
        page = client.get(f"/model?lang={language}{query}", headers=BROWSER).text
        tabs = page[page.index('class="tabs"') :].partition("</nav>")[0]

        assert f'id="{shown_name}"' in page
        # All parts fold but the notice's; only the first is open.
        assert page.count('<h2 id="') == 11
        folds = re.findall(r'<details class="sheet fold"( open)?>', page)
        assert folds == [" open", *[""] * 9]
        contents = page[page.index('class="contents"') :].partition("</nav>")[0]
        for target in re.findall(r'href="#([^"]+)"', contents):
            assert f'<section id="{target}"' in page
        for name in schema.scorecards:
            current = ' aria-current="page"' if name == shown_name else ""
            assert f"{tab.format(language, name)}{current}>" in tabs
        # Another language keeps the tab.
        other_language = next(code for code in LANGUAGES if code != language)
        assert f'"/model?lang={other_language}&amp;scorecard={shown_name}"' in page


def _tab_queries(names: list[str]) -> list[tuple[str, str]]:
    return [(f"&scorecard={name}", name) for name in names]


def test_the_page_lists_each_version_with_its_date_and_what_is_declared_of_it(
    build: Build, model: Model, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    name, version = next(iter(model.versions.items()))
    older = f"{name}-00000000"
    archive_model(model, folder)
    (folder / FOLDER / older).mkdir()
    declared = [
        {"version": f"{version}, {older}", "date": "2026-03-04", "by": "Ani", "change": "x"}
    ]
    document = {**model.schema.document, "governance": {"versions": declared}}
    declared_model = replace(model, schema=read_schema(document, "schema.toml"))
    app = build(declared_model, model_dir=folder)

    page = app.test_client().get("/model?lang=en", headers=BROWSER).text

    rows = page[page.index('aria-labelledby="history-title"') :].partition("</tbody>")[0]
    current, damaged = rows.split("<tr>")[2:]
    assert version in current
    assert PAGE_TEXTS["en"]["history_in_service"] in current
    assert write_moment(model.manifest["trained_at"], "en") in current
    rows_read = PAGE_FORMATS["en"].number(model.manifest["data"]["rows"])
    assert f'<td data-title="Rows">{rows_read}</td><td data-title="Cut-off">25%</td>' in current
    assert older in damaged
    assert PAGE_TEXTS["en"]["history_unreadable"] in damaged
    assert rows.count("March 4, 2026, Ani") == 2


@pytest.mark.parametrize("name", ["application", "behavioural"])
def test_page_and_card_write_a_figure_alike_and_name_its_model_alike(
    client: FlaskClient, card: Card, model_dir: Path, name: str
) -> None:
    words = (model_dir / "model_card.md").read_text(encoding="utf-8")
    page = client.get(f"/model?lang=en&scorecard={name}", headers=BROWSER).text
    performance = card["scorecards"][name]["performance"]

    for model, figures in (
        ("scorecard", performance["scorecard"]),
        *performance["baselines"].items(),
    ):
        called = PAGE_TEXTS["en"][f"model_{model}"]
        assert called in words
        row = page[page.index(f'aria-labelledby="{name}-compared"') :]
        row = row[row.index(str(escape(called[:1].upper() + called[1:]))) :].partition("</tr>")[0]
        for key in ("auc", "brier"):
            value, low, high = (
                PAGE_FORMATS["en"].figure(figures[key][end]) for end in ("value", "low", "high")
            )
            assert f"{value} ({low} to {high})" in words
            assert f"{value} <small>({low}\N{EN DASH}{high})</small>" in row


def test_percentages_have_no_blank_and_times_are_marked(
    client: FlaskClient, card: Card, language: str
) -> None:
    page = client.get(f"/model?lang={language}", headers=BROWSER).text

    assert not re.search(r"\d\s+%", page)
    at = card["trained_at"]
    words = at[:19].replace("T", " ")
    moment = f'<time datetime="{at}" title="{words} UTC">{write_moment(at, language)}</time>'
    assert moment in page


@pytest.mark.parametrize("scorecard", ["application", "behavioural"])
@pytest.mark.parametrize("row", [9, 39])
def test_the_cutoff_part_shows_the_stored_row(
    client: FlaskClient, card: Card, scorecard: str, row: int
) -> None:
    stored = card["scorecards"][scorecard]["curves"]["cutoffs"][row]

    page = client.get(
        f"/model?scorecard={scorecard}&cutoff={row + 1}&ratio=3&part=cutoff", headers=BROWSER
    )

    for key, share in (
        ("cut_approved", stored["approval_rate"]),
        ("cut_bad", stored["bad_rate_approved"]),
        ("cut_declined", stored["bad_rate_declined"]),
    ):
        share_text = "no one" if share is None else PAGE_FORMATS["en"].share(share)
        assert shown(page.text, key) == share_text
    # As the model card writes it, whose ratio is this one too.
    assert shown(page.text, "cut_cost") == PAGE_FORMATS["en"].figure(stored["cost"])
    assert "<html" not in page.text


def test_the_button_of_the_ratio_sets_the_cutoff_to_its_break_even(client: FlaskClient) -> None:
    by_ratio = client.get("/model?ratio=4&cutoff=60&by=ratio&part=cutoff", headers=BROWSER)
    by_cutoff = client.get("/model?ratio=4&cutoff=60&by=cutoff&part=cutoff", headers=BROWSER)

    assert 'data-percent="20"' in by_ratio.text
    assert 'data-percent="60"' in by_cutoff.text


@pytest.mark.parametrize("query", ["cutoff=x", "cutoff=0", "cutoff=100", "ratio=nan"])
def test_what_is_no_cutoff_is_told_at_its_field(client: FlaskClient, query: str) -> None:
    page = client.get(f"/model?{query}", headers=BROWSER)

    name = query.partition("=")[0]
    assert page.status_code == 422
    assert "must be a number from" in shown(page.text, f"{name}-error")


def test_any_ratio_costs_what_it_costs_on_the_rows(card: Card) -> None:
    """Two approved of which one is bad, and two declined of which one is bad."""
    # A bad one costs 7, a good one that is declined 1, over four applicants.
    assert trade_off(small_card().scorecards["one"], 30, 7.0).cost == (7 + 1) / 4
    for section in read_card(card).scorecards.values():
        for percent in range(1, 100):
            stored = section.curves.cutoffs[percent - 1].cost
            cost = trade_off(section, percent, 3.0).cost
            assert round(cost, 6) == stored


def test_the_cheapest_cutoff_is_no_dearer_than_any(card: Card) -> None:
    section = read_card(card).scorecards["behavioural"]

    best = cheapest(section, 3.0)

    assert best.cost <= min(row.cost for row in section.curves.cutoffs) + 5e-6
    assert [break_even_percent(ratio) for ratio in (3, 4, 1, 0.001, 1000)] == [25, 20, 50, 99, 1]


def test_groups_at_the_cutoff_of_training_are_approved_as_the_card_says(card: Card) -> None:
    for section in read_card(card).scorecards.values():
        rates = group_rates(section, 25)
        assert rates is not None
        assert rates.keys() == section.fairness.keys()
        for field, fairness in section.fairness.items():
            for group in fairness.groups:
                if group.approval_rate is not None:
                    expected = group.approval_rate["value"]
                    assert rates[field][group.group] == pytest.approx(expected, abs=2e-6)


def test_a_card_from_before_says_that_groups_are_not_kept(card: Card) -> None:
    older = json.loads(json.dumps(card))
    del older["scorecards"]["application"]["curves"]["groups"]

    assert group_rates(read_card(older).scorecards["application"], 25) is None


def test_groups_are_called_in_the_language_of_the_page(schema: Schema) -> None:
    for name, english, indonesian in (
        ("AGE", "25 to 29", "25 sampai 29"),
        ("AGE", "under 1,000.5", "di bawah 1.000,5"),
        ("AGE", "62 and over", "62 ke atas"),
        ("AGE", "2.5 to under 3", "2,5 sampai di bawah 3"),
        ("AGE", "1,000", "1.000"),
        ("SEX", "female", "perempuan"),
    ):
        assert group_text(schema.fields[name], english) == {"en": english, "id": indonesian}


def test_nothing_stands_inline_and_the_first_load_is_small(client: FlaskClient) -> None:
    answer = client.get("/model?lang=id", headers=BROWSER)

    read_page(answer.text)
    assert bytes_of_first_load(client, answer.text) < DOCUMENT_FIRST_LOAD + BINS


@pytest.mark.parametrize("ends", [(0, 1), (0, 0.4), (420, 640), (10000, 800000), (-1, 8)])
def test_ticks_are_round_few_and_within(ends: tuple[float, float]) -> None:
    tick_values = np.array(ticks(*ends))

    assert 3 <= len(tick_values) <= 7
    assert tick_values.min() >= ends[0] - 1e-9
    assert tick_values.max() <= ends[1] + 1e-9
    assert np.allclose(np.diff(tick_values), tick_values[1] - tick_values[0])


# The list of variables, beside the benchmark of the trade


def test_the_page_lists_each_predictor_with_its_bins(
    client: FlaskClient, schema: Schema, card: Card, language: str
) -> None:
    write = PAGE_FORMATS[language]

    for name, section in card["scorecards"].items():
        page = client.get(f"/model?lang={language}&scorecard={name}", headers=BROWSER).text
        part = page[page.index(f'id="{name}-variables"') :]
        for number, variable in enumerate(section["variables"], start=1):
            bins = part[part.index(f'id="{name}-bins-{number}"') :].partition("</details>")[0]
            field = schema.fields[variable["field"]]
            title, iv = escape(field.title[language]), write.figure(variable["information_value"])
            assert f"{title}: {PAGE_TEXTS[language]['variables_iv']} {iv}</summary>" in bins
            for bin_row in variable["bins"]:
                label = escape(minus_signs(group_text(field, bin_row["label"])[language]))
                rows, points = write.number(bin_row["rows"]), write.number(bin_row["points"])
                assert f'<th scope="row">{label}</th><td>{rows}</td>' in bins
                assert f"<td>{write.figure(bin_row['woe'])}</td><td>{points}</td>" in bins


def test_the_page_begins_with_whether_the_benchmark_is_beaten(
    client: FlaskClient, card: Card, language: str
) -> None:
    page = client.get(f"/model?lang={language}", headers=BROWSER).text
    texts = PAGE_TEXTS[language]

    lead = texts["benchmark_lead"].format(confidence=PAGE_FORMATS[language].setting(0.95))
    assert lead in page[: page.index('id="notice-title"')]
    for section in card["scorecards"].values():
        auc = section["performance"]["difference_to_baseline"]["woe_scorecard"]["auc"]
        assert f"AUC {PAGE_FORMATS[language].difference(auc['value'])} (" in page


def test_a_card_from_before_is_served_without_the_list(
    build: Build, model: Model, card: Card
) -> None:
    older = json.loads(json.dumps(card))
    for section in older["scorecards"].values():
        del section["variables"]
        for key in ("baselines", "difference_to_baseline"):
            del section["performance"][key]["woe_scorecard"]
    app = build(replace(model, card=older))

    answer = app.test_client().get("/model", headers=BROWSER)

    assert answer.status_code == 200
    assert "-variables" not in answer.text
    assert "WoE" not in answer.text
    assert "None" not in answer.text


# Other splits and other seeds


def test_the_page_shows_what_other_splits_and_seeds_give(
    client: FlaskClient, card: Card, language: str
) -> None:
    write, texts = PAGE_FORMATS[language], PAGE_TEXTS[language]

    for tab, section in card["scorecards"].items():
        page = client.get(f"/model?lang={language}&scorecard={tab}", headers=BROWSER).text
        assert page.count(texts["splits_title"]) == page.count(texts["seeds_title"]) == 1
        for name, spread in section["cross_validation"]["figures"].items():
            form = write.share if name in ("approval_rate", "bad_rate_approved") else write.figure
            assert f"<td>{form(spread['mean'])} <small>({form(spread['sd'])}),</small>" in page
            assert f"{form(spread['lowest'])}\u2013{form(spread['highest'])}</small>" in page
        changed, rows = (section["retraining"][name] for name in ("changed_rows", "rows"))
        assert f"{write.number(changed)} ({write.share(changed / rows)})" in page


@pytest.mark.parametrize(
    ("remainder", "is_said"), [({}, False), ({"cross_validation": None}, True)]
)
def test_a_card_without_other_splits_says_so_only_if_training_left_them_out(
    build: Build, model: Model, remainder: Card, is_said: bool
) -> None:
    without = {"cross_validation", "retraining"}
    sections = {
        name: {key: part for key, part in section.items() if key not in without} | remainder
        for name, section in model.card["scorecards"].items()
    }
    quick_model = replace(model, card={**model.card, "scorecards": sections})

    page = build(quick_model).test_client().get("/model?lang=en", headers=BROWSER).text

    assert ("train.py --quick left out" in page) == is_said
    assert PAGE_TEXTS["en"]["splits_title"] not in page
    assert PAGE_TEXTS["en"]["seeds_title"] not in page
