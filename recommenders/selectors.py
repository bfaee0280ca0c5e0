"""Reads on recommenders and the catalogue."""

from __future__ import annotations

from collections.abc import Iterable

from recommenders.models import Item


def items_named(keys: Iterable[str]) -> dict[str, Item]:
    """The items of the catalogue among these ids, by id."""
    return {item.key: item for item in Item.objects.filter(key__in=set(keys))}
