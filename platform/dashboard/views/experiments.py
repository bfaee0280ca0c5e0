"""The list of experiments."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard import queries
from dashboard.access import needs
from dashboard.reading.rows import experiment_row
from people.roles import Role


@needs(Role.VIEWER)
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    rows = [experiment_row(e, glance) for e, glance in queries.experiments_at_a_glance()]
    running = sum(row.running for row in rows)
    return render(request, "dashboard/experiments.html", {"rows": rows, "running": running})
