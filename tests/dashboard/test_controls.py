"""The controls above the scorecard: what an address asks for, what is shown, and what is not."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from msgspec.structs import replace
from pytest_django import DjangoAssertNumQueries

from dashboard.reading import export
from dashboard.reading.arms import ArmView
from dashboard.reading.controls import controls_of
from dashboard.reading.sheet import sheet
from experiments import selectors
from experiments.metrics.exploring import explore, usual
from experiments.metrics.exploring.asking import asked_of, query_of
from experiments.metrics.results import Scorecard
from experiments.models import Experiment, Snapshot
from experiments.snapshots import store_snapshot
from tests.dashboard import much
from tests.dashboard.factories import phased_by
from tests.dashboard.factories import scorecard as small_card
from tests.dashboard.test_experiment_pages import text

DAYS, USERS = 3, 2000


@pytest.fixture
def experiment(db: None) -> Experiment:
    return much.much()


@pytest.fixture
def snapshot(experiment: Experiment) -> Snapshot:
    return much.analysed(experiment, users=USERS, days=DAYS)


@pytest.fixture
def card(snapshot: Snapshot) -> Scorecard:
    return selectors.scorecard_of(snapshot)


def test_what_decides_needs_no_address_and_is_as_it_was_stored(
    browser: Client, experiment: Experiment, card: Scorecard
) -> None:
    address = experiment.get_absolute_url()
    plain = browser.get(address)
    spelled = browser.get(
        f"{address}?method=sequential&cuped=off&segment=everyone&correction=holm&phase=all"
    )

    assert plain.context["sheet"].card == card == spelled.context["sheet"].card
    assert plain.context["sheet"].groups == spelled.context["sheet"].groups
    assert "Exploring" not in text(browser, address)
    tones = {row.reading.tone for row in _rows(plain.context["sheet"])}
    assert "better" in tones


def _rows(sheet: Any) -> Iterator[Any]:
    return (row for group in sheet.groups for metric in group.metrics for row in metric.rows)


@pytest.mark.parametrize(
    "query",
    ["method=fixed", "cuped=on", "segment=platform%3Dios", "correction=none", "method=bayesian"],
)
def test_anything_else_is_exploring_in_words_and_without_colour(
    browser: Client, experiment: Experiment, snapshot: Snapshot, query: str
) -> None:
    address = f"{experiment.get_absolute_url()}?{query}"

    page = text(browser, address)
    sheet = browser.get(address).context["sheet"]

    assert "Exploring, does not decide." in page
    assert "What decides: Sequential, no CUPED, everyone, Holm and all phases." in page
    assert {row.reading.tone for row in _rows(sheet)} == {"flat"}
    assert sheet.groups[0].rule.startswith("looked at otherwise")
    assert sheet.controls.query == query


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", False),
        ("correction=none", False),
        ("correction=e_bh", True),
        ("segment=platform%3Dios", True),
        ("method=fixed", False),
    ],
)
def test_p_of_one_look_beside_the_least_of_all_looks_is_said_to_be_one(
    browser: Client, experiment: Experiment, snapshot: Snapshot, query: str, *, said: bool
) -> None:
    page = text(browser, f"{experiment.get_absolute_url()}?{query}")

    assert ("Each p is of this look alone" in page) is said


def test_the_figures_are_those_of_the_stored_samples(
    browser: Client, experiment: Experiment, snapshot: Snapshot, card: Scorecard
) -> None:
    kept = selectors.samples_of(snapshot)
    choice = replace(usual(card), method="fixed", cuped=True)

    sheet = browser.get(f"{experiment.get_absolute_url()}?method=fixed&cuped=on").context["sheet"]

    assert sheet.card == explore(card, selectors.spec_of(snapshot), kept, choice)
    stored = card.metric("clicked").comparison("item-knn").result("fixed", "relative", cuped=True)
    assert sheet.card.metric("clicked").comparison("item-knn").decided("relative") == stored


def test_the_card_alone_brings_the_address_along(
    browser: Client, experiment: Experiment, snapshot: Snapshot
) -> None:
    asked = {"scale": "absolute", "method": "bayesian", "cuped": "off", "segment": "everyone"}
    asked |= {"over-time": "daily"}  # of a chart, which keeps its own

    answer = browser.get(f"{experiment.get_absolute_url()}scorecard/", asked)

    assert (
        answer["HX-Push-Url"]
        == f"{experiment.get_absolute_url()}?scale=absolute&method=bayesian&over-time=daily"
    )
    part = answer.content.decode()
    assert part.lstrip().startswith('<section class="card" id="scorecard-card"')
    assert "Chance to win" in part
    assert re.search(r"expected </span>loss [\d.]+ pp", part)


def test_the_links_of_the_chart_say_what_the_controls_ask_for_since(
    browser: Client, experiment: Experiment, snapshot: Snapshot
) -> None:
    asked = {"method": "fixed", "cuped": "off", "correction": "holm", "by": "period"}

    part = browser.get(f"{experiment.get_absolute_url()}scorecard/", asked).content.decode()

    [links] = re.findall(r'<nav [^>]*id="over-time-choices"[^>]*hx-swap-oob.*?</nav>', part, re.S)
    assert re.findall(r' href="([^"]*)"', links) == [
        "?method=fixed&amp;by=period&amp;chart=value",
        "?method=fixed&amp;by=period&amp;chart=lift",
        "?method=fixed&amp;by=cumulative",
        "?method=fixed&amp;by=period",
    ]


def test_what_follows_the_log_asks_by_the_controls_as_they_are_then(
    browser: Client, experiment: Experiment, snapshot: Snapshot
) -> None:
    address = f"{experiment.get_absolute_url()}?correction=none&by=period"

    page = browser.get(address).content.decode()

    [polled] = re.findall(r'hx-get="([^"]*/live/[^"]*)"', page)
    assert polled.endswith(f"/live/?status=running&amp;snapshot={snapshot.pk}")
    assert re.search(r'<input type="hidden" name="by" value="period">', page)


def test_a_file_has_the_exact_values_shown_and_the_settings_behind_them(
    browser: Client, experiment: Experiment, snapshot: Snapshot, card: Scorecard
) -> None:
    address = experiment.get_absolute_url()

    plain, fixed = (
        list(
            csv.DictReader(
                io.StringIO(browser.get(f"{address}scorecard.csv{query}").content.decode())
            )
        )
        for query in ("", "?method=fixed&cuped=on&scale=absolute")
    )

    decided = card.metric("ctr").comparison("item-knn").decided("relative")
    row = plain[0]
    assert (row["metric"], row["variant"], row["decides"]) == ("ctr", "item-knn", "yes")
    assert [float(row[name]) for name in ("effect", "low", "high")] == [
        decided.effect,
        decided.low,
        decided.high,
    ]
    assert (row["unit"], row["effect_unit"], row["snapshot"]) == (
        "fraction",
        "fraction of control",
        str(snapshot.pk),
    )
    stored = card.metric("clicked").comparison("ease").result("fixed", "absolute", cuped=True)
    [other] = [r for r in fixed if (r["metric"], r["variant"]) == ("clicked", "ease")]
    assert float(other["effect"]) == stored.effect
    assert [
        other[name] for name in ("method", "cuped", "scale", "decides", "segment", "phase")
    ] == [*("fixed", "on", "absolute", "no", "everyone", "all")]
    assert len(plain) == sum(len(m.comparisons) for m in card.metrics)
    page = browser.get(f"{address}?method=fixed").content.decode()
    assert f'href="{address}scorecard.csv?method=fixed" download' in page


def test_a_text_that_a_spreadsheet_would_run_is_a_text(card: Scorecard, snapshot: Snapshot) -> None:
    named = replace(card.metrics[0], name="=1+1")
    shown = sheet(
        replace(card, metrics=(named, *card.metrics[1:])),
        selectors.spec_of(snapshot),
        None,
        [
            ArmView(letter=k[0], key=k, recommender=k, version=None, share=1, users=1)
            for k in much.ARMS
        ],
        asked_of({}, card, kept=True),
        has_samples=True,
    )

    assert next(export.rows(shown, snapshot))["name"] == "'=1+1"


def test_there_is_no_card_before_the_first_analysis(
    browser: Client, experiment: Experiment
) -> None:
    assert browser.get(f"{experiment.get_absolute_url()}scorecard/").status_code == 404


def test_a_change_of_the_scale_redraws_the_segments(
    browser: Client, experiment: Experiment, snapshot: Snapshot
) -> None:
    answer = browser.get(f"{experiment.get_absolute_url()}scorecard/?scale=absolute")

    card = answer.content.decode().split('id="segments-card"')[1].split("</section>")[0]
    assert card.startswith(' hx-swap-oob="true"')
    assert "lift against A" in card
    assert re.search(r"<span[^>]*>[+][0-9.]+ pp</span>", card)


def test_a_scale_is_no_exploring(
    browser: Client, experiment: Experiment, snapshot: Snapshot
) -> None:
    assert "Exploring" not in text(browser, f"{experiment.get_absolute_url()}?scale=absolute")


def test_what_is_not_to_be_had_is_said(
    browser: Client, experiment: Experiment, snapshot: Snapshot
) -> None:
    address = experiment.get_absolute_url()

    assert (
        "The address asks for a segment that is not to be had here; shown is the nearest that is."
        in text(browser, f"{address}?segment=platform%3Dtv")
    )
    assert "The address asks for a scale that is not" in text(browser, f"{address}?scale=nope")
    page = browser.get(f"{address}?method=bayesian").content.decode()
    assert '<select name="correction" id="correction" disabled>' in page
    assert "A posterior is not corrected for several comparisons." in page


def test_without_a_pre_period_the_switch_is_off_and_says_why(browser: Client, db: None) -> None:
    experiment = much.much(arms=2, lookback_days=0, segments=())
    much.analysed(experiment, users=USERS, days=DAYS)

    page = browser.get(f"{experiment.get_absolute_url()}?cuped=on").content.decode()

    assert re.search(r'id="cuped" value="on" disabled>', page)
    assert "CUPED needs days before the first exposure, and this experiment counts none." in page
    assert "The address asks for a cuped that is not to be had" in page


def test_an_old_snapshot_without_samples_shows_what_decides(
    browser: Client, experiment: Experiment, card: Scorecard, snapshot: Snapshot
) -> None:
    store_snapshot(
        experiment,
        card,
        spec=selectors.spec_of(snapshot),
        previous=None,
        log_versions={},
        log_until=None,
        code_version="old",
    )

    sheet = browser.get(f"{experiment.get_absolute_url()}?method=fixed").context["sheet"]

    assert sheet.card == card
    assert sheet.controls.why_not[0].startswith("This snapshot keeps no samples")


@pytest.mark.parametrize(
    ("given", "query"),
    [
        ({}, ""),
        ({"method": "fixed", "correction": "holm"}, "method=fixed"),
        ({"correction": "none", "scale": "absolute"}, "scale=absolute&correction=none"),
        ({"method": "x", "phase": "1"}, "phase=1"),
    ],
)
def test_an_address_is_as_short_as_it_can_be(given: dict[str, str], query: str) -> None:
    card = replace(
        small_card(small_card().metrics[0].comparisons[0], small_card().metrics[0].comparisons[0]),
        phases=(),
    )
    several = phased_by(card, (1.0, 1.0, 1.0), (1.0, 1.0, 1.0))

    assert query_of(asked_of(given, several, kept=True), several) == query


def test_a_posterior_of_several_phases_waits_for_one(card: Scorecard) -> None:
    two = replace(card, phases=(card.phases[0], replace(card.phases[0], number=2)))
    asked = asked_of({"method": "bayesian"}, two, kept=True)
    [*_, bayesian] = controls_of(two, asked, kept=True).by_name["method"].options

    assert asked.choice.method == "sequential"
    assert asked.dropped == ("method",)
    assert bayesian.why_not == "A posterior is of one phase: choose a phase to see it."
    assert asked_of({"method": "bayesian", "phase": "2"}, two, kept=True).dropped == ()


@pytest.mark.parametrize(("arms", "days", "users"), [(2, 2, 600), (4, 9, 1200)])
def test_queries_grow_neither_with_arms_nor_days_nor_events(
    browser: Client,
    db: None,
    django_assert_num_queries: DjangoAssertNumQueries,
    arms: int,
    days: int,
    users: int,
) -> None:
    experiment = much.much(arms=arms)
    much.analysed(experiment, users=users, days=days)

    for query in ("", "method=fixed", "cuped=on&segment=platform%3Dios"):
        with django_assert_num_queries(21):
            browser.get(f"{experiment.get_absolute_url()}?{query}")


def test_what_the_form_sends_beside_a_posterior_is_not_asked_for_in_vain(
    browser: Client, experiment: Experiment, snapshot: Snapshot
) -> None:
    """The form always sends the usual correction, which a posterior does without."""
    sent = "scale=relative&method=bayesian&cuped=off&segment=everyone&correction=holm&phase=all"

    page = text(browser, f"{experiment.get_absolute_url()}?{sent}")

    assert "Exploring, does not decide." in page
    assert "The address asks for" not in page


def test_several_settings_that_are_not_to_be_had_are_told_together(
    browser: Client, experiment: Experiment, snapshot: Snapshot
) -> None:
    page = text(browser, f"{experiment.get_absolute_url()}?method=magic&segment=mars&phase=9")

    assert (
        "The address asks for settings that are not to be had here: method, segment and phase; "
        "shown are the nearest that are."
    ) in page
