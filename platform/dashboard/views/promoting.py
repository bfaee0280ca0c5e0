"""Which version of a recommender answers: making one live, and going back to the one before."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dashboard.access import needs
from dashboard.people import person
from people.actors import Actor
from people.roles import Role
from recommenders import promotions
from recommenders.exceptions import NotPromotable
from recommenders.models import ModelVersion, Recommender
from serving.lifecycle import routed


@needs(Role.EXPERIMENTER)
@require_POST
def promote(request: HttpRequest, key: str, number: int) -> HttpResponse:
    version = get_object_or_404(
        ModelVersion.objects.select_related("recommender"), recommender__key=key, number=number
    )
    try:
        routed(
            promotions.promote,
            version,
            now=now(),
            actor=Actor.of(person(request)),
            why=request.POST.get("why", "").strip()[:4000],
            despite_gate="despite_gate" in request.POST,
        )
    except NotPromotable as refusal:
        messages.error(request, str(refusal))
        return redirect("dashboard:recommender-version", key, number)
    messages.success(request, _("%(name)s is live from now on.") % {"name": version.name})
    return redirect(version.recommender)


@needs(Role.EXPERIMENTER)
@require_POST
def roll_back(request: HttpRequest, key: str) -> HttpResponse:
    recommender = get_object_or_404(Recommender, key=key)
    try:
        before = routed(
            promotions.roll_back, recommender, now=now(), actor=Actor.of(person(request))
        )
    except NotPromotable as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("%(name)s is live again.") % {"name": before.name})
    return redirect(recommender)
