"""The door for those who assign without /route, and so have to say themselves what was shown."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from api import bodies, schema
from api.counted import CountedView
from api.decoding import decode
from api.permissions import CLIENTS
from api.problems import InvalidBody, Unavailable
from events.counters import counters
from events.exceptions import JournalError
from events.ingest import Receipt
from serving import exposing, rejections


class ExposuresView(CountedView):
    """Takes exposures in. What is accepted is on disk before the answer."""

    needs = CLIENTS

    @extend_schema(
        operation_id="exposures",
        summary="Record what was shown to users who were assigned without /route",
        request=schema.body(bodies.ExposuresRequest),
        responses=schema.responses(202, Receipt, 400, 413, 429, 503),
    )
    def post(self, request: Request) -> Response:
        batch = decode(request, bodies.ExposuresRequest).exposures
        if not 1 <= len(batch) <= exposing.MAX_BATCH:
            raise InvalidBody(
                f"Send 1 to {exposing.MAX_BATCH} exposures at a time; this batch has {len(batch)}.",
                pointer="/exposures",
            )
        now = timezone.now()
        try:
            receipt = exposing.accept(batch, now=now)
        except JournalError as error:
            counters.add("exposures_refused", len(batch))
            raise Unavailable(f"Nothing was accepted: {error}") from error
        rejections.note("exposures", receipt.rejected, now=now)
        return Response(receipt, status=status.HTTP_202_ACCEPTED)
