"""The moves of an experiment that need nothing but a click, each asked for on its page first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST

from dashboard.access import needs
from dashboard.people import person
from experiments import drafts, moves
from experiments.exceptions import ExperimentError
from experiments.models import Experiment
from people.actors import Actor
from people.roles import Role
from serving.lifecycle import routed

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

DONE: dict[str, tuple[Callable[..., Experiment], StrOrPromise]] = {
    "start": (moves.start, lazy("The experiment runs. Users meet it from their next request on.")),
    "pause": (
        moves.pause,
        lazy("It is paused. Its users get the default from their next request on."),
    ),
    "resume": (moves.resume, lazy("It runs again. Its users meet the variants they had before.")),
    "stop": (moves.stop, lazy("The experiment is stopped. What was measured stays here.")),
}


@needs(Role.EXPERIMENTER)
@require_POST
def move(request: HttpRequest, key: str, move: str) -> HttpResponse:
    """One of the moves of DONE; `why`, where it was typed, goes into the audit trail."""
    experiment = get_object_or_404(Experiment, key=key)
    act, said = DONE[move]
    why = request.POST.get("why", "").strip()
    try:
        routed(act, experiment, now=now(), actor=Actor.of(person(request)), why=why)
    except ExperimentError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, said)
    return redirect(experiment)


@needs(Role.EXPERIMENTER)
@require_POST
def keep(request: HttpRequest, key: str) -> HttpResponse:
    """Somebody saw what the figures say, and goes on."""
    experiment = get_object_or_404(Experiment, key=key)
    try:
        moves.keep_running(experiment, now=now(), actor=Actor.of(person(request)))
    except ExperimentError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("It keeps running. The history says that you decided so."))
    return redirect(experiment)


@needs(Role.EXPERIMENTER)
@require_POST
def delete(request: HttpRequest, key: str) -> HttpResponse:
    experiment = get_object_or_404(Experiment, key=key)
    try:
        drafts.delete_draft(experiment, now=now(), actor=Actor.of(person(request)))
    except ExperimentError as error:
        messages.error(request, error.message)
        return redirect(experiment)
    messages.success(request, _("The draft “%(name)s” is deleted.") % {"name": experiment.name})
    return redirect("dashboard:experiments")
