"""The page of one experiment, and its live part."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dashboard import queries
from dashboard.access import needs
from dashboard.reading.buckets import layer_bar, phase_rows
from dashboard.reading.measured import facts
from dashboard.reading.page import experiment_page
from experiments import checklist, lifecycle, looks, metric_definitions, selectors
from experiments.exceptions import ExperimentError
from experiments.metrics.results import Scale
from experiments.models import Experiment
from people import trail
from people.roles import Role
from serving.models import Pulse

NOTHING_NEW = 204


@needs(Role.VIEWER)
@require_safe
def page(request: HttpRequest, key: str) -> HttpResponse:
    experiment = get_object_or_404(queries.experiment_of(key))
    return render(request, "dashboard/experiment.html", _context(request, experiment))


@needs(Role.VIEWER)
@require_safe
@never_cache
def live(request: HttpRequest, key: str) -> HttpResponse:
    """The part that follows the log. What the browser shows already is not sent again."""
    experiment = get_object_or_404(queries.experiment_of(key))
    if request.GET.get("status") != experiment.status:
        return HttpResponse(status=NOTHING_NEW, headers={"HX-Refresh": "true"})
    snapshot = selectors.latest_snapshot(experiment)
    if request.GET.get("snapshot") == str(snapshot.pk if snapshot else ""):
        return HttpResponse(status=NOTHING_NEW)
    return render(request, "dashboard/experiment/live.html", _context(request, experiment))


@needs(Role.ANALYST)
@require_POST
def analyse(request: HttpRequest, key: str) -> HttpResponse:
    experiment = get_object_or_404(Experiment, key=key)
    try:
        looks.ask(experiment)
    except ExperimentError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "The log is being read. The new figures follow within seconds.")
    return redirect(experiment)


def _context(request: HttpRequest, experiment: Experiment) -> dict[str, Any]:
    draft = experiment.started_at is None
    snapshot = None if draft else selectors.latest_snapshot(experiment)
    pulse = None if draft else Pulse.objects.first()
    page = experiment_page(
        experiment,
        snapshot,
        scale=_scale(request),
        log_lag=pulse.log_lag_seconds if pulse else None,
        then=queries.versions_when_stopped(experiment) if experiment.is_over else None,
    )
    return {
        "page": page,
        "redefined": metric_definitions.changed_since(page.results.scorecard)
        if page.results
        else [],
        "experiment": experiment,
        "moves": lifecycle.moves_of(experiment.status),
        "measured": facts(
            experiment.measured, metric_definitions.named(experiment.measured.chosen)
        ),
        "checklist": checklist.launch_checklist(experiment, now=now()) if draft else [],
        **({} if draft else _traffic(experiment)),
        "api_call": request.build_absolute_uri(f"/api/v1/experiments/{experiment.key}/results"),
    }


def _traffic(experiment: Experiment) -> dict[str, Any]:
    """Who shares its users, what its phases were, and what was done to it."""
    under_way = queries.under_way()
    layers = [experiment.layer, *(one.layer for one in experiment.memberships.all())]
    return {
        "layer_bars": [layer_bar(layer, under_way, mine=experiment) for layer in layers],
        "phase_rows": phase_rows(list(experiment.phases.all()), list(experiment.variants.all())),
        "history": trail.entries(kind="experiment", key=experiment.key)[:10],
    }


def _scale(request: HttpRequest) -> Scale:
    return "absolute" if request.GET.get("scale") == "absolute" else "relative"
