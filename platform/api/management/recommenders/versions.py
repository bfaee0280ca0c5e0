"""The doors of a recommender's model versions."""

from __future__ import annotations

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from api.decoding import convert_query, decode, decode_any
from api.door import Door
from api.management.fields import Moving
from api.management.kinds import actor_of
from api.management.listing import Listed, Page
from api.management.operations import operation
from api.management.recommenders.bodies import ModelVersion, Promoting, Recommender
from api.management.recommenders.showing import RECOMMENDERS, versions
from api.permissions import Needs
from people.roles import Role
from recommenders import promotions
from serving.lifecycle import routed


class VersionsView(Door):
    needs = Needs()

    @operation(
        "list",
        "versions",
        "Its model versions",
        "The newest first.",
        query=Listed,
        answers=Page[ModelVersion],
        refusals=(400, 404),
    )
    def get(self, request: Request, key: str) -> Response:
        kind, asked = versions(key), convert_query(request, Listed)
        return kind.listed(request, asked, kind.rows(), sort="-created_at")


class VersionView(Door):
    needs = Needs()

    @operation("read", "version", "One model version", "It never changes.", answers=ModelVersion)
    def get(self, request: Request, key: str, number: int) -> Response:
        return versions(key).read(request, number)


class PromoteView(Door):
    needs = Needs(write=Role.EXPERIMENTER)

    @operation(
        "move",
        "promote",
        "Make a version live",
        "From the next request on it answers wherever its recommender does. Refused with 409 where "
        "it is live, and where the gate does not let it, with the numbers; `despite_gate` and a "
        "`why` overrule the gate.",
        takes=Promoting,
        answers=ModelVersion,
    )
    def post(self, request: Request, key: str, number: int) -> Response:
        asked = decode(request, Promoting)
        return versions(key).changed(
            request,
            number,
            lambda row: routed(
                promotions.promote,
                row,
                now=timezone.now(),
                actor=actor_of(request),
                why=asked.why,
                despite_gate=asked.despite_gate,
            ),
            required=False,
        )


class RollbackView(Door):
    needs = Needs(write=Role.EXPERIMENTER)

    @operation(
        "move",
        "roll_back",
        "Go back to the version before",
        "The version that was live before the present one answers again. Refused with 409 where "
        "there is none.",
        takes=Moving,
        answers=Recommender,
    )
    def post(self, request: Request, key: str) -> Response:
        why = decode_any(request, Moving).why
        return RECOMMENDERS.changed(
            request,
            key,
            lambda row: routed(
                promotions.roll_back, row, now=timezone.now(), actor=actor_of(request), why=why
            ),
            required=False,
        )
