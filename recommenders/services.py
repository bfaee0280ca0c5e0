"""Writes on recommenders, their versions, and the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
from django.db import IntegrityError, transaction

from people import trail
from people.actors import COMMAND, Actor
from recommenders import algorithms, artefacts
from recommenders.dataset import Dataset
from recommenders.exceptions import DatasetError, InvalidRecommender, RecommenderTaken
from recommenders.gate import GateVerdict
from recommenders.jobs import request_training
from recommenders.models import KEY, Item, ModelVersion, Recommender, Training
from recommenders.provenance import Provenance

__all__ = ["Catalogued", "ItemRow", "add_version", "import_items", "register", "request_training"]

MOST_POPULAR = 100
CHUNK = 500
LONGEST_KEY = 64


class ItemRow(msgspec.Struct, frozen=True, kw_only=True):
    """An item as its owner describes it. `msgspec.convert` checks what is allowed."""

    item: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
    categories: tuple[str, ...] = ()
    attributes: dict[str, str | int | float | bool] = {}
    available: Annotated[bool, msgspec.Meta(description="Whether it may be recommended now.")] = (
        True
    )


class Catalogued(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of rows: those that added an item, and those that described one that was there, be it
    by an earlier row.
    """

    added: int = 0
    updated: int = 0

    def __add__(self, other: Catalogued) -> Catalogued:
        return Catalogued(added=self.added + other.added, updated=self.updated + other.updated)


def register(
    *, key: str, algorithm: str, config: Mapping[str, Any], actor: Actor = COMMAND
) -> Recommender:
    """A new recommender. Raises InvalidRecommender (key) or the algorithms' own error (config)."""
    if not re.fullmatch(KEY.regex, key):
        raise InvalidRecommender(str(KEY.message), field="key")
    if len(key) > LONGEST_KEY:
        raise InvalidRecommender(f"Give a key of at most {LONGEST_KEY} characters.", field="key")
    if algorithm in algorithms.broken():
        why = algorithms.broken()[algorithm]
        raise InvalidRecommender(f"“{algorithm}” cannot be used: {why}.", field="algorithm")
    if algorithm not in algorithms.names():
        raise InvalidRecommender(
            f"Choose one of {', '.join(algorithms.names())}.", field="algorithm"
        )
    algorithms.create(algorithm, **config)
    if Recommender.objects.filter(key=key).exists():
        raise _taken(key)
    try:
        with transaction.atomic():
            made = Recommender.objects.create(key=key, algorithm=algorithm, config=dict(config))
            trail.record(
                at=made.created_at,
                actor=actor,
                verb="register",
                kind="recommender",
                key=key,
                after={"algorithm": algorithm, "config": made.config},
            )
    except IntegrityError:  # somebody took the key between the check and here
        raise _taken(key) from None
    return made


def _taken(key: str) -> RecommenderTaken:
    return RecommenderTaken(f"A recommender named “{key}” exists.", field="key")


def import_items(rows: Iterable[ItemRow]) -> Catalogued:
    """Adds items, and brings up to date those that exist; in chunks, so a repeat
    resumes.
    """
    total = Catalogued()
    chunk: list[ItemRow] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            total += _upsert(chunk)
            chunk = []
    return total + _upsert(chunk)


def _upsert(rows: Sequence[ItemRow]) -> Catalogued:
    by_key = {row.item: row for row in rows}  # the last of a repeated item wins
    added = len(by_key) - Item.objects.filter(key__in=list(by_key)).count()
    Item.objects.bulk_create(
        [
            Item(
                key=row.item,
                title=row.title,
                categories=list(row.categories),
                attributes=row.attributes,
                available=row.available,
            )
            for row in by_key.values()
        ],
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["title", "categories", "attributes", "available"],
    )
    return Catalogued(added=added, updated=len(rows) - added)


def add_version(
    training: Training,
    model: algorithms.Algorithm[Any],
    data: Dataset,
    *,
    metrics: Mapping[str, float],
    models_dir: Path,
    learned_from: Provenance = Provenance(),  # noqa: B008  (frozen)
    gate: GateVerdict | None = None,
) -> ModelVersion:
    """Stores the artefact of a finished fit and its row. The number is one above the newest."""
    if data.first_at is None or data.last_at is None:
        raise DatasetError("The data has no times, so its window cannot be told.")
    recommender = training.recommender
    newest = recommender.versions.order_by("-number").first()
    number = newest.number + 1 if newest else 1
    folder = f"{recommender.key}/{number}-{training.pk}-{training.attempts}"
    artefact = artefacts.write(models_dir, folder, model.save)
    with transaction.atomic():
        return ModelVersion.objects.create(
            recommender=recommender,
            number=number,
            folder=artefact.folder,
            checksum=artefact.checksum,
            size_bytes=artefact.size_bytes,
            data_from=data.first_at,
            data_until=data.last_at,
            interactions=data.n_interactions,
            users=data.n_users,
            items=data.n_items,
            metrics=dict(metrics),
            learned_from=msgspec.to_builtins(learned_from),
            gate=msgspec.to_builtins(gate),
            popular=_popular(data),
        )


def _popular(data: Dataset) -> list[tuple[str, int]]:
    items = data.most_popular(MOST_POPULAR)
    people = data.people[data.items.codes(items)].tolist()
    return list(zip(items, people, strict=True))
