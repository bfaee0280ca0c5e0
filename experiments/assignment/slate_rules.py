"""What a placement does to every slate it shows, whichever recommender made it."""

from __future__ import annotations

from typing import Annotated

import msgspec

LONGEST = 256
MOST = 100
LAST = 100  # a slate has at most as many items

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST)]


class Pin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An item, and its position, from 1, in every slate that is as long."""

    item: Name
    position: Annotated[int, msgspec.Meta(ge=1, le=LAST)]


class SlateRules(msgspec.Struct, frozen=True, kw_only=True):
    """Items pinned, and items and categories buried: shown only where nothing else is left."""

    pins: tuple[Pin, ...] = ()
    bury_items: tuple[str, ...] = ()
    bury_categories: tuple[str, ...] = ()


class Conflict(Exception):
    """A rule that cannot be, beside the others. `field` points to it, as in `pins/1/position`."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


def check(rules: SlateRules) -> None:
    """Raises Conflict: for the later of two rules that repeat or contradict each other."""
    for field in SlateRules.__struct_fields__:
        if len(getattr(rules, field)) > MOST:
            raise Conflict(f"There are {MOST} already, as many as may be.", field)
    _check_pins(rules.pins)
    _check_buried("bury_items", rules.bury_items, {pin.item for pin in rules.pins})
    _check_buried("bury_categories", rules.bury_categories, set())


def _check_pins(pins: tuple[Pin, ...]) -> None:
    for n, pin in enumerate(pins):
        _check_name(pin.item, f"pins/{n}/item")
        if not 1 <= pin.position <= LAST:
            raise Conflict(f"Give a position from 1 to {LAST}.", f"pins/{n}/position")
        for other in pins[:n]:
            if other.item == pin.item:
                raise Conflict(f"“{pin.item}” is pinned already.", f"pins/{n}/item")
            if other.position == pin.position:
                taken = f"“{other.item}” is pinned to position {pin.position} already."
                raise Conflict(taken, f"pins/{n}/position")


def _check_buried(field: str, names: tuple[str, ...], pinned: set[str]) -> None:
    for n, name in enumerate(names):
        _check_name(name, f"{field}/{n}")
        if name in pinned:
            raise Conflict(f"“{name}” is pinned: it cannot be buried too.", f"{field}/{n}")
        if name in names[:n]:
            raise Conflict(f"“{name}” is buried already.", f"{field}/{n}")


def _check_name(name: str, field: str) -> None:
    if not 1 <= len(name) <= LONGEST or "\0" in name:
        raise Conflict(f"Give 1 to {LONGEST} characters.", field)
