"""How a recommender is trained: the page that changes it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from dashboard.access import needs
from dashboard.forms.training import TrainingForm
from dashboard.people import person
from people.actors import Actor
from people.roles import Role
from recommenders.exceptions import InvalidTrainingSettings
from recommenders.models import Recommender
from recommenders.retraining import change_training


@needs(Role.EXPERIMENTER)
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest, key: str) -> HttpResponse:
    recommender = get_object_or_404(Recommender, key=key)
    form = TrainingForm(request.POST if request.method == "POST" else None, recommender.trained_by)
    if form.is_bound and form.is_valid() and _changed(form, recommender, request):
        return redirect(recommender)
    page = {"form": form, "recommender": recommender}
    return render(request, "dashboard/recommender_training.html", page)


def _changed(form: TrainingForm, recommender: Recommender, request: HttpRequest) -> bool:
    """Whether it is so now; if not, the form says why."""
    actor = Actor.of(person(request))
    try:
        changed = change_training(recommender, form.wanted(), now=now(), actor=actor)
    except InvalidTrainingSettings as error:
        form.refuse(error)
        return False
    if changed:
        messages.success(request, _("From its next training on it is trained so."))
    else:
        messages.info(request, _("That is how it is trained already; nothing was changed."))
    return True
