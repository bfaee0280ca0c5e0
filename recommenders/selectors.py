"""Reads on recommenders and the catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, Max, Q, Window
from django.db.models.functions import RowNumber

from recommenders.models import Item, ModelVersion, Recommender
from recommenders.training_settings import next_at


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


def due_for_training(now: datetime) -> list[Recommender]:
    """Those that the clock is to train by now, by key."""
    asked = Recommender.objects.annotate(asked_at=Max("trainings__created_at")).order_by("key")
    return [one for one in asked if _is_due(one, one.asked_at, now)]


def _is_due(recommender: Recommender, asked_at: datetime | None, now: datetime) -> bool:
    due = next_at(recommender.trained_by.every, asked_at, now=now)
    return due is not None and due <= now
