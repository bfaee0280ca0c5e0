"""The parts of the wizard that follow what is typed: the buckets of the arms, and their slates."""

from __future__ import annotations

import random
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.access import needs
from dashboard.forms.outlook import placement_of
from dashboard.forms.try_out import LONGEST_ID, USUAL_SIZE
from dashboard.forms.wizard import WizardForms
from dashboard.prospect import Prospect, newcomers_of, prospect
from dashboard.reading import tried
from dashboard.reading.bucket_picture import HEIGHT, WIDTH, arms_of, layer_part, mark_of
from dashboard.reading.standing import WHY
from dashboard.wizard import Place
from experiments import baselines, selectors, sketches
from experiments.models import Experiment
from people.roles import Role
from recommenders.selectors import items_named
from serving import building
from serving.trying import somebody, try_out

LETTERS = "ABCDEF"
SHOWN_PAST = 10
NOTHING_TO_SAY = 204


@needs(Role.EXPERIMENTER)
@require_safe
@never_cache
def buckets(request: HttpRequest) -> HttpResponse:
    """The picture of the weights as they are typed, with the searched user's bucket."""
    place = _place(request)
    forms = _forms(request, place)
    return render(request, "dashboard/wizard/buckets.html", _picture(request, place, forms))


@needs(Role.EXPERIMENTER)
@require_http_methods(["GET", "POST"])
@never_cache
def newcomers(request: HttpRequest) -> HttpResponse:
    """What is known of a placement's new users. Posted to, it has them counted soon; then the part
    asks by itself, and once they are counted the picture is drawn anew. Of no placement there is
    nothing to say.
    """
    given = request.POST if request.method == "POST" else request.GET
    placement = placement_of(given)
    if placement is None:
        if request.method == "POST":
            raise Http404(_("There is no such placement."))
        return HttpResponse(status=NOTHING_TO_SAY)
    if request.method == "POST":
        baselines.ask(placement, now=now())
    found = newcomers_of(placement)
    context = {"placement": placement, "newcomers": found}
    answer = render(request, "dashboard/wizard/newcomers.html", context)
    if not found.awaited:
        answer["HX-Trigger-After-Settle"] = "looked"
    return answer


@needs(Role.EXPERIMENTER)
@require_safe
@never_cache
def slates(request: HttpRequest) -> HttpResponse:
    """What each arm would show the searched user, or `another` whom one of the models knows."""
    chosen = _chosen(_forms(request, _place(request)))
    user = _user(request)
    if not chosen:
        return _slates(request, {"todo": _("Choose a recommender, and this shows its slate.")})
    if "another" in request.GET:
        user = somebody(chosen, rng=random.SystemRandom()) or ""
        if not user:
            return _slates(request, {"todo": _("No model of these knows a user: train one first.")})
    if not user:
        return _slates(request, {"todo": _("Type a user's id, or press Another user.")})
    answer = _slates(request, _tried(chosen, user) | {"another": "another" in request.GET})
    if "another" in request.GET:
        answer["HX-Trigger-After-Settle"] = "looked"
    return answer


def _place(request: HttpRequest) -> Place:
    """Of the draft or the sketch that the page is of."""
    draft = Experiment.objects.filter(
        key=request.GET.get("draft", ""), status=Experiment.Status.DRAFT
    ).first()
    if draft is not None:
        return Place.at(draft, now=now())
    number = request.GET.get("sketch", "")
    found = sketches.unfinished().filter(pk=number) if number.isdecimal() else ()
    return Place(sketch=next(iter(found), None), now=now())


def _forms(request: HttpRequest, place: Place) -> WizardForms:
    """Of what is stored, with what stands on the page in its place."""
    return place.forms({**place.fields, **request.GET.dict()})


def _user(request: HttpRequest) -> str:
    return request.GET.get("look-user", "").strip()[:LONGEST_ID]


def _chosen(forms: WizardForms) -> list[Any]:
    """The recommenders of the rows, in their order."""
    known = forms.variants.recommenders
    keys = [row["recommender"].value() for row in forms.variants.rows]
    return [known[key] for key in keys if key in known]


def _picture(request: HttpRequest, place: Place, forms: WizardForms) -> dict[str, Any]:
    forms.wrong("setup")
    if "placement" in forms.form.errors or "traffic" in forms.form.errors:
        return {"todo": _("Choose a placement and its traffic in the step before.")}
    if forms.wrong("variants"):
        said = " ".join(forms.variants.errors)
        return {"todo": said or _("Give each variant a recommender and a weight, and they show.")}
    specs = forms.variants.wanted()
    weights = {letter: one.weight for letter, one in zip(LETTERS, specs, strict=False)}
    given = forms.form.cleaned_data
    found = prospect(
        given["placement"],
        weights,
        seed=_seed(place),
        traffic=given["traffic"],
        layers=[] if forms.audience.errors else forms.audience.wanted()["layers"],
        overrides=_overrides(place, weights),
    )
    newcomers = newcomers_of(given["placement"])
    arms = arms_of(
        [one.recommender.key for one in specs],
        [held[0] for held in found.held.values()],
        traffic=given["traffic"],
        a_day=newcomers.a_day,
    )
    user = _user(request)
    return {
        "arms": arms,
        "traffic": given["traffic"],
        "placement": given["placement"],
        "newcomers": newcomers,
        "layers": [
            layer_part(layer.key, claim, selectors.taken_slots(layer))
            for layer, claim in found.claims
            if claim is not None
        ],
        "fits": found.fits,
        "conditional": bool(forms.form.data.get("condition")),
        "width": WIDTH,
        "height": HEIGHT,
        "looked": _looked(found, user) if user else None,
    }


def _seed(place: Place) -> str:
    """Of the split: a draft's own, or what it will have."""
    return place.draft.seed if place.draft else place.sketch.seed if place.sketch else ""


def _overrides(place: Place, weights: Mapping[str, Decimal]) -> dict[str, str]:
    """Of a draft, by user, the letter of the variant that they see."""
    if place.draft is None:
        return {}
    found = place.draft.overrides.select_related("variant")
    return {one.user: one.variant.letter for one in found if one.variant.letter in weights}


def _looked(found: Prospect, user: str) -> dict[str, Any]:
    stands = found.stands(user, building.build(version=0))
    return {
        "user": user,
        "mark": mark_of(stands.bucket),
        "letter": stands.variant or "",
        "why": WHY[stands.reason],
        "layers": tuple(stands.layer_buckets.items()),
    }


def _tried(chosen: list[Any], user: str) -> dict[str, Any]:
    trial = try_out(chosen, user=user, items=(), k=USUAL_SIZE)
    titles = {k: item.title for k, item in items_named(tried.item_ids(trial)).items()}
    return {
        "user": user,
        "trial": trial,
        "past": tried.past(trial, titles)[:SHOWN_PAST],
        "columns": tried.columns(trial, titles, deadline_ms=settings.ROUTE_DEADLINE_MS),
        "deadline": settings.ROUTE_DEADLINE_MS,
    }


def _slates(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    return render(request, "dashboard/wizard/slates.html", context)
