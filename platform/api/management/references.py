"""What a body names by its key. Each raises InvalidBody with the field's pointer where there is no
such thing.
"""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model, QuerySet

from api.problems import InvalidBody
from experiments.models import Layer, Placement
from recommenders.models import Recommender

Row = TypeVar("Row", bound=Model)


def layer(key: str, pointer: str) -> Layer:
    return _named(Layer.objects.all(), "layer", key, pointer)


def placement(key: str, pointer: str) -> Placement:
    return _named(Placement.objects.select_related("layer"), "placement", key, pointer)


def recommender(key: str, pointer: str) -> Recommender:
    return _named(Recommender.objects.all(), "recommender", key, pointer)


def _named(rows: QuerySet[Row], word: str, key: str, pointer: str) -> Row:
    row = rows.filter(key=key).first()
    if row is None:
        raise InvalidBody(
            f"There is no {word} “{key}”. GET /api/v1/{word}s lists those there are.",
            pointer=pointer,
        )
    return row
