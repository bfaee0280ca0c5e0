"""The list of experiments: searched, filtered, sorted and paged, all of it in the address."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from msgspec.structs import replace
from pytest_django import DjangoAssertNumQueries

from dashboard.experiment_list import SHOWN, Asked, found, options
from experiments import moves
from experiments.models import Experiment, Layer, Placement, Snapshot
from tests.acting import TESTER, create_placement, stop_experiment
from tests.dashboard.factories import (
    AS_OF,
    BELOW_FLOOR,
    START,
    comparison,
    ratio_check,
    scorecard,
    snapshot_of,
)

Make = Callable[..., Experiment]
HTMX = {"HX-Request": "true"}


def names(page: str) -> list[str]:
    """The experiments of a list, in its order."""
    return re.findall(r'class="row-link"[^>]*>([^<]+)<', page)


def listed(browser: Client, query: str = "") -> list[str]:
    return names(browser.get(f"/experiments/{query}").content.decode())


def judged(make: Make, name: str, **says: object) -> Experiment:
    """A running experiment whose newest look says so."""
    experiment = make(name)
    snapshot_of(experiment, scorecard(comparison(), **says))  # type: ignore[arg-type]
    return experiment


def test_each_word_of_a_search_is_in_the_name_the_key_or_the_hypothesis(
    browser: Client, make_experiment: Make
) -> None:
    make_experiment("Learned ranking")
    make_experiment("Fresh ranking", running=False)
    Experiment.objects.filter(key="fresh-ranking").update(hypothesis="Newer items earn 5% more.")

    assert listed(browser, "?q=RANKING") == ["Fresh ranking", "Learned ranking"]
    assert listed(browser, "?q=ranking+learned") == ["Learned ranking"]
    assert listed(browser, "?q=fresh-r") == ["Fresh ranking"]
    assert listed(browser, "?q=5%25+newer") == ["Fresh ranking"]
    assert listed(browser, "?q=%00learned") == ["Learned ranking"]


def test_filters_narrow_together_and_stay_in_every_link(
    browser: Client, make_experiment: Make, home: Placement, person: User
) -> None:
    make_experiment("On home")
    draft = make_experiment("Draft on home", running=False)
    cart = create_placement(
        key="cart",
        name="Cart",
        default_recommender=home.default_recommender,
        layer=Layer.objects.create(key="basket"),
    )
    Experiment.objects.filter(pk=draft.pk).update(created_by=person)
    elsewhere = make_experiment("On cart", running=False)
    Experiment.objects.filter(pk=elsewhere.pk).update(placement=cart, layer=cart.layer)

    assert listed(browser, "?placement=home") == ["Draft on home", "On home"]
    assert listed(browser, "?layer=basket") == ["On cart"]
    assert listed(browser, "?owner=maya") == ["Draft on home"]
    assert listed(browser, "?status=draft&placement=home") == ["Draft on home"]

    page = browser.get("/experiments/?placement=home&q=on").content.decode()
    links = [unescape(link) for link in re.findall(r'id="status-\d" href="([^"]*)"', page)]
    assert links == [
        "?q=on&placement=home",
        "?q=on&status=draft&placement=home",
        "?q=on&status=running&placement=home",
    ]


def test_a_filter_counts_what_it_would_show_beside_the_others(
    make_experiment: Make, person: User
) -> None:
    make_experiment("One")
    make_experiment("Two")
    draft = make_experiment("Three", running=False)
    Experiment.objects.filter(pk=draft.pk).update(created_by=person)

    by = options(Asked(status="running"))

    assert [(o.value, o.count) for o in by["status"]] == [("draft", 1), ("running", 2)]
    assert [(o.value, o.count) for o in by["placement"]] == [("home", 2)]
    assert by["owner"] == []
    assert [(o.name, o.count) for o in options(Asked())["owner"]] == [("Maya", 1)]
    assert [(o.value, o.count) for o in options(Asked(owner="gone"))["owner"]] == [
        ("gone", 0),
        ("maya", 1),
    ]


def test_attention_sorts_by_what_a_person_has_to_do(browser: Client, make_experiment: Make) -> None:
    make_experiment("Draft", running=False)
    judged(make_experiment, "Waiting", state="keep_running")
    stop_experiment(make_experiment("Stopped"), now=AS_OF)
    moves.pause(make_experiment("Paused"), now=AS_OF, actor=TESTER)
    judged(make_experiment, "Emptied", state="taken_out")
    judged(make_experiment, "Open", state="inconclusive")
    judged(make_experiment, "Ready", state="ship")
    judged(make_experiment, "Harmful", state="roll_back")
    judged(make_experiment, "Broken", state="unhealthy", health=(ratio_check(healthy=False),))

    pressing = ["Broken", "Harmful", "Ready", "Open", "Emptied"]
    order = [*pressing, "Paused", "Stopped", "Waiting", "Draft"]
    assert listed(browser, "?sort=attention") == order
    assert listed(browser, "?sort=-attention") == order[::-1]


def test_columns_sort_both_ways_and_what_has_no_value_comes_last(
    browser: Client, make_experiment: Make
) -> None:
    make_experiment("b draft", running=False)
    for name, effect in (("a", 0.02), ("c", -0.01)):
        card = scorecard(comparison(effect=effect))
        few = tuple(replace(arm, users=10) for arm in card.arms) if name == "c" else card.arms
        snapshot_of(make_experiment(name), replace(card, arms=few))
    Experiment.objects.filter(name="c").update(started_at=START + timedelta(days=1))

    assert listed(browser, "?sort=name") == ["a", "b draft", "c"]
    assert listed(browser, "?sort=-name") == ["c", "b draft", "a"]
    assert listed(browser, "?sort=-lift") == ["a", "c", "b draft"]
    assert listed(browser, "?sort=lift") == ["c", "a", "b draft"]
    assert listed(browser, "?sort=-users") == ["a", "c", "b draft"]
    assert listed(browser, "?sort=started") == ["a", "c", "b draft"]
    assert listed(browser, "?sort=price") == ["c", "a", "b draft"]


def test_the_head_of_the_sorted_column_says_so_and_turns_it_round(
    browser: Client, make_experiment: Make
) -> None:
    make_experiment()

    page = browser.get("/experiments/?sort=-users").content.decode()

    assert re.findall(r'aria-sort="(\w+)"', page) == ["descending"]
    heads = dict(re.findall(r'id="sort-(\w+)" href="([^"]*)"', page))
    assert heads == {
        "name": "?sort=name",
        "attention": "?sort=attention",
        "lift": "?sort=-lift",
        "users": "?sort=users",
        "started": "?sort=-started",
    }


def test_many_are_shown_a_page_at_a_time(browser: Client, make_experiment: Make) -> None:
    for n in range(SHOWN + 1):
        make_experiment(f"Number {n:02}", running=False)

    first = browser.get("/experiments/?q=number&sort=name").content.decode()
    last = browser.get("/experiments/?q=number&sort=name&page=2").content.decode()

    assert names(first) == [f"Number {n:02}" for n in range(SHOWN)]
    assert f"1 to {SHOWN} of {SHOWN + 1}" in first
    assert 'href="?q=number&amp;sort=name&amp;page=2"' in first
    assert names(last) == [f"Number {SHOWN:02}"]
    assert 'id="page-before" href="?q=number&amp;sort=name"' in last


def test_a_search_without_a_match_says_so_and_leads_back(
    browser: Client, make_experiment: Make
) -> None:
    make_experiment()

    page = browser.get("/experiments/?q=<nothing>").content.decode()

    assert "No experiment matches “&lt;nothing&gt;” with these filters." in page
    assert '<a class="button" href="/experiments/">Show all experiments</a>' in page


def test_htmx_gets_the_list_alone_with_its_shortest_address(
    browser: Client, make_experiment: Make
) -> None:
    make_experiment()

    part = browser.get("/experiments/?q=&status=running&placement=&sort=name", headers=HTMX)
    back = browser.get(
        "/experiments/", headers=HTMX | {"HX-History-Restore-Request": "true"}
    ).content.decode()

    assert part["HX-Push-Url"] == "/experiments/?status=running&sort=name"
    assert part["Vary"].startswith("HX-Request")
    assert part.content.decode().lstrip().startswith('<div id="found"')
    assert "<!doctype html>" in back


def test_no_lift_is_shown_before_anything_is_judged(browser: Client, make_experiment: Make) -> None:
    broken = judged(
        make_experiment, "Broken", state="unhealthy", health=(ratio_check(healthy=False),)
    )
    young = make_experiment("Young")
    snapshot_of(young, scorecard(comparison(floor=BELOW_FLOOR), state="collecting"))

    page = browser.get("/experiments/").content.decode()

    assert "+8.9%" not in page
    assert [(s.lift, s.users) for s in (broken.snapshots.get(), young.snapshots.get())] == [
        (None, 10_000),
        (None, 10_000),
    ]


def test_queries_grow_neither_with_experiments_nor_with_filters(
    browser: Client, make_experiment: Make, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    snapshot_of(make_experiment("One"))
    with django_assert_num_queries(20):
        browser.get("/experiments/?q=o&sort=attention")

    for n in range(SHOWN + 5):
        experiment = make_experiment(f"Other {n}", arms=4, running=n < 5)
        snapshot_of(experiment)
        snapshot_of(experiment)

    with django_assert_num_queries(20):
        browser.get("/experiments/?q=o&sort=attention")


@pytest.mark.parametrize("healthy", [True, False])
def test_snapshots_from_before_get_what_lists_sort_by(make_experiment: Make, healthy: bool) -> None:
    card = scorecard(health=(ratio_check(healthy=healthy),), state="ship")
    snapshot = snapshot_of(make_experiment(), card)
    Snapshot.objects.update(state="", users=None, lift=None)

    import_module("experiments.migrations.0010_snapshot_columns").read_off(apps, None)

    snapshot.refresh_from_db()
    assert (snapshot.state, snapshot.users) == ("ship", 10_000)
    assert snapshot.lift == (0.089 if healthy else None)
    assert [e.pk for e in found(Asked(sort="-lift"))] == [snapshot.experiment_id]
