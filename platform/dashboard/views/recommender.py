"""The page of one recommender: its versions, its trainings, and the button that starts one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dashboard.access import needs
from dashboard.people import person
from dashboard.reading.curves import Curve, curves
from people.actors import Actor
from people.roles import Role
from recommenders import algorithms
from recommenders.exceptions import UnknownAlgorithmError
from recommenders.models import Recommender, Training
from recommenders.services import request_training

NOTHING_NEW = 204
SHOWN = 10  # trainings on the page, the newest first


@dataclass(frozen=True, kw_only=True)
class TrainingRow:
    """A training with its curves."""

    training: Training
    curves: list[Curve]


@needs(Role.VIEWER)
@require_safe
def page(request: HttpRequest, key: str) -> HttpResponse:
    return render(request, "dashboard/recommender.html", _context(_recommender(key)))


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
    request_training(recommender, actor=Actor.of(person(request)))
    messages.success(request, "The training is queued. This page follows it by itself.")
    return redirect(recommender)


def _recommender(key: str) -> Recommender:
    return get_object_or_404(Recommender.objects.select_related("live__recommender"), key=key)


def _context(recommender: Recommender) -> dict[str, Any]:
    trainings = list(recommender.trainings.select_related("version__recommender")[:SHOWN])
    versions = list(recommender.versions.all())
    return {
        "recommender": recommender,
        "description": _description(recommender.algorithm),
        "versions": versions,
        "measures": list(
            dict.fromkeys(name for v in versions for name in v.metrics if name != "users")
        ),
        "trainings": [TrainingRow(training=t, curves=curves(t.curve)) for t in trainings],
        "active": any(t.is_active() for t in trainings),
        "seen": _seen(trainings, len(versions)),
    }


def _description(algorithm: str) -> algorithms.Description | None:
    """None for an algorithm that this release no longer has."""
    try:
        return algorithms.describe(algorithm)
    except UnknownAlgorithmError:
        return None


def _seen(trainings: list[Training], versions: int) -> str:
    """Changes whenever anything on the page does."""
    if not trainings:
        return f"{versions}"
    newest = trainings[0]
    state = (newest.pk, newest.status, f"{newest.progress:.3f}", len(newest.curve), newest.message)
    return "/".join(str(part) for part in (versions, *state))
