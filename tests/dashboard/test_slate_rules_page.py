"""What is pinned and buried on a placement, on its page."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from experiments import slate_rules
from experiments.assignment import Pin, SlateRules
from experiments.models import Placement
from people.models import Person
from recommenders.models import Item
from serving.models import PublishedPlan

PAGE = "/settings/placements/home/rules/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


def kept() -> SlateRules:
    return slate_rules.of(Placement.objects.get())


def test_an_item_is_pinned_another_buried_and_the_plan_has_both(
    admin: Client, home: Placement
) -> None:
    Item.objects.create(key="i1", title="Star Wars")
    admin.post(f"{PAGE}pin/", {"item": "i1", "position": "2"})
    admin.post(f"{PAGE}bury/", {"what": "item", "name": "i2"})
    page = admin.post(f"{PAGE}bury/", {"what": "category", "name": "Outlet"}, follow=True)

    assert kept() == SlateRules(
        pins=(Pin(item="i1", position=2),), bury_items=("i2",), bury_categories=("Outlet",)
    )
    planned = PublishedPlan.objects.latest().body["placements"]["home"]["rules"]
    assert planned["pins"] == [{"item": "i1", "position": 2}]
    words = " ".join(page.content.decode().split())
    assert "Pinned to position 2: <strong>Star Wars</strong>" in words
    assert '<strong>i2</strong> <span class="quiet">not in the catalogue</span>' in words
    assert "Buried, category <strong>Outlet</strong>" in words
    assert f'href="{PAGE}"' in admin.get("/settings/layers/").content.decode()


@pytest.mark.parametrize(
    ("address", "given", "said"),
    [
        ("pin", {"item": "", "position": "1"}, "Give the id of an item."),
        ("pin", {"item": "x", "position": "101"}, "Give a position from 1 to 100."),
        ("pin", {"item": "x", "position": "9"}, "“there” is pinned to position 9 already."),
        ("bury", {"what": "item", "name": "there"}, "“there” is pinned: it cannot be buried too."),
        ("bury", {"what": "person", "name": "x"}, "Choose one of the two."),
    ],
)
def test_what_cannot_be_is_said_in_its_place(
    admin: Client, home: Placement, address: str, given: dict[str, str], said: str
) -> None:
    admin.post(f"{PAGE}pin/", {"item": "there", "position": "9"})
    page = admin.post(f"{PAGE}{address}/", given).content.decode()
    assert said in page
    assert kept() == SlateRules(pins=(Pin(item="there", position=9),))


def test_a_rule_is_removed_once_and_asked_about_first(admin: Client, home: Placement) -> None:
    admin.post(f"{PAGE}pin/", {"item": "x", "position": "1"})
    assert "Remove the rule of x?" in admin.get(PAGE).content.decode()
    gone = {"rule": "pins", "name": "x"}
    assert b"The rule is gone" in admin.post(f"{PAGE}remove/", gone, follow=True).content
    again = admin.post(f"{PAGE}remove/", gone, follow=True).content
    assert b"There is no such rule any more." in again
    assert b"There is no such rule." in admin.post(f"{PAGE}remove/", {}, follow=True).content
    assert kept() == SlateRules()


def test_a_viewer_reads_the_rules_and_sees_no_form(
    admin: Client, browser: Client, home: Placement, person: User
) -> None:
    admin.post(f"{PAGE}pin/", {"item": "x", "position": "1"})
    User.objects.filter(pk=person.pk).update(is_superuser=False)
    Person.objects.update_or_create(user=person, defaults={"role": "viewer"})
    browser.force_login(person)

    page = browser.get(PAGE).content.decode()

    assert "<strong>x</strong>" in page
    assert '<form method="post" action="/settings/placements' not in page
