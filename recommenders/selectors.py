"""Reads on recommenders and the catalogue."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber

from recommenders.models import Item, ModelVersion


def items_named(keys: Iterable[str]) -> dict[str, Item]:
    """The items of the catalogue among these ids, by id."""
    return {item.key: item for item in Item.objects.filter(key__in=set(keys))}


def recent_versions(of_each: int = 5) -> list[ModelVersion]:
    """The newest versions of each recommender and its live one, the newest first within each."""
    rank = Window(RowNumber(), partition_by="recommender", order_by=F("number").desc())
    ranked = ModelVersion.objects.annotate(rank=rank)
    recent = Q(rank__lte=of_each) | Q(pk=F("recommender__live"))
    found = ranked.filter(recent).select_related("recommender").defer("popular")
    return list(found.order_by("recommender__key", "-number"))
