"""What becomes of an experiment that has ended: a page to ship a variant, and one to archive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from dashboard import queries
from dashboard.access import needs
from dashboard.forms.closing import ArchiveForm, ShipForm
from dashboard.people import person
from dashboard.reading.arms import arms_of
from dashboard.reading.table import groups
from dashboard.reading.verdict import sentence
from experiments import moves, selectors
from experiments.exceptions import ExperimentError
from experiments.models import Experiment
from people.actors import Actor
from people.roles import Role
from serving.lifecycle import routed


@needs(Role.EXPERIMENTER)
@require_http_methods(["GET", "HEAD", "POST"])
def ship(request: HttpRequest, key: str) -> HttpResponse:
    experiment = _of(key)
    form = ShipForm(
        request.POST or None,
        variants=list(experiment.variants.all()),
        default=experiment.placement.default_recommender.key,
        chosen=request.GET.get("winner", ""),
    )
    said = "{0} is shipped: {1} is what it shows from now on."
    return _closed(request, experiment, form, moves.stop_and_ship, "ship", said)


@needs(Role.EXPERIMENTER)
@require_http_methods(["GET", "HEAD", "POST"])
def archive(request: HttpRequest, key: str) -> HttpResponse:
    experiment = _of(key)
    stopped = experiment.status == Experiment.Status.STOPPED
    form = ArchiveForm(request.POST if request.method == "POST" else None, decides=stopped)
    return _closed(request, experiment, form, moves.archive, "archive", "{0} is archived.")


def _of(key: str) -> Experiment:
    return get_object_or_404(queries.experiment_of(key))


def _figures(experiment: Experiment) -> dict[str, Any]:
    """What the last look said, for whoever decides; nothing before the first."""
    snapshot = selectors.latest_snapshot(experiment)
    if snapshot is None:
        return {}
    card = selectors.scorecard_of(snapshot)
    arms = arms_of(experiment, card)
    return {
        "said": sentence(card, arms),
        "groups": groups(card, arms, scale="relative"),
        "as_of": snapshot.as_of,
    }


def _closed(
    request: HttpRequest,
    experiment: Experiment,
    form: ShipForm | ArchiveForm,
    act: Callable[..., Experiment],
    verb: str,
    said: str,
) -> HttpResponse:
    """The page of a move, and the move once its form is whole."""
    if request.method == "POST" and form.is_valid():
        actor = Actor.of(person(request))
        try:
            done = routed(act, experiment, **form.wanted(), now=now(), actor=actor)
        except ExperimentError as error:
            form.refuse(error)
        else:
            shown = done.winner.recommender.key if done.winner else ""
            messages.success(request, said.format(done.name, shown))
            return redirect(experiment)
    page = {"experiment": experiment, "form": form, "verb": verb, **_figures(experiment)}
    return render(request, "dashboard/experiment_close.html", page)
