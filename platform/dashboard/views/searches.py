"""Searches of settings on a recommender's page: following, starting, cancelling, and keeping the
best as a recommender of its own.
"""

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
from dashboard.forms.search import SearchForm
from dashboard.people import person
from dashboard.reading import searched
from people.actors import Actor
from people.roles import Role
from recommenders import searches
from recommenders.exceptions import InvalidRecommender, InvalidSearch, UnknownAlgorithmError
from recommenders.models import Recommender, Search

NOTHING_NEW = 204


@needs(Role.VIEWER)
@require_safe
@never_cache
def live(request: HttpRequest, key: str) -> HttpResponse:
    """The searches; what the browser shows already is not sent again."""
    shown = context(get_object_or_404(Recommender, key=key))
    if request.GET.get("seen") == shown["searches_seen"]:
        return HttpResponse(status=NOTHING_NEW)
    return render(request, "dashboard/recommender/searches.html", shown)


@needs(Role.EXPERIMENTER)
@require_POST
def start(request: HttpRequest, key: str) -> HttpResponse:
    recommender = get_object_or_404(Recommender, key=key)
    form = SearchForm(request.POST)
    if not form.is_valid():
        for field, errors in form.errors.items():
            messages.error(request, f"{form.fields[field].label}: {' '.join(map(str, errors))}")
        return redirect(recommender)
    try:
        searches.request_search(recommender, form.wanted(), actor=Actor.of(person(request)))
    except InvalidSearch as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The search is queued. This page follows it by itself."))
    return redirect(recommender)


@needs(Role.EXPERIMENTER)
@require_POST
def cancel(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    search = get_object_or_404(Search, pk=pk, recommender__key=key)
    if searches.cancel(search, now=now(), actor=Actor.of(person(request))):
        messages.success(request, _("The search is cancelled. What was tried stays."))
    else:
        messages.info(request, _("The search had ended already, so nothing was cancelled."))
    return redirect("dashboard:recommender", key)


@needs(Role.EXPERIMENTER)
@require_POST
def register(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """A new recommender with the best settings that were found."""
    search = get_object_or_404(Search, pk=pk, recommender__key=key)
    name = request.POST.get("key", "").strip()
    try:
        made = searches.register_best(search, key=name, actor=Actor.of(person(request)))
    except (InvalidRecommender, InvalidSearch) as refusal:
        messages.error(request, str(refusal))
        return redirect("dashboard:recommender", key)
    messages.success(request, _("%(key)s is registered. Train it next.") % {"key": made.key})
    return redirect(made)


def context(recommender: Recommender) -> dict[str, Any]:
    """What the part of the page needs."""
    newest = recommender.searches.prefetch_related("trials")[: searched.SHOWN]
    rows = [searched.search_row(one, list(one.trials.all())) for one in newest]
    return {
        "recommender": recommender,
        "searches": rows,
        "searching": any(row.search.is_active() for row in rows),
        "searchable": _searchable(recommender),
        "search_form": SearchForm(initial={"trials": 30, "sampler": "tpe"}),
        "searches_seen": searched.seen(rows),
    }


def _searchable(recommender: Recommender) -> bool:
    try:
        return bool(searches.space_of(recommender))
    except (InvalidSearch, UnknownAlgorithmError):
        return False
