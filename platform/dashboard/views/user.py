"""One user of the product: where they stand in every running experiment, and their last rows."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dashboard import log_reads
from dashboard.access import needs
from dashboard.forms.user import UserForm
from dashboard.reading.standing import standing_rows
from experiments.assignment import standings
from people.roles import Role
from serving import plans


@needs(Role.VIEWER)
@require_safe
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """By the plan that routing goes by now, so this is what the next request gets."""
    form = UserForm(request.GET or None)
    if not form.is_valid():
        return render(request, "dashboard/user.html", {"form": form})
    asked = form.cleaned_data
    plan = plans.holder.refreshed()
    stands = standings(plan, asked["user"], asked["attributes"], device=asked["device"] or None)
    context = {
        "form": form,
        "asked": asked["user"],
        "rows": standing_rows(stands, plan),
        "plan_version": plan.version,
        "found": log_reads.person(asked["user"], now=now()),
    }
    return render(request, "dashboard/user.html", context)
