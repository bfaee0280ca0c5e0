"""Layers: experiments of one layer never share a user."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from api.decoding import convert_query, decode
from api.door import Door
from api.management.fields import Key, Name, Share, says
from api.management.kinds import Kind, actor_of
from api.management.listing import Listed, Page
from api.management.operations import operation
from api.permissions import Needs
from experiments import models, places, selectors
from people.roles import Role
from serving.lifecycle import routed

Unit = Annotated[
    Literal["user", "device"],
    says("What is hashed: the user's id, or the device's where a request names one."),
]


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """A split of the users that experiments share, each taking a part of its own."""

    key: Key
    name: Name
    unit: Unit
    placements: Annotated[list[str], says("The placements whose experiments are in it.")]
    free: Annotated[Share, says("The share of its users that no experiment under way holds.")]


class NewLayer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A layer to be."""

    key: Key
    name: Name
    unit: Unit = "user"


def _rows() -> QuerySet[models.Layer]:
    return models.Layer.objects.prefetch_related("placements")


def _show(rows: Sequence[models.Layer]) -> list[Layer]:
    free = selectors.free_shares()
    return [
        Layer(
            key=row.key,
            name=row.name,
            unit="device" if row.unit == models.Layer.Unit.DEVICE else "user",
            placements=[placement.key for placement in row.placements.all()],
            free=float(free[row.pk]),
        )
        for row in rows
    ]


LAYERS = Kind(word="layer", rows=_rows, show=_show)


class LayersView(Door):
    needs = Needs(write=Role.ADMIN)

    @operation(
        "list",
        "layers",
        "All layers",
        "By key, each with the placements in it and the share of its users that is free.",
        query=Listed,
        answers=Page[Layer],
    )
    def get(self, request: Request) -> Response:
        return LAYERS.listed(request, convert_query(request, Listed), _rows(), sort="key")

    @operation(
        "create",
        "create_layer",
        "Make a layer",
        "Its seed is drawn here and never changes. A placement without a layer gets one by itself, "
        "so make one where experiments of several placements are to exclude each other.",
        takes=NewLayer,
        answers=Layer,
    )
    def post(self, request: Request) -> Response:
        new = decode(request, NewLayer)
        row = places.create_layer(
            key=new.key,
            name=new.name,
            unit=new.unit,
            now=timezone.now(),
            actor=actor_of(request),
        )
        return LAYERS.created(request, row, at=f"/api/v1/layers/{row.key}")


class LayerView(Door):
    needs = Needs(write=Role.ADMIN)

    @operation("read", "layer", "One layer", "With its ETag.", answers=Layer)
    def get(self, request: Request, key: str) -> Response:
        return LAYERS.read(request, key)

    @operation(
        "remove",
        "delete_layer",
        "Delete a layer",
        "Refused with 409 while a placement, a holdout or an experiment is in it, naming them.",
    )
    def delete(self, request: Request, key: str) -> Response:
        def remove(row: models.Layer) -> None:
            routed(places.delete_layer, row, now=timezone.now(), actor=actor_of(request))

        return LAYERS.removed(request, key, remove)
