"""One metric of an experiment: how it spreads, moves and differs between users."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from dashboard import queries
from dashboard.access import needs
from dashboard.happened import asked, happened
from dashboard.reading.arms import arms_of
from dashboard.reading.drill import drill
from experiments import metric_definitions, selectors
from experiments.metrics import Metric, UnknownMetric
from experiments.metrics.results import Scorecard
from experiments.metrics.wording import sentence
from experiments.models import Experiment
from people.roles import Role


@needs(Role.VIEWER)
@require_safe
def page(request: HttpRequest, key: str, metric: str) -> HttpResponse:
    experiment = get_object_or_404(queries.experiment_of(key))
    snapshot = selectors.latest_snapshot(experiment)
    scorecard = selectors.scorecard_of(snapshot) if snapshot else None
    if metric not in _measured(experiment, scorecard):
        raise Http404(f"{experiment.key} does not measure {metric}")
    definition = _definition(metric)
    context = {
        "experiment": experiment,
        "name": definition.name if definition else metric,
        "says": sentence(definition) if definition else "",
        "key": metric,
        "address": urlencode(asked(request).kept),
    }
    if snapshot and scorecard:
        then = queries.versions_when_stopped(experiment) if experiment.is_over else None
        found = scorecard.metric(metric)
        context["name"] = found.name
        context["charted"] = {"key": key, "as_of": snapshot.as_of}
        context["drill"] = drill(
            snapshot,
            scorecard,
            found,
            arms_of(experiment, scorecard, then=then),
            scale="absolute" if request.GET.get("scale") == "absolute" else "relative",
            asked=asked(request),
            happened=happened(experiment),
        )
    return render(request, "dashboard/drill.html", context)


def _measured(experiment: Experiment, scorecard: Scorecard | None) -> list[str]:
    if scorecard is None:
        return list(experiment.measured.needed)
    return [found.metric for found in scorecard.metrics]


def _definition(key: str) -> Metric | None:
    """None of one that its team has deleted since."""
    try:
        return metric_definitions.metric_named(key)
    except UnknownMetric:
        return None
