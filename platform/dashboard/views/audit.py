"""The A/A audit: what the newest one found, asking for another, and cancelling one."""

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
from dashboard.forms.audit import AuditForm
from dashboard.people import person
from dashboard.reading.audit import audit_view
from experiments import audits, metric_definitions
from experiments.models import Audit
from people.actors import Actor
from people.roles import Role

NOTHING_NEW = 204
EARLIER = 10
"""On the page, the newest first."""


@needs(Role.VIEWER)
@require_safe
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    return _page(request, AuditForm())


@needs(Role.VIEWER)
@require_safe
@never_cache
def live(request: HttpRequest) -> HttpResponse:
    """What becomes of the newest audit; what the browser shows already is not sent again."""
    context = _live(request)
    if request.GET.get("seen") == context["seen"]:
        return HttpResponse(status=NOTHING_NEW)
    return render(request, "dashboard/audit/live.html", context)


@needs(Role.ANALYST)
@require_POST
def run(request: HttpRequest) -> HttpResponse:
    """Ask for an audit. One that waits or runs already is followed instead."""
    before = audits.active()
    form = AuditForm(request.POST)
    audit = form.ask(person(request))
    if audit is None:
        return _page(request, form)
    if audit == before:
        messages.success(request, _("An audit is under way already. This page follows it."))
    else:
        messages.success(request, _("The audit is queued. This page follows it by itself."))
    return redirect("dashboard:data-audit")


@needs(Role.ANALYST)
@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    if audits.cancel(get_object_or_404(Audit, pk=pk), actor=Actor.of(person(request)), now=now()):
        messages.success(request, _("The audit is cancelled. What earlier ones found stays."))
    else:
        messages.info(request, _("The audit had ended already, so nothing was cancelled."))
    return redirect("dashboard:data-audit")


def _page(request: HttpRequest, form: AuditForm) -> HttpResponse:
    return render(request, "dashboard/audit.html", _live(request) | {"form": form})


def _live(request: HttpRequest) -> dict[str, Any]:
    newest, done = Audit.objects.first(), audits.done()
    number, metric = request.GET.get("audit", ""), request.GET.get("metric", "")
    shown = next((audit for audit in done if str(audit.pk) == number), next(iter(done), None))
    report = audits.report_of(shown) if shown else None
    known = metric_definitions.metrics()
    return {
        "newest": newest,
        "shown": shown,
        "view": audit_view(report, known, asked=metric) if report else None,
        "earlier": done[:EARLIER],
        "asked": {"audit": number, "metric": metric},
        "seen": _seen(newest),
    }


def _seen(newest: Audit | None) -> str:
    """Changes whenever anything on the page does."""
    if newest is None:
        return ""
    return "/".join((str(newest.pk), newest.status, f"{newest.progress:.3f}", str(newest.attempts)))
