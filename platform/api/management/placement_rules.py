"""The rules of a placement's slates: what is pinned, and what is buried."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from django.utils import timezone
from msgspec import UNSET, UnsetType
from rest_framework.request import Request
from rest_framework.response import Response

from api.decoding import decode
from api.door import Door
from api.management.fields import Why, says
from api.management.kinds import Kind, actor_of
from api.management.operations import operation
from api.permissions import Needs
from experiments import models, slate_rules
from experiments.assignment import Pin, SlateRules
from experiments.assignment.slate_rules import MOST, Name
from people.roles import Role
from serving.lifecycle import routed

Most = msgspec.Meta(max_length=MOST)
Pinned = Annotated[list[Pin], Most, says("Items by position; neither comes twice.")]
BuriedItems = Annotated[list[Name], Most, says("Items shown where nothing else is left.")]
BuriedCategories = Annotated[list[Name], Most, says("Categories whose items are shown so.")]


class PlacementRules(msgspec.Struct, frozen=True, kw_only=True):
    """What a placement does to every slate, whichever recommender made it."""

    pins: Pinned
    bury_items: BuriedItems
    bury_categories: BuriedCategories


class RulesChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list that is given takes the place of the one there is; the others stay."""

    pins: Pinned | UnsetType = UNSET
    bury_items: BuriedItems | UnsetType = UNSET
    bury_categories: BuriedCategories | UnsetType = UNSET
    why: Why = ""

    def on(self, rules: SlateRules) -> SlateRules:
        given = {field: getattr(self, field) for field in SlateRules.__struct_fields__}
        changed = {field: tuple(one) for field, one in given.items() if one is not UNSET}
        return msgspec.structs.replace(rules, **changed)


def _show(rows: Sequence[models.Placement]) -> list[PlacementRules]:
    return [
        msgspec.convert(slate_rules.of(row), PlacementRules, from_attributes=True) for row in rows
    ]


RULES = Kind(word="placement", rows=models.Placement.objects.all, show=_show)


class PlacementRulesView(Door):
    needs = Needs(write=Role.ADMIN)

    @operation(
        "read", "placement_rules", "A placement's rules", "With their ETag.", answers=PlacementRules
    )
    def get(self, request: Request, key: str) -> Response:
        return RULES.read(request, key)

    @operation(
        "change",
        "change_placement_rules",
        "Pin and bury",
        "From the next request on, in all arms of an experiment and outside of it. A pinned item "
        "stands at its position; what is buried is shown where nothing else is left.",
        takes=RulesChange,
        answers=PlacementRules,
    )
    def patch(self, request: Request, key: str) -> Response:
        asked = decode(request, RulesChange)

        def change(row: models.Placement) -> None:
            routed(
                slate_rules.change_rules,
                row,
                asked.on,
                now=timezone.now(),
                actor=actor_of(request),
                why=asked.why,
            )

        return RULES.changed(request, key, change)
