"""Who shares users with whom: layers, placements and holdouts on one page; traffic on another."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from dashboard.reading.buckets import layer_bar, phase_rows
from experiments import moves
from experiments.models import Experiment, Holdout, Layer, Placement
from people.actors import Actor
from people.models import Person
from tests.acting import create_placement
from tests.dashboard.factories import AS_OF, make_recommender, snapshot_of

Make = Callable[..., Experiment]
PAGE = "/settings/layers/"
pytestmark = pytest.mark.django_db
ADA = Actor("ada")


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


def test_a_layers_bar_has_everybody_in_it(make_experiment: Make) -> None:
    one, two = make_experiment("One", traffic="0.3"), make_experiment("Two", traffic="0.2")
    moves.change_traffic(one, traffic=Decimal("0.1"), now=AS_OF, actor=ADA)
    moves.pause(two, now=AS_OF, actor=ADA)
    under_way = list(Experiment.objects.order_by("id"))

    bar = layer_bar(one.layer, under_way, mine=one)

    assert [(s.size, s.name, s.tone, s.number) for s in bar.stretches] == [
        (1000, "One", "mine", 1),
        (2000, "One, not used now", "idle", 1),
        (2000, "Two, not used now", "idle", 2),
        (5000, "free", "free", None),
    ]
    assert [(h.number, h.experiment.name, h.share, h.tone) for h in bar.holders] == [
        (1, "One", "10%, 20% more claimed", "mine"),
        (2, "Two", "20%, kept while paused", "idle"),
    ]
    assert bar.free == "50%"


def test_neighbours_of_a_layer_differ_in_shade_and_number(make_experiment: Make) -> None:
    made = [make_experiment(f"E{n}", traffic="0.2") for n in range(4)]

    bar = layer_bar(made[0].layer, reversed(made))

    assert [(s.name, s.tone, s.number) for s in bar.stretches[:4]] == [
        ("E0", "held-1", 1),
        ("E1", "held-2", 2),
        ("E2", "held-3", 3),
        ("E3", "held-1", 4),
    ]
    assert [holder.experiment.name for holder in bar.holders] == ["E0", "E1", "E2", "E3"]


def test_phases_show_the_newest_first_with_what_was_killed(make_experiment: Make) -> None:
    experiment = make_experiment(arms=4)
    moves.kill_arm(experiment, variant="ease", now=AS_OF, actor=ADA, why="Slow.")

    newest, first = phase_rows(list(experiment.phases.all()), list(experiment.variants.all()))

    assert (newest.phase.number, newest.arms, newest.killed) == (2, "A 25%, B 25%, C 25%", "D")
    assert [(s.size, s.tone) for s in newest.bar] == [
        (2500, "a"),
        (2500, "b"),
        (2500, "c"),
        (2500, "killed"),
    ]
    assert first.killed == ""


def test_an_experiments_tabs_show_traffic_phases_and_history(
    browser: Client, make_experiment: Make
) -> None:
    experiment = make_experiment(arms=4)
    snapshot_of(experiment)
    moves.kill_arm(experiment, variant="ease", now=AS_OF, actor=ADA, why="Sold-out items.")

    traffic, history = (
        browser.get(f"{experiment.get_absolute_url()}{tab}/").content.decode()
        for tab in ("traffic", "history")
    )

    assert "<strong>This experiment</strong>" in traffic
    assert "A 25%, B 25%, C 25%; killed: D" in traffic
    assert "Sold-out items." in traffic
    assert '<strong>Kill arm</strong> <span class="quiet">by</span> ada' in history
    assert "Sold-out items." in history


def test_layers_placements_and_holdouts_are_made(admin: Client, home: Placement) -> None:
    admin.post(f"{PAGE}new/", {"name": "Search", "key": "search", "unit": "device"})
    admin.post(
        "/settings/placements/new/",
        {"name": "Cart", "key": "cart", "default_recommender": "popular", "layer": "search"},
    )
    page = admin.post(
        "/settings/holdouts/new/",
        {"name": "Nobody", "key": "nobody", "share": "5", "layer": "search"},
        follow=True,
    ).content.decode()

    assert Layer.objects.get(key="search").unit == "device"
    assert Placement.objects.get(key="cart").layer.key == "search"
    held = Holdout.objects.get()
    assert held.layer is not None
    assert (held.key, held.share, held.layer.key) == ("nobody", Decimal("0.05"), "search")
    assert "5% of layer search" in page
    assert "by device, 100% free" in page


def test_without_a_recommender_a_placement_waits_for_one(admin: Client, db: None) -> None:
    page = admin.get("/settings/layers/").content.decode()

    assert "A placement serves a recommender by default, and none is registered yet." in page
    assert 'action="/settings/placements/new/"' not in page


@pytest.mark.parametrize(
    ("address", "given", "said"),
    [
        ("layers", {"name": "Home", "key": "home", "unit": "user"}, "There is a layer “home”"),
        ("layers", {"name": "X", "key": "No key", "unit": "user"}, "cannot be a key"),
        ("placements", {"name": "X", "key": "x"}, "Choose what it shows outside experiments."),
        ("holdouts", {"name": "X", "key": "x", "share": "60"}, "Give a share from 0.1% to 50%"),
    ],
)
def test_what_cannot_be_made_is_said_in_its_place(
    admin: Client, home: Placement, address: str, given: dict[str, str], said: str
) -> None:
    page = admin.post(f"/settings/{address}/new/", given).content.decode()

    assert said in page
    assert (Layer.objects.count(), Placement.objects.count(), Holdout.objects.count()) == (1, 1, 0)


def test_a_default_a_share_and_an_end(admin: Client, home: Placement) -> None:
    make_recommender("ease")
    admin.post("/settings/placements/home/default/", {"default_recommender": "ease"})
    home.refresh_from_db()
    assert home.default_recommender.key == "ease"

    admin.post("/settings/holdouts/new/", {"name": "All", "key": "all", "share": "5"})
    admin.post("/settings/holdouts/all/share/", {"share": "2.5"})
    assert Holdout.objects.get().share == Decimal("0.025")
    page = admin.post("/settings/holdouts/all/share/", {"share": "99"}, follow=True)
    assert b"Give a share from 0.1% to 50%" in page.content
    admin.post("/settings/holdouts/all/end/")
    assert Holdout.objects.get().ended_at is not None


def test_what_changes_what_people_get_is_asked_about_first(admin: Client, home: Placement) -> None:
    admin.post("/settings/holdouts/new/", {"name": "All", "key": "all", "share": "5"})

    page = admin.get(PAGE).content.decode()

    assert '<button class="button little">' not in page  # such a button would act at once
    assert '<button class="button danger" form="set-default-home">Change it</button>' in page
    [share] = re.findall(r'<div popover id="ask-share-all".*?</form>', page, re.S)
    assert 'action="/settings/holdouts/all/share/"' in share
    assert page.count('action="/settings/holdouts/all/share/"') == 1


def test_a_viewer_sees_it_and_no_form(browser: Client, home: Placement, person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_superuser=False)
    Person.objects.update_or_create(user=person, defaults={"role": "viewer"})

    page = browser.get(PAGE).content.decode()

    assert "shows popular outside experiments" in page
    assert "Make a layer" not in page


def test_queries_of_the_page_do_not_grow_with_layers(
    admin: Client, home: Placement, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(16):
        admin.get(PAGE)

    for key in ("search", "cart", "product-page"):
        create_placement(key=key, name=key, default_recommender=make_recommender(f"{key}-knn"))

    with django_assert_num_queries(16):
        admin.get(PAGE)
