"""The list of recommenders, and the form that registers one."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from dashboard import queries
from dashboard.access import needs
from dashboard.forms.recommender import RecommenderForm
from dashboard.people import person
from people.actors import Actor
from people.roles import Role
from recommenders.exceptions import RecommenderError
from recommenders.models import Recommender
from recommenders.services import register as register_recommender


@needs(Role.VIEWER)
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    found = list(queries.recommenders_listed())
    return render(request, "dashboard/recommenders.html", {"recommenders": found})


@needs(Role.EXPERIMENTER)
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = RecommenderForm(data)
    if data is not None:
        made = _register(form, Actor.of(person(request)))
        if made:
            messages.success(request, f"{made.key} is registered. Train it to give it a model.")
            return redirect(made)
    page = {"form": form}
    return render(request, "dashboard/recommender_new.html", page)


def _register(form: RecommenderForm, actor: Actor) -> Recommender | None:
    config = form.config()
    if not (form.is_valid() & (config is not None and config.is_valid())) or config is None:
        return None
    try:
        return register_recommender(
            key=form.cleaned_data["key"],
            algorithm=form.cleaned_data["algorithm"],
            config=config.cleaned_data,
            actor=actor,
        )
    except RecommenderError as error:
        form.refuse(error)
        return None
