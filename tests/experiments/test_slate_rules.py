"""The rules of a placement: kept one by one or list by list, told in the trail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from experiments import slate_rules
from experiments.assignment import Pin, SlateRules
from experiments.exceptions import Invalid, NotAllowed
from experiments.models import Placement
from people.actors import Actor
from people.models import AuditEntry

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ADA = Actor("ada")


def kept() -> SlateRules:
    return slate_rules.of(Placement.objects.get())


def rule(home: Placement, rules: SlateRules) -> None:
    slate_rules.change_rules(home, lambda _: rules, now=NOW, actor=ADA, why="The sale.")


def pin(home: Placement, item: str, position: int) -> None:
    slate_rules.pin(home, item=item, position=position, now=NOW, actor=ADA)


def bury(home: Placement, what: str, name: str) -> None:
    slate_rules.bury(home, what=what, name=name, now=NOW, actor=ADA)


def told() -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(kind="placement", verb="set rules").order_by("pk"))


def test_a_placement_begins_without_rules(home: Placement) -> None:
    assert kept() == SlateRules()


def test_rules_are_added_and_taken_back_one_by_one(home: Placement) -> None:
    pin(home, "x", 2)
    pin(home, "y", 1)
    bury(home, "item", "old")
    bury(home, "category", "Outlet")
    assert kept() == SlateRules(
        pins=(Pin(item="x", position=2), Pin(item="y", position=1)),
        bury_items=("old",),
        bury_categories=("Outlet",),
    )

    for field, name in (("pins", "x"), ("bury_items", "old"), ("bury_categories", "Outlet")):
        slate_rules.remove(home, rule=field, name=name, now=NOW, actor=ADA)
    assert kept() == SlateRules(pins=(Pin(item="y", position=1),))
    with pytest.raises(NotAllowed, match=r"There is no such rule any more\."):
        slate_rules.remove(home, rule="pins", name="x", now=NOW, actor=ADA)
    assert len(told()) == 7


def test_the_trail_has_the_lists_that_changed(home: Placement) -> None:
    rule(home, SlateRules(bury_items=("old",)))
    rule(home, SlateRules(bury_items=("old",), pins=(Pin(item="x", position=1),)))
    rule(home, SlateRules(bury_items=("old",), pins=(Pin(item="x", position=1),)))

    first, second = told()
    assert (first.before, first.after) == ({"bury_items": []}, {"bury_items": ["old"]})
    assert (second.before, second.after) == (
        {"pins": []},
        {"pins": [{"item": "x", "position": 1}]},
    )
    assert (second.by, second.key, second.why) == ("ada", "home", "The sale.")


PINS = tuple(Pin(item=f"i{n}", position=n) for n in range(1, 101))
WRONG = [
    ({"pins": (*PINS, Pin(item="x", position=1))}, "pins", "There are 100 already"),
    ({"pins": (Pin(item="x", position=0),)}, "pins/0/position", "Give a position from 1 to 100."),
    ({"pins": (Pin(item="x", position=101),)}, "pins/0/position", "Give a position from 1 to 100."),
    ({"pins": (Pin(item="", position=1),)}, "pins/0/item", "Give 1 to 256 characters."),
    (
        {"pins": (Pin(item="x", position=1), Pin(item="x", position=2))},
        "pins/1/item",
        "“x” is pinned already.",
    ),
    (
        {"pins": (Pin(item="x", position=1), Pin(item="y", position=1))},
        "pins/1/position",
        "“x” is pinned to position 1 already.",
    ),
    (
        {"pins": (Pin(item="x", position=1),), "bury_items": ("x",)},
        "bury_items/0",
        "“x” is pinned: it cannot be buried too.",
    ),
    ({"bury_items": ("x", "x")}, "bury_items/1", "“x” is buried already."),
    ({"bury_categories": ("x\0",)}, "bury_categories/0", "Give 1 to 256 characters."),
    ({"bury_categories": tuple(map(str, range(101)))}, "bury_categories", "There are 100 already"),
]


@pytest.mark.parametrize(("rules", "field", "said"), WRONG)
def test_rules_that_cannot_be_are_refused_by_field(
    home: Placement, rules: dict[str, tuple[str, ...]], field: str, said: str
) -> None:
    pin(home, "kept", 7)
    with pytest.raises(Invalid) as refused:
        rule(home, SlateRules(**rules))  # type: ignore[arg-type]
    assert (refused.value.field, refused.value.message.startswith(said)) == (field, True)
    assert kept() == SlateRules(pins=(Pin(item="kept", position=7),))
    assert len(told()) == 1


def test_one_rule_more_is_refused_by_the_field_of_its_form(home: Placement) -> None:
    pin(home, "x", 1)
    acts: list[Callable[[], None]] = [
        lambda: pin(home, "x", 2),
        lambda: pin(home, "y", 1),
        lambda: bury(home, "item", "x"),
        lambda: bury(home, "person", "x"),
    ]
    refusals = []
    for act in acts:
        with pytest.raises(Invalid) as refused:
            act()
        refusals.append((refused.value.field, refused.value.message))
    assert refusals == [
        ("item", "“x” is pinned already."),
        ("position", "“x” is pinned to position 1 already."),
        ("name", "“x” is pinned: it cannot be buried too."),
        ("what", "Give item or category."),
    ]
    assert kept() == SlateRules(pins=(Pin(item="x", position=1),))
