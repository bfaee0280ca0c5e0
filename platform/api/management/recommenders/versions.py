"""The doors of a recommender's model versions."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from api.decoding import convert_query
from api.door import Door
from api.management.listing import Listed, Page
from api.management.operations import operation
from api.management.recommenders.bodies import ModelVersion
from api.management.recommenders.showing import versions
from api.permissions import Needs


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
