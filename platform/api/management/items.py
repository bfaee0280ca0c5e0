"""Items: the catalogue of what can be recommended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from django.db import transaction
from django.db.models import Q, QuerySet
from msgspec import UNSET, UnsetType
from rest_framework.request import Request
from rest_framework.response import Response

from api.decoding import convert_query, decode
from api.door import Door
from api.management.fields import says
from api.management.kinds import Kind
from api.management.listing import Listed, Page
from api.management.operations import operation
from api.permissions import Needs
from people.roles import Role
from recommenders import models
from recommenders.services import Catalogued, ItemRow, import_items
from serving import plans

MOST = 1_000


class ItemsBatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Items to add, or to describe anew."""

    items: Annotated[
        list[ItemRow],
        msgspec.Meta(min_length=1, max_length=MOST, description="1 to 1,000; all or none."),
    ]


class ItemsListed(Listed, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which items."""

    text: Annotated[str | UnsetType, says("Only those whose id or title contains it.")] = UNSET


def _show(rows: Sequence[models.Item]) -> list[ItemRow]:
    return [
        ItemRow(
            item=row.key,
            title=row.title,
            categories=tuple(row.categories),
            attributes=row.attributes,
            available=row.available,
        )
        for row in rows
    ]


def _rows() -> QuerySet[models.Item]:
    return models.Item.objects.all()


ITEMS = Kind(word="item", rows=_rows, show=_show)


class ItemsView(Door):
    needs = Needs(write=Role.EXPERIMENTER)

    @operation("list", "items", "The catalogue", "By id.", query=ItemsListed, answers=Page[ItemRow])
    def get(self, request: Request) -> Response:
        asked, rows = convert_query(request, ItemsListed), _rows()
        if asked.text is not UNSET:
            rows = rows.filter(Q(key__icontains=asked.text) | Q(title__icontains=asked.text))
        return ITEMS.listed(request, asked, rows, sort="key")

    @operation(
        "accept",
        "put_items",
        "Add items, or describe them anew",
        "In bulk, all or none: where one item is refused, nothing of the batch is taken. The last "
        "of a repeated item counts. Sent again, it changes nothing.",
        takes=ItemsBatch,
        answers=Catalogued,
        refusals=(400, 413),
    )
    def post(self, request: Request) -> Response:
        batch = decode(request, ItemsBatch)
        with transaction.atomic():
            done = import_items(batch.items)
            plans.keep_up()
        return Response(done)


class ItemView(Door):
    needs = Needs(write=Role.EXPERIMENTER)

    @operation("read", "item", "One item", "With its ETag.", answers=ItemRow)
    def get(self, request: Request, key: str) -> Response:
        return ITEMS.read(request, key)

    @operation(
        "remove",
        "delete_item",
        "Take an item out of the catalogue",
        "Its title and attributes are gone. Models learn from behaviour too, so one may go on "
        "recommending it: what is not to be shown is set to not `available` instead.",
    )
    def delete(self, request: Request, key: str) -> Response:
        def remove(row: models.Item) -> None:
            row.delete()
            plans.keep_up()

        return ITEMS.removed(request, key, remove)
