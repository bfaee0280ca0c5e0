"""The doors of a recommender's trainings."""

from __future__ import annotations

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from api.decoding import convert_query, decode_any
from api.door import Door
from api.management.fields import Moving
from api.management.kinds import actor_of
from api.management.listing import Listed, Page
from api.management.operations import operation
from api.management.recommenders.bodies import Training
from api.management.recommenders.showing import RECOMMENDERS, trainings
from api.permissions import Needs
from people.roles import Role
from serving.learning import ask_for_training


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
        kind, asked = trainings(key), convert_query(request, Listed)
        return kind.listed(request, asked, kind.rows(), sort="-created_at")

    @operation(
        "accept",
        "train",
        "Ask for a training",
        "A worker does it; the answer's `Location` is the address to ask. The model version that "
        "it makes goes live where it is the first or the gate lets it. While one is queued or "
        "running, that one is answered, and nothing goes into the audit trail. Refused with 409 "
        "while an experiment that it serves keeps its models frozen.",
        takes=Moving,
        answers=Training,
        code=202,
        refusals=(400, 404, 409, 413),
    )
    def post(self, request: Request, key: str) -> Response:
        why = decode_any(request, Moving).why
        training = ask_for_training(RECOMMENDERS.find(key), actor=actor_of(request), why=why)
        kind = trainings(key)
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
        return trainings(key).read(request, number)
