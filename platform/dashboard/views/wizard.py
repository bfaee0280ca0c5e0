"""The wizard that makes an experiment, and makes a draft otherwise, in four steps."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.access import needs
from dashboard.forms.wizard import STEPS, Step, WizardForms, sent
from dashboard.people import person
from dashboard.reading import wizard as reading
from dashboard.wizard import Moved, Place, beside
from experiments import moves, sketches
from experiments.exceptions import ExperimentError, NotAllowed
from experiments.models import Experiment
from experiments.sketches import Overtaken
from people.actors import Actor
from people.roles import Role
from serving.lifecycle import routed

BECAME = "became"
"""Of the session: the experiments that its half-filled forms became, by the forms' numbers."""

either = require_http_methods(["GET", "HEAD", "POST"])


@needs(Role.EXPERIMENTER)
@either
@never_cache
def begin(request: HttpRequest) -> HttpResponse:
    """The first step of nothing yet. The first thing typed begins a sketch."""
    return _step(request, Place(now=now()), "setup")


@needs(Role.EXPERIMENTER)
@either
@never_cache
def sketch(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    held = sketches.unfinished().filter(pk=pk).first()
    if held is None:
        return _became(request, pk, step)
    return _step(request, Place(sketch=held, now=now()), _known(step))


@needs(Role.EXPERIMENTER)
@either
@never_cache
def edit(request: HttpRequest, key: str, step: str = "setup") -> HttpResponse:
    draft = get_object_or_404(Experiment.objects.select_related("placement__layer"), key=key)
    if draft.status != Experiment.Status.DRAFT:
        if request.method != "POST":
            said = _("A %(status)s experiment is no draft.")
            raise Http404(said % {"status": draft.status})
        return _told(request, reading.started(), redirect(draft))
    return _step(request, Place.at(draft, now=now()), _known(step))


@needs(Role.EXPERIMENTER)
@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    sketches.discard(get_object_or_404(sketches.unfinished(), pk=pk))
    messages.success(request, _("It is discarded."))
    return redirect("dashboard:experiments")


@needs(Role.EXPERIMENTER)
@require_POST
def discard_changes(request: HttpRequest, key: str) -> HttpResponse:
    draft = get_object_or_404(Experiment, key=key)
    held = sketches.of_draft(draft)
    if held is not None:
        sketches.discard(held)
        messages.success(request, _("The changes are discarded. The draft stays as it was saved."))
    return redirect(draft)


def _became(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Where a browser's back leads, once the form is a draft or more."""
    made = Experiment.objects.filter(pk=request.session.get(BECAME, {}).get(str(pk))).first()
    if made is None or request.method == "POST":
        messages.error(request, reading.gone())
        return redirect("dashboard:experiments")
    if made.status != Experiment.Status.DRAFT:
        return redirect(made)
    return redirect("dashboard:experiment-edit-step", made.key, _known(step))


def _known(step: str) -> Step:
    for each in STEPS:
        if each == step:
            return each
    raise Http404(_("There is no step “%(step)s”.") % {"step": step})


def _step(request: HttpRequest, place: Place, step: Step) -> HttpResponse:
    if request.method == "POST":
        return _sent(request, place, step)
    if "check" in request.GET or place.seen(step):
        return _page(request, place, step, forms=_checked(place, step))
    return _page(request, place, step)


def _checked(place: Place, step: Step) -> WizardForms:
    """The forms, with what is wrong in the step said in its place."""
    forms = place.forms()
    forms.wrong(step)
    return forms


def _sent(request: HttpRequest, place: Place, step: Step) -> HttpResponse:
    """Keeps what was typed; then goes where the button says, or stays where a script sent it."""
    names = place.shown(request.POST.dict()).names(step)
    fields = sent(request.POST.dict(), names)
    mine = "mine" in request.POST
    try:
        kept = place.saved(
            step,
            fields,
            page=request.POST.get("page", ""),
            seen=None if mine else _number(request.POST.get("seen", "")),
            actor=Actor.of(person(request)),
            begin=request.POST.get("to") in STEPS,
        )
    except ExperimentError as error:
        return _not_kept(request, place, step, fields, error)
    if request.htmx:  # type: ignore[attr-defined]
        return _said(request, kept, step)
    return _go(request, kept, step, request.POST.get("to", "next"), mine=mine)


def _go(request: HttpRequest, place: Place, step: Step, to: str, *, mine: bool) -> HttpResponse:
    forms = place.forms()
    if to in ("next", "launch", "schedule") and forms.wrong(step):
        return _page(request, place, step, forms=forms)
    if to == "schedule" and not forms.when.cleaned_data["starts_at"]:
        forms.when.add_error("starts_at", _("Give the time of the start, or start it now."))
        return _page(request, place, step, forms=forms)
    target = {"next": beside(step, 1), "back": beside(step, -1)}.get(to, to)
    if target in STEPS and target != "review":
        return redirect(place.address(_known(target)))
    if target == "close" and place.is_new:
        return redirect("dashboard:experiments")
    return _finished(request, place, step, target, forms, mine=mine)


def _finished(
    request: HttpRequest, place: Place, step: Step, to: str, forms: WizardForms, *, mine: bool
) -> HttpResponse:
    """Makes a draft of it where it is whole, and launches that where it is to be."""
    actor = Actor.of(person(request))
    try:
        made = place.applied(forms, mine=mine, actor=actor)
    except (Moved, NotAllowed) as error:
        return _page(request, place, step, moved=error)
    if made is None:
        if to == "close":
            messages.success(request, reading.kept(place.sketch, _left(forms)))
            return redirect("dashboard:experiments")
        return redirect(f"{place.address('review')}?check")
    if place.sketch and not place.draft:
        became = request.session.get(BECAME, {})
        request.session[BECAME] = became | {str(place.sketch.pk): made.pk}
    if to == "launch":
        return _launched(request, made, actor)
    if to == "review":
        return redirect(Place(draft=made, now=now()).address("review"))
    messages.success(request, reading.scheduled(made) if to == "schedule" else reading.drafted())
    return redirect(made)


def _launched(request: HttpRequest, draft: Experiment, actor: Actor) -> HttpResponse:
    try:
        routed(moves.start, draft, now=now(), actor=actor)
    except ExperimentError as error:
        messages.error(request, error.message)
        return redirect(Place(draft=draft, now=now()).address("review"))
    messages.success(request, _("The experiment runs. Users meet it from their next request on."))
    return redirect(draft)


def _not_kept(
    request: HttpRequest,
    place: Place,
    step: Step,
    fields: dict[str, str],
    error: ExperimentError,
) -> HttpResponse:
    """Says why, beside all that was typed."""
    overtaken = error if isinstance(error, Overtaken) else None
    if request.htmx:  # type: ignore[attr-defined]
        return _said(request, place, step, refused=error, overtaken=overtaken)
    shown = place.shown({**place.fields, **fields})
    seen = _number(request.POST.get("seen", ""))
    return _page(request, place, step, forms=shown, refused=error, overtaken=overtaken, seen=seen)


def _told(request: HttpRequest, said: str, otherwise: HttpResponse) -> HttpResponse:
    """An error that a script's request shows in its page, and any other on the next."""
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "dashboard/wizard/said.html", {"refused": {"message": said}})
    messages.error(request, said)
    return otherwise


def _said(request: HttpRequest, place: Place, step: Step, **context: Any) -> HttpResponse:
    """What of the page changes with a save: when it was, and how much is left to fill in."""
    context |= {
        "place": place,
        "seen": place.seen(step),
        "left": reading.left(place.forms().wrong(step)),
        "step_address": place.address(step),
    }
    answer = render(request, "dashboard/wizard/said.html", context)
    if place.sketch and not context.get("refused"):
        answer["HX-Replace-Url"] = place.address(step)
    return answer


def _page(
    request: HttpRequest,
    place: Place,
    step: Step,
    *,
    forms: WizardForms | None = None,
    **context: Any,
) -> HttpResponse:
    """A step as it was left; with `forms` that say so, with what is wrong."""
    checked = place.forms()
    wrong = {each: checked.wrong(each) for each in STEPS}
    shown = forms or place.shown(place.fields)
    context = vars(shown) | {"seen": place.seen(step)} | context
    context |= {
        "place": place,
        "step": step,
        "steps": reading.steps(place, step, wrong),
        "ready": shown.form.placements,
        "page_word": secrets.token_hex(12),
        "left": reading.left(wrong[step]),
        "step_address": place.address(step),
        "carried": reading.carried(place.fields),
    }
    if step == "review":
        context |= reading.review(place, wrong)
    return render(request, f"dashboard/wizard/{step}.html", context)


def _left(forms: WizardForms) -> int:
    return sum(forms.wrong(step) for step in STEPS)


def _number(typed: str) -> int:
    return int(typed) if typed.isdecimal() else 0
