"""Placements: where the product shows recommendations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from django.db.models import QuerySet
from django.utils import timezone
from msgspec import UNSET, UnsetType
from rest_framework.request import Request
from rest_framework.response import Response

from api.decoding import convert_query, decode
from api.door import Door
from api.management import references
from api.management.fields import Key, Name, Reference, says
from api.management.kinds import Kind, actor_of
from api.management.listing import Listed, Page
from api.management.operations import operation
from api.permissions import Needs
from experiments import models, places
from people.roles import Role
from serving.lifecycle import routed

Default = Annotated[
    Reference, says("The recommender of whoever is in no experiment here, by its key.")
]


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """A place in the product that shows recommendations."""

    key: Key
    name: Name
    layer: Annotated[str, says("The layer that its experiments share.")]
    default_recommender: Default


class NewPlacement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A placement to be."""

    key: Key
    name: Name
    default_recommender: Default
    layer: Annotated[
        Reference | None, says("The layer it joins; without one, it gets its own, of its key.")
    ] = None


class PlacementChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be different; what is left out stays."""

    name: Name | UnsetType = UNSET
    default_recommender: Default | UnsetType = UNSET


def _rows() -> QuerySet[models.Placement]:
    return models.Placement.objects.select_related("layer", "default_recommender")


def _show(rows: Sequence[models.Placement]) -> list[Placement]:
    return [
        Placement(
            key=row.key,
            name=row.name,
            layer=row.layer.key,
            default_recommender=row.default_recommender.key,
        )
        for row in rows
    ]


PLACEMENTS = Kind(word="placement", rows=_rows, show=_show)


class PlacementsView(Door):
    needs = Needs(write=Role.ADMIN)

    @operation(
        "list", "placements", "All placements", "By key.", query=Listed, answers=Page[Placement]
    )
    def get(self, request: Request) -> Response:
        return PLACEMENTS.listed(request, convert_query(request, Listed), _rows(), sort="key")

    @operation(
        "create",
        "create_placement",
        "Make a placement",
        "From then on `/route` and `/assign` know it.",
        takes=NewPlacement,
        answers=Placement,
    )
    def post(self, request: Request) -> Response:
        new = decode(request, NewPlacement)
        row = routed(
            places.create_placement,
            key=new.key,
            name=new.name,
            default_recommender=references.recommender(
                new.default_recommender, "/default_recommender"
            ),
            layer=None if new.layer is None else references.layer(new.layer, "/layer"),
            now=timezone.now(),
            actor=actor_of(request),
        )
        return PLACEMENTS.created(request, row, at=f"/api/v1/placements/{row.key}")


class PlacementView(Door):
    needs = Needs(write=Role.ADMIN)

    @operation("read", "placement", "One placement", "With its ETag.", answers=Placement)
    def get(self, request: Request, key: str) -> Response:
        return PLACEMENTS.read(request, key)

    @operation(
        "change",
        "change_placement",
        "Change a placement",
        "Another name, or another default recommender, from the next request on. Key and layer "
        "stay: another layer would give its users other experiments.",
        takes=PlacementChange,
        answers=Placement,
    )
    def patch(self, request: Request, key: str) -> Response:
        asked = decode(request, PlacementChange)
        name, default = asked.name, asked.default_recommender

        def change(row: models.Placement) -> None:
            routed(
                places.change_placement,
                row,
                name=None if name is UNSET else name,
                default_recommender=None
                if default is UNSET
                else references.recommender(default, "/default_recommender"),
                now=timezone.now(),
                actor=actor_of(request),
            )

        return PLACEMENTS.changed(request, key, change)
