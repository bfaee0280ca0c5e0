"""What the clock does with an experiment under way, on a page: its ramp and its end."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dashboard.access import needs
from dashboard.forms.clock import RampForm, ScheduleForm
from dashboard.people import person
from dashboard.reading.ramp import ramp_view
from experiments import moves, selectors
from experiments.exceptions import ExperimentError
from experiments.models import Experiment
from experiments.ramps import ramp_of
from people.actors import Actor
from people.roles import Role
from serving.lifecycle import routed


@needs(Role.EXPERIMENTER)
@require_safe
def page(request: HttpRequest, key: str) -> HttpResponse:
    return _page(request, _of(key))


@needs(Role.EXPERIMENTER)
@require_POST
def schedule(request: HttpRequest, key: str) -> HttpResponse:
    experiment = _of(key)
    form = ScheduleForm(request.POST, experiment)
    return _done(request, experiment, form, moves.reschedule, _("The end is set."))


@needs(Role.EXPERIMENTER)
@require_POST
def ramp(request: HttpRequest, key: str) -> HttpResponse:
    experiment = _of(key)
    form = RampForm(request.POST, experiment)
    return _done(request, experiment, form, moves.set_ramp, _("The ramp is at its first step."))


@needs(Role.EXPERIMENTER)
@require_POST
def advance(request: HttpRequest, key: str) -> HttpResponse:
    return _asked(request, _of(key), moves.advance_now, _("The ramp is a step further."))


@needs(Role.EXPERIMENTER)
@require_POST
def cancel(request: HttpRequest, key: str) -> HttpResponse:
    return _asked(
        request, _of(key), moves.cancel_ramp, _("The ramp is cancelled: the share stays.")
    )


def _of(key: str) -> Experiment:
    experiment = get_object_or_404(Experiment.objects.select_related("layer"), key=key)
    if not experiment.is_under_way:
        said = _("A %(status)s experiment has neither ramp nor end to change.")
        raise Http404(said % {"status": experiment.status})
    return experiment


def _done(
    request: HttpRequest,
    experiment: Experiment,
    form: RampForm | ScheduleForm,
    act: Callable[..., Experiment],
    said: str,
) -> HttpResponse:
    """Does what the form asks for, or shows it again with what is wrong."""
    if form.is_valid():
        try:
            routed(act, experiment, **form.wanted(), now=now(), actor=Actor.of(person(request)))
        except ExperimentError as error:
            form.refuse(error)
        else:
            messages.success(request, said)
            return redirect("dashboard:clock", experiment.key)
    return _page(request, experiment, form)


def _asked(
    request: HttpRequest, experiment: Experiment, act: Callable[..., Experiment], said: str
) -> HttpResponse:
    why = request.POST.get("why", "").strip()
    try:
        routed(act, experiment, now=now(), actor=Actor.of(person(request)), why=why)
    except ExperimentError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, said)
    return redirect("dashboard:clock", experiment.key)


def _page(
    request: HttpRequest, experiment: Experiment, sent: RampForm | ScheduleForm | None = None
) -> HttpResponse:
    held = ramp_of(experiment)
    paused = experiment.status == Experiment.Status.PAUSED
    context = {
        "experiment": experiment,
        "ramp": ramp_view(held, paused=paused) if held else None,
        "free": selectors.free_share(experiment.layer),
        "ramp_form": sent if isinstance(sent, RampForm) else RampForm(None, experiment),
        "schedule": sent if isinstance(sent, ScheduleForm) else ScheduleForm(None, experiment),
    }
    return render(request, "dashboard/clock.html", context)
