"""The page of one experiment in its tabs, and the parts that follow the log."""

from __future__ import annotations

import csv

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dashboard import queries
from dashboard.access import needs
from dashboard.experiment_parts import LIVE, card_context, context_of, history_of
from dashboard.reading import export
from dashboard.reading.page import is_ahead
from dashboard.reading.trail import entry_row
from experiments import looks, selectors
from experiments.exceptions import ExperimentError
from experiments.models import Experiment, Snapshot
from people.roles import Role

NOTHING_NEW = 204
ENTRIES = 50


@needs(Role.VIEWER)
@require_safe
def page(request: HttpRequest, key: str, tab: str = "results") -> HttpResponse:
    """One of the tabs; of a draft, which has none, its page."""
    experiment = get_object_or_404(queries.experiment_of(key))
    if experiment.started_at is None and tab != "results":
        return redirect(experiment)
    context = context_of(request, experiment, tab)
    if tab == "history":
        shown = Paginator(history_of(experiment), ENTRIES).get_page(request.GET.get("page"))
        context |= {"shown": shown, "rows": [entry_row(entry) for entry in shown]}
    return render(request, f"dashboard/experiment/tab_{tab}.html", context)


@needs(Role.VIEWER)
@require_safe
@never_cache
def live(request: HttpRequest, key: str) -> HttpResponse:
    """The part that follows the log. What the browser shows already is not sent again."""
    experiment = get_object_or_404(queries.experiment_of(key))
    if request.GET.get("status") != experiment.status:
        return HttpResponse(status=NOTHING_NEW, headers={"HX-Refresh": "true"})
    snapshot = selectors.latest_snapshot(experiment)
    shown = request.GET.get("snapshot") == str(snapshot.pk if snapshot else "")
    if shown and not _is_late(request, snapshot):
        return HttpResponse(status=NOTHING_NEW)
    asked = request.GET.get("tab", "")
    tab = asked if asked in LIVE else LIVE[0]
    return render(
        request, f"dashboard/experiment/live_{tab}.html", context_of(request, experiment, tab)
    )


def _is_late(request: HttpRequest, snapshot: Snapshot | None) -> bool:
    """Whether the page says of the next analysis a time that has passed since."""
    if snapshot is None or "ahead" not in request.GET:
        return False
    return not is_ahead(selectors.scorecard_of(snapshot), now=now())


@needs(Role.VIEWER)
@require_safe
@never_cache
def scorecard(request: HttpRequest, key: str) -> HttpResponse:
    """The card of the scorecard by the settings asked for; the browser's address keeps them."""
    experiment = get_object_or_404(queries.experiment_of(key))
    context = card_context(request, experiment)
    if context is None:
        raise Http404
    query = context["address"]
    answer = render(
        request, "dashboard/experiment/scorecard_changed.html", context | {"alone": True}
    )
    answer.headers["HX-Push-Url"] = f"{experiment.get_absolute_url()}{'?' if query else ''}{query}"
    return answer


@needs(Role.VIEWER)
@require_safe
@never_cache
def scorecard_file(request: HttpRequest, key: str) -> HttpResponse:
    """What the card shows, as CSV."""
    context = card_context(request, get_object_or_404(queries.experiment_of(key)))
    if context is None:
        raise Http404
    found = list(export.rows(context["sheet"], context["snapshot"]))
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    name = f"{key}-snapshot-{context['snapshot'].pk}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    writer = csv.DictWriter(answer, fieldnames=list(found[0]))
    writer.writeheader()
    writer.writerows(found)
    return answer


@needs(Role.ANALYST)
@require_POST
def analyse(request: HttpRequest, key: str) -> HttpResponse:
    experiment = get_object_or_404(Experiment, key=key)
    try:
        looks.ask(experiment)
    except ExperimentError as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request, _("The log is being read. The new figures follow within seconds.")
        )
    return redirect(experiment)
