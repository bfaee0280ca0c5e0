"""Changes to an experiment under way: what each would do is said before it is done."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dashboard.access import needs
from dashboard.forms.changes import ArmsForm, ChangeForm, OverrideForm, TrafficForm, WordsForm
from dashboard.people import person
from dashboard.prospect import newcomers_of
from dashboard.reading.changes import Wanting, outcome, traffic_outcome
from experiments import moves, overrides, selectors
from experiments.assignment import ranges
from experiments.exceptions import ExperimentError
from experiments.metrics.decisions import planned_users
from experiments.models import Experiment, Phase
from experiments.moves.arms import rearranged
from experiments.moves.traffic import foreseen
from experiments.ramps import ramp_of
from people.actors import Actor
from people.roles import Role
from serving.lifecycle import routed


@needs(Role.EXPERIMENTER)
@require_safe
def page(request: HttpRequest, key: str) -> HttpResponse:
    return _page(request, _of(key))


@needs(Role.EXPERIMENTER)
@require_POST
def traffic(request: HttpRequest, key: str) -> HttpResponse:
    experiment = _of(key)
    form = TrafficForm(request.POST, experiment)
    said = _("Traffic is {0.traffic:.2%} of the layer. Nobody changed arm.")
    return _done(request, experiment, form, moves.change_traffic, said, traffic=form)


@needs(Role.EXPERIMENTER)
@require_POST
def arms(request: HttpRequest, key: str) -> HttpResponse:
    experiment = _of(key)
    form = ArmsForm(request.POST, list(experiment.variants.all()), _phase(experiment))
    return _done(request, experiment, form, moves.change_arms, _("A new phase is open."), arms=form)


@needs(Role.EXPERIMENTER)
@require_POST
def words(request: HttpRequest, key: str) -> HttpResponse:
    experiment = _of(key)
    form = WordsForm(request.POST, experiment)
    return _done(request, experiment, form, moves.describe, _("The words are changed."), words=form)


@needs(Role.EXPERIMENTER)
@require_POST
def override(request: HttpRequest, key: str) -> HttpResponse:
    experiment = _of(key)
    form = OverrideForm(request.POST, list(experiment.variants.all()))
    said = _("The override acts from the next request on.")
    return _done(request, experiment, form, overrides.set_override, said, override=form)


@needs(Role.EXPERIMENTER)
@require_POST
def override_remove(request: HttpRequest, key: str) -> HttpResponse:
    experiment, user = _of(key), request.POST.get("user", "")
    return _asked(
        request, experiment, overrides.remove_override, f"{user} is split again.", user=user
    )


@needs(Role.EXPERIMENTER)
@require_POST
def kill(request: HttpRequest, key: str) -> HttpResponse:
    experiment, variant = _of(key), request.POST.get("variant", "")
    why = request.POST.get("why", "").strip()
    said = f"{variant} is killed. Its users get the default from their next request on."
    return _asked(request, experiment, moves.kill_arm, said, variant=variant, why=why)


@needs(Role.EXPERIMENTER)
@require_safe
@never_cache
def preview(request: HttpRequest, key: str) -> HttpResponse:
    """What the form of arms, as it stands, would do."""
    experiment = _of(key)
    phase = _phase(experiment)
    form = ArmsForm(request.GET, list(experiment.variants.all()), phase)
    form.fields["why"].required = False
    context: dict[str, Any] = {}
    if form.is_valid():
        anew = form.cleaned_data["anew"]
        try:
            change = rearranged(experiment, form.weights(), new=form.new(), anew=anew)
            context["outcome"] = outcome(change, phase=phase.number, anew=anew)
        except ExperimentError as error:
            context["todo"] = error.message
    else:
        context["todo"] = _("Give every arm a weight; they sum to 100%.")
    return render(request, "dashboard/changes/preview.html", context)


@needs(Role.EXPERIMENTER)
@require_safe
@never_cache
def traffic_preview(request: HttpRequest, key: str) -> HttpResponse:
    """What the share, as it is typed, would do; who is to leave is asked about there."""
    experiment = _of(key)
    form = TrafficForm(request.GET, experiment)
    context = {"traffic": form, **_foreseen(experiment, form, asked=False)}
    return render(request, "dashboard/changes/traffic_preview.html", context)


def _foreseen(experiment: Experiment, form: TrafficForm, *, asked: bool) -> dict[str, Any]:
    """`asked` shows what is wrong with the answer too."""
    share = form.share() if form.is_bound else None
    if share is None:
        return {"todo": _("Give a share, and this says who would join or leave.")}
    try:
        after = foreseen(experiment, share)
    except ExperimentError as error:
        return {"todo": error.message}
    ramp = ramp_of(experiment)
    found = traffic_outcome(
        ranges.size(experiment.slots),
        ranges.size(after),
        default=experiment.placement.default_recommender.key,
        a_day=newcomers_of(experiment.placement).a_day,
        ramps=ramp is not None and ramp.state == "climbing",
        wanting=_wanting(experiment),
    )
    return {"outcome": found, "asked": asked}


def _wanting(experiment: Experiment) -> Wanting | None:
    """By the newest analysis, of the arms that take users."""
    snapshot = selectors.latest_snapshot(experiment)
    if snapshot is None:
        return None
    card = selectors.scorecard_of(snapshot)
    places = {arm.variant: place for place, arm in enumerate(card.arms)}
    held = {v: ranges.size(pairs) for v, pairs in _phase(experiment).ranges.items()}
    treated = [key for key in list(places)[1:] if held.get(key) and not card.is_taken_out(key)]
    if not treated:
        return None
    come, key = min((planned_users(card.metrics, places[key] - 1), key) for key in treated)
    share = (held[card.control] + held[key]) / sum(held.values())
    return Wanting(planned=round(card.tuning), come=come, share=share)


def _of(key: str) -> Experiment:
    found = Experiment.objects.select_related("placement__default_recommender", "layer")
    experiment = get_object_or_404(
        found.prefetch_related("variants__recommender", "overrides__variant"), key=key
    )
    if not experiment.is_under_way:
        said = _("A %(status)s experiment has nothing under way to change.")
        raise Http404(said % {"status": experiment.status})
    return experiment


def _phase(experiment: Experiment) -> Phase:
    return experiment.phases.get(ended_at=None)


def _done(
    request: HttpRequest,
    experiment: Experiment,
    form: ChangeForm,
    act: Any,
    said: str,
    **bound: ChangeForm,
) -> HttpResponse:
    """Does what the form asks for, or shows it again with what is wrong."""
    if form.is_valid():
        wanted = form.wanted() if hasattr(form, "wanted") else form.cleaned_data
        actor = Actor.of(person(request))
        try:
            done = routed(act, experiment, **wanted, now=now(), actor=actor)
        except ExperimentError as error:
            form.refuse(error)
        else:
            messages.success(request, said.format(done))
            return redirect("dashboard:changes", experiment.key)
    return _page(request, experiment, **bound)


def _asked(
    request: HttpRequest, experiment: Experiment, act: Any, said: str, **given: str
) -> HttpResponse:
    """Does what needs no form."""
    try:
        routed(act, experiment, **given, now=now(), actor=Actor.of(person(request)))
    except ExperimentError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, said)
    return redirect("dashboard:changes", experiment.key)


def _page(request: HttpRequest, experiment: Experiment, **bound: ChangeForm) -> HttpResponse:
    variants, phase = list(experiment.variants.all()), _phase(experiment)
    forms = {
        "traffic": TrafficForm(None, experiment),
        "arms": ArmsForm(None, variants, phase),
        "words": WordsForm(None, experiment),
        "override": OverrideForm(None, variants),
    }
    asked: Any = bound.get("traffic", forms["traffic"])
    page = {
        "experiment": experiment,
        "phase": phase,
        "foreseen": _foreseen(experiment, asked, asked=True),
        "free": selectors.free_share(experiment.layer),
        "killable": [v for v in variants[1:] if v.key not in phase.killed],
        **forms,
        **bound,
    }
    return render(request, "dashboard/changes.html", page)
