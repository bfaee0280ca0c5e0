"""The metrics that experiments are measured by: the list, and a team's own defined and changed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard import metric_preview
from dashboard.access import needs
from dashboard.forms.metric import MetricForm
from dashboard.people import person
from dashboard.reading.metrics import (
    MetricRow,
    consequence,
    definition_facts,
    figures,
    hint,
    place_of,
    redefined,
    role_in,
)
from experiments import metric_definitions
from experiments.exceptions import ExperimentError
from experiments.metrics import METRICS, Metric
from experiments.metrics.wording import sentence
from experiments.models import MetricDefinition
from people.actors import Actor
from people.roles import Role

WEEK = 7


@needs(Role.VIEWER)
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    used = metric_definitions.using()
    own = [
        MetricRow(metric=metric, row=row, used_by=used.get(metric.key, []))
        for row, metric in metric_definitions.listed()
    ]
    built_in = [
        MetricRow(metric=metric, row=None, used_by=used.get(metric.key, []))
        for metric in METRICS.values()
    ]
    return render(request, "dashboard/metrics.html", {"own": own, "built_in": built_in})


@needs(Role.ANALYST)
@require_http_methods(["GET", "HEAD", "POST"])
def define(request: HttpRequest) -> HttpResponse:
    """A form that begins empty, or with the metric that `like` names."""
    start = metric_definitions.metrics().get(request.GET.get("like", ""))
    form = MetricForm(_sent(request), start=start)
    if form.is_bound and (metric := form.metric()):
        try:
            made = metric_definitions.define(
                metric=metric, now=now(), actor=Actor.of(person(request))
            )
        except ExperimentError as error:
            form.refuse(error)
        else:
            messages.success(request, f"{metric.name} is defined. Experiments can choose it.")
            return redirect(made)
    return render(request, "dashboard/metric_form.html", {"form": form, "days": _days()})


@needs(Role.VIEWER, write=Role.ANALYST)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, key: str) -> HttpResponse:
    """What it counts and who is measured by it; of a team's own, the form that changes it."""
    if key in METRICS:
        return _built_in(request, METRICS[key])
    row = get_object_or_404(MetricDefinition, key=key)
    was = metric_definitions.metric_of(row)
    form = MetricForm(_sent(request), start=was, key=key)
    if form.is_bound and (metric := form.metric()):
        try:
            metric_definitions.change(
                row, metric=metric, now=now(), actor=Actor.of(person(request))
            )
        except ExperimentError as error:
            form.refuse(error)
        else:
            said = " ".join(consequence(was, metric, _used_by(key)))
            messages.success(request, f"Saved. {said}")
            return redirect(row)
    context = {
        "form": form,
        "row": row,
        "metric": was,
        "says": sentence(was),
        "lines": definition_facts(was),
        "days": _days(),
        "used_by": (used_by := _used_by(key)),
        "follows": redefined(used_by),
    }
    return render(request, "dashboard/metric_form.html", context)


def _built_in(request: HttpRequest, metric: Metric) -> HttpResponse:
    if request.method == "POST":
        return HttpResponseNotAllowed(["GET", "HEAD"])
    context = {
        "metric": metric,
        "says": sentence(metric),
        "lines": definition_facts(metric),
        "place": place_of(metric.key),
        "used_by": [(one, role_in(one.measured, metric.key)) for one in _used_by(metric.key)],
    }
    return render(request, "dashboard/metric_built_in.html", context)


@needs(Role.ANALYST)
@require_POST
def archive(request: HttpRequest, key: str) -> HttpResponse:
    row = get_object_or_404(MetricDefinition, key=key)
    try:
        metric_definitions.archive(row, now=now(), actor=Actor.of(person(request)))
    except ExperimentError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Archived. What was measured by it stays."))
    return redirect(row)


@needs(Role.ANALYST)
@require_POST
def restore(request: HttpRequest, key: str) -> HttpResponse:
    row = get_object_or_404(MetricDefinition, key=key)
    try:
        metric_definitions.restore(row, now=now(), actor=Actor.of(person(request)))
    except ExperimentError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Restored. Experiments can choose it again."))
    return redirect(row)


@needs(Role.ANALYST)
@require_POST
@never_cache
def preview(request: HttpRequest) -> HttpResponse:
    """What the definition in the form counts, and what saving it would do. Nothing is saved."""
    form = MetricForm(request.POST)
    metric = form.metric(unnamed=True)
    context: dict[str, Any] = {"complaints": form.complaints()} if metric is None else {}
    if metric is not None:
        context = {"says": sentence(metric), **_counted(metric, _wanted(request))}
        row = MetricDefinition.objects.filter(key=request.POST.get("of", "")).first()
        if row is not None:
            was = metric_definitions.metric_of(row)
            context["consequence"] = consequence(was, metric, _used_by(row.key))
    return render(request, "dashboard/metric/preview.html", context)


def _counted(metric: Metric, days: int) -> dict[str, Any]:
    found = metric_preview.preview(metric, days=days, now=now())
    if found is None:
        return {"unreadable": True}
    return {"figures": figures(metric, found), "hint": hint(metric, found, days)}


def _wanted(request: HttpRequest) -> int:
    sent = request.POST.get("days", "")
    return int(sent) if sent in map(str, metric_preview.DAYS) else WEEK


def _days() -> list[dict[str, Any]]:
    return [{"days": days, "chosen": days == WEEK} for days in metric_preview.DAYS]


def _used_by(key: str) -> list[Any]:
    return metric_definitions.using().get(key, [])


def _sent(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None
