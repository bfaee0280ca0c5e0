"""The doors for forgetting a person: ask for it, and ask how it went."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from api import bodies, schema
from api.authentication import key_of
from api.decoding import decode
from api.door import Door
from api.permissions import Needs
from events.erasures import report_of, request_erasure
from events.models import Erasure
from people.actors import Actor
from people.roles import Role


class ErasuresView(Door):
    """Takes the request down; a worker does what it asks for."""

    needs = Needs(read=Role.ADMIN, write=Role.ADMIN)

    @extend_schema(
        operation_id="erase",
        summary="Remove a person from all that Winnow keeps",
        request=schema.body(bodies.ErasureRequest),
        responses=schema.responses(202, bodies.ErasureState, 400, 413, 503),
    )
    def post(self, request: Request) -> Response:
        asked = decode(request, bodies.ErasureRequest)
        erasure = request_erasure(
            asked.user, now=timezone.now(), actor=Actor.key(key_of(request).name)
        )
        return Response(
            _state(erasure),
            status=status.HTTP_202_ACCEPTED,
            headers={"Location": f"/api/v1/erasures/{erasure.pk}"},
        )


class ErasureView(Door):
    """How an erasure went."""

    needs = Needs(read=Role.ADMIN)

    @extend_schema(
        operation_id="erasure",
        summary="What went, and what remains",
        responses=schema.responses(200, bodies.ErasureState, 404, 503),
    )
    def get(self, request: Request, number: int) -> Response:
        erasure = Erasure.objects.filter(pk=number).first()
        if erasure is None:
            raise NotFound(f"There is no erasure {number}.")
        return Response(_state(erasure))


def _state(erasure: Erasure) -> bodies.ErasureState:
    return bodies.ErasureState(
        id=erasure.pk,
        status="waiting" if erasure.finished_at is None else "done",
        requested_at=erasure.requested_at,
        finished_at=erasure.finished_at,
        problem=erasure.problem or None,
        report=report_of(erasure),
    )
