"""The page of one recommender: its versions, its trainings, and the button that starts one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dashboard.access import needs
from dashboard.forms.training import EVERY
from dashboard.people import person
from dashboard.queries import uses_of
from dashboard.reading.curves import curves
from dashboard.reading.offline import measures
from dashboard.reading.trainings import training_row, version_rows
from dashboard.views import searches
from experiments.exceptions import NotAllowed
from people.actors import Actor
from people.roles import Role
from recommenders import algorithms
from recommenders.exceptions import UnknownAlgorithmError
from recommenders.jobs import cancel as cancel_training
from recommenders.models import Recommender, Training
from recommenders.promotions import previous, were_live
from recommenders.training_settings import next_at
from serving.learning import ask_for_training

NOTHING_NEW = 204
SHOWN = 10  # trainings on the page, the newest first


@needs(Role.VIEWER)
@require_safe
def page(request: HttpRequest, key: str) -> HttpResponse:
    recommender = _recommender(key)
    context = _context(recommender) | searches.context(recommender)
    return render(request, "dashboard/recommender.html", context)


@needs(Role.VIEWER)
@require_safe
@never_cache
def live(request: HttpRequest, key: str) -> HttpResponse:
    """Trainings and versions; what the browser shows already is not sent again."""
    context = _context(_recommender(key))
    if request.GET.get("seen") == context["seen"]:
        return HttpResponse(status=NOTHING_NEW)
    return render(request, "dashboard/recommender/live.html", context)


@needs(Role.EXPERIMENTER)
@require_POST
def train(request: HttpRequest, key: str) -> HttpResponse:
    recommender = get_object_or_404(Recommender, key=key)
    try:
        ask_for_training(recommender, actor=Actor.of(person(request)))
    except NotAllowed as refusal:
        messages.error(request, refusal.message)
        return redirect(recommender)
    messages.success(request, _("The training is queued. This page follows it by itself."))
    return redirect(recommender)


@needs(Role.EXPERIMENTER)
@require_POST
def cancel(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    training = get_object_or_404(Training, pk=pk, recommender__key=key)
    if cancel_training(training, now=now(), actor=Actor.of(person(request))):
        messages.success(request, _("The training is cancelled. What is live stays live."))
    else:
        messages.info(request, _("The training had ended already, so nothing was cancelled."))
    return redirect("dashboard:recommender", key)


def _recommender(key: str) -> Recommender:
    return get_object_or_404(Recommender.objects.select_related("live__recommender"), key=key)


def _context(recommender: Recommender) -> dict[str, Any]:
    trainings = list(recommender.trainings.select_related("version__recommender")[:SHOWN])
    versions = list(recommender.versions.select_related("training").defer("popular"))
    at = now()
    return {
        "recommender": recommender,
        "description": _description(recommender.algorithm),
        "versions": version_rows(versions, recommender.live_id, were_live(recommender)),
        "measures": measures(versions),
        "serves": uses_of(recommender),
        "trainings": [training_row(t, curves(t.curve), now=at) for t in trainings],
        "clock_words": EVERY[recommender.trained_by.every],
        "next_training": next_at(
            recommender.trained_by.every, trainings[0].created_at if trainings else None, now=at
        ),
        "before": previous(recommender),
        "active": any(t.is_active() for t in trainings),
        "seen": _seen(trainings, len(versions), recommender.live_id),
    }


def _description(algorithm: str) -> algorithms.Description | None:
    """None for an algorithm that this release no longer has."""
    try:
        return algorithms.describe(algorithm)
    except UnknownAlgorithmError:
        return None


def _seen(trainings: list[Training], versions: int, live: int | None) -> str:
    """Changes whenever anything on the page does."""
    if not trainings:
        return f"{live}/{versions}"
    newest = trainings[0]
    state = (newest.pk, newest.status, f"{newest.progress:.3f}", len(newest.curve), newest.message)
    return "/".join(str(part) for part in (live, versions, *state))
