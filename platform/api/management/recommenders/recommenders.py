"""The doors of recommenders themselves."""

from __future__ import annotations

from django.utils import timezone
from msgspec import UNSET
from rest_framework.request import Request
from rest_framework.response import Response

from api.decoding import convert_query, decode
from api.door import Door
from api.management.kinds import actor_of
from api.management.listing import Page
from api.management.operations import operation
from api.management.recommenders.bodies import (
    NewRecommender,
    Recommender,
    RecommenderChange,
    RecommendersListed,
)
from api.management.recommenders.showing import RECOMMENDERS, rows
from api.permissions import Needs
from people.roles import Role
from recommenders import models, services
from recommenders.retraining import change_training
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
    needs = Needs(write=Role.EXPERIMENTER)

    @operation("read", "recommender", "One recommender", "With its ETag.", answers=Recommender)
    def get(self, request: Request, key: str) -> Response:
        return RECOMMENDERS.read(request, key)

    @operation(
        "change",
        "change_recommender",
        "Train it otherwise",
        "From its next training on. Algorithm and `config` stay: another configuration is another "
        "recommender.",
        takes=RecommenderChange,
        answers=Recommender,
    )
    def patch(self, request: Request, key: str) -> Response:
        asked = decode(request, RecommenderChange)

        def change(row: models.Recommender) -> None:
            change_training(
                row,
                asked.training,
                now=timezone.now(),
                actor=actor_of(request),
                why=asked.why,
            )

        return RECOMMENDERS.changed(request, key, change)
