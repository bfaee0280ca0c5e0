"""Settings, layers: who shares users with whom, where experiments run, and who is held out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from dashboard import queries
from dashboard.access import needs
from dashboard.forms.layers import DefaultForm, HoldoutForm, LayerForm, PlacementForm, ShareForm
from dashboard.people import person
from dashboard.reading.buckets import layer_bar
from experiments import holdouts, places
from experiments.exceptions import ExperimentError
from experiments.models import Holdout, Layer, Placement
from people.actors import Actor
from people.roles import Role
from recommenders.models import Recommender
from serving.lifecycle import routed


@needs(Role.VIEWER)
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    return _page(request)


def _adding(
    form_type: type[Any], make: Callable[..., object], said: str | Promise, *, name: str
) -> Callable[[HttpRequest], HttpResponse]:
    """The view of one of the page's forms, which the template calls `name`: makes what it asks for,
    or shows it again with what is wrong.
    """

    @needs(Role.ADMIN)
    @require_POST
    def add(request: HttpRequest) -> HttpResponse:
        form = form_type(request.POST)
        if form.is_valid():
            try:
                routed(make, **form.wanted(), now=now(), actor=Actor.of(person(request)))
            except ExperimentError as error:
                form.add_error(error.field if error.field in form.fields else None, error.message)
            else:
                messages.success(request, str(said))
                return redirect("dashboard:layers")
        return _page(request, **{name: form})

    return add


add_layer = _adding(
    LayerForm, places.create_layer, gettext_lazy("The layer is made."), name="layer_form"
)
add_placement = _adding(
    PlacementForm,
    places.create_placement,
    gettext_lazy("The placement is made. Requests can name it from now on."),
    name="placement_form",
)
add_holdout = _adding(
    HoldoutForm,
    holdouts.create_holdout,
    gettext_lazy("The holdout is made. Its users meet no experiment from their next request on."),
    name="holdout_form",
)


@needs(Role.ADMIN)
@require_POST
def change_default(request: HttpRequest, key: str) -> HttpResponse:
    placement = get_object_or_404(Placement, key=key)
    said = _("%(key)s shows another recommender outside experiments from the next request on.")
    return _changed(
        request, DefaultForm(request.POST), places.change_placement, placement, said % {"key": key}
    )


@needs(Role.ADMIN)
@require_POST
def change_share(request: HttpRequest, key: str) -> HttpResponse:
    holdout = get_object_or_404(Holdout, key=key)
    said = _("%(key)s is larger or smaller; nobody else moved.") % {"key": key}
    return _changed(request, ShareForm(request.POST), holdouts.change_holdout, holdout, said)


@needs(Role.ADMIN)
@require_POST
def end_holdout(request: HttpRequest, key: str) -> HttpResponse:
    holdout = get_object_or_404(Holdout, key=key)
    said = _("%(key)s has ended; its users meet experiments.") % {"key": key}
    return _done(request, holdouts.end_holdout, said, holdout)


def _changed(
    request: HttpRequest, form: Any, change: Callable[..., object], row: object, said: str
) -> HttpResponse:
    """For the small forms in a row of a table: what is wrong is said above."""
    if not form.is_valid():
        messages.error(request, " ".join(e for errors in form.errors.values() for e in errors))
        return redirect("dashboard:layers")
    return _done(request, change, said, row, **form.wanted())


def _done(
    request: HttpRequest, change: Callable[..., object], said: str, row: object, **given: object
) -> HttpResponse:
    try:
        routed(change, row, **given, now=now(), actor=Actor.of(person(request)))
    except ExperimentError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, said)
    return redirect("dashboard:layers")


def _page(request: HttpRequest, **bound: object) -> HttpResponse:
    layers = Layer.objects.prefetch_related("placements__default_recommender")
    under_way = queries.under_way()
    context = {
        "layers": [layer_bar(layer, under_way) for layer in layers],
        "holdouts": Holdout.objects.select_related("layer").order_by("ended_at", "key"),
        "layer_form": LayerForm(),
        "placement_form": PlacementForm(),
        "holdout_form": HoldoutForm(),
        "recommenders": list(Recommender.objects.order_by("key").values_list("key", flat=True)),
        **bound,
    }
    return render(request, "dashboard/layers.html", context)
