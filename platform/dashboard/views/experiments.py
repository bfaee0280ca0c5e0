"""The list of experiments. Its address keeps what was searched for, and how it is sorted."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.middleware import HtmxDetails

from dashboard import experiment_list, queries
from dashboard.access import needs
from dashboard.experiment_list import SHOWN, Asked
from dashboard.reading.list_parts import heads, pages, selects, statuses
from dashboard.reading.rows import experiment_row
from experiments import sketches
from experiments.models import Experiment
from people.roles import Role


@needs(Role.VIEWER)
@require_safe
@vary_on_headers("HX-Request")
def listing(request: HttpRequest) -> HttpResponse:
    context = _found(request)
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
    if htmx and not htmx.history_restore_request:
        answer = render(request, "dashboard/experiments/found.html", context)
        answer["HX-Push-Url"] = request.path + context["here"]
        return answer
    running = Experiment.objects.filter(status=Experiment.Status.RUNNING).count()
    context |= {"running": running, "unfinished": sketches.unfinished()}
    return render(request, "dashboard/experiments.html", context)


def _found(request: HttpRequest) -> dict[str, Any]:
    asked = Asked.of(request.GET)
    shown = Paginator(experiment_list.found(asked), SHOWN).get_page(request.GET.get("page"))
    experiments = list(shown)
    glances = queries.glances(experiments)
    options = experiment_list.options(asked)
    return {
        "asked": asked,
        "shown": shown,
        "rows": [experiment_row(one, glances.get(one.pk)) for one in experiments],
        "statuses": statuses(asked, options["status"]),
        "selects": selects(asked, options),
        "heads": heads(asked),
        "pages": pages(asked, number=shown.number, last=shown.paginator.num_pages),
        "here": asked.address(page=shown.number),
    }
