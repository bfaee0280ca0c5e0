"""Holdouts: users whom no experiment meets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from django.db.models import QuerySet
from django.utils import timezone
from msgspec import UNSET, UnsetType
from rest_framework.request import Request
from rest_framework.response import Response

from api.decoding import convert_query, decode, decode_any
from api.door import Door
from api.management import references
from api.management.fields import Key, Moving, Name, Reference, says
from api.management.kinds import Kind, actor_of
from api.management.listing import Listed, Page
from api.management.operations import operation
from api.permissions import Needs
from experiments import holdouts, models
from people.roles import Role
from serving.lifecycle import routed

HeldShare = Annotated[
    float,
    msgspec.Meta(ge=0.001, le=0.5, description="The share of the users, in steps of 0.0001."),
]


class Holdout(msgspec.Struct, frozen=True, kw_only=True):
    """Users whom no experiment of a layer meets, or of any."""

    key: Key
    name: Name
    layer: Annotated[str | None, says("The layer it keeps them out of; null: out of all.")]
    share: HeldShare
    created_at: Annotated[datetime, says("When it was made.")]
    ended_at: Annotated[datetime | None, says("When its users met experiments again.")]


class NewHoldout(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A holdout to be."""

    key: Key
    name: Name
    share: HeldShare
    layer: Annotated[
        Reference | None, says("The layer it keeps them out of; null: out of all.")
    ] = None


class HoldoutChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A larger share takes users in, a smaller one lets some go; nobody else moves."""

    share: HeldShare


class HoldoutsListed(Listed, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which holdouts."""

    status: Annotated[
        Literal["open", "ended"] | UnsetType, says("Only those that hold users, or that ended.")
    ] = UNSET


def _rows() -> QuerySet[models.Holdout]:
    return models.Holdout.objects.select_related("layer")


def _show(rows: Sequence[models.Holdout]) -> list[Holdout]:
    return [
        Holdout(
            key=row.key,
            name=row.name,
            layer=row.layer.key if row.layer else None,
            share=float(row.share),
            created_at=row.created_at,
            ended_at=row.ended_at,
        )
        for row in rows
    ]


HOLDOUTS = Kind(word="holdout", rows=_rows, show=_show)


class HoldoutsView(Door):
    needs = Needs(write=Role.ADMIN)

    @operation(
        "list",
        "holdouts",
        "All holdouts",
        "By key, those that ended too.",
        query=HoldoutsListed,
        answers=Page[Holdout],
    )
    def get(self, request: Request) -> Response:
        asked = convert_query(request, HoldoutsListed)
        rows = _rows()
        if asked.status is not UNSET:
            rows = rows.filter(ended_at__isnull=asked.status == "open")
        return HOLDOUTS.listed(request, asked, rows, sort="key")

    @operation(
        "create",
        "create_holdout",
        "Hold users out",
        "From the next request on these users meet no experiment of the layer, or of any. Those "
        "who are in one leave it.",
        takes=NewHoldout,
        answers=Holdout,
    )
    def post(self, request: Request) -> Response:
        new = decode(request, NewHoldout)
        row = routed(
            holdouts.create_holdout,
            key=new.key,
            name=new.name,
            share=Decimal(str(new.share)),
            layer=None if new.layer is None else references.layer(new.layer, "/layer"),
            now=timezone.now(),
            actor=actor_of(request),
        )
        return HOLDOUTS.created(request, row, at=f"/api/v1/holdouts/{row.key}")


class HoldoutView(Door):
    needs = Needs(write=Role.ADMIN)

    @operation("read", "holdout", "One holdout", "With its ETag.", answers=Holdout)
    def get(self, request: Request, key: str) -> Response:
        return HOLDOUTS.read(request, key)

    @operation(
        "change",
        "change_holdout",
        "Change how many are held out",
        "A larger share takes users in, a smaller one lets some go; nobody else moves. One that "
        "has ended stays so.",
        takes=HoldoutChange,
        answers=Holdout,
    )
    def patch(self, request: Request, key: str) -> Response:
        share = Decimal(str(decode(request, HoldoutChange).share))

        def change(row: models.Holdout) -> None:
            routed(
                holdouts.change_holdout,
                row,
                share=share,
                now=timezone.now(),
                actor=actor_of(request),
            )

        return HOLDOUTS.changed(request, key, change)


class HoldoutEndView(Door):
    needs = Needs(write=Role.ADMIN)

    @operation(
        "move",
        "end_holdout",
        "End a holdout",
        "Its users meet experiments again, from the next request on. There is no way back: make "
        "another one.",
        takes=Moving,
        answers=Holdout,
    )
    def post(self, request: Request, key: str) -> Response:
        why = decode_any(request, Moving).why

        def end(row: models.Holdout) -> None:
            routed(holdouts.end_holdout, row, now=timezone.now(), actor=actor_of(request), why=why)

        return HOLDOUTS.changed(request, key, end, required=False)
