"""Recommenders: what variants serve, their model versions and their trainings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, cast

import msgspec
from django.db.models import QuerySet
from msgspec import UNSET, UnsetType
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from api.decoding import convert_query, decode
from api.door import Door
from api.management.fields import Key, says
from api.management.kinds import Kind, actor_of
from api.management.listing import Listed, Page
from api.management.operations import operation
from api.permissions import Needs
from people.roles import Role
from recommenders import models, services
from serving.lifecycle import routed

Algorithm = Annotated[
    str, msgspec.Meta(max_length=64, description="The algorithm's name, such as `item_knn`.")
]
Config = Annotated[
    dict[str, Any], says("Its hyper-parameters by name; those left out have their defaults.")
]

Status = Literal["queued", "running", "succeeded", "failed", "cancelled"]


class Recommender(msgspec.Struct, frozen=True, kw_only=True):
    """A named configuration of an algorithm: what a variant serves."""

    key: Key
    algorithm: Algorithm
    config: Config
    live: Annotated[str | None, says("The model version that answers; null before the first.")]
    created_at: Annotated[datetime, says("When it was registered.")]


class NewRecommender(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A recommender to be."""

    key: Key
    algorithm: Algorithm
    config: Config = {}


class RecommendersListed(Listed, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which recommenders."""

    algorithm: Annotated[str | UnsetType, says("Only those of this algorithm.")] = UNSET


class ModelVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One trained artefact. It never changes."""

    name: Annotated[str, says("Recommender and number: `item-knn@3`.")]
    number: Annotated[int, says("From 1.")]
    checksum: Annotated[str, says("SHA-256 over the artefact's files.")]
    size_bytes: Annotated[int, says("Of the artefact.")]
    data_from: Annotated[datetime, says("The oldest interaction it was trained on.")]
    data_until: Annotated[datetime, says("The newest interaction it was trained on.")]
    interactions: Annotated[int, says("How many it was trained on.")]
    users: Annotated[int, says("How many users these had.")]
    items: Annotated[int, says("How many items these had.")]
    metrics: Annotated[
        dict[str, float], says("Offline figures on the newest part of the data, held out.")
    ]
    created_at: Annotated[datetime, says("When it was made.")]


class Training(msgspec.Struct, frozen=True, kw_only=True):
    """A job that makes a model version."""

    id: Annotated[int, says("Its number.")]
    status: Annotated[Status, says("How far it is.")]
    progress: Annotated[float, msgspec.Meta(ge=0, le=1, description="Of this attempt.")]
    message: Annotated[str, says("What is being done, in words.")]
    error: Annotated[str | None, says("Why the last attempt failed.")]
    version: Annotated[str | None, says("The model version that it made.")]
    created_at: Annotated[datetime, says("When it was asked for.")]
    finished_at: Annotated[datetime | None, says("When it ended.")]


def _show(rows: Sequence[models.Recommender]) -> list[Recommender]:
    return [
        Recommender(
            key=row.key,
            algorithm=row.algorithm,
            config=row.config,
            live=row.live.name if row.live else None,
            created_at=row.created_at,
        )
        for row in rows
    ]


def _rows() -> QuerySet[models.Recommender]:
    return models.Recommender.objects.select_related("live__recommender")


RECOMMENDERS = Kind(word="recommender", rows=_rows, show=_show)


def _versions(key: str) -> Kind[models.ModelVersion]:
    """The model versions of a recommender."""
    recommender = RECOMMENDERS.find(key)

    def rows() -> QuerySet[models.ModelVersion]:
        found = models.ModelVersion.objects.filter(recommender=recommender)
        return found.select_related("recommender").defer("popular")

    return Kind(word=f"version of {key},", rows=rows, show=_show_versions, name="number")


def _show_versions(rows: Sequence[models.ModelVersion]) -> list[ModelVersion]:
    return [
        ModelVersion(
            name=row.name,
            **{
                field: getattr(row, field)
                for field in ModelVersion.__struct_fields__
                if field != "name"
            },
        )
        for row in rows
    ]


def _trainings(key: str) -> Kind[models.Training]:
    """The trainings of a recommender."""
    recommender = RECOMMENDERS.find(key)

    def rows() -> QuerySet[models.Training]:
        found = models.Training.objects.filter(recommender=recommender)
        return found.select_related("version__recommender").defer("curve")

    return Kind(word=f"training of {key},", rows=rows, show=_show_trainings, name="pk")


def _show_trainings(rows: Sequence[models.Training]) -> list[Training]:
    return [
        Training(
            id=row.pk,
            status=cast(Status, row.status),
            progress=row.progress,
            message=row.message,
            error=row.error or None,
            version=row.version.name if row.version else None,
            created_at=row.created_at,
            finished_at=row.finished_at,
        )
        for row in rows
    ]


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
        asked, rows = convert_query(request, RecommendersListed), _rows()
        if asked.algorithm is not UNSET:
            rows = rows.filter(algorithm=asked.algorithm)
        return RECOMMENDERS.listed(request, asked, rows, sort="key")

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
        kind, asked = _versions(key), convert_query(request, Listed)
        return kind.listed(request, asked, kind.rows(), sort="-created_at")


class VersionView(Door):
    needs = Needs()

    @operation("read", "version", "One model version", "It never changes.", answers=ModelVersion)
    def get(self, request: Request, key: str, number: int) -> Response:
        return _versions(key).read(request, number)


class TrainingsView(Door):
    needs = Needs(write=Role.EXPERIMENTER)

    @operation(
        "list",
        "trainings",
        "Its trainings",
        "The newest first.",
        query=Listed,
        answers=Page[Training],
        refusals=(400, 404),
    )
    def get(self, request: Request, key: str) -> Response:
        kind, asked = _trainings(key), convert_query(request, Listed)
        return kind.listed(request, asked, kind.rows(), sort="-created_at")

    @operation(
        "accept",
        "train",
        "Ask for a training",
        "A worker does it; the answer's `Location` is the address to ask. The model version that "
        "it makes becomes the live one. While one is queued or running, that one is answered.",
        answers=Training,
        code=202,
        refusals=(404,),
    )
    def post(self, request: Request, key: str) -> Response:
        training = services.request_training(RECOMMENDERS.find(key), actor=actor_of(request))
        kind = _trainings(key)
        return kind.answer(
            request,
            kind.find(training.pk),
            code=status.HTTP_202_ACCEPTED,
            headers={"Location": f"/api/v1/recommenders/{key}/trainings/{training.pk}"},
        )


class TrainingView(Door):
    needs = Needs()

    @operation("read", "training", "One training", "How far it is.", answers=Training)
    def get(self, request: Request, key: str, number: int) -> Response:
        return _trainings(key).read(request, number)
