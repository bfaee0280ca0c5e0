"""Metrics: those built in, to read, and a team's own."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from django.db import transaction
from django.utils import timezone
from rest_framework import status
from rest_framework.exceptions import MethodNotAllowed, NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from api.decoding import convert_query, decode, decode_any
from api.door import Door
from api.management import conditional
from api.management.fields import Moving, says
from api.management.kinds import LONGEST_ECHO, actor_of
from api.management.listing import Listed, Page, link, page_of
from api.management.operations import operation
from api.permissions import Needs
from experiments import metric_definitions, models
from experiments.metrics import METRICS
from experiments.metrics import Metric as Definition
from people.roles import Role


class DefinedMetric(msgspec.Struct, frozen=True, kw_only=True):
    """A metric that experiments can be measured by."""

    key: Annotated[str, says("What a measurement names it by.")]
    built_in: Annotated[bool, says("Built in ones are the same everywhere, and only read.")]
    archived_at: Annotated[datetime | None, says("Since when no new experiment can choose it.")]
    used_by: Annotated[list[str], says("The experiments that are measured by it, newest first.")]
    definition: Annotated[Definition, says("What it counts, and how arms are compared.")]


Rows = dict[str, tuple[Definition, models.MetricDefinition | None]]


def _all() -> Rows:
    """By key, with the row of a team's own."""
    found: Rows = {key: (metric, None) for key, metric in METRICS.items()}
    found |= {row.key: (metric, row) for row, metric in metric_definitions.listed()}
    return dict(sorted(found.items()))


def _show(rows: Rows) -> list[DefinedMetric]:
    using = metric_definitions.using()
    return [
        DefinedMetric(
            key=key,
            built_in=row is None,
            archived_at=None if row is None else row.archived_at,
            used_by=[experiment.key for experiment in using.get(key, [])],
            definition=metric,
        )
        for key, (metric, row) in rows.items()
    ]


def _one(key: str) -> DefinedMetric:
    rows = _all()
    if key not in rows:
        raise NotFound(f"There is no metric “{key[:LONGEST_ECHO]}”.")
    [shown] = _show({key: rows[key]})
    return shown


class MetricsView(Door):
    needs = Needs(write=Role.ANALYST)

    @operation(
        "list",
        "metrics",
        "All metrics",
        "By key: those built in and a team's own, archived ones too.",
        query=Listed,
        answers=Page[DefinedMetric],
    )
    def get(self, request: Request) -> Response:
        rows = _all()
        keys, after = page_of(list(rows), convert_query(request, Listed), sort="key")
        shown = Page(data=_show({key: rows[key] for key in keys}), next=after)
        return conditional.answer(request, shown, headers=link(request, after))

    @operation(
        "create",
        "create_metric",
        "Define a metric of your own",
        "Experiments can choose it from then on. Its key is never used for another.",
        takes=Definition,
        answers=DefinedMetric,
    )
    def post(self, request: Request) -> Response:
        metric = decode(request, Definition)
        metric_definitions.define(metric=metric, now=timezone.now(), actor=actor_of(request))
        return conditional.answer(
            request,
            _one(metric.key),
            code=status.HTTP_201_CREATED,
            headers={"Location": f"/api/v1/metrics/{metric.key}"},
        )


class MetricView(Door):
    needs = Needs(write=Role.ANALYST)

    @operation("read", "metric", "One metric", "With its ETag.", answers=DefinedMetric)
    def get(self, request: Request, key: str) -> Response:
        return conditional.answer(request, _one(key))

    @operation(
        "change",
        "change_metric",
        "Define a metric of your own otherwise",
        "The whole definition, under the same key. It counts from the next analysis of an "
        "experiment on, which counts all of its history anew. A built in one is only read (405), "
        "and an archived one is restored first (409).",
        takes=Definition,
        answers=DefinedMetric,
        refusals=(400, 404, 405, 409, 412, 413, 428),
    )
    def put(self, request: Request, key: str) -> Response:
        metric = decode(request, Definition)
        with transaction.atomic():
            metric_definitions.change(
                _held(request, key),
                metric=metric,
                now=timezone.now(),
                actor=actor_of(request),
            )
            return conditional.answer(request, _one(key))


class MetricArchiveView(Door):
    needs = Needs(write=Role.ANALYST)

    @operation(
        "move",
        "archive_metric",
        "Offer a metric no longer",
        "Refused with 409 while a draft or an experiment under way is measured by it, naming "
        "them, and where it is archived already. What was measured by it stays.",
        takes=Moving,
        answers=DefinedMetric,
        refusals=(400, 404, 405, 409, 412, 413),
    )
    def post(self, request: Request, key: str) -> Response:
        why = decode_any(request, Moving).why
        with transaction.atomic():
            row = _held(request, key, required=False)
            metric_definitions.archive(row, now=timezone.now(), actor=actor_of(request), why=why)
            return conditional.answer(request, _one(key))


class MetricRestoreView(Door):
    needs = Needs(write=Role.ANALYST)

    @operation(
        "move",
        "restore_metric",
        "Offer an archived metric again",
        "Refused with 409 where it is not archived, or another has its name by now.",
        takes=Moving,
        answers=DefinedMetric,
        refusals=(400, 404, 405, 409, 412, 413),
    )
    def post(self, request: Request, key: str) -> Response:
        why = decode_any(request, Moving).why
        with transaction.atomic():
            row = _held(request, key, required=False)
            metric_definitions.restore(row, now=timezone.now(), actor=actor_of(request), why=why)
            return conditional.answer(request, _one(key))


def _held(request: Request, key: str, *, required: bool = True) -> models.MetricDefinition:
    """The row of a team's own, locked, if it is as the caller knows it."""
    if key in METRICS:
        raise MethodNotAllowed(request.method or "", f"“{key}” is built in, and only read.")
    row = models.MetricDefinition.objects.select_for_update().filter(key=key).first()
    if row is None:
        raise NotFound(f"There is no metric “{key[:LONGEST_ECHO]}”.")
    conditional.check(request, conditional.tag_of(_one(key)), required=required)
    return row
