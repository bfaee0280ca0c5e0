"""The log as people see it: how fresh it is, one user's rows, and who is left out of analysis."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dashboard import log_reads
from dashboard.access import needs
from dashboard.forms.exclusions import FORMS, LimitForm, RuleForm, SlatesForm
from dashboard.people import person
from experiments import exclusions
from experiments.models import ExclusionRule
from people.actors import Actor
from people.roles import Role


@needs(Role.VIEWER)
@require_safe
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    return _page(request)


@needs(Role.VIEWER)
@require_safe
@never_cache
def live(request: HttpRequest) -> HttpResponse:
    """The part that follows the log."""
    return render(request, "dashboard/data/live.html", {"state": log_reads.state(now=now())})


@needs(Role.ANALYST)
@require_POST
def add_rule(request: HttpRequest) -> HttpResponse:
    """One form of the page, told apart by `kind`. What is wrong is said in its place."""
    kind = request.POST.get("kind")
    form = next((form for form in FORMS if form.kind == kind), SlatesForm)(request.POST)
    if form.apply(Actor.of(person(request))):
        messages.success(request, _("Saved. Each experiment goes by it from its next analysis on."))
        return redirect("dashboard:data")
    return _page(request, form)


@needs(Role.ANALYST)
@require_POST
def remove_rule(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(ExclusionRule, pk=pk)
    exclusions.remove(row, now=now(), actor=Actor.of(person(request)))
    messages.success(request, _("Removed. Its users count again from each next analysis on."))
    return redirect("dashboard:data")


def _page(request: HttpRequest, sent: RuleForm | None = None) -> HttpResponse:
    set_to = {type(rule): rule.limit for rule in exclusions.limits()}
    forms = {
        form.kind: form(initial={"limit": set_to[form.rule]} if issubclass(form, LimitForm) else {})
        for form in FORMS
    }
    if sent is not None:
        forms[sent.kind] = sent
    context = {
        "state": log_reads.state(now=now()),
        "forms": forms,
        "rules": exclusions.listed(),
    }
    return render(request, "dashboard/data.html", context)
