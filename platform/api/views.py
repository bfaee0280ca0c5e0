"""The doors of the API: each parses, calls one function, and answers."""

from __future__ import annotations

import time

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api import bodies, schema
from api.counted import CountedView
from api.decoding import convert_query, decode
from api.door import Door
from api.permissions import CLIENTS
from api.problems import NOWHERE, InvalidBody, Unavailable
from events import runtime
from events.counters import counters
from events.exceptions import JournalError
from events.ingest import MAX_BATCH, Receipt, accept
from events.texts import may_hold_nul
from experiments.assignment import assign
from serving import plans, rejections, route_times
from serving.routing import RouteRequest, RouteResponse, route


class RouteView(CountedView):
    """Serves a slate."""

    needs = CLIENTS

    @extend_schema(
        operation_id="route",
        summary="Serve a slate and record the exposure",
        request=schema.body(RouteRequest),
        responses=schema.responses(200, RouteResponse, 400, 404, 413, 429),
    )
    def post(self, request: Request) -> Response:
        return _routed(decode(request, RouteRequest))

    @extend_schema(
        operation_id="route_by_query",
        summary="Serve a slate and record the exposure, by query string",
        parameters=[
            OpenApiParameter("user", str, required=True, description="The user's id."),
            OpenApiParameter("placement", str, required=True, description="The placement's key."),
            OpenApiParameter("k", int, default=10, description="How many items to show, 1 to 100."),
            OpenApiParameter("device", str, description="What stays the same when a user logs in."),
            OpenApiParameter("request_id", str, description="A repeated one is one exposure."),
        ],
        responses=schema.responses(200, RouteResponse, 400, 404, 429),
    )
    def get(self, request: Request) -> Response:
        return _routed(convert_query(request, RouteRequest))


def _routed(asked: RouteRequest) -> Response:
    begun = time.perf_counter()
    answer = route(asked, now=timezone.now())
    route_times.count(answer, time.perf_counter() - begun)
    return Response(answer)


class AssignView(Door):
    """Says where a user stands, and records nothing."""

    needs = CLIENTS

    @extend_schema(
        operation_id="assign",
        summary="All assignments of a user, without a slate or an exposure",
        request=schema.body(bodies.AssignRequest),
        responses=schema.responses(200, bodies.AssignResponse, 400, 413, 429),
    )
    def post(self, request: Request) -> Response:
        asked = decode(request, bodies.AssignRequest)
        plan = plans.holder.refreshed()
        return Response(
            bodies.AssignResponse(
                user=asked.user,
                plan_version=plan.version,
                assignments=assign(plan, asked.user, asked.attributes, device=asked.device),
            )
        )


class EventsView(CountedView):
    """Takes events in. What is accepted is on disk before the answer."""

    needs = CLIENTS

    @extend_schema(
        operation_id="events",
        summary="Record what users did",
        request=schema.body(bodies.EventsRequest),
        responses=schema.responses(202, Receipt, 400, 413, 429, 503),
    )
    def post(self, request: Request) -> Response:
        batch = decode(request, bodies.EventsRequest).events
        if not 1 <= len(batch) <= MAX_BATCH:
            raise InvalidBody(
                f"Send 1 to {MAX_BATCH} events at a time; this batch has {len(batch)}.",
                pointer="/events",
            )
        now = timezone.now()
        try:
            receipt = accept(
                batch,
                now=now,
                journal=runtime.events_journal(),
                recent=runtime.recent(),
                history=runtime.history(),
                suspect=may_hold_nul(request.body),
            )
        except JournalError as error:
            counters.add("events_refused", len(batch))
            raise Unavailable(f"Nothing was accepted: {error}") from error
        rejections.note("events", receipt.rejected, now=now)
        return Response(receipt, status=status.HTTP_202_ACCEPTED)


class UnknownView(APIView):
    """Any other address below the API."""

    authentication_classes = []
    permission_classes = []

    @extend_schema(exclude=True)
    def get(self, request: Request, rest: str) -> Response:
        raise NotFound(NOWHERE)

    post = put = patch = delete = options = get
