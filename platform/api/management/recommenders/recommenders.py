"""The doors of recommenders themselves."""

from __future__ import annotations

from msgspec import UNSET
from rest_framework.request import Request
from rest_framework.response import Response

from api.decoding import convert_query, decode
from api.door import Door
from api.management.kinds import actor_of
from api.management.listing import Page
from api.management.operations import operation
from api.management.recommenders.bodies import NewRecommender, Recommender, RecommendersListed
from api.management.recommenders.showing import RECOMMENDERS, rows
from api.permissions import Needs
from people.roles import Role
from recommenders import services
from serving.lifecycle import routed


class RecommendersView(Door):
    needs = Needs(write=Role.EXPERIMENTER)

    @operation(
        "list",
        "recommenders",
        "All recommenders",
        "By key.",
        query=RecommendersListed,
        answers=Page[Recommender],
    )
    def get(self, request: Request) -> Response:
        asked, found = convert_query(request, RecommendersListed), rows()
        if asked.algorithm is not UNSET:
            found = found.filter(algorithm=asked.algorithm)
        return RECOMMENDERS.listed(request, asked, found, sort="key")

    @operation(
        "create",
        "register_recommender",
        "Register a recommender",
        "It has no model before it is trained.",
        takes=NewRecommender,
        answers=Recommender,
    )
    def post(self, request: Request) -> Response:
        new = decode(request, NewRecommender)
        row = routed(
            services.register,
            key=new.key,
            algorithm=new.algorithm,
            config=new.config,
            actor=actor_of(request),
        )
        return RECOMMENDERS.created(request, row, at=f"/api/v1/recommenders/{row.key}")


class RecommenderView(Door):
    needs = Needs()

    @operation("read", "recommender", "One recommender", "With its ETag.", answers=Recommender)
    def get(self, request: Request, key: str) -> Response:
        return RECOMMENDERS.read(request, key)
