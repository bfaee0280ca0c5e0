"""Overrides of a draft: who sees which variant from its start on."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from dashboard import queries
from dashboard.access import needs
from dashboard.experiment_parts import overrides_of
from dashboard.forms.changes import OverrideForm
from dashboard.people import person
from experiments import overrides
from experiments.exceptions import ExperimentError
from experiments.models import Experiment
from people.actors import Actor
from people.roles import Role
from serving.lifecycle import routed


@needs(Role.EXPERIMENTER)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, key: str) -> HttpResponse:
    """The overrides of a draft, and the form that adds one, with what is wrong with it."""
    draft = get_object_or_404(queries.experiment_of(key))
    if draft.status != Experiment.Status.DRAFT:
        return _elsewhere(request, draft)
    given = request.POST if request.method == "POST" else None
    form = OverrideForm(given, list(draft.variants.all()))
    if form.is_valid() and _set(request, draft, form):
        messages.success(request, _("The override is set. It acts from the start on."))
        return redirect(draft)
    context = {"experiment": draft, **overrides_of(draft, form)}
    return render(request, "dashboard/draft_overrides.html", context)


@needs(Role.EXPERIMENTER)
@require_POST
def remove(request: HttpRequest, key: str) -> HttpResponse:
    draft, user = get_object_or_404(queries.experiment_of(key)), request.POST.get("user", "")
    if draft.status != Experiment.Status.DRAFT:
        return _elsewhere(request, draft)
    actor = Actor.of(person(request))
    try:
        routed(overrides.remove_override, draft, user=user, now=now(), actor=actor)
    except ExperimentError as error:
        messages.error(request, error.message)
    else:
        said = _("From the start on %(user)s is split like everybody.") % {"user": user}
        messages.success(request, said)
    return redirect(draft)


def _set(request: HttpRequest, draft: Experiment, form: OverrideForm) -> bool:
    """Whether it was; if not, the form says why. Published, for the draft may start meanwhile."""
    actor = Actor.of(person(request))
    try:
        routed(overrides.set_override, draft, **form.cleaned_data, now=now(), actor=actor)
    except ExperimentError as error:
        form.refuse(error)
    return not form.errors


def _elsewhere(request: HttpRequest, experiment: Experiment) -> HttpResponse:
    """Of what is no draft any more nothing is set here: to where it is, or to why it is not."""
    if request.method == "POST":
        messages.error(request, _("Nothing was set: this is no draft any more."))
    if experiment.is_under_way:
        return redirect("dashboard:changes", experiment.key)
    return redirect(experiment)
