"""How long will it take? The part of the create page that answers while the form is filled in."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dashboard.access import needs
from dashboard.forms.outlook import OutlookAsked, asked, placement_of
from dashboard.reading.outlook import outlook_view
from dashboard.reading.so_far import so_far
from experiments import baselines
from experiments.metrics import UnknownMetric
from experiments.models import Placement, PlacementBaseline
from people.roles import Role

NEW_METRIC = lazy("This metric is newer than the last count.")
NOT_YET = lazy("What users of {} do was not counted yet.")


@needs(Role.VIEWER)
@require_safe
@never_cache
def part(request: HttpRequest) -> HttpResponse:
    """The answer to the form as it stands, from the stored baseline."""
    return _answer(request, asked(request.GET))


@needs(Role.EXPERIMENTER)
@require_POST
def count(request: HttpRequest) -> HttpResponse:
    """Has the placement's baseline counted soon; the part then waits for it by itself."""
    placement = placement_of(request.POST)
    if placement is not None:
        baselines.ask(placement, now=timezone.now())
    return _answer(request, asked(request.POST))


def _answer(request: HttpRequest, question: OutlookAsked | str) -> HttpResponse:
    found = {"todo": question} if isinstance(question, str) else _found(question)
    return render(request, "dashboard/experiment/outlook.html", found)


def _found(question: OutlookAsked) -> dict[str, Any]:
    row = baselines.row_of(question.placement)
    found = _stored(question.placement, row)
    counted = None if row is None else baselines.baseline_of(row)
    if counted is None:
        return found
    try:
        view = outlook_view(
            counted,
            question.metric,
            question.terms,
            question.lift,
            method=question.method,
            planned_users=question.planned_users,
        )
    except UnknownMetric:
        return found | {"problem": NEW_METRIC}
    lines = so_far(
        counted,
        question.shown,
        question.terms,
        question.margins,
        method="fixed" if question.method == "fixed" else "sequential",
    )
    return found | {"view": view, "so_far": lines}


def _stored(placement: Placement, row: PlacementBaseline | None) -> dict[str, Any]:
    """What is known of the count: whether one is awaited, and why there is none."""
    if row is None or row.counted_at is None:
        problem = str(NOT_YET).format(placement.key)
    else:
        problem = row.problem
    awaited = row is not None and row.is_awaited
    return {"awaited": awaited, "problem": problem, "counted_at": row and row.counted_at}
