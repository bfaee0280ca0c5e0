"""What is pinned and buried on a placement, and by whom it is changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST, require_safe

from dashboard.access import needs
from dashboard.forms.slate_rules import BuryForm, PinForm, RemoveForm
from dashboard.people import person
from experiments import slate_rules
from experiments.exceptions import ExperimentError
from experiments.models import Placement
from people.actors import Actor
from people.roles import Role
from recommenders.models import Item
from serving.lifecycle import routed


@needs(Role.VIEWER)
@require_safe
def page(request: HttpRequest, key: str) -> HttpResponse:
    return _page(request, get_object_or_404(Placement, key=key))


def _adding(
    form_type: type[Any], make: Callable[..., object], said: str | Promise, *, name: str
) -> Callable[..., HttpResponse]:
    """The view of one of the page's forms, which the template calls `name`: adds what it asks for,
    or shows it again with what is wrong.
    """

    @needs(Role.ADMIN)
    @require_POST
    def add(request: HttpRequest, key: str) -> HttpResponse:
        placement = get_object_or_404(Placement, key=key)
        form = form_type(request.POST)
        if form.is_valid():
            try:
                routed(make, placement, **form.wanted(), now=now(), actor=_actor(request))
            except ExperimentError as error:
                form.add_error(error.field if error.field in form.fields else None, error.message)
            else:
                messages.success(request, str(said))
                return redirect("dashboard:placement-rules", key)
        return _page(request, placement, **{name: form})

    return add


pin = _adding(
    PinForm, slate_rules.pin, lazy("It is pinned from the next request on."), name="pin_form"
)
bury = _adding(
    BuryForm, slate_rules.bury, lazy("It is buried from the next request on."), name="bury_form"
)


@needs(Role.ADMIN)
@require_POST
def remove(request: HttpRequest, key: str) -> HttpResponse:
    placement = get_object_or_404(Placement, key=key)
    form = RemoveForm(request.POST)
    try:
        if not form.is_valid():
            messages.error(request, _("There is no such rule."))
        else:
            routed(slate_rules.remove, placement, **form.wanted(), now=now(), actor=_actor(request))
            messages.success(request, _("The rule is gone from the next request on."))
    except ExperimentError as error:
        messages.error(request, error.message)
    return redirect("dashboard:placement-rules", key)


def _page(request: HttpRequest, placement: Placement, **bound: object) -> HttpResponse:
    context = {
        "placement": placement,
        "rules": _rows(placement),
        "pin_form": PinForm(),
        "bury_form": BuryForm(),
        **bound,
    }
    return render(request, "dashboard/slate_rules.html", context)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A rule as the page shows it; `rule` is the list it is in, `title` that of the catalogue."""

    rule: str
    name: str
    title: str | None = None
    position: int | None = None


def _rows(placement: Placement) -> list[Row]:
    """Pins from the top down, then what is buried."""
    rules = slate_rules.of(placement)
    pins = {pin.item: pin.position for pin in sorted(rules.pins, key=lambda pin: pin.position)}
    named = Item.objects.filter(key__in=[*pins, *rules.bury_items])
    titles = dict(named.values_list("key", "title"))
    return [
        *(Row(rule="pins", name=i, title=titles.get(i), position=pins[i]) for i in pins),
        *(Row(rule="bury_items", name=i, title=titles.get(i)) for i in rules.bury_items),
        *(Row(rule="bury_categories", name=one) for one in rules.bury_categories),
    ]


def _actor(request: HttpRequest) -> Actor:
    return Actor.of(person(request))
