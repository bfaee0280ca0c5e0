"""Overrides: for quality assurance, somebody sees one variant whatever the split says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from api.decoding import convert_query, decode
from api.door import Door
from api.management import conditional
from api.management.experiments.showing import EXPERIMENTS
from api.management.fields import Reference, says
from api.management.kinds import Kind, actor_of
from api.management.listing import Listed, Page
from api.management.operations import operation
from api.permissions import Needs
from experiments import models, overrides
from people.roles import Role
from serving.lifecycle import routed
from serving.routing import Id

Seen = Annotated[Reference, says("The variant that this user sees, by its key.")]


class Override(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A user who sees one variant whatever the split says; every analysis leaves that out."""

    user: Annotated[Id, says("The user's id, as `/route` is asked with it.")]
    variant: Seen


def _show(rows: Sequence[models.Override]) -> list[Override]:
    return [Override(user=row.user, variant=row.variant.key) for row in rows]


def _kind(key: str) -> Kind[models.Override]:
    """The overrides of an experiment."""
    experiment = EXPERIMENTS.find(key)

    def rows() -> QuerySet[models.Override]:
        return models.Override.objects.filter(experiment=experiment).select_related(
            "variant", "experiment"
        )

    return Kind(word=f"override in {key} for", rows=rows, show=_show, name="user")


class OverridesView(Door):
    needs = Needs(write=Role.EXPERIMENTER)

    @operation(
        "list",
        "overrides",
        "Who sees one variant whatever the split says",
        "By user.",
        query=Listed,
        answers=Page[Override],
        refusals=(400, 404),
    )
    def get(self, request: Request, key: str) -> Response:
        kind, asked = _kind(key), convert_query(request, Listed)
        return kind.listed(request, asked, kind.rows(), sort="user")

    @operation(
        "move",
        "set_override",
        "Let a user see one variant",
        "In place of the override they have, if they have one; from the next request on. The "
        "`If-Match` is the experiment's, and so is the ETag that is answered.",
        takes=Override,
        answers=Override,
    )
    def post(self, request: Request, key: str) -> Response:
        asked = decode(request, Override)
        with transaction.atomic():
            row = EXPERIMENTS.held(request, key, required=False)
            routed(
                overrides.set_override,
                row,
                user=asked.user,
                variant=asked.variant,
                now=timezone.now(),
                actor=actor_of(request),
            )
            tag = EXPERIMENTS.tag(EXPERIMENTS.find(key), None)
        return conditional.answer(request, asked, tag=tag)


class OverrideView(Door):
    needs = Needs(write=Role.EXPERIMENTER)

    @operation("read", "override", "The override of one user", "With its ETag.", answers=Override)
    def get(self, request: Request, key: str, user: str) -> Response:
        return _kind(key).read(request, user)

    @operation(
        "remove",
        "remove_override",
        "Let the split decide about a user again",
        "From the next request on.",
    )
    def delete(self, request: Request, key: str, user: str) -> Response:
        def remove(row: models.Override) -> None:
            routed(
                overrides.remove_override,
                row.experiment,
                user=row.user,
                now=timezone.now(),
                actor=actor_of(request),
            )

        return _kind(key).removed(request, user, remove)
