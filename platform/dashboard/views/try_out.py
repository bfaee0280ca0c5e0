"""Try it: what several recommenders would show somebody, side by side."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dashboard.access import needs
from dashboard.forms.try_out import USUAL, TryForm
from dashboard.reading import tried
from people.roles import Role
from recommenders.models import Recommender
from recommenders.selectors import items_named
from serving.trying import Trial, somebody, try_out

SHOWN_PAST = 12


@needs(Role.VIEWER)
@require_safe
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    recommenders = list(Recommender.objects.select_related("live__recommender"))
    if "another" in request.GET:
        return _with_another_user(request, recommenders)
    asked = request.GET if "user" in request.GET or "items" in request.GET else None
    form = TryForm(asked, recommenders)
    if asked is None:
        form.initial["r"] = _beside(request.GET.getlist("r"), form.fields["r"].initial)
    context: dict[str, Any] = {"form": form, "recommenders": recommenders}
    if form.is_valid():
        context |= _tried(form, recommenders)
    return render(request, "dashboard/try_out.html", context)


def _beside(wanted: list[str], others: list[str]) -> list[str]:
    """Those that a link asks for, with others to compare them with."""
    return [*wanted, *(key for key in others if key not in wanted)][: max(len(wanted), USUAL)]


def _with_another_user(request: HttpRequest, recommenders: Sequence[Recommender]) -> HttpResponse:
    """The same question about somebody whom the chosen models know."""
    query = request.GET.copy()
    del query["another"]
    wanted = query.getlist("r")
    user = somebody(
        [one for one in recommenders if one.key in wanted or not wanted], rng=random.SystemRandom()
    )
    query["user"], query["items"] = user or "", ""
    if not wanted:
        query.setlist("r", TryForm(None, recommenders).fields["r"].initial)
    return redirect(f"{reverse('dashboard:recommender-try')}?{query.urlencode()}")


def _tried(form: TryForm, recommenders: Sequence[Recommender]) -> dict[str, Any]:
    asked = form.cleaned_data
    chosen = [one for one in recommenders if one.key in asked["r"]]
    trial = try_out(chosen, user=asked["user"], items=asked["items"], k=asked["k"])
    found = items_named(tried.item_ids(trial))
    titles = {key: item.title for key, item in found.items()}
    return {
        "trial": trial,
        "asked": asked,
        "past": tried.past(trial, titles)[:SHOWN_PAST],
        "columns": tried.columns(trial, titles, deadline_ms=settings.ROUTE_DEADLINE_MS),
        "deadline": settings.ROUTE_DEADLINE_MS,
        "unknown": _unknown(trial, titles),
    }


def _unknown(trial: Trial, titles: dict[str, str]) -> list[str]:
    """Items that were typed and are in no catalogue: a misspelt id changes no slate."""
    return [item for item in trial.history if item not in titles] if trial.source == "typed" else []
