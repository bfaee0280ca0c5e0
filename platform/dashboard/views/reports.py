"""Frozen reports: the page of one, and making and revoking them."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dashboard import report_parts
from dashboard.access import needs
from dashboard.people import person
from experiments import reports
from experiments.exceptions import ExperimentError
from experiments.models import Experiment, Report
from people.actors import Actor
from people.roles import Role


@login_not_required
@require_safe
@never_cache
def page(request: HttpRequest, token: str) -> HttpResponse:
    """A report. Without a login only those that were made to be read so; all other addresses lead
    to it, whether there is a report or none.
    """
    signed_in = request.user.is_authenticated
    report = reports.readable(token, signed_in=signed_in)
    if report is not None and not signed_in:
        return _shown(request, report)
    if not signed_in:
        return redirect_to_login(request.get_full_path())
    return _signed_in(request, report)


@needs(Role.VIEWER)
def _signed_in(request: HttpRequest, report: Report | None) -> HttpResponse:
    if report is None:
        raise Http404
    return _shown(request, report)


def _shown(request: HttpRequest, report: Report) -> HttpResponse:
    answer = render(request, "dashboard/report.html", report_parts.context_of(report))
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@needs(Role.ANALYST)
@require_POST
def make(request: HttpRequest, key: str) -> HttpResponse:
    experiment = get_object_or_404(Experiment, key=key)
    query = request.POST.get("query", "")
    try:
        reports.make(
            experiment,
            snapshot=request.POST.get("snapshot", ""),
            asked={name: str(value) for name, value in QueryDict(query).items()},
            without_login=request.POST.get("without_login") == "on",
            now=now(),
            actor=Actor.of(person(request)),
        )
    except ExperimentError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("The report is made. Its address is below, under Reports."))
    return redirect(experiment)


@needs(Role.ANALYST)
@require_POST
def revoke(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    report = get_object_or_404(Report, pk=pk, experiment__key=key)
    reports.revoke(report, now=now(), actor=Actor.of(person(request)))
    messages.success(request, _("The report is revoked. Nobody reads it any more."))
    return redirect(report.experiment)
